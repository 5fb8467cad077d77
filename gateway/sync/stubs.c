#include "sync/stubs.h"

#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "io/log.h"

enum {
	HOUR_S = 3600,
	MOST = 20, /* in one Sync: the server may hang up on each */
	BORNE = 8  /* so often are its mails asked for all the same (ORDER_MENDS) */
};

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

static enum err list_stubs(struct arena *a, const struct snapshot *s, uint64_t **out, size_t *n)
{
	uint64_t *v = arena_array(a, s->n_items, sizeof(*v));

	*n = 0;
	if (!(*out = v))
		return ERR_LIMIT;
	for (size_t i = s->n_items; i--;)
		if (snapshot_is_stub(s, s->items[i].id))
			v[(*n)++] = s->items[i].id;
	return ERR_OK;
}

/* Those that still can't be read must not stand before the others for ever: where there are more than the server would bear,
 * each hour begins somewhere else. */
static size_t first_of(uint32_t hour, size_t n, size_t most)
{
	if (n <= most && n <= BORNE)
		return 0;
	return (size_t)(hash64(bytes_of((const uint8_t *)&hour, sizeof(hour)), 0) % n);
}

enum err stubs_ask(struct collection *c, struct snapshot *next, size_t window, struct changes *changes)
{
	uint32_t hour = hour_now();
	size_t most = window < MOST ? window : MOST, n, asked = 0;
	struct change *v;
	uint64_t *ids;
	enum err e;

	if (!next->n_stubs || hour == next->stubs_hour)
		return ERR_OK;
	next->stubs_hour = hour;
	if ((e = list_stubs(c->rq->arena, next, &ids, &n)) || !n)
		return e;
	v = arena_grow(c->rq->arena, changes->v, changes->n * sizeof(*v), (changes->n + most) * sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	changes->v = v;
	for (size_t i = first_of(hour, n, most); i < n && asked < most; i++) {
		if (is_among(changes, ids[i]))
			continue;
		v[changes->n++] = (struct change){ .kind = CHANGE_ADD, .id = ids[i], .again = true };
		asked++;
	}
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
