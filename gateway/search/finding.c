#include "search/finding.h"

#include <stdlib.h>

#include "io/log.h"
#include "io/loop.h"
#include "search/conversation.h"
#include "search/finding_places.h"

enum {
	TIME_MS = 30 * 1000, /* after that nothing further is begun: phones give up after 90 seconds */
	DATED_MAX = 5000,    /* of one folder, the newest: older ones are counted, but can't be paged to */
	KEPT_MAX = 1000,     /* of all folders, the newest: no Range reaches further */
};

struct finder {
	struct request *rq;
	const struct finding_ask *ask;
	struct finding *out;
	size_t cap;
	uint64_t until_ms;
	size_t searched; /* places */
};

/* ---- one place ---- */

/* The newest first; of one moment, in an order that doesn't change. */
static int compare_hits(const void *x, const void *y)
{
	const struct finding_hit *a = x, *b = y;

	if (a->received != b->received)
		return a->received < b->received ? 1 : -1;
	if (a->c->folder_id != b->c->folder_id)
		return a->c->folder_id < b->c->folder_id ? 1 : -1;
	return (a->id < b->id) - (a->id > b->id);
}

static void sort(struct finding *f)
{
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_hits);
	if (f->n > KEPT_MAX)
		f->n = KEPT_MAX;
}

/* What was found in a place, by ascending UID. */
struct found {
	struct imap_uids uids;
	uint64_t *ids; /* of the notes that they are; NULL: they are no notes */
	int64_t *dates;
};

static uint64_t id_of(const struct finding_place *p, const struct found *found, size_t i)
{
	if (found->ids)
		return found->ids[i];
	return found->uids.v[i] | (p->class == CLASS_SMS ? SNAPSHOT_SIDE : 0);
}

static enum err add_hits(struct finder *f, const struct finding_place *p, const struct found *found)
{
	struct finding *out = f->out;
	size_t need = out->n + found->uids.n;

	if (need > f->cap) {
		out->v = arena_grow(f->rq->arena, out->v, f->cap * sizeof(*out->v), need * sizeof(*out->v));
		if (!out->v)
			return ERR_LIMIT;
		f->cap = need;
	}
	for (size_t i = 0; i < found->uids.n; i++) {
		int64_t date = found->dates[i];

		if (date == IMAP_NO_DATE || date <= f->ask->later_than || date >= f->ask->earlier_than)
			continue;
		out->v[out->n++] = (struct finding_hit){ p->c, id_of(p, found, i), date };
		out->total++;
	}
	sort(out);
	return ERR_OK;
}

static void leave_newest(struct found *found, size_t n)
{
	size_t older = found->uids.n - n;

	found->uids = (struct imap_uids){ found->uids.v + older, n };
	if (found->ids)
		found->ids += older;
}

static enum err search_place(struct finder *f, const struct finding_place *p)
{
	struct arena *a = f->rq->arena;
	struct collection *c = p->c;
	struct imap_status ignored;
	struct found found = { 0 };
	bool late = false;
	enum err e;

	if ((e = imap_select(c->imap, finding_place_mailbox(p), &ignored)) ||
	    (e = imap_search(c->imap, a, f->ask->query, &found.uids)))
		return e;
	if (f->ask->conversation.len) {
		e = conversation_filter(
		    c->imap, f->ask->conversation, f->until_ms, &found.uids, &f->out->unreadable);
		late = e == ERR_TIMEOUT;
		if (e && !late)
			return e;
	}
	if (p->class == CLASS_NOTES && (e = notes_of_mails(c, &found.uids, &found.ids)))
		return e;
	if (found.uids.n > DATED_MAX) {
		f->out->total += (uint32_t)(found.uids.n - DATED_MAX);
		leave_newest(&found, DATED_MAX);
	}
	if ((e = imap_fetch_dates(c->imap, a, found.uids.v, found.uids.n, &found.dates)))
		return e;
	e = add_hits(f, p, &found);
	return late && !e ? ERR_TIMEOUT : e;
}

/* One that the server won't open or search hides nothing of the others. */
static bool concerns_folder_only(struct imap *imap, enum err e)
{
	return e != ERR_LIMIT && imap_goes_on(imap, e);
}

enum err finding_run(struct request *rq, const struct finding_ask *ask, struct finding *out)
{
	struct finder f = { .rq = rq, .ask = ask, .out = out, .until_ms = loop_now_ms() + TIME_MS };
	struct finding_place *places;
	size_t n;
	enum err e;

	*out = (struct finding){ 0 };
	if ((e = finding_places(rq, ask, &places, &n)))
		return e;
	for (size_t i = 0; i < n; i++) {
		bool may_have;

		e = finding_place_may_have(&places[i], &may_have);
		if (!e && !may_have)
			continue;
		if (loop_now_ms() > f.until_ms)
			return ERR_TIMEOUT;
		f.searched++;
		if (!e)
			e = search_place(&f, &places[i]);
		if (e && !concerns_folder_only(places[i].c->imap, e))
			return e;
		if (e) {
			log_info("folder not searched folder=%u: %s (%s)", places[i].c->folder_id,
			    imap_problem(places[i].c->imap), err_name(e));
			out->refused++;
		}
	}
	return f.searched && out->refused == f.searched ? ERR_UNSUPPORTED : ERR_OK;
}

bool finding_range_parse(struct bytes text, struct finding_range *out)
{
	struct bytes first;

	*out = (struct finding_range){ 0, FINDING_PAGE - 1 };
	text = bytes_trim(text);
	if (!text.len)
		return true;
	return bytes_split(&text, '-', &first) && !bytes_to_u32(first, INT32_MAX, &out->first) &&
	       !bytes_to_u32(text, INT32_MAX, &out->last) && out->first <= out->last;
}
