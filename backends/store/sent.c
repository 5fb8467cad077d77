/* Small things that are remembered for a while: mails sent, and what callers need for replays. */
#include "store/store.h"
#include "store/words.h"

#define UNDER_WAY "1 under-way"
#define DONE "1 done"

static struct redis_script claim_script = { .text = "local had = redis.call('GET', KEYS[1])\n"
						    "if had then return had end\n"
						    "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])\n"
						    "return false\n" };

enum err store_sent_claim(struct redis *r, struct bytes account, struct bytes device, struct bytes client_id,
    uint32_t lease_s, enum store_sent *out)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words keys, args;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	words_put_key2(&keys, "sent", account, device, client_id);
	words_put_str(&args, UNDER_WAY);
	words_put_u64(&args, lease_s);
	e = words_eval(r, "claim a mail", &claim_script, &keys, &args, &reply);
	if (!e && reply.kind == REDIS_NIL)
		*out = STORE_SENT_NEW;
	else if (!e)
		*out = bytes_eq_str(reply_text(&reply), UNDER_WAY) ? STORE_SENT_UNDER_WAY : STORE_SENT_DONE;
	arena_free(&a);
	return e;
}

enum err store_sent_settle(struct redis *r, struct bytes account, struct bytes device, struct bytes client_id,
    bool done, uint32_t keep_s)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct redis_reply reply;
	struct words w;
	enum err e;

	words_init(&w, a);
	words_put_str(&w, done ? "SET" : "DEL");
	words_put_key2(&w, "sent", account, device, client_id);
	if (done) {
		words_put_str(&w, DONE);
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
