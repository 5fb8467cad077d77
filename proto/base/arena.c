#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer what was not handed out is poisoned, so that running over inside a block is seen as
 * well. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

/* Blocks come from calloc in sizes that double, so a small request costs one small block and a large
 * one few. A request larger than the next block gets a block of its own. */
enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 256 * 1024, ALIGN = 16 };

struct block {
	struct block *next;
	size_t size, used; /* of data */
	_Alignas(ALIGN) uint8_t data[];
};

struct arena {
	struct block *blocks; /* the newest first */
	size_t budget, used, next_size;
};

struct arena *arena_new(size_t budget)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->budget = budget;
	a->next_size = FIRST_BLOCK - sizeof(struct block);
	return a;
}

void arena_free(struct arena **a)
{
	if (!*a)
		return;
	while ((*a)->blocks) {
		struct block *b = (*a)->blocks;

		(*a)->blocks = b->next;
		free(b);
	}
	free(*a);
	*a = NULL;
}

static struct block *add_block(struct arena *a, size_t n)
{
	size_t size = n > a->next_size ? n : a->next_size;
	struct block *b = calloc(1, sizeof(*b) + size);

	if (!b)
		abort();
	ASAN_POISON_MEMORY_REGION(b->data, size);
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	if (a->next_size < LARGEST_BLOCK)
		a->next_size *= 2;
	return b;
}

static size_t round_up(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* Rounds up to the alignment; false if over what is left of the budget. */
static bool charge(struct arena *a, size_t n, size_t *rounded)
{
	if (n > a->budget - a->used)
		return false;
	*rounded = round_up(n);
	if (*rounded > a->budget - a->used)
		return false;
	a->used += *rounded;
	return true;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct block *b = a->blocks;
	size_t rounded;
	void *p;

	if (!charge(a, n ? n : 1, &rounded))
		return NULL;
	if (!b || rounded > b->size - b->used)
		b = add_block(a, rounded);
	p = b->data + b->used;
	b->used += rounded;
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, count * size);
}

/* Where the link stands to the block that holds nothing but `old`; NULL if there is no such block. */
static struct block **sole_block(struct arena *a, const void *old)
{
	struct block **link = &a->blocks;

	while (*link && old != (*link)->data)
		link = &(*link)->next;
	return *link ? link : NULL;
}

/* Gives a block that holds one thing more room. For large ones the kernel then moves pages, not bytes. */
static struct block *enlarge(struct block *b, size_t size)
{
	struct block *larger = realloc(b, sizeof(*b) + size);

	if (!larger)
		abort();
	ASAN_UNPOISON_MEMORY_REGION(larger->data, size);
	memset(larger->data + larger->size, 0, size - larger->size);
	larger->size = size;
	return larger;
}

/* `old` is the last thing in its block, which has room or can be given it. NULL if the budget is spent. */
static void *grow_in_block(struct arena *a, struct block **link, size_t had, size_t old_size, size_t new_size)
{
	struct block *b = *link;
	size_t start = b->used - had, more;

	if (!charge(a, new_size - had, &more))
		return NULL;
	if (more > b->size - b->used)
		b = *link = enlarge(b, b->used + more);
	b->used += more;
	ASAN_UNPOISON_MEMORY_REGION(b->data + start, new_size);
	memset(b->data + start + old_size, 0, had - old_size);
	return b->data + start;
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
	size_t had = round_up(old_size);
	struct block **link;
	void *p;

	if (old && new_size <= had) {
		ASAN_UNPOISON_MEMORY_REGION(old, new_size);
		if (new_size > old_size)
			memset((uint8_t *)old + old_size, 0, new_size - old_size);
		return old;
	}
	if (old && had) {
		struct block *newest = a->blocks;

		if ((uint8_t *)old + had == newest->data + newest->used &&
		    new_size - had <= newest->size - newest->used)
			return grow_in_block(a, &a->blocks, had, old_size, new_size);
		link = sole_block(a, old);
		if (link && (*link)->used == had)
			return grow_in_block(a, link, had, old_size, new_size);
	}
	p = arena_alloc(a, new_size);
	if (p && old && old_size)
		memcpy(p, old, old_size);
	return p;
}

enum err arena_dup(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *p = arena_alloc(a, in.len);

	if (!p)
		return ERR_LIMIT;
	if (in.len)
		memcpy(p, in.p, in.len);
	*out = bytes_of(p, in.len);
	return ERR_OK;
}

enum err arena_strdup(struct arena *a, const char *text, struct bytes *out)
{
	return arena_dup(a, bytes_str(text), out);
}

enum err arena_cstr(struct arena *a, struct bytes in, char **out)
{
	char *p;

	if (bytes_find(in, 0) != in.len)
		return ERR_PROTO;
	p = arena_alloc(a, in.len + 1);
	if (!p)
		return ERR_LIMIT;
	if (in.len)
		memcpy(p, in.p, in.len);
	*out = p;
	return ERR_OK;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char *p;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(args, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	return p;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

size_t arena_left(const struct arena *a)
{
	return a->budget - a->used;
}
