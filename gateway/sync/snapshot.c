#include "sync/snapshot.h"

#include <string.h>

/* Looking up and changing. */

/* Among the first n items. */
static size_t lower_bound_of(const struct snapshot *s, size_t n, uint64_t id)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->items[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t lower_bound(const struct snapshot *s, uint64_t id)
{
	return lower_bound_of(s, s->n_items, id);
}

struct snapshot_item *snapshot_find(const struct snapshot *s, uint64_t id)
{
	size_t at = lower_bound(s, id);

	return at < s->n_items && s->items[at].id == id ? &s->items[at] : NULL;
}

enum err snapshot_copy(struct arena *a, const struct snapshot *s, size_t extra, struct snapshot *out)
{
	struct snapshot_item *items;

	if (s->n_items > SNAPSHOT_MAX_ITEMS || extra > SNAPSHOT_MAX_ITEMS - s->n_items)
		return ERR_LIMIT;
	items = arena_array(a, s->n_items + extra, sizeof(*items));
	if (!items)
		return ERR_LIMIT;
	if (s->n_items)
		memcpy(items, s->items, s->n_items * sizeof(*items));
	*out = *s;
	out->items = items;
	return ERR_OK;
}

void snapshot_put(struct snapshot *s, uint64_t id, uint32_t digest)
{
	size_t at = lower_bound(s, id);

	if (at == s->n_items || s->items[at].id != id) {
		memmove(&s->items[at + 1], &s->items[at], (s->n_items - at) * sizeof(*s->items));
		s->n_items++;
	}
	s->items[at] = (struct snapshot_item){ id, digest };
}

/* From the end on, so that each item moves once, by as many places as there are new ones before it. */
void snapshot_put_all(struct snapshot *s, struct snapshot_item *v, size_t n)
{
	size_t end = s->n_items, fresh = 0;

	for (size_t i = 0; i < n; i++) {
		struct snapshot_item *has = snapshot_find(s, v[i].id);

		if (has)
			has->digest = v[i].digest;
		else
			v[fresh++] = v[i];
	}
	s->n_items += fresh;
	for (; fresh; fresh--, v++) {
		size_t at = lower_bound_of(s, end, v->id);

		memmove(&s->items[at + fresh], &s->items[at], (end - at) * sizeof(*s->items));
		s->items[at + fresh - 1] = *v;
		end = at;
	}
}

void snapshot_remove(struct snapshot *s, uint64_t id)
{
	size_t at = lower_bound(s, id);

	if (at == s->n_items || s->items[at].id != id)
		return;
	s->n_items--;
	memmove(&s->items[at], &s->items[at + 1], (s->n_items - at) * sizeof(*s->items));
}

static bool is_within(const struct snapshot_range *v, size_t n, uint64_t id)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].last < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && v[lo].first <= id;
}

bool snapshot_is_pending(const struct snapshot *s, uint64_t id)
{
	return is_within(s->pending, s->n_pending, id);
}

bool snapshot_is_stub(const struct snapshot *s, uint64_t id)
{
	return is_within(s->stubs, s->n_stubs, id);
}

static enum err to_ranges(
    struct arena *a, const uint64_t *ids, size_t n, struct snapshot_range **out, size_t *n_out)
{
	struct snapshot_range *v;
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		used += !i || ids[i - 1] + 1 != ids[i];
	v = arena_array(a, used, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	used = 0;
	for (size_t i = 0; i < n; i++) {
		if (used && v[used - 1].last + 1 == ids[i])
			v[used - 1].last = ids[i];
		else
			v[used++] = (struct snapshot_range){ ids[i], ids[i] };
	}
	*out = v;
	*n_out = used;
	return ERR_OK;
}

enum err snapshot_set_pending(struct arena *a, struct snapshot *s, const uint64_t *ids, size_t n)
{
	return to_ranges(a, ids, n, &s->pending, &s->n_pending);
}

enum err snapshot_set_stubs(struct arena *a, struct snapshot *s, const uint64_t *ids, size_t n)
{
	return to_ranges(a, ids, n, &s->stubs, &s->n_stubs);
}

enum err snapshot_add_pending(struct arena *a, struct snapshot *s, uint64_t id)
{
	struct snapshot_range *v;
	size_t at = 0, rest;

	if (snapshot_is_pending(s, id))
		return ERR_OK;
	v = arena_array(a, s->n_pending + 1, sizeof(*v));
	if (!v)
		return ERR_LIMIT;
	while (at < s->n_pending && s->pending[at].last < id) {
		v[at] = s->pending[at];
		at++;
	}
	rest = s->n_pending - at;
	if (rest)
		memcpy(v + at + 1, s->pending + at, rest * sizeof(*v));
	v[at] = (struct snapshot_range){ id, id };
	s->n_pending++;
	if (rest && v[at + 1].first == id + 1) {
		v[at].last = v[at + 1].last;
		memmove(v + at + 1, v + at + 2, (rest - 1) * sizeof(*v));
		s->n_pending--;
	}
	if (at && v[at - 1].last + 1 == id) {
		v[at - 1].last = v[at].last;
		memmove(v + at, v + at + 1, (s->n_pending - at - 1) * sizeof(*v));
		s->n_pending--;
	}
	s->pending = v;
	return ERR_OK;
}

enum err snapshot_refuse(struct arena *a, struct snapshot *s, uint64_t id, bool deleted)
{
	struct snapshot_item *item = snapshot_find(s, id);

	if (!item)
		return ERR_OK;
	if (deleted)
		snapshot_remove(s, id);
	else
		item->digest = SNAPSHOT_UNSURE;
	return snapshot_add_pending(a, s, id);
}
