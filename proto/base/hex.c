#include "base/hex.h"

static void put(struct buf *out, struct bytes in, const char *digits)
{
	uint8_t *p = buf_room(out, in.len * 2);

	if (!p)
		return;
	for (size_t i = 0; i < in.len; i++) {
		*p++ = (uint8_t)digits[in.p[i] >> 4];
		*p++ = (uint8_t)digits[in.p[i] & 15];
	}
	buf_claim(out, in.len * 2);
}

void hex_put(struct buf *out, struct bytes in)
{
	put(out, in, "0123456789abcdef");
}

void hex_put_upper(struct buf *out, struct bytes in)
{
	put(out, in, "0123456789ABCDEF");
}

int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum err hex_decode(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *p;

	if (in.len % 2)
		return ERR_PROTO;
	p = arena_alloc(a, in.len / 2);
	if (!p)
		return ERR_LIMIT;
	for (size_t i = 0; i < in.len; i += 2) {
		int high = hex_digit(in.p[i]), low = hex_digit(in.p[i + 1]);

		if (high < 0 || low < 0)
			return ERR_PROTO;
		p[i / 2] = (uint8_t)(high << 4 | low);
	}
	*out = bytes_of(p, in.len / 2);
	return ERR_OK;
}
