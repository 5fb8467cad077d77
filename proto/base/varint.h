#ifndef EASGATE_BASE_VARINT_H
#define EASGATE_BASE_VARINT_H

#include "base/buf.h"

/* Numbers for our own stored formats: 7 bits a byte, the lowest first, high bit set while more follow. */
void varint_put(struct buf *out, uint64_t n);
/* Moves `in` past the number; nothing moves on an error. ERR_TRUNCATED if it ends inside, ERR_PROTO if the
 * number does not fit 64 bits or has a needless last byte (so that equal values are equal bytes). */
enum err varint_get(struct bytes *in, uint64_t *out) MUST_CHECK;
/* The same; ERR_LIMIT above max. */
enum err varint_get_max(struct bytes *in, uint64_t max, uint64_t *out) MUST_CHECK;
/* A length, then the bytes. */
void varint_put_bytes(struct buf *out, struct bytes data);
enum err varint_get_bytes(struct bytes *in, struct bytes *out) MUST_CHECK;

#endif
