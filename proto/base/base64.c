#include "base/base64.h"

#include "base/base64_avx2.h"

/* What is no digit, but has its place; behind BASE64_NO_DIGIT. */
enum { SPACE = BASE64_NO_DIGIT + 1, PADDING };

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64_put(struct buf *out, struct bytes in, unsigned flags)
{
	const char *digits = flags & BASE64_URL ? url_safe : standard;
	size_t whole = in.len / 3 * 3, rest = in.len - whole, i;
	uint8_t *room = buf_room(out, in.len / 3 * 4 + 4), *p = room;
	uint32_t v;

	if (!room)
		return;
	for (i = 0; i < whole; i += 3) {
		v = (uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8 | in.p[i + 2];
		*p++ = (uint8_t)digits[v >> 18];
		*p++ = (uint8_t)digits[v >> 12 & 63];
		*p++ = (uint8_t)digits[v >> 6 & 63];
		*p++ = (uint8_t)digits[v & 63];
	}
	if (rest) {
		v = (uint32_t)in.p[i] << 16 | (rest == 2 ? (uint32_t)in.p[i + 1] << 8 : 0);
		*p++ = (uint8_t)digits[v >> 18];
		*p++ = (uint8_t)digits[v >> 12 & 63];
		if (rest == 2)
			*p++ = (uint8_t)digits[v >> 6 & 63];
		for (; rest < 3 && !(flags & BASE64_UNPADDED); rest++)
			*p++ = '=';
	}
	buf_claim(out, (size_t)(p - room));
}

const uint8_t base64_values[256] = {
#define V(c)                                            \
	((c) >= 'A' && (c) <= 'Z'      ? (c) - 'A'      \
	    : (c) >= 'a' && (c) <= 'z' ? (c) - 'a' + 26 \
	    : (c) >= '0' && (c) <= '9' ? (c) - '0' + 52 \
	    : (c) == '+'               ? 62             \
	    : (c) == '/'               ? 63             \
				       : BASE64_NO_DIGIT)
#define V4(c) V(c), V((c) + 1), V((c) + 2), V((c) + 3)
#define V16(c) V4(c), V4((c) + 4), V4((c) + 8), V4((c) + 12)
#define V64(c) V16(c), V16((c) + 16), V16((c) + 32), V16((c) + 48)
	V64(0), V64(64), V64(128), V64(192)
#undef V64
#undef V16
#undef V4
#undef V
};

/* Of either alphabet. */
static uint8_t digit_value(uint8_t c)
{
	switch (c) {
	case '-':
		return 62;
	case '_':
		return 63;
	case '=':
		return PADDING;
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return SPACE;
	default:
		return base64_values[c];
	}
}

uint8_t *base64_put_group(uint32_t v, uint8_t *to)
{
	*to++ = (uint8_t)(v >> 16);
	*to++ = (uint8_t)(v >> 8);
	*to++ = (uint8_t)v;
	return to;
}

uint8_t *base64_put_last(uint32_t v, size_t digits, uint8_t *to)
{
	if (digits >= 2)
		*to++ = (uint8_t)(digits == 2 ? v >> 4 : v >> 10);
	if (digits == 3)
		*to++ = (uint8_t)(v >> 2);
	return to;
}

const uint8_t *base64_decode_groups(const uint8_t *p, const uint8_t *end, uint8_t **to)
{
	uint8_t *at;

	if (base64_has_avx2())
		p = base64_decode_avx2(p, end, to);
	for (at = *to; end - p >= 4; p += 4) {
		uint32_t d0 = base64_values[p[0]], d1 = base64_values[p[1]];
		uint32_t d2 = base64_values[p[2]], d3 = base64_values[p[3]];

		if ((d0 | d1 | d2 | d3) & BASE64_NO_DIGIT)
			break;
		at = base64_put_group(d0 << 18 | d1 << 12 | d2 << 6 | d3, at);
	}
	*to = at;
	return p;
}

/* Padding, if there is any, must be what is missing to a group of four. */
static bool padding_fits(size_t digits, size_t pads)
{
	return digits != 1 && (pads == 0 || (digits && digits + pads == 4));
}

enum err base64_decode(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *start = arena_alloc(a, in.len / 4 * 3 + 3 + BASE64_SLACK), *to = start;
	const uint8_t *p = in.p, *end = in.p + in.len;
	size_t digits = 0, pads = 0; /* since the last whole group; in all */
	uint32_t v = 0;

	if (!start)
		return ERR_LIMIT;
	while (p < end) {
		uint8_t d;

		if (!digits && !pads && (p = base64_decode_groups(p, end, &to)) == end)
			break;
		if ((d = digit_value(*p++)) == SPACE)
			continue;
		if (d == BASE64_NO_DIGIT || (d != PADDING && pads))
			return ERR_PROTO;
		if (d == PADDING) {
			pads++;
			continue;
		}
		v = v << 6 | d;
		if (++digits == 4) {
			to = base64_put_group(v, to);
			digits = 0;
		}
	}
	if (!padding_fits(digits, pads))
		return ERR_PROTO;
	to = base64_put_last(v, digits, to);
	*out = bytes_of(start, (size_t)(to - start));
	return ERR_OK;
}
