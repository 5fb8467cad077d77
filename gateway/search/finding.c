#include "search/finding.h"

#include <stdlib.h>

#include "io/log.h"
#include "io/loop.h"
#include "search/conversation.h"
#include "sync/open.h"

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
	size_t searched, refused; /* folders */
};

/* ---- folders ---- */

static bool is_searched(const struct known_folder *k)
{
	enum folder_type type = (enum folder_type)k->type;

	return folder_class(type) == CLASS_EMAIL && type != FOLDER_OUTBOX && type != FOLDER_GENERIC;
}

/* Whether `folder` is asked for by itself or, if deep, by a folder above it. */
static bool is_asked(const struct known_folders *known, const struct known_folder *folder,
    const uint32_t *ids, size_t n, bool deep)
{
	for (size_t depth = 0; folder && depth < known->n; depth++) {
		for (size_t i = 0; i < n; i++)
			if (ids[i] == folder->id)
				return true;
		folder = deep ? known_folder(known, folder->parent) : NULL;
	}
	return false;
}

/* The ids that are asked for; *n 0 for all folders. */
static enum err asked_ids(struct request *rq, const struct finding_ask *ask,
    const struct known_folders *known, uint32_t **out, size_t *n)
{
	*n = 0;
	*out = arena_array(rq->arena, ask->n_folders, sizeof(**out));
	if (!*out)
		return ERR_LIMIT;
	for (size_t i = 0; i < ask->n_folders; i++) {
		if (bytes_eq_str(ask->folders[i], "0") || !ask->folders[i].len) {
			*n = 0;
			return ERR_OK;
		}
		if (folder_id_parse(ask->folders[i], &(*out)[*n]) || !known_folder(known, (*out)[*n]))
			return ERR_NOT_FOUND;
		++*n;
	}
	return ERR_OK;
}

static enum err list_folders(
    struct request *rq, const struct finding_ask *ask, struct collection ***out, size_t *n)
{
	struct known_folders known;
	uint32_t *asked, *ids;
	size_t n_asked;
	enum err e;

	*n = 0;
	if ((e = device_folders(rq, &known)) || (e = asked_ids(rq, ask, &known, &asked, &n_asked)))
		return e;
	if (!known.n)
		return ERR_NOT_FOUND;
	ids = arena_array(rq->arena, known.n, sizeof(*ids));
	*out = arena_array(rq->arena, known.n, sizeof(struct collection *));
	if (!ids || !*out)
		return ERR_LIMIT;
	for (size_t i = 0; i < known.n; i++) {
		if (!is_searched(&known.v[i]) ||
		    (n_asked && !is_asked(&known, &known.v[i], asked, n_asked, ask->deep)))
			continue;
		(*out)[*n] = arena_alloc(rq->arena, sizeof(struct collection));
		if (!(*out)[*n])
			return ERR_LIMIT;
		ids[(*n)++] = known.v[i].id;
	}
	if (!*n)
		return ERR_OK;
	e = collections_find(rq, &known, ids, *out, *n);
	return e ? e : collections_connect(rq, *out, *n);
}

/* ---- one folder ---- */

/* The newest first; of one moment, in an order that doesn't change. */
static int compare_hits(const void *x, const void *y)
{
	const struct finding_hit *a = x, *b = y;

	if (a->received != b->received)
		return a->received < b->received ? 1 : -1;
	if (a->c->folder_id != b->c->folder_id)
		return a->c->folder_id < b->c->folder_id ? 1 : -1;
	return (a->uid < b->uid) - (a->uid > b->uid);
}

static void sort(struct finding *f)
{
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_hits);
	if (f->n > KEPT_MAX)
		f->n = KEPT_MAX;
}

static enum err add_hits(
    struct finder *f, struct collection *c, const struct imap_uids *uids, const int64_t *dates)
{
	struct finding *out = f->out;
	size_t need = out->n + uids->n;

	if (need > f->cap) {
		out->v = arena_grow(f->rq->arena, out->v, f->cap * sizeof(*out->v), need * sizeof(*out->v));
		if (!out->v)
			return ERR_LIMIT;
		f->cap = need;
	}
	for (size_t i = 0; i < uids->n; i++) {
		if (dates[i] == IMAP_NO_DATE || dates[i] <= f->ask->later_than ||
		    dates[i] >= f->ask->earlier_than)
			continue;
		out->v[out->n++] = (struct finding_hit){ c, uids->v[i], dates[i] };
		out->total++;
	}
	sort(out);
	return ERR_OK;
}

static enum err search_folder(struct finder *f, struct collection *c)
{
	struct request *rq = f->rq;
	struct imap_status ignored;
	struct imap_uids uids;
	bool late = false;
	int64_t *dates;
	enum err e;

	if ((e = imap_select(c->imap, c->mailbox, &ignored)) ||
	    (e = imap_search(c->imap, rq->arena, f->ask->query, &uids)))
		return e;
	if (f->ask->conversation.len) {
		e = conversation_filter(c->imap, f->ask->conversation, f->until_ms, &uids);
		late = e == ERR_TIMEOUT;
		if (e && !late)
			return e;
	}
	if (uids.n > DATED_MAX) {
		f->out->total += (uint32_t)(uids.n - DATED_MAX);
		uids = (struct imap_uids){ uids.v + uids.n - DATED_MAX, DATED_MAX };
	}
	if ((e = imap_fetch_dates(c->imap, rq->arena, uids.v, uids.n, &dates)))
		return e;
	e = add_hits(f, c, &uids, dates);
	return late && !e ? ERR_TIMEOUT : e;
}

/* One that the server won't open or search hides nothing of the others. */
static bool concerns_folder_only(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_DENIED || e == ERR_UNSUPPORTED;
}

enum err finding_run(struct request *rq, const struct finding_ask *ask, struct finding *out)
{
	struct finder f = { .rq = rq, .ask = ask, .out = out, .until_ms = loop_now_ms() + TIME_MS };
	struct collection **folders;
	size_t n;
	enum err e;

	*out = (struct finding){ 0 };
	if ((e = list_folders(rq, ask, &folders, &n)))
		return e;
	for (size_t i = 0; i < n; i++) {
		struct collection *c = folders[i];

		if (!c->imap || !c->status.known || !c->status.messages)
			continue;
		if (loop_now_ms() > f.until_ms)
			return ERR_TIMEOUT;
		f.searched++;
		e = search_folder(&f, c);
		if (e && !concerns_folder_only(e))
			return e;
		if (e) {
			log_info("folder not searched folder=%u: %s (%s)", c->folder_id,
			    imap_problem(c->imap), err_name(e));
			f.refused++;
		}
	}
	return f.searched && f.refused == f.searched ? ERR_UNSUPPORTED : ERR_OK;
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
