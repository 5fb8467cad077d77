#include "base/utf8.h"

#include <string.h>

/* What may follow a first byte. Source: RFC 3629, 4. */
struct lead {
	uint8_t len;       /* of the character; 0: no first byte */
	uint8_t low, high; /* range of the second byte; all further ones are 80..BF */
};

static inline struct lead lead_of(uint8_t c)
{
	if (c < 0x80)
		return (struct lead){ 1, 0, 0 };
	if (c < 0xC2 || c > 0xF4)
		return (struct lead){ 0, 0, 0 };
	if (c < 0xE0)
		return (struct lead){ 2, 0x80, 0xBF };
	if (c < 0xF0) /* no overlong forms, no surrogates */
		return (struct lead){ 3, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF };
	return (struct lead){ 4, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF };
}

/* How many bytes of the character at the start are as they should be: all, or those up to the fault. */
static size_t good_len(struct bytes in, struct lead lead)
{
	size_t i = 1;

	while (i < lead.len && i < in.len) {
		uint8_t low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xBF;

		if (in.p[i] < low || in.p[i] > high)
			break;
		i++;
	}
	return i;
}

size_t utf8_char_len(struct bytes in)
{
	struct lead lead;

	if (in.len == 0)
		return 0;
	lead = lead_of(in.p[0]);
	return lead.len && good_len(in, lead) == lead.len ? lead.len : 0;
}

static bool word_is_ascii(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return (w & (~(uint64_t)0 / 255 * 0x80)) == 0;
}

static bool is_continuation(uint8_t c)
{
	return (c & 0xC0) == 0x80;
}

/* The characters that make up nearly all other text, without the table's detours: two bytes, and three where any
 * second one will do. 0: look closer. */
static size_t common_char_len(struct bytes in)
{
	const uint8_t *p = in.p;

	if (p[0] >= 0xC2 && p[0] < 0xE0)
		return in.len >= 2 && is_continuation(p[1]) ? 2 : 0;
	if (p[0] > 0xE0 && p[0] < 0xF0 && p[0] != 0xED)
		return in.len >= 3 && is_continuation(p[1]) && is_continuation(p[2]) ? 3 : 0;
	return 0;
}

/* Most text is ASCII, and is looked at in words. */
static size_t ascii_len(struct bytes in)
{
	size_t i = 0;

	while (in.len - i >= sizeof(uint64_t) && word_is_ascii(in.p + i))
		i += sizeof(uint64_t);
	while (i < in.len && in.p[i] < 0x80)
		i++;
	return i;
}

size_t utf8_valid_len(struct bytes in)
{
	size_t i = 0;

	while (i < in.len) {
		struct bytes rest = bytes_of(in.p + i, in.len - i);
		size_t n = ascii_len(rest);

		if (!n)
			n = common_char_len(rest);
		if (!n)
			n = utf8_char_len(rest);
		if (!n)
			break;
		i += n;
	}
	return i;
}

bool utf8_valid(struct bytes in)
{
	return utf8_valid_len(in) == in.len;
}

uint32_t utf8_next(struct bytes *in)
{
	static const uint8_t first_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	struct lead lead = lead_of(in->p[0]);
	size_t good = good_len(*in, lead);
	uint32_t c = UTF8_REPLACEMENT;

	if (lead.len && good == lead.len) {
		c = in->p[0] & first_bits[lead.len];
		for (size_t i = 1; i < good; i++)
			c = c << 6 | (in->p[i] & 0x3Fu);
	}
	in->p += good;
	in->len -= good;
	return c;
}

static uint8_t continuation(uint32_t c, unsigned shift)
{
	return (uint8_t)(0x80 | (c >> shift & 0x3F));
}

void utf8_put(struct buf *out, uint32_t c)
{
	uint8_t p[4];
	size_t n;

	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = UTF8_REPLACEMENT;
	n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = 1; i < n; i++)
		p[i] = continuation(c, (unsigned)(n - 1 - i) * 6);
	if (n == 1)
		p[0] = (uint8_t)c;
	else /* as many high bits as the character has bytes */
		p[0] = (uint8_t)(0xF00u >> n | c >> (n - 1) * 6);
	buf_put(out, bytes_of(p, n));
}

enum err utf8_repair(struct arena *a, struct bytes in, struct bytes *out)
{
	struct buf b;

	if (utf8_valid(in)) {
		*out = in;
		return ERR_OK;
	}
	buf_init(&b, a, 0);
	while (in.len) {
		struct bytes valid;

		if (bytes_take(&in, utf8_valid_len(in), &valid))
			buf_put(&b, valid);
		if (in.len)
			utf8_put(&b, utf8_next(&in));
	}
	return buf_done(&b, out);
}

struct bytes utf8_cut(struct bytes in, size_t max_bytes)
{
	size_t n = max_bytes;

	if (in.len <= max_bytes)
		return in;
	while (n && is_continuation(in.p[n]))
		n--;
	return bytes_of(in.p, n);
}

struct bytes utf8_cut_chars(struct bytes in, size_t max_chars)
{
	for (size_t i = 0; i < in.len; i++)
		if (!is_continuation(in.p[i]) && max_chars-- == 0)
			return bytes_of(in.p, i);
	return in;
}
