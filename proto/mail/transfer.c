#include "mail/transfer.h"

#include <string.h>

#include "base/base64.h"
#include "base/hex.h"

/* The standard alphabet's digits; the mail body is no place for the URL-safe one: "_____" begins footers. */
enum { NO_DIGIT = 64 };

static const uint8_t base64_values[256] = {
#define V(c) ((c) >= 'A' && (c) <= 'Z' ? (c) - 'A' : (c) >= 'a' && (c) <= 'z' ? (c) - 'a' + 26 : \
	(c) >= '0' && (c) <= '9' ? (c) - '0' + 52 : (c) == '+' ? 62 : (c) == '/' ? 63 : NO_DIGIT)
#define V4(c) V(c), V((c) + 1), V((c) + 2), V((c) + 3)
#define V16(c) V4(c), V4((c) + 4), V4((c) + 8), V4((c) + 12)
#define V64(c) V16(c), V16((c) + 16), V16((c) + 32), V16((c) + 48)
	V64(0), V64(64), V64(128), V64(192)
#undef V64
#undef V16
#undef V4
#undef V
};

/* Whether base64 goes on behind padding (parts encoded in pieces) or a footer begins. */
static bool base64_goes_on(struct bytes rest)
{
	size_t digits = 0;

	for (size_t i = 0; i < rest.len && digits < 4; i++) {
		if (rest.p[i] == '\r' || rest.p[i] == '\n')
			continue;
		if (base64_values[rest.p[i]] == NO_DIGIT)
			return false;
		digits++;
	}
	return digits == 4;
}

/* What is there of the last group, as whole octets. */
static uint8_t *base64_last(uint32_t v, unsigned digits, uint8_t *to)
{
	if (digits >= 2)
		*to++ = (uint8_t)(digits == 2 ? v >> 4 : v >> 10);
	if (digits == 3)
		*to++ = (uint8_t)(v >> 2);
	return to;
}

/* Whole groups without anything between them: nearly all of the text. */
static const uint8_t *base64_groups(const uint8_t *p, const uint8_t *end, uint8_t **out)
{
	uint8_t *to = *out;

	while (end - p >= 4) {
		uint32_t d0 = base64_values[p[0]], d1 = base64_values[p[1]];
		uint32_t d2 = base64_values[p[2]], d3 = base64_values[p[3]], v;

		if ((d0 | d1 | d2 | d3) & NO_DIGIT)
			break;
		v = d0 << 18 | d1 << 12 | d2 << 6 | d3;
		*to++ = (uint8_t)(v >> 16);
		*to++ = (uint8_t)(v >> 8);
		*to++ = (uint8_t)v;
		p += 4;
	}
	*out = to;
	return p;
}

static enum err base64_lenient(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *start = arena_alloc(a, in.len / 4 * 3 + 6), *to = start;
	const uint8_t *p = in.p, *end = in.p + in.len;
	uint32_t v = 0;
	unsigned digits = 0;

	if (!start)
		return ERR_LIMIT;
	while (p < end) {
		uint8_t d;

		if (digits == 0)
			p = base64_groups(p, end, &to);
		if (p == end)
			break;
		d = base64_values[*p++];
		if (d != NO_DIGIT) {
			v = v << 6 | d;
			if (++digits < 4)
				continue;
			*to++ = (uint8_t)(v >> 16);
			*to++ = (uint8_t)(v >> 8);
			*to++ = (uint8_t)v;
			digits = 0;
		} else if (p[-1] == '=') {
			while (p < end && (*p == '=' || *p == '\r' || *p == '\n' || *p == ' '))
				p++;
			to = base64_last(v, digits, to);
			digits = 0;
			if (!base64_goes_on(bytes_of(p, (size_t)(end - p))))
				break;
		}
	}
	to = base64_last(v, digits, to); /* missing padding, or a cut */
	*out = bytes_of(start, (size_t)(to - start));
	return ERR_OK;
}

/* Behind "=" at p: how long a soft line break is, with blanks that got in before it; 0 if it is none. */
static size_t soft_break_len(struct bytes rest)
{
	size_t i = 0;

	while (i < rest.len && (rest.p[i] == ' ' || rest.p[i] == '\t'))
		i++;
	if (i == rest.len) /* the end, perhaps of what was fetched */
		return i;
	if (rest.p[i] == '\r')
		return i + 1 + (i + 1 < rest.len && rest.p[i + 1] == '\n');
	return rest.p[i] == '\n' ? i + 1 : 0;
}

/* What stands between two equal signs, without the blanks that a relay put at the ends of its lines
 * (RFC 2045, 6.7, rule 3). */
static uint8_t *put_literal(struct bytes run, uint8_t *to)
{
	while (run.len) {
		size_t n = bytes_find(run, '\n'), len = n;
		bool ends = n < run.len, cr = ends && n && run.p[n - 1] == '\r';

		len -= cr;
		while (ends && len && (run.p[len - 1] == ' ' || run.p[len - 1] == '\t'))
			len--;
		memcpy(to, run.p, len);
		to += len;
		if (cr)
			*to++ = '\r';
		if (ends)
			*to++ = '\n';
		run = bytes_of(run.p + n + ends, run.len - n - ends);
	}
	return to;
}

