#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 256 };

void buf_init(struct buf *b, struct arena *a, size_t max)
{
	*b = (struct buf){ .arena = a, .max = max };
}

uint8_t *buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_SIZE;
	uint8_t *p;

	if (b->failed)
		return NULL;
	if (n > SIZE_MAX / 4 - b->len || (b->max && b->len + n > b->max)) {
		b->failed = ERR_LIMIT;
		return NULL;
	}
	if (b->p && n <= b->cap - b->len)
		return b->p + b->len;
	if (!b->p && cap < n)
		cap = n; /* who knows how much there will be gets just that */
	while (cap < b->len + n)
		cap *= 2;
	p = arena_grow(b->arena, b->p, b->cap, cap);
	if (!p) {
		b->failed = ERR_LIMIT;
		return NULL;
	}
	b->p = p;
	b->cap = cap;
	return p + b->len;
}

void buf_claim(struct buf *b, size_t n)
{
	if (!b->failed)
		b->len += n;
}

void buf_put(struct buf *b, struct bytes in)
{
	uint8_t *room = in.len ? buf_room(b, in.len) : NULL;

	if (!room)
		return;
	memcpy(room, in.p, in.len);
	b->len += in.len;
}

void buf_put_str(struct buf *b, const char *text)
{
	buf_put(b, bytes_str(text));
}

void buf_put_u8_slowly(struct buf *b, uint8_t c)
{
	buf_put(b, bytes_of(&c, 1));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	uint8_t *room;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		abort();
	room = buf_room(b, (size_t)n + 1); /* vsnprintf adds a NUL */
	if (!room)
		return;
	va_start(args, fmt);
	vsnprintf((char *)room, (size_t)n + 1, fmt, args);
	va_end(args);
	b->len += (size_t)n;
}

enum err buf_done(const struct buf *b, struct bytes *out)
{
	if (!b->failed)
		*out = bytes_of(b->p, b->len);
	return b->failed;
}
