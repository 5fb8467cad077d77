#ifndef EASGATE_BASE_BYTES_H
#define EASGATE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/* A borrowed view of bytes that somebody else keeps alive. May hold NULs; p may be NULL if len is 0. */
struct bytes {
	const uint8_t *p;
	size_t len;
};

/* The view of a string literal, without its NUL. */
#define BYTES(literal) ((struct bytes){ (const uint8_t *)("" literal), sizeof(literal) - 1 })
/* For printf: "%.*s", BYTES_ARG(b). Only for text known to be short and without NULs. */
#define BYTES_ARG(b) (int)(b).len, (const char *)(b).p

/* Inline, since these are called for every few bytes of every mail, mostly with literals whose length the compiler knows. */
static inline struct bytes bytes_of(const void *p, size_t len)
{
	return (struct bytes){ p, len };
}

/* NULL gives the empty view. */
static inline struct bytes bytes_str(const char *text)
{
	return text ? bytes_of(text, strlen(text)) : bytes_of(NULL, 0);
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool bytes_eq_str(struct bytes a, const char *text)
{
	return bytes_eq(a, bytes_str(text));
}

/* Whether the first n bytes of both are the same. Letters of ASCII compare without case; other bytes as they are. */
bool bytes_same_nocase(const uint8_t *a, const char *b, size_t n);

static inline bool bytes_eq_nocase(struct bytes a, const char *text)
{
	return a.len == strlen(text) && bytes_same_nocase(a.p, text, a.len);
}

static inline bool bytes_starts(struct bytes a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.len >= n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

static inline bool bytes_starts_nocase(struct bytes a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.len >= n && bytes_same_nocase(a.p, prefix, n);
}

/* Moves the first n bytes of `in` to `out`; false, and nothing moved, if there are fewer. */
bool bytes_take(struct bytes *in, size_t n, struct bytes *out);
/* Moves what stands before the first `sep` to `out` and drops the separator. Without a separator the
 * whole rest is taken. False if `in` was empty. */
bool bytes_split(struct bytes *in, uint8_t sep, struct bytes *out);
/* Position of the first c, or len if there is none. */
size_t bytes_find(struct bytes in, uint8_t c);
/* Without white space (SP HT CR LF) at both ends. */
struct bytes bytes_trim(struct bytes in);

/* Decimal digits only, the whole view, no sign. ERR_PROTO if empty or something else, ERR_LIMIT if
 * above `max`. `out` is untouched on error. */
enum err bytes_to_u64(struct bytes in, uint64_t max, uint64_t *out) MUST_CHECK;
enum err bytes_to_u32(struct bytes in, uint32_t max, uint32_t *out) MUST_CHECK;

#endif
