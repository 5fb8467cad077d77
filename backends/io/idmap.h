#ifndef EASGATE_IO_IDMAP_H
#define EASGATE_IO_IDMAP_H

#include <stddef.h>
#include <stdint.h>

/* Finds live things by an id that is counted up and never used again. A callback that comes late holds an
 * id, not a pointer, and finds nothing. The nodes are embedded in what they find. */
struct id_node {
	uint64_t id;
	struct id_node *next;
};

struct idmap {
	struct id_node **buckets;
	size_t bucket_count, count; /* bucket_count: a power of two, or 0 before the first */
	uint64_t last_id;
};

void idmap_deinit(struct idmap *m); /* the nodes are the caller's */
/* Gives the node its id, 1 or more. */
void idmap_add(struct idmap *m, struct id_node *n);
struct id_node *idmap_find(const struct idmap *m, uint64_t id); /* NULL if there is none */
void idmap_remove(struct idmap *m, struct id_node *n);
/* fn may neither add nor remove. */
void idmap_each(const struct idmap *m, void (*fn)(struct id_node *n));

#endif
