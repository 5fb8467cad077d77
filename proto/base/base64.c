#include "base/base64.h"

/* Values of the decoding table that are no digit. */
enum { S = 64 /* white space */, P /* padding */, X /* anything else */ };

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

/* Digits of both alphabets by their ASCII code. */
/* clang-format off */
static const uint8_t digit_values[128] = {
	 X,  X,  X,  X,  X,  X,  X,  X,  X,  S,  S,  X,  X,  S,  X,  X,
	 X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
	 S,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X, 62,  X, 62,  X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61,  X,  X,  X,  P,  X,  X,
	 X,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,  X,  X,  X,  X, 63,
	 X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,  X,  X,  X,  X,  X,
};
/* clang-format on */

static uint8_t digit_value(uint8_t c)
{
	return c < sizeof(digit_values) ? digit_values[c] : X;
}

/* Padding, if there is any, must be what is missing to a group of four. */
static bool padding_fits(size_t digits, size_t pads)
{
	size_t rest = digits % 4;

	return rest != 1 && (pads == 0 || (rest && rest + pads == 4));
}

enum err base64_decode(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *start = arena_alloc(a, in.len / 4 * 3 + 3), *p = start;
	size_t digits = 0, pads = 0;
	uint32_t v = 0;

	if (!start)
		return ERR_LIMIT;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t d = digit_value(in.p[i]);

		if (d == S)
			continue;
		if (d == X || (d != P && pads))
			return ERR_PROTO;
		if (d == P) {
			pads++;
			continue;
		}
		v = v << 6 | d;
		if (++digits % 4 == 0) {
			*p++ = (uint8_t)(v >> 16);
			*p++ = (uint8_t)(v >> 8);
			*p++ = (uint8_t)v;
		}
	}
	if (!padding_fits(digits, pads))
		return ERR_PROTO;
	if (digits % 4 >= 2)
		*p++ = (uint8_t)(digits % 4 == 2 ? v >> 4 : v >> 10);
	if (digits % 4 == 3)
		*p++ = (uint8_t)(v >> 2);
	*out = bytes_of(start, (size_t)(p - start));
	return ERR_OK;
}
