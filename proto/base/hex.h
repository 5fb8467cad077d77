#ifndef EASGATE_BASE_HEX_H
#define EASGATE_BASE_HEX_H

#include "base/buf.h"

void hex_put(struct buf *out, struct bytes in); /* lower case */
void hex_put_upper(struct buf *out, struct bytes in);
/* 0..15, or -1 if c is no hex digit. */
int hex_digit(uint8_t c);
/* Digit pairs in either case. ERR_PROTO for anything else or an odd number of digits. */
enum err hex_decode(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

#endif