static enum err quoted_printable(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *start = arena_alloc(a, in.len + 1), *to = start;
	struct bytes rest = in, run;

	if (!start)
		return ERR_LIMIT;
	while (rest.len) {
		size_t n = bytes_find(rest, '='), soft;

		if (bytes_take(&rest, n, &run))
			to = put_literal(run, to);
		if (!bytes_take(&rest, 1, &run))
			break;
		if (rest.len >= 2 && hex_digit(rest.p[0]) >= 0 && hex_digit(rest.p[1]) >= 0) {
			*to++ = (uint8_t)(hex_digit(rest.p[0]) << 4 | hex_digit(rest.p[1]));
			rest = bytes_of(rest.p + 2, rest.len - 2);
			continue;
		}
		soft = soft_break_len(rest);
		if (soft)
			rest = bytes_of(rest.p + soft, rest.len - soft);
		else if (rest.len == 0 || (rest.len == 1 && hex_digit(rest.p[0]) >= 0))
			break; /* cut */
		else
			*to++ = '=';
	}
	*out = bytes_of(start, (size_t)(to - start));
	return ERR_OK;
}

/* One line of uuencoded data; nothing if it isn't one. */
static uint8_t *uu_line(struct bytes line, uint8_t *to)
{
	size_t n = line.len ? (line.p[0] - 32u) & 63 : 0, have = 0;

	for (size_t i = 1; have < n && i + 1 < line.len; i += 4) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++)
			v = v << 6 | (i + k < line.len ? (line.p[i + k] - 32u) & 63 : 0);
		for (int shift = 16; shift >= 0 && have < n; shift -= 8, have++)
			*to++ = (uint8_t)(v >> shift);
	}
	return to;
}

static enum err uudecode(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *start = arena_alloc(a, in.len + 3), *to = start;
	bool inside = false;
	struct bytes rest = in, line;

	if (!start)
		return ERR_LIMIT;
	while (bytes_split(&rest, '\n', &line)) {
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		if (!inside)
			inside = bytes_starts(line, "begin ");
		else if (bytes_eq_str(line, "end"))
			break;
		else
			to = uu_line(line, to);
	}
	*out = inside ? bytes_of(start, (size_t)(to - start)) : in;
	return ERR_OK;
}

enum err transfer_decode(struct arena *a, enum mime_encoding encoding, struct bytes in, struct bytes *out)
{
	switch (encoding) {
	case MIME_BASE64:
		return base64_lenient(a, in, out);
	case MIME_QUOTED_PRINTABLE:
		return quoted_printable(a, in, out);
	case MIME_UUENCODE:
		return uudecode(a, in, out);
	case MIME_7BIT:
	case MIME_8BIT:
	case MIME_BINARY:
	case MIME_ENCODING_UNKNOWN:
		break;
	}
	*out = in;
	return ERR_OK;
}

/* Base64 comes in lines of 76 digits and CRLF: 57 octets in 78. Quoted-printable depends on the text; its
 * soft line breaks alone make it 4 % longer. */
uint32_t transfer_decoded_size(enum mime_encoding encoding, uint32_t encoded_size)
{
	uint64_t n = encoded_size;

	if (encoding == MIME_BASE64)
		n = n * 57 / 78;
	else if (encoding == MIME_QUOTED_PRINTABLE)
		n = n * 96 / 100;
	else if (encoding == MIME_UUENCODE)
		n = n * 45 / 63;
	return (uint32_t)n;
}

uint32_t transfer_encoded_size(enum mime_encoding encoding, uint32_t n)
{
	uint64_t size = n;

	if (encoding == MIME_BASE64)
		size = size * 78 / 57 + 80;
	else if (encoding == MIME_QUOTED_PRINTABLE)
		size = size * 5 / 4 + 80;
	else if (encoding == MIME_UUENCODE)
		size = size * 63 / 45 + 80;
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static void put_qp_octet(struct buf *out, uint8_t c, bool literal, size_t *column)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t code[3] = { '=', (uint8_t)digits[c >> 4], (uint8_t)digits[c & 15] };
	size_t n = literal ? 1 : 3;

	if (*column + n > 75) { /* the soft break's "=" is the 76th */
		buf_put_str(out, "=\r\n");
		*column = 0;
	}
	buf_put(out, literal ? bytes_of(&c, 1) : bytes_of(code, 3));
	*column += n;
}

void transfer_put_quoted_printable(struct buf *out, struct bytes in)
{
	size_t column = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];
		bool crlf = c == '\r' && i + 1 < in.len && in.p[i + 1] == '\n';
		bool line_ends = i + 1 == in.len || in.p[i + 1] == '\r' || in.p[i + 1] == '\n';

		if (crlf || c == '\n') {
			buf_put_str(out, "\r\n");
			column = 0;
			i += crlf;
			continue;
		}
		put_qp_octet(out, c, c == ' ' || c == '\t' ? !line_ends : c > ' ' && c < 127 && c != '=', &column);
	}
}

void transfer_put_base64(struct buf *out, struct bytes in)
{
	struct bytes line;

	while (bytes_take(&in, in.len < 57 ? in.len : 57, &line) && line.len) {
		base64_put(out, line, BASE64_PLAIN);
		buf_put_str(out, "\r\n");
	}
}
