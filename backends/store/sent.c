/* Small things that are remembered for a while: mails sent, and what callers need for replays. */
#include <string.h>
#include <time.h>

#include "store/store.h"
#include "store/words.h"

/* "1 under-way", "1 given 1764246000 <id@host>", "1 unsaved 1764246000 <id@host>", "1 done". The number is when the holder's lease
 * ends: whoever comes later takes it over. What is under way has no need of it, since it ends with the key. Behind it stands the
 * Message-ID, if there is one. */
static const char *const state_texts[] = {
	[STORE_SENT_UNDER_WAY] = "1 under-way",
	[STORE_SENT_GIVEN] = "1 given",
	[STORE_SENT_UNSAVED] = "1 unsaved",
	[STORE_SENT_DONE] = "1 done",
};

/* KEYS: the names of the mail. ARGV: "1 under-way", the lease, now. Gives what was there before. */
static struct redis_script claim_script = {
	.text = "for _, key in ipairs(KEYS) do\n"
		"  local had = redis.call('GET', key)\n"
		"  if had then\n"
		"    local state, ends, rest = string.match(had, '^(1 %a+) (%d+)(.*)$')\n"
		"    if state and tonumber(ends) <= tonumber(ARGV[3]) then\n"
		"      redis.call('SET', key, state .. ' ' .. (ARGV[3] + ARGV[2]) .. rest, 'KEEPTTL')\n"
		"    end\n"
		"    return had\n"
		"  end\n"
		"end\n"
		"for _, key in ipairs(KEYS) do\n"
		"  redis.call('SET', key, ARGV[1], 'EX', ARGV[2])\n"
		"end\n"
		"return false\n"
};

/* KEYS: the same. ARGV: what is noted, for how many seconds; nothing: it is forgotten. */
static struct redis_script settle_script = { .text = "for _, key in ipairs(KEYS) do\n"
						     "  if ARGV[1] then\n"
						     "    redis.call('SET', key, ARGV[1], 'EX', ARGV[2])\n"
						     "  else\n"
						     "    redis.call('DEL', key)\n"
						     "  end\n"
						     "end\n"
						     "return 1\n" };

static void put_keys(struct words *w, const struct store_sent_id *id)
{
	words_put_key2(w, "sent", id->account, id->device, id->client_id);
	if (id->other_name.len)
		words_put_key2(w, "sent", id->account, id->device, id->other_name);
}

/* text: what stands behind the state's name. */
static enum store_sent read_lease(enum store_sent state, struct bytes text, uint64_t now, struct bytes *id)
{
	struct bytes word;
	uint64_t ends;

	if (!bytes_split(&text, ' ', &word) || bytes_to_u64(word, UINT64_MAX, &ends) || ends > now)
		return STORE_SENT_UNDER_WAY;
	*id = text;
	return state;
}

static void read_note(struct bytes text, uint64_t now, struct store_sent_note *out)
{
	out->message_id = bytes_of(NULL, 0);
	for (enum store_sent s = STORE_SENT_GIVEN; s <= STORE_SENT_UNSAVED; s++) {
		size_t len = strlen(state_texts[s]);

		if (!bytes_starts(text, state_texts[s]) || text.len <= len + 1)
			continue;
		out->state =
		    read_lease(s, bytes_of(text.p + len + 1, text.len - len - 1), now, &out->message_id);
		return;
	}
	out->state =
	    bytes_eq_str(text, state_texts[STORE_SENT_UNDER_WAY]) ? STORE_SENT_UNDER_WAY : STORE_SENT_DONE;
}

enum err store_sent_claim(struct redis *r, struct arena *a, const struct store_sent_id *id, uint32_t lease_s,
    struct store_sent_note *out)
{
	uint64_t now = (uint64_t)time(NULL);
	struct redis_reply reply;
	struct words keys, args;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	put_keys(&keys, id);
	words_put_str(&args, state_texts[STORE_SENT_UNDER_WAY]);
	words_put_u64(&args, lease_s);
	words_put_u64(&args, now);
	if ((e = words_eval(r, "claim a mail", &claim_script, &keys, &args, &reply)))
		return e;
	*out = (struct store_sent_note){ .state = STORE_SENT_NEW };
	if (reply.kind != REDIS_NIL)
		read_note(reply_text(&reply), now, out);
	return ERR_OK;
}

static enum err put_note(
    struct words *w, struct arena *a, const struct store_sent_note *note, uint32_t lease_s)
{
	char *text;

	if (note->state == STORE_SENT_DONE) {
		words_put_str(w, state_texts[note->state]);
		return ERR_OK;
	}
	text = arena_printf(a, "%s %llu%s%.*s", state_texts[note->state],
	    (unsigned long long)time(NULL) + lease_s, note->message_id.len ? " " : "",
	    BYTES_ARG(note->message_id));
	if (text)
		words_put_str(w, text);
	return text ? ERR_OK : ERR_LIMIT;
}

enum err store_sent_settle(struct redis *r, const struct store_sent_id *id,
    const struct store_sent_note *note, uint32_t lease_s, uint32_t keep_s)
{
	struct arena *a = arena_new(WORDS_SCRATCH);
	struct words keys, args;
	struct redis_reply reply;
	enum err e = ERR_OK;

	words_init(&keys, a);
	words_init(&args, a);
	put_keys(&keys, id);
	if (note->state != STORE_SENT_NEW && !(e = put_note(&args, a, note, lease_s)))
		words_put_u64(&args, keep_s);
	if (!e)
		e = words_eval(r, "settle a mail", &settle_script, &keys, &args, &reply);
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

enum err store_memo_claim(struct redis *r, struct arena *a, struct bytes account, const char *kind,
    struct bytes name, struct bytes value, uint32_t keep_s, struct bytes *out)
{
	struct redis_reply replies[2];
	struct words w[2];
	enum err e;

	words_init(&w[0], a);
	words_put_str(&w[0], "SET");
	words_put_key2(&w[0], "memo", account, bytes_str(kind), name);
	words_put(&w[0], value);
	words_put_str(&w[0], "NX");
	words_put_str(&w[0], "EX");
	words_put_u64(&w[0], keep_s);
	words_init(&w[1], a);
	words_put_str(&w[1], "GET");
	words_put_key2(&w[1], "memo", account, bytes_str(kind), name);
	if ((e = words_call(r, "claim a memo", w, 2, replies)))
		return e;
	*out = replies[1].kind == REDIS_TEXT ? replies[1].text : value;
	return ERR_OK;
}

enum err store_memo_get_many(struct redis *r, struct arena *a, struct bytes account, const char *kind,
    const struct bytes *names, size_t n, struct bytes *out)
{
	struct words *w = arena_array(a, n, sizeof(*w));
	struct redis_reply *replies = arena_array(a, n, sizeof(*replies));
	enum err e;

	if (!w || !replies)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		words_init(&w[i], a);
		words_put_str(&w[i], "GET");
		words_put_key2(&w[i], "memo", account, bytes_str(kind), names[i]);
	}
	if (n && (e = words_call(r, "read memos", w, n, replies)))
		return e;
	for (size_t i = 0; i < n; i++)
		out[i] = replies[i].kind == REDIS_TEXT ? replies[i].text : bytes_of(NULL, 0);
	return ERR_OK;
}
