#include "base/base64_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

/* The same table of 16 octets in both halves of a vector: it is looked up in each half for itself. */
#define TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

bool base64_has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

/* Which of the 32 characters are no digits, a bit each. A digit's class is told by its upper four bits: 2x has "+" and "/"
 * (bit 0), 3x 0 to 9 (bit 1), 4x and 6x letters from 1 to F (bit 2), 5x and 7x letters from 0 to A (bit 3), and all
 * others have none (bit 4). For the lower four bits the table says in which classes they don't occur. */
__attribute__((target("avx2"))) static inline unsigned no_digits(__m256i upper, __m256i lower)
{
	const __m256i class = TABLE(16, 16, 1, 2, 4, 8, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16);
	const __m256i not_in = TABLE(21, 17, 17, 17, 17, 17, 17, 17, 17, 17, 19, 26, 27, 27, 27, 26);
	__m256i wrong =
	    _mm256_and_si256(_mm256_shuffle_epi8(class, upper), _mm256_shuffle_epi8(not_in, lower));

	return ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(wrong, _mm256_setzero_si256()));
}

/* What makes a digit's value of its character: 4 for 0 to 9, and so on. "/" has a place of its own, before "+"'s. */
__attribute__((target("avx2"))) static inline __m256i values_of(__m256i chars, __m256i upper)
{
	const __m256i add = TABLE(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
	__m256i slash = _mm256_cmpeq_epi8(chars, _mm256_set1_epi8('/')); /* -1 where it is one */

	return _mm256_add_epi8(chars, _mm256_shuffle_epi8(add, _mm256_add_epi8(upper, slash)));
}

/* 32 values of six bits to 24 octets at the beginning of the vector. */
__attribute__((target("avx2"))) static inline __m256i octets_of(__m256i values)
{
	const __m256i reversed = TABLE(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	__m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140)); /* a << 6 | b */
	__m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));    /* ab << 12 | cd */

	return _mm256_permutevar8x32_epi32(
	    _mm256_shuffle_epi8(groups, reversed), _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

/* Where the next line begins depends on this one's characters, so that it could only be begun when this one has been looked
 * through. But a mail's lines are equally long. Hence a branch that is nearly always taken the same way: the processor
 * guesses, and has several lines in hand, which doubles the speed. The empty asm keeps the compiler from making it
 * arithmetic again. */
struct line_end {
	unsigned odd;    /* no_digits of the vector in which a line ended */
	unsigned digits; /* the digits before it, as whole groups */
};

static inline void line_end_find(struct line_end *l, unsigned odd)
{
	if (odd == l->odd)
		return;
	__asm__ volatile("");
	l->odd = odd;
	l->digits = (unsigned)__builtin_ctz(odd) / 4 * 4;
}

__attribute__((target("avx2"))) const uint8_t *base64_decode_avx2(
    const uint8_t *p, const uint8_t *end, uint8_t **to)
{
	const __m256i four_bits = _mm256_set1_epi8(15);
	struct line_end line = { 0, 0 };
	uint8_t *at = *to;

	while (end - p >= 32) {
		__m256i chars = _mm256_loadu_si256((const __m256i *)(const void *)p);
		__m256i upper = _mm256_and_si256(_mm256_srli_epi32(chars, 4), four_bits);
		unsigned odd = no_digits(upper, _mm256_and_si256(chars, four_bits));

		_mm256_storeu_si256((__m256i *)(void *)at, octets_of(values_of(chars, upper)));
		if (!odd) {
			p += 32;
			at += 24;
			continue;
		}
		line_end_find(&line, odd);
		p += line.digits;
		at += line.digits / 4 * 3;
		if (p[0] != '\r' || p[1] != '\n')
			break;
		p += 2;
	}
	*to = at;
	return p;
}

#endif
