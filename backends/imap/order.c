#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imap/fetched.h"
#include "imap/uid_set.h"

/* FETCH of messages and of parts of them. Messages are always named by UID: sequence numbers change under pipelined
 * commands. */
enum { PIPELINE_BYTES = 16 * 1024 };

/* ---- messages ---- */

struct wanted {
	uint32_t uid;
	size_t at; /* in the caller's array */
};

struct messages {
	struct arena *arena;
	struct wanted *wanted;  /* ascending */
	struct imap_message *v; /* in the caller's order; a uid is set when its message is whole */
	size_t n;
	bool header;     /* a message without is not whole */
	bool unreadable; /* one came that isn't whole */
	struct imap_keywords keywords;
};

static int compare_wanted(const void *x, const void *y)
{
	const struct wanted *a = x, *b = y;

	return (a->uid > b->uid) - (a->uid < b->uid);
}

static enum err on_message(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct messages *m = arg;
	struct imap_fetched f;
	const struct wanted *w;
	enum err e;

	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch(c, m->arena, &m->keywords, &f)))
		return e;
	w = bsearch(&(struct wanted){ .uid = f.flags.uid }, m->wanted, m->n, sizeof(*w), compare_wanted);
	if (!w || !f.has_flags)
		return ERR_OK;
	if (m->v[w->at].flags.uid)
		m->v[w->at].flags = f.flags; /* changed meanwhile */
	else if (f.has_size && (f.body.p || !m->header))
		m->v[w->at] = (struct imap_message){ f.flags, f.date, f.size, f.structure, f.body };
	else
		m->unreadable = true;
	return ERR_OK;
}

/* Stage by stage, what the server could not give, or we could not read, is asked for with less: without the structure,
 * then without the header, each message by a command of its own. */
static const struct stage {
	const char *items;
	bool header, alone;
} stages[] = {
	{ "UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER]", true, false },
	{ "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]", true, true },
	{ "UID FLAGS INTERNALDATE RFC822.SIZE", false, true },
};

static enum err run_stage(struct imap *c, const struct stage *s, struct messages *m, bool *refused)
{
	struct imap_uids missing = { arena_array(c->scratch, m->n, sizeof(*missing.v)), 0 };
	size_t at = 0;
	enum err e;

	if (!missing.v)
		return ERR_LIMIT;
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[m->wanted[i].at].flags.uid)
			missing.v[missing.n++] = m->wanted[i].uid;
	m->header = s->header;
	while (at < missing.n) {
		while (at < missing.n && imap_pending_bytes(c) < PIPELINE_BYTES) {
			size_t upto = s->alone ? at + 1 : missing.n;

			imap_command(c, "UID FETCH ");
			uid_set_put(&c->out, missing.v, upto, IMAP_SET_BYTES, &at);
			imap_put(c, " (%s)", s->items);
		}
		if ((e = imap_run_all(c, on_message, m)))
			return e;
		for (size_t i = 0; i < c->n_commands; i++)
			*refused |= c->answers[i].err != ERR_OK;
		imap_next(c);
	}
	return ERR_OK;
}

enum err imap_fetch_messages(
    struct imap *c, struct arena *a, const uint32_t *uids, size_t n, struct imap_messages *out)
{
	struct messages m = { .arena = a, .n = n };
	enum err e = ERR_OK;

	*out = (struct imap_messages){ arena_array(a, n, sizeof(*out->v)), 0 };
	m.v = out->v;
	m.wanted = arena_array(a, n, sizeof(*m.wanted));
	if (!m.v || !m.wanted)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		m.wanted[i] = (struct wanted){ uids[i], i };
	qsort(m.wanted, n, sizeof(*m.wanted), compare_wanted);
	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++) {
		bool refused = false;

		if ((e = imap_begin(c)) || (e = run_stage(c, &stages[i], &m, &refused)))
			return e;
		if (!refused && !m.unreadable)
			break;
		m.unreadable = false;
	}
	for (size_t i = 0; i < n; i++)
		if (m.v[i].flags.uid)
			out->v[out->n++] = m.v[i];
	return e;
}

/* ---- parts ---- */

struct parts {
	struct arena *arena;
	struct imap_part_request **by_uid; /* to find them when answers come */
	size_t n;
	struct imap_keywords keywords;
};

