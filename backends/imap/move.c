#include <stdlib.h>
#include <string.h>

#include "imap/fetched.h"
#include "imap/uid_set.h"

/* MOVE (RFC 6851), or COPY and EXPUNGE; and where the messages are afterwards. */

struct mark {
	uint32_t uid, size;
	struct bytes message_id; /* the header line */
};
struct marks {
	struct arena *arena;
	struct mark *v; /* as they came */
	size_t n, cap;
	struct imap_status target;
	struct imap_keywords keywords;
};

struct move {
	const struct imap_uids *from; /* ascending */
	uint32_t *to;                 /* beside it */
	struct imap_moved *out;
};

static void note_pair(const struct move *m, uint32_t from, uint32_t to)
{
	size_t low = 0, high = m->from->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->from->v[mid] < from)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < m->from->n && m->from->v[low] == from)
		m->to[low] = to;
}

/* "38505 304,319:320 3956:3958": UIDVALIDITY, uids there, uids here, in the same order (RFC 4315, 3). */
static enum err note_copyuid(struct imap *c, struct move *m, const struct imap_code *code)
{
	struct bytes rest = code->args, validity, from;
	struct imap_uids a = { 0 }, b = { 0 };
	size_t a_cap = 0, b_cap = 0;
	enum err e;

	if (!(c->caps & IMAP_CAP_UIDPLUS) || !bytes_eq_nocase(code->name, "COPYUID"))
		return ERR_OK;
	if (!bytes_split(&rest, ' ', &validity) || !bytes_split(&rest, ' ', &from) ||
	    bytes_to_u32(validity, UINT32_MAX, &m->out->uid_validity))
		return ERR_PROTO;
	if ((e = uid_set_expand(c->scratch, from, &a, &a_cap)) ||
	    (e = uid_set_expand(c->scratch, rest, &b, &b_cap)))
		return e;
	if (a.n != b.n)
		return ERR_PROTO;
	for (size_t i = 0; i < a.n; i++)
		note_pair(m, a.v[i], b.v[i]);
	return ERR_OK;
}

/* MOVE tells it in an untagged OK, COPY in the tagged one. */
static enum err on_move(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	(void)number;
	return bytes_eq_nocase(keyword, "OK") ? note_copyuid(c, arg, &c->code) : ERR_OK;
}

static enum err run_move(struct imap *c, struct move *m, struct bytes target)
{
	bool moves = c->caps & IMAP_CAP_MOVE;
	enum err e;

	for (size_t at = 0; at < m->from->n && !c->out.failed;) {
		imap_command(c, moves ? "UID MOVE " : "UID COPY ");
		uid_set_put(&c->out, m->from->v, m->from->n, IMAP_SET_BYTES, &at);
		imap_put(c, " ");
		imap_put_mailbox(c, target);
	}
	e = imap_run(c, on_move, m);
	for (size_t i = 0; i < c->n_commands && !e; i++)
		e = note_copyuid(c, m, &c->answers[i].code);
	if (e || moves)
		return e;
	imap_next(c);
	return imap_expunge_uids(c, m->from);
}

/* ---- without COPYUID: found again by Message-ID and size ---- */

static enum err on_mark(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct marks *marks = arg;
	struct imap_fetched f;
	struct bytes name;
	enum err e;

	if (bytes_eq_nocase(keyword, "STATUS"))
		return imap_read_status(c, c->scratch, &name, &marks->target);
	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch(c, marks->arena, &marks->keywords, &f)) || !f.flags.uid || !f.has_size)
		return e;
	if (marks->n == marks->cap) {
		size_t cap = marks->cap ? marks->cap * 2 : 16;
		void *grown = arena_grow(
		    marks->arena, marks->v, marks->cap * sizeof(*marks->v), cap * sizeof(*marks->v));

		if (!grown)
			return ERR_LIMIT;
		marks->v = grown;
		marks->cap = cap;
	}
	marks->v[marks->n++] = (struct mark){ f.flags.uid, f.size, bytes_trim(f.body) };
	return ERR_OK;
}

static const char mark_items[] = " (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])";

/* What is about to move, and where the target's new uids begin. */
static enum err look_before(
    struct imap *c, const struct imap_uids *from, struct bytes target, struct marks *before)
{
	enum err e;

	imap_put_uids(c, "UID FETCH", from, mark_items);
	imap_put_status(
	    c, target); /* if it is the selected one, its answer may be old: then `match` finds too much */
	e = imap_run(c, on_mark, before);
	if (!e)
		imap_next(c);
	return e;
}

static void match(const struct move *m, const struct marks *before, struct marks *after, uint32_t uid_next)
{
	for (size_t i = 0; i < before->n; i++) {
		for (size_t j = 0; j < after->n; j++) {
			struct mark *x = &after->v[j];

			if (x->uid < uid_next || x->size != before->v[i].size ||
			    !bytes_eq(x->message_id, before->v[i].message_id))
				continue;
			note_pair(m, before->v[i].uid, x->uid);
			*x = (struct mark){ 0 }; /* each only once */
			break;
		}
	}
}

/* The messages have moved by now: what fails here only leaves their uids unknown. The source is selected again. */
static void look_after(
    struct imap *c, struct arena *a, const struct move *m, struct bytes target, const struct marks *before)
{
	struct marks after = { .arena = a };
	uint32_t uid_next = before->target.uid_next;
	struct bytes source;
	enum err e;

	if (!uid_next || arena_dup(a, bytes_of(c->selected.name, c->selected.len), &source) ||
	    imap_reselect(c, target))
		return;
	m->out->uid_validity = c->selected.status.uid_validity;
	if (!imap_begin(c)) {
		imap_command(c, "UID FETCH %u:*%s", uid_next, mark_items);
		if (!imap_run(c, on_mark, &after) && m->out->uid_validity == before->target.uid_validity)
			match(m, before, &after, uid_next);
	}
	e = c->broken ? ERR_UNAVAILABLE : imap_reselect(c, source);
	(void)e; /* nothing is selected then, which every later call notices */
}

enum err imap_move(struct imap *c, struct arena *a, const uint32_t *uids, size_t n, struct bytes target,
    struct imap_moved *out)
{
	struct imap_uids from;
	struct move m = { &from, NULL, out };
	struct marks before = { .arena = a };
	bool copyuid = c->caps & IMAP_CAP_UIDPLUS;
	enum err e;

	*out = (struct imap_moved){ .to = arena_array(a, n, sizeof(*out->to)) };
	m.to = arena_array(a, n, sizeof(*m.to));
	if (!out->to || !m.to)
		return ERR_LIMIT;
	if (!n)
		return ERR_OK;
	if (!c->selected.name)
		return ERR_NOT_FOUND;
	if ((e = imap_check_rights(c, IMAP_DELETED)))
		return e;
	if ((e = imap_begin(c)) || (e = uids_sort(a, uids, n, &from)) ||
	    (!copyuid && (e = look_before(c, &from, target, &before))) || (e = run_move(c, &m, target)))
		return imap_explain_refusal(c, target, true, e);
	out->exact = copyuid;
	if (!copyuid)
		look_after(c, a, &m, target, &before);
	for (size_t i = 0; i < n; i++) {
		const uint32_t *found = bsearch(&uids[i], from.v, from.n, sizeof(*from.v), compare_uids);

		out->to[i] = found ? m.to[found - from.v] : 0;
	}
	return ERR_OK;
}
