#ifndef EASGATE_TESTS_UTF8_COUNT_H
#define EASGATE_TESTS_UTF8_COUNT_H

#include "base/bytes.h"

/* Characters. `in` is valid. */
static inline size_t utf8_count(struct bytes in)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++)
		n += (in.p[i] & 0xC0) != 0x80;
	return n;
}

#endif