/* Those that share a command are neighbours. */
static int compare_commands(const void *x, const void *y)
{
	const struct imap_part_request *a = *(struct imap_part_request *const *)x;
	const struct imap_part_request *b = *(struct imap_part_request *const *)y;
	int order = strcmp(a->section, b->section);

	if (!order)
		order = (a->from > b->from) - (a->from < b->from);
	if (!order)
		order = (a->count > b->count) - (a->count < b->count);
	return order ? order : (a->uid > b->uid) - (a->uid < b->uid);
}

static int compare_answers(const void *x, const void *y)
{
	const struct imap_part_request *a = *(struct imap_part_request *const *)x;
	const struct imap_part_request *b = *(struct imap_part_request *const *)y;
	int order = (a->uid > b->uid) - (a->uid < b->uid);

	if (!order)
		order = (a->from > b->from) - (a->from < b->from);
	return order ? order : strcasecmp(a->section, b->section);
}

/* The first request that an answer can be for. */
static size_t first_for(const struct parts *ps, const struct imap_part_request *key)
{
	size_t low = 0, high = ps->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_answers(&ps->by_uid[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* An answer doesn't say how much was asked for, so it serves every request that starts where it does; the longer
 * one wins. */
static enum err on_part(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct parts *ps = arg;
	struct imap_fetched f;
	struct imap_part_request key;
	const struct imap_part_request *key_p = &key;
	enum err e;

	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch(c, ps->arena, &ps->keywords, &f)) || !f.has_body || !f.body.p)
		return e;
	f.section[f.section_len] = 0;
	key = (struct imap_part_request){ .uid = f.flags.uid, .section = f.section, .from = f.origin };
	for (size_t i = first_for(ps, &key); i < ps->n && !compare_answers(&ps->by_uid[i], &key_p); i++) {
		struct imap_part_request *q = ps->by_uid[i];
		size_t len = q->count && q->count < f.body.len ? q->count : f.body.len;

		if (!q->found || len > q->data.len)
			q->data = bytes_of(f.body.p, len);
		q->found = true;
	}
	return ERR_OK;
}

/* One command for those at the beginning that share it, as far as a set may be long. How many. */
static size_t put_part_command(struct imap *c, struct imap_part_request *const *v, size_t n)
{
	const struct imap_part_request *q = v[0];
	uint32_t *uids;
	size_t same = 1, at = 0;

	while (same < n && !strcmp(v[same]->section, q->section) && v[same]->from == q->from &&
	       v[same]->count == q->count)
		same++;
	uids = arena_array(c->scratch, same, sizeof(*uids));
	if (!uids) {
		c->out.failed = ERR_LIMIT;
		return n;
	}
	for (size_t i = 0; i < same; i++)
		uids[i] = v[i]->uid;
	imap_command(c, "UID FETCH ");
	uid_set_put(&c->out, uids, same, IMAP_SET_BYTES, &at);
	imap_put(c, " (UID BODY.PEEK[%s]", q->section);
	if (q->from || q->count)
		imap_put(c, "<%u.%u>", q->from, q->count ? q->count : INT32_MAX);
	imap_put(c, ")");
	return at;
}

enum err imap_fetch_parts(struct imap *c, struct arena *a, struct imap_part_request *v, size_t n)
{
	struct parts ps = { .arena = a, .n = n };
	struct imap_part_request **commands;
	enum err e;

	if ((e = imap_begin(c)))
		return e;
	commands = arena_array(c->scratch, n, sizeof(*commands));
	ps.by_uid = arena_array(c->scratch, n, sizeof(*ps.by_uid));
	if (!commands || !ps.by_uid)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		v[i].found = false;
		v[i].data = (struct bytes){ 0 };
		commands[i] = ps.by_uid[i] = &v[i];
	}
	qsort(commands, n, sizeof(*commands), compare_commands);
	qsort(ps.by_uid, n, sizeof(*ps.by_uid), compare_answers);
	for (size_t i = 0; i < n;) {
		while (i < n && imap_pending_bytes(c) < PIPELINE_BYTES)
			i += put_part_command(c, commands + i, n - i);
		if ((e = imap_run_all(c, on_part, &ps)))
			return e;
		imap_next(c);
	}
	return ERR_OK;
}
