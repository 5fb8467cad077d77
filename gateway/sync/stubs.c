#include "sync/stubs.h"

#include <stdlib.h>
#include <time.h>

#include "io/log.h"

enum { HOUR_S = 3600, MOST = 20 /* in one Sync: the server may hang up on each */ };

static uint32_t hour_now(void)
{
	return (uint32_t)(time(NULL) / HOUR_S);
}

static bool is_among(const struct changes *changes, uint64_t id)
{
	for (size_t i = 0; i < changes->n; i++)
		if (changes->v[i].id == id)
			return true;
	return false;
}

enum err stubs_ask(struct collection *c, struct snapshot *next, struct changes *changes)
{
	uint32_t hour = hour_now();
	size_t asked = 0;
	struct change *v;

	if (!next->n_stubs || hour == next->stubs_hour)
		return ERR_OK;
	v = arena_grow(c->rq->arena, changes->v, changes->n * sizeof(*v), (changes->n + MOST) * sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	changes->v = v;
	for (size_t i = next->n_items; i-- && asked < MOST;) { /* the newest first */
		const struct snapshot_item *item = &next->items[i];

		if (!snapshot_is_stub(next, item->id) || is_among(changes, item->id))
			continue;
		v[changes->n++] = (struct change){ .kind = CHANGE_ADD, .id = item->id, .again = true };
		asked++;
	}
	next->stubs_hour = hour;
	return ERR_OK;
}

void stubs_settle(struct changes *changes, size_t ready)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct change *v = &changes->v[i];

		if (!v->again)
			continue;
		v->kind = i < ready && v->kind == CHANGE_ADD && !v->is_stub ? CHANGE_DELETE : CHANGE_NONE;
		v->is_stub = false;
	}
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The stubs that are sent now. */
static enum err list_new(struct arena *a, const struct changes *sent, uint64_t **out, size_t *n)
{
	uint64_t *v = arena_array(a, sent->n, sizeof(*v));

	*n = 0;
	if (!(*out = v))
		return ERR_LIMIT;
	for (size_t i = 0; i < sent->n; i++)
		if (sent->v[i].is_stub)
			v[(*n)++] = sent->v[i].id;
	qsort(v, *n, sizeof(*v), compare_ids);
	return ERR_OK;
}

static enum err bring_again(struct arena *a, struct snapshot *next, const struct changes *sent, bool *more)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < sent->n && !e; i++)
		if (sent->v[i].again) {
			log_info("a mail that was shown as a stub can be read now: uid=%llu",
			    (unsigned long long)sent->v[i].id);
			e = snapshot_add_pending(a, next, sent->v[i].id);
			*more = true;
		}
	return e;
}

enum err stubs_keep(struct arena *a, struct snapshot *next, const struct changes *sent, bool *more)
{
	uint64_t *fresh, *ids;
	size_t n_fresh, n = 0;
	enum err e;

	if ((e = bring_again(a, next, sent, more)) || (e = list_new(a, sent, &fresh, &n_fresh)))
		return e;
	if (!n_fresh && !next->n_stubs)
		return ERR_OK;
	if (!(ids = arena_array(a, next->n_items, sizeof(*ids))))
		return ERR_LIMIT;
	for (size_t i = 0; i < next->n_items; i++) {
		const uint64_t *id = &next->items[i].id;

		if (snapshot_is_stub(next, *id) || bsearch(id, fresh, n_fresh, sizeof(*fresh), compare_ids))
			ids[n++] = *id;
	}
	if (n_fresh)
		next->stubs_hour = hour_now();
	return snapshot_set_stubs(a, next, ids, n);
}
