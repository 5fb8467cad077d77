#include "store/names.h"

#include <stdlib.h>

#include "base/hash.h"

static struct name_node **bucket_of(const struct name_map *m, struct bytes name)
{
	return &m->buckets[hash64(name, 0) & (m->bucket_count - 1)];
}

static void grow(struct name_map *m)
{
	struct name_map bigger = { .bucket_count = m->bucket_count ? m->bucket_count * 2 : 16,
		.count = m->count };

	bigger.buckets = calloc(bigger.bucket_count, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		abort();
	for (size_t i = 0; i < m->bucket_count; i++)
		for (struct name_node *n = m->buckets[i], *next; n; n = next) {
			struct name_node **at = bucket_of(&bigger, n->name);

			next = n->next;
			n->next = *at;
			*at = n;
		}
	free(m->buckets);
	*m = bigger;
}

void name_map_deinit(struct name_map *m)
{
	free(m->buckets);
	*m = (struct name_map){ 0 };
}

void name_map_add(struct name_map *m, struct name_node *n)
{
	struct name_node **at;

	if (m->count >= m->bucket_count)
		grow(m);
	at = bucket_of(m, n->name);
	n->next = *at;
	*at = n;
	m->count++;
}

struct name_node *name_map_find(const struct name_map *m, struct bytes name)
{
	struct name_node *n = m->bucket_count ? *bucket_of(m, name) : NULL;

	while (n && !bytes_eq(n->name, name))
		n = n->next;
	return n;
}

void name_map_remove(struct name_map *m, struct name_node *n)
{
	struct name_node **at = bucket_of(m, n->name);

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	m->count--;
}

void name_map_each(const struct name_map *m, void (*fn)(struct name_node *n, void *arg), void *arg)
{
	for (size_t i = 0; i < m->bucket_count; i++)
		for (struct name_node *n = m->buckets[i], *next; n; n = next) {
			next = n->next;
			fn(n, arg);
		}
}
