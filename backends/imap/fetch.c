#include <stdlib.h>

#include "imap/fetched.h"
#include "imap/uid_set.h"

/* FETCH of what changed. */

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
