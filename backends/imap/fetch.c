#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imap/fetched.h"
#include "imap/uid_set.h"

/* FETCH: the three ways in which we ask. Messages are always named by UID: sequence numbers change under pipelined
 * commands. */
enum { PIPELINE_BYTES = 16 * 1024 };

/* ---- what changed ---- */

struct changes {
	struct arena *arena;
	struct imap_changes *out;
	size_t cap, gone_cap;
	struct imap_keywords keywords;
	uint64_t modseq; /* when the mailbox was selected */
	bool selecting;  /* by the first command of this run */
	bool unsorted;   /* some came out of order */
};

/* At the end: answers come in ascending order but for a few, and those are sorted when all are there. */
static enum err add_change(struct changes *ch, const struct imap_flags *f)
{
	struct imap_changes *all = ch->out;
	struct imap_flags *last = all->n ? &all->v[all->n - 1] : NULL;

	if (last && last->uid == f->uid) {
		*last = *f; /* told twice: the later is newer */
		return ERR_OK;
	}
	ch->unsorted |= last && last->uid > f->uid;
	if (all->n == ch->cap) {
		size_t cap = ch->cap ? ch->cap * 2 : 32;
		void *grown = arena_grow(ch->arena, all->v, ch->cap * sizeof(*all->v), cap * sizeof(*all->v));

		if (!grown)
			return ERR_LIMIT;
		all->v = grown;
		ch->cap = cap;
	}
	all->v[all->n++] = *f;
	return ERR_OK;
}

struct place {
	uint32_t uid;
	size_t at;
};

static int compare_places(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	int order = (a->uid > b->uid) - (a->uid < b->uid);

	return order ? order : (a->at > b->at) - (a->at < b->at);
}

/* By uid, of each the newest. */
static enum err sort_changes(struct imap *c, struct changes *ch)
{
	struct imap_changes *all = ch->out;
	struct place *places = arena_array(c->scratch, all->n, sizeof(*places));
	struct imap_flags *sorted = arena_array(ch->arena, all->n, sizeof(*sorted));
	size_t kept = 0;

	if (!places || !sorted)
		return ERR_LIMIT;
	for (size_t i = 0; i < all->n; i++)
		places[i] = (struct place){ all->v[i].uid, i };
	qsort(places, all->n, sizeof(*places), compare_places);
	for (size_t i = 0; i < all->n; i++)
		if (i + 1 == all->n || places[i + 1].uid != places[i].uid)
			sorted[kept++] = all->v[places[i].at];
	all->v = sorted;
	all->n = kept;
	return ERR_OK;
}

/* "VANISHED (EARLIER) 3:5,9", RFC 7162 3.2.10 */
static enum err read_vanished(struct changes *ch, struct imap *c)
{
	struct imap_reader *r = &c->reader;
	struct imap_uid_range range;
	struct bytes set;
	enum err e;

	if (imap_peek(r) == '(' && ((e = imap_skip_value(r)) || (e = imap_expect(r, ' '))))
		return e;
	if ((e = imap_read_word(r, &set)))
		return e;
	while (set.len) {
		if ((e = uid_set_next(&set, &range)))
			return e;
		if (ch->out->n_gone == ch->gone_cap) {
			size_t cap = ch->gone_cap ? ch->gone_cap * 2 : 16;
			void *grown = arena_grow(
			    ch->arena, ch->out->gone, ch->gone_cap * sizeof(range), cap * sizeof(range));

			if (!grown)
				return ERR_LIMIT;
			ch->out->gone = grown;
			ch->gone_cap = cap;
		}
		ch->out->gone[ch->out->n_gone++] = range;
	}
	return ERR_OK;
}

static enum err on_change(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct changes *ch = arg;
	struct imap_fetched f;
	enum err e;

	if (ch->selecting && !c->answers[0].given)
		ch->modseq = c->selected.status.highest_modseq;
	if (bytes_eq_nocase(keyword, "VANISHED"))
		return read_vanished(ch, c);
	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return imap_on_select(c, keyword);
	if ((e = imap_read_fetch(c, ch->arena, &ch->keywords, &f)))
		return e;
	return f.flags.uid && f.has_flags ? add_change(ch, &f.flags) : ERR_OK;
}

