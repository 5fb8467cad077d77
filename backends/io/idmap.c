#include "io/idmap.h"

#include <assert.h>
#include <stdlib.h>

void idmap_deinit(struct idmap *m)
{
	free(m->buckets);
	*m = (struct idmap){ .last_id = m->last_id };
}

/* Ids are counted up, so their low bits fill the buckets evenly. */
static struct id_node **bucket_of(const struct idmap *m, uint64_t id)
{
	return &m->buckets[id & (m->bucket_count - 1)];
}

static void grow(struct idmap *m)
{
	struct idmap bigger = { .bucket_count = m->bucket_count ? m->bucket_count * 2 : 64 };

	bigger.buckets = calloc(bigger.bucket_count, sizeof(struct id_node *));
	if (!bigger.buckets)
		abort();
	for (size_t i = 0; i < m->bucket_count; i++) {
		struct id_node *n, *next;

		for (n = m->buckets[i]; n; n = next) {
			struct id_node **to = bucket_of(&bigger, n->id);

			next = n->next;
			n->next = *to;
			*to = n;
		}
	}
	free(m->buckets);
	m->buckets = bigger.buckets;
	m->bucket_count = bigger.bucket_count;
}

void idmap_add(struct idmap *m, struct id_node *n)
{
	struct id_node **to;

	if (m->count >= m->bucket_count)
		grow(m);
	n->id = ++m->last_id;
	to = bucket_of(m, n->id);
	n->next = *to;
	*to = n;
	m->count++;
}

struct id_node *idmap_find(const struct idmap *m, uint64_t id)
{
	struct id_node *n;

	if (!m->bucket_count)
		return NULL;
	for (n = *bucket_of(m, id); n && n->id != id; n = n->next)
		;
	return n;
}

void idmap_remove(struct idmap *m, struct id_node *n)
{
	struct id_node **at = bucket_of(m, n->id);

	while (*at != n) {
		assert(*at);
		at = &(*at)->next;
	}
	*at = n->next;
	m->count--;
}

void idmap_each(const struct idmap *m, void (*fn)(struct id_node *n))
{
	for (size_t i = 0; i < m->bucket_count; i++) {
		for (struct id_node *n = m->buckets[i]; n; n = n->next)
			fn(n);
	}
}
