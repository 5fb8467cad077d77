#ifndef EASGATE_BASE_ARENA_H
#define EASGATE_BASE_ARENA_H

#include "base/bytes.h"

/* Memory that is given back all at once. A request decodes and encodes in one arena, so an early
 * return needs no cleanup. Memory comes zeroed. An arena has a budget: when it is spent,
 * arena_alloc returns NULL and the caller returns ERR_LIMIT. If malloc itself fails we abort: a
 * restart beats recovery code that nobody ever ran. */
struct arena;

/* budget  bytes that may be handed out, with rounding */
struct arena *arena_new(size_t budget);
void arena_free(struct arena **a); /* accepts NULL, sets NULL */

/* Zeroed, aligned for any type; NULL when the budget is spent. n may be 0. */
void *arena_alloc(struct arena *a, size_t n);
/* The same for an array; an overflowing product counts as over the budget. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Grows an array, moving it when it must; the old one may not be used afterwards. NULL when over the budget.
 * What was handed out last, or is alone in its block (all that is large), costs only the difference. */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);

/* Copies. ERR_LIMIT when the budget is spent. */
enum err arena_dup(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;
enum err arena_strdup(struct arena *a, const char *text, struct bytes *out) MUST_CHECK;
/* A C string for a library: ERR_PROTO if `in` holds a NUL. */
enum err arena_cstr(struct arena *a, struct bytes in, char **out) MUST_CHECK;
/* printf into the arena; NULL when over the budget. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

size_t arena_used(const struct arena *a);
size_t arena_left(const struct arena *a); /* of the budget */

#endif
