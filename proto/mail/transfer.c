#include "mail/transfer.h"

#include <string.h>

#include "base/base64.h"
#include "mail/transfer_stream.h"

/* base64 and quoted-printable, in one piece. */
static enum err decode_whole(struct arena *a, enum mime_encoding encoding, struct bytes in, struct bytes *out)
{
	uint8_t *start =
	    arena_alloc(a, (encoding == MIME_BASE64 ? in.len / 4 * 3 : in.len) + BASE64_SLACK + 6);
	struct transfer_stream s;

	if (!start)
		return ERR_LIMIT;
	transfer_stream_init(&s, encoding);
	*out = bytes_of(start, transfer_stream_put(&s, in, true, start));
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
	case MIME_QUOTED_PRINTABLE:
		return decode_whole(a, encoding, in, out);
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

/* No line begins with a hyphen: what was "=2D-boundary" must not become a boundary. */
static void put_qp_octet(struct buf *out, uint8_t c, bool literal, size_t *column)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t code[3] = { '=', (uint8_t)digits[c >> 4], (uint8_t)digits[c & 15] };
	size_t n = literal ? 1 : 3;

	if (*column + n > 75) { /* the soft break's "=" is the 76th */
		buf_put_str(out, "=\r\n");
		*column = 0;
	}
	if (c == '-' && *column == 0) {
		literal = false;
		n = 3;
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
		put_qp_octet(
		    out, c, c == ' ' || c == '\t' ? !line_ends : c > ' ' && c < 127 && c != '=', &column);
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
