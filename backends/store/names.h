#ifndef EASGATE_STORE_NAMES_H
#define EASGATE_STORE_NAMES_H

#include "base/bytes.h"

/* Finds live things by name. The nodes are embedded in what they find, first in it. */
struct name_node {
	struct bytes name; /* the owner's; may not change while in the map */
	struct name_node *next;
};

struct name_map {
	struct name_node **buckets;
	size_t bucket_count, count; /* bucket_count: a power of two, or 0 before the first */
};

void name_map_deinit(struct name_map *m); /* the nodes are the caller's */
/* The name may not be there yet. */
void name_map_add(struct name_map *m, struct name_node *n);
struct name_node *name_map_find(const struct name_map *m, struct bytes name); /* NULL if there is none */
void name_map_remove(struct name_map *m, struct name_node *n);
/* fn may neither add nor remove, except to free the node after the map's end: `n->next` is read first. */
void name_map_each(const struct name_map *m, void (*fn)(struct name_node *n, void *arg), void *arg);

#endif
