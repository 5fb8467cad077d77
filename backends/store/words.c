#include "store/words.h"

#include "io/log.h"
#include "store/key.h"

void words_init(struct words *w, struct arena *a)
{
	*w = (struct words){ .arena = a };
}

void words_put(struct words *w, struct bytes word)
{
	if (w->failed)
		return;
	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 16;
		struct bytes *v = arena_grow(w->arena, w->v, w->cap * sizeof(*v), cap * sizeof(*v));

		if (!v) {
			w->failed = ERR_LIMIT;
			return;
		}
		w->v = v;
		w->cap = cap;
	}
	w->v[w->n++] = word;
}

void words_put_str(struct words *w, const char *word)
{
	words_put(w, bytes_str(word));
}

void words_put_u64(struct words *w, uint64_t n)
{
	char *text = arena_printf(w->arena, "%llu", (unsigned long long)n);

	if (text)
		words_put_str(w, text);
	else
		w->failed = ERR_LIMIT;
}

static void put_key(
    struct words *w, const char *kind, struct bytes account, const struct bytes *parts, size_t n)
{
	struct buf b;
	struct bytes key = { 0 };
	enum err e;

	buf_init(&b, w->arena, 0);
	key_put(&b, kind, account, parts, n);
	if ((e = buf_done(&b, &key)))
		w->failed = e;
	words_put(w, key);
}

void words_put_key(struct words *w, const char *kind, struct bytes account)
{
	put_key(w, kind, account, NULL, 0);
}

void words_put_key1(struct words *w, const char *kind, struct bytes account, struct bytes part)
{
	put_key(w, kind, account, &part, 1);
}

void words_put_key2(
    struct words *w, const char *kind, struct bytes account, struct bytes part, struct bytes part2)
{
	put_key(w, kind, account, (const struct bytes[]){ part, part2 }, 2);
}

static enum err check(const char *what, const struct redis_reply *replies, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (replies[i].kind == REDIS_ERROR) {
			log_event(LOG_LEVEL_ERROR, "redis refused a command", LOG_STR("what", what),
			    LOG_BYTES("why", replies[i].text));
			return ERR_UNAVAILABLE;
		}
	return ERR_OK;
}

enum err words_call(struct redis *r, const char *what, struct words *v, size_t n, struct redis_reply *replies)
{
	struct redis_command *c = arena_array(v->arena, n, sizeof(*c));
	enum err e;

	if (!c)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		if (v[i].failed)
			return v[i].failed;
		c[i] = (struct redis_command){ v[i].v, v[i].n };
	}
	e = redis_call(r, v->arena, c, n, replies);
	return e ? e : check(what, replies, n);
}

enum err words_eval(struct redis *r, const char *what, struct redis_script *s, const struct words *keys,
    const struct words *args, struct redis_reply *out)
{
	enum err e = keys->failed ? keys->failed : args->failed;

	if (!e)
		e = redis_eval(r, keys->arena, s, keys->v, keys->n, args->v, args->n, out);
	return e ? e : check(what, out, 1);
}

uint64_t reply_u64(const struct redis_reply *r)
{
	uint64_t n = 0;

	if (r->kind == REDIS_INTEGER)
		return r->integer < 0 ? 0 : (uint64_t)r->integer;
	return bytes_to_u64(reply_text(r), UINT64_MAX, &n) ? 0 : n;
}

struct bytes reply_text(const struct redis_reply *r)
{
	return r->kind == REDIS_TEXT ? r->text : bytes_of(NULL, 0);
}
