#include "base/percent.h"

#include "base/hex.h"

enum err percent_decode(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *p;
	size_t n = 0;

	if (bytes_find(in, '%') == in.len) {
		*out = in;
		return ERR_OK;
	}
	p = arena_alloc(a, in.len);
	if (!p)
		return ERR_LIMIT;
	for (size_t i = 0; i < in.len; i++) {
		int high = -1, low = -1;

		if (in.p[i] == '%' && in.len - i > 2) {
			high = hex_digit(in.p[i + 1]);
			low = hex_digit(in.p[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			p[n++] = (uint8_t)(high << 4 | low);
			i += 2;
		} else {
			p[n++] = in.p[i];
		}
	}
	*out = bytes_of(p, n);
	return ERR_OK;
}

static bool is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

void percent_put(struct buf *out, struct bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		if (is_unreserved(in.p[i])) {
			buf_put_u8(out, in.p[i]);
		} else {
			buf_put_u8(out, '%');
			hex_put_upper(out, bytes_of(in.p + i, 1));
		}
	}
}
