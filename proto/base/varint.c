#include "base/varint.h"

enum { MAX_BYTES = 10 }; /* 9 * 7 bits, and the highest one */

void varint_put(struct buf *out, uint64_t n)
{
	uint8_t p[MAX_BYTES];
	size_t len = 0;

	while (n >= 0x80) {
		p[len++] = (uint8_t)(n | 0x80);
		n >>= 7;
	}
	p[len++] = (uint8_t)n;
	buf_put(out, bytes_of(p, len));
}

enum err varint_get(struct bytes *in, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < in->len; i++) {
		uint8_t c = in->p[i];

		if (i == MAX_BYTES - 1 && c > 1)
			return ERR_PROTO;
		n |= (uint64_t)(c & 0x7F) << (7 * i);
		if (c & 0x80)
			continue;
		if (c == 0 && i > 0)
			return ERR_PROTO;
		in->p += i + 1;
		in->len -= i + 1;
		*out = n;
		return ERR_OK;
	}
	return ERR_TRUNCATED;
}

enum err varint_get_max(struct bytes *in, uint64_t max, uint64_t *out)
{
	struct bytes rest = *in;
	uint64_t n;
	enum err e = varint_get(&rest, &n);

	if (e)
		return e;
	if (n > max)
		return ERR_LIMIT;
	*in = rest;
	*out = n;
	return ERR_OK;
}

void varint_put_bytes(struct buf *out, struct bytes data)
{
	varint_put(out, data.len);
	buf_put(out, data);
}

enum err varint_get_bytes(struct bytes *in, struct bytes *out)
{
	struct bytes rest = *in;
	uint64_t len;
	enum err e = varint_get(&rest, &len);

	if (e)
		return e;
	if (len > rest.len || !bytes_take(&rest, (size_t)len, out))
		return ERR_TRUNCATED;
	*in = rest;
	return ERR_OK;
}
