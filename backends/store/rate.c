/* Counters of failures. Each is a key of its own, tagged with its subject, which may be no account at all. */
#include "store/store.h"
#include "store/words.h"

/* A counter without an end would lock out its subject for ever, so a missing one is mended. */
static struct redis_script add_script = {
	.text = "local n = tonumber(ARGV[1])\n"
		"local count\n"
		"if n > 0 then\n"
		"  count = redis.call('INCRBY', KEYS[1], n)\n"
		"  if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end\n"
		"else\n"
		"  count = tonumber(redis.call('GET', KEYS[1]) or '0')\n"
		"end\n"
		"return { count, math.max(redis.call('TTL', KEYS[1]), 0) }\n"
};

static void put_key(struct words *w, const char *kind, struct bytes subject)
{
	words_put_key1(w, "rate", subject, bytes_str(kind));
}

static uint32_t to_u32(const struct redis_reply *r)
{
	uint64_t n = reply_u64(r);

	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

enum err store_rate_add(struct redis *r, const char *kind, struct bytes subject, uint32_t n,
    uint32_t window_s, struct store_rate *out)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words keys, args;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	put_key(&keys, kind, subject);
	words_put_u64(&args, n);
	words_put_u64(&args, window_s);
	e = words_eval(r, "count failures", &add_script, &keys, &args, &reply);
	if (!e && reply.n != 2)
		e = ERR_UNAVAILABLE;
	if (!e)
		*out = (struct store_rate){ to_u32(&reply.items[0]), to_u32(&reply.items[1]) };
	arena_free(&a);
	return e;
}

enum err store_rate_clear(struct redis *r, const char *kind, struct bytes subject)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words w;
	enum err e;

	words_init(&w, a);
	words_put_str(&w, "DEL");
	put_key(&w, kind, subject);
	e = words_call(r, "clear failures", &w, 1, &reply);
	arena_free(&a);
	return e;
}
