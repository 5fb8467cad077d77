#include "imap/connection.h"

/* THREAD (RFC 5256), flattened: who answered whom is of no interest here. */

struct threads {
	struct arena *arena;
	struct imap_threads all;
	size_t cap;
	uint32_t last; /* number of the newest thread */
};

static enum err add(struct threads *t, uint32_t uid)
{
	struct imap_threads *all = &t->all;

	if (all->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		struct imap_threaded *v = arena_grow(t->arena, all->v, t->cap * sizeof(*v), cap * sizeof(*v));

		if (!v)
			return ERR_LIMIT;
		all->v = v;
		t->cap = cap;
	}
	all->v[all->n++] = (struct imap_threaded){ uid, t->last };
	return ERR_OK;
}

/* "(2)(3 6 (4 23)(44 7 96))": each outermost list is a thread. */
static enum err read_threads(struct threads *t, struct imap_reader *r)
{
	size_t depth = 0;
	uint32_t uid;
	enum err e;

	while (imap_peek(r)) {
		if (imap_accept(r, ' '))
			continue;
		if (imap_accept(r, '(')) {
			t->last += depth++ == 0;
		} else if (imap_accept(r, ')')) {
			if (!depth--)
				return ERR_PROTO;
		} else {
			if ((e = imap_read_u32(r, &uid)))
				return e;
			if (!uid || !depth)
				return ERR_PROTO;
			if ((e = add(t, uid)))
				return e;
		}
	}
	return depth ? ERR_PROTO : ERR_OK;
}

static enum err on_thread(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	(void)number;
	return bytes_eq_nocase(keyword, "THREAD") ? read_threads(arg, &c->reader) : ERR_OK;
}

enum err imap_thread(struct imap *c, struct arena *a, struct imap_threads *out)
{
	struct threads t = { .arena = a };
	enum err e;

	*out = (struct imap_threads){ 0 };
	if (!(c->caps & IMAP_CAP_THREAD))
		return ERR_UNSUPPORTED;
	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "UID THREAD REFERENCES US-ASCII UNDELETED");
	e = imap_run(c, on_thread, &t);
	if (!e)
		*out = t.all;
	return e;
}
