/* Small things that are remembered for a while: mails sent, and what callers need for replays. */
#include "store/store.h"
#include "store/words.h"

static const char *const values[] = { [STORE_SENT_UNDER_WAY] = "1 under-way",
	[STORE_SENT_UNSAVED] = "1 unsaved",
	[STORE_SENT_DONE] = "1 done" };

static struct redis_script claim_script = { .text =
						"local had = redis.call('GET', KEYS[1])\n"
						"if had then return { had, redis.call('TTL', KEYS[1]) } end\n"
						"redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])\n"
						"return {}\n" };

/* What a newer version may have written counts as done: a mail that isn't sent twice does the least harm. */
static enum store_sent read_value(struct bytes value)
{
	for (enum store_sent s = STORE_SENT_UNDER_WAY; s < STORE_SENT_DONE; s++)
		if (bytes_eq_str(value, values[s]))
			return s;
	return STORE_SENT_DONE;
}

enum err store_sent_claim(struct redis *r, struct bytes account, struct bytes device, struct bytes client_id,
    uint32_t lease_s, enum store_sent *out, uint32_t *left_s)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words keys, args;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	words_put_key2(&keys, "sent", account, device, client_id);
	words_put_str(&args, values[STORE_SENT_UNDER_WAY]);
	words_put_u64(&args, lease_s);
	e = words_eval(r, "claim a mail", &claim_script, &keys, &args, &reply);
	if (!e) {
		*out = reply.n == 2 ? read_value(reply_text(&reply.items[0])) : STORE_SENT_NEW;
		*left_s = reply.n == 2 ? (uint32_t)reply_u64(&reply.items[1]) : lease_s;
	}
	arena_free(&a);
	return e;
}

enum err store_sent_settle(struct redis *r, struct bytes account, struct bytes device, struct bytes client_id,
    enum store_sent how, uint32_t keep_s)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words w;
	enum err e;

	words_init(&w, a);
	words_put_str(&w, how == STORE_SENT_NEW ? "DEL" : "SET");
	words_put_key2(&w, "sent", account, device, client_id);
	if (how != STORE_SENT_NEW) {
		words_put_str(&w, values[how]);
		words_put_str(&w, "EX");
		words_put_u64(&w, keep_s);
	}
	e = words_call(r, "settle a mail", &w, 1, &reply);
	arena_free(&a);
	return e;
}

/* ---- memos ---- */

enum err store_memo_set(struct redis *r, struct bytes account, const char *kind, struct bytes name,
    struct bytes value, uint32_t keep_s)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words w;
	enum err e;

	words_init(&w, a);
	words_put_str(&w, "SET");
	words_put_key2(&w, "memo", account, bytes_str(kind), name);
	words_put(&w, value);
	words_put_str(&w, "EX");
	words_put_u64(&w, keep_s);
	e = words_call(r, "keep a memo", &w, 1, &reply);
	arena_free(&a);
	return e;
}

enum err store_memo_get(struct redis *r, struct arena *a, struct bytes account, const char *kind,
    struct bytes name, struct bytes *out)
{
	struct redis_reply reply;
	struct words w;
	enum err e;

	words_init(&w, a);
	words_put_str(&w, "GET");
	words_put_key2(&w, "memo", account, bytes_str(kind), name);
	if ((e = words_call(r, "read a memo", &w, 1, &reply)))
		return e;
	if (reply.kind != REDIS_TEXT)
		return ERR_NOT_FOUND;
	*out = reply.text;
	return ERR_OK;
}