static int compare_ranges(const void *x, const void *y)
{
	const struct imap_uid_range *a = x, *b = y;

	return (a->first > b->first) - (a->first < b->first);
}

/* Sorts and joins the ranges, and takes out of v what has gone since it was listed. */
static void settle(struct imap_changes *all)
{
	size_t kept = 0, at = 0;

	if (!all->n_gone)
		return;
	qsort(all->gone, all->n_gone, sizeof(*all->gone), compare_ranges);
	for (size_t i = 0; i < all->n_gone; i++) {
		struct imap_uid_range *last = kept ? &all->gone[kept - 1] : NULL;

		if (!last || all->gone[i].first > last->last)
			all->gone[kept++] = all->gone[i];
		else if (all->gone[i].last > last->last)
			last->last = all->gone[i].last;
	}
	all->n_gone = kept;
	kept = 0;
	for (size_t i = 0; i < all->n; i++) {
		while (at < all->n_gone && all->gone[at].last < all->v[i].uid)
			at++;
		if (at == all->n_gone || all->v[i].uid < all->gone[at].first)
			all->v[kept++] = all->v[i];
	}
	all->n = kept;
}

/* Asks in one round trip. A mailbox that was selected before may have changed since. The modseq is the one
 * before the listing: what happens in between is told twice rather than never. */
static enum err ask_changes(
    struct imap *c, struct arena *a, uint64_t since, bool fresh, struct imap_changes *out)
{
	struct changes ch = {
		.arena = a, .out = out, .modseq = c->selected.status.highest_modseq, .selecting = !fresh
	};
	uint32_t validity = c->selected.status.uid_validity;
	enum err e;

	*out = (struct imap_changes){ .complete = !since };
	if ((e = imap_begin(c)))
		return e;
	if (!fresh)
		imap_put_reselect(c);
	imap_command(c, "UID FETCH 1:* (UID FLAGS)");
	if (since)
		imap_put(c, " (CHANGEDSINCE %llu VANISHED)", (unsigned long long)since);
	if ((e = imap_run_all(c, on_change, &ch)))
		return e;
	if (!fresh && (e = c->answers[0].err)) {
		imap_forget_selected(c);
		return e == ERR_DENIED && !c->answers[0].code.name.len ? ERR_NOT_FOUND : e;
	}
	if (!fresh && (e = imap_check_validity(c, validity)))
		return e;
	out->highest_modseq = ch.modseq;
	if (since > ch.modseq)
		return ERR_OK; /* to be asked again: the answer means nothing, and with NOMODSEQ it is BAD */
	if (ch.unsorted && (e = sort_changes(c, &ch)))
		return imap_fail(c, e, "too many messages have changed");
	settle(out);
	if (c->selected.status.messages)
		return c->answers[c->n_commands - 1].err;
	out->complete = true; /* some servers refuse 1:* where there is nothing */
	return ERR_OK;
}

enum err imap_fetch_changes(struct imap *c, struct arena *a, uint64_t since_modseq, struct imap_changes *out)
{
	const struct imap_status *s = &c->selected.status;
	bool fresh = c->selected.fresh;
	uint64_t since = c->caps & IMAP_CAP_QRESYNC && s->highest_modseq ? since_modseq : 0;
	enum err e;

	*out = (struct imap_changes){ .highest_modseq = s->highest_modseq };
	if (c->broken || !c->selected.name)
		return ERR_UNAVAILABLE;
	if (fresh && since && since == s->highest_modseq)
		return ERR_OK;
	if (fresh && (!s->messages || since > s->highest_modseq)) {
		since = 0;
		out->complete = true;
		if (!s->messages)
			return ERR_OK;
	}
	e = ask_changes(c, a, since, fresh, out);
	/* A modseq from the future is of another life of this mailbox: a restored backup. */
	if (!e && since > out->highest_modseq)
		e = ask_changes(c, a, 0, false, out);
	return e;
}

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
