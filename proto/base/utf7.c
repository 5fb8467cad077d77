#include "base/utf7.h"

#include "base/base64.h"
#include "base/utf8.h"

static int digit_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

static bool is_printable(uint32_t c)
{
	return c >= 0x20 && c <= 0x7E;
}

/* UTF-16 in, characters out. */
struct units {
	struct buf *out;
	uint32_t high; /* a high surrogate that waits for its low one; 0: none */
};

static bool put_unit(struct units *u, uint32_t unit)
{
	bool is_high = unit >= 0xD800 && unit <= 0xDBFF, is_low = unit >= 0xDC00 && unit <= 0xDFFF;

	if (is_low != (u->high != 0) || is_printable(unit))
		return false;
	if (is_low)
		utf8_put(u->out, 0x10000 + ((u->high - 0xD800) << 10) + (unit - 0xDC00));
	else if (!is_high)
		utf8_put(u->out, unit);
	u->high = is_high ? unit : 0;
	return unit != 0;
}

/* What stands between & and -: base64 of UTF-16 in network byte order. */
static bool put_shifted(struct buf *out, struct bytes in)
{
	struct units u = { out, 0 };
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < in.len; i++) {
		int d = digit_value(in.p[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		if (!put_unit(&u, bits >> count & 0xFFFF))
			return false;
		bits &= (1u << count) - 1;
	}
	/* What is left over must be padding: fewer bits than a digit has, all of them zero. */
	return u.high == 0 && count < 6 && bits == 0;
}

static bool decode(struct buf *out, struct bytes in)
{
	bool after_shift = false; /* "&...-&...-" should have been one shift */

	while (in.len) {
		struct bytes plain, shifted, amp;

		if (bytes_take(&in, bytes_find(in, '&'), &plain) && plain.len) {
			for (size_t i = 0; i < plain.len; i++)
				if (!is_printable(plain.p[i]))
					return false;
			buf_put(out, plain);
			after_shift = false;
		}
		if (in.len == 0)
			break;
		if (!bytes_take(&in, 1, &amp) || bytes_find(in, '-') == in.len ||
		    !bytes_split(&in, '-', &shifted))
			return false;
		if (shifted.len == 0) {
			buf_put_u8(out, '&');
			after_shift = false;
			continue;
		}
		if (after_shift || !put_shifted(out, shifted))
			return false;
		after_shift = true;
	}
	return true;
}

enum err utf7_to_utf8(struct arena *a, struct bytes in, struct bytes *out)
{
	struct buf b;

	buf_init(&b, a, 0);
	if (decode(&b, in))
		return buf_done(&b, out);
	*out = in;
	return ERR_PROTO;
}

static void put_utf16(struct buf *out, uint32_t c)
{
	if (c >= 0x10000) {
		put_utf16(out, 0xD800 + ((c - 0x10000) >> 10));
		c = 0xDC00 + ((c - 0x10000) & 0x3FF);
	}
	buf_put_u8(out, (uint8_t)(c >> 8));
	buf_put_u8(out, (uint8_t)c);
}

/* Takes all characters up to the next printable one and writes them as one shift. */
static enum err encode_shift(struct arena *a, struct buf *out, struct bytes *in)
{
	struct buf units;
	struct bytes raw, text;
	size_t from;
	enum err e;

	buf_init(&units, a, 0);
	while (in->len && !is_printable(in->p[0]))
		put_utf16(&units, utf8_next(in));
	if ((e = buf_done(&units, &raw)))
		return e;
	buf_put_u8(out, '&');
	from = out->len;
	base64_put(out, raw, BASE64_UNPADDED);
	if ((e = buf_done(out, &text)))
		return e;
	for (size_t i = from; i < out->len; i++)
		if (out->p[i] == '/')
			out->p[i] = ',';
	buf_put_u8(out, '-');
	return ERR_OK;
}

enum err utf7_from_utf8(struct arena *a, struct bytes in, struct bytes *out)
{
	struct buf b;
	enum err e;

	if (!utf8_valid(in) || bytes_find(in, 0) < in.len)
		return ERR_PROTO;
	buf_init(&b, a, 0);
	while (in.len) {
		if (!is_printable(in.p[0])) {
			if ((e = encode_shift(a, &b, &in)))
				return e;
			continue;
		}
		buf_put_u8(&b, in.p[0]);
		if (in.p[0] == '&')
			buf_put_u8(&b, '-');
		in.p++;
		in.len--;
	}
	return buf_done(&b, out);
}
