#include "store/store.h"
#include "store/words.h"

static struct redis_script take_script = { .text = "local holder = redis.call('GET', KEYS[1])\n"
						   "if holder and holder ~= ARGV[1] then return 0 end\n"
						   "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])\n"
						   "return 1\n" };

static struct redis_script end_script = {
	.text = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end\n"
		"return 1\n"
};

static enum err run(struct redis *r, struct redis_script *s, struct bytes account, const char *what,
    struct bytes token, uint32_t lease_s, bool *held)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words keys, args;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	words_put_key1(&keys, "lease", account, bytes_str(what));
	words_put(&args, token);
	words_put_u64(&args, lease_s);
	e = words_eval(r, "take or end a lease", s, &keys, &args, &reply);
	*held = !e && reply_u64(&reply) == 1;
	arena_free(&a);
	return e;
}

enum err store_lease(
    struct redis *r, struct bytes account, const char *what, struct bytes token, uint32_t lease_s, bool *held)
{
	return run(r, &take_script, account, what, token, lease_s, held);
}

enum err store_lease_end(struct redis *r, struct bytes account, const char *what, struct bytes token)
{
	bool ended;

	return run(r, &end_script, account, what, token, 0, &ended);
}
