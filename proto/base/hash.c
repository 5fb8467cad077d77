/* A small hash of the multiply-and-rotate kind. Bytes are read as little-endian numbers on every machine, so
 * that what one node stored another can check. */
#include "base/hash.h"

#define MULTIPLIER_A UINT64_C(0x9E3779B97F4A7C15) /* 2^64 / golden ratio */
#define MULTIPLIER_B UINT64_C(0xC2B2AE3D27D4EB4F) /* an odd number with its bits well spread */

static uint64_t rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static uint64_t read_word(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t absorb(uint64_t h, uint64_t word)
{
	h ^= rotate(word * MULTIPLIER_B, 31) * MULTIPLIER_A;
	return rotate(h, 27) * MULTIPLIER_A + MULTIPLIER_B;
}

/* Lets each bit of the state change each bit of the result. */
static uint64_t finish(uint64_t h)
{
	h = (h ^ h >> 32) * MULTIPLIER_B;
	h = (h ^ h >> 29) * MULTIPLIER_A;
	return h ^ h >> 32;
}

uint64_t hash64(struct bytes in, uint64_t seed)
{
	uint64_t h = seed * MULTIPLIER_A + MULTIPLIER_B + in.len;
	size_t i = 0;

	for (; in.len - i >= 8; i += 8)
		h = absorb(h, read_word(in.p + i, 8));
	if (i < in.len)
		h = absorb(h, read_word(in.p + i, in.len - i));
	return finish(h);
}
