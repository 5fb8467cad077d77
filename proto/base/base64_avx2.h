#ifndef EASGATE_BASE_BASE64_AVX2_H
#define EASGATE_BASE_BASE64_AVX2_H

#include <stdbool.h>
#include <stdint.h>

/* What base64.c uses where the processor has AVX2: base64_decode_groups as long as 32 characters are there, over the ends of
 * lines. */
#if defined(__x86_64__)
bool base64_has_avx2(void);
const uint8_t *base64_decode_avx2(const uint8_t *p, const uint8_t *end, uint8_t **to);
#else
static inline bool base64_has_avx2(void)
{
	return false;
}

static inline const uint8_t *base64_decode_avx2(const uint8_t *p, const uint8_t *end, uint8_t **to)
{
	(void)end;
	(void)to;
	return p;
}
#endif

#endif
