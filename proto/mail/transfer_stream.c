#include "mail/transfer_stream.h"

#include <assert.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"

/* ---- base64 ---- */

/* Only the standard alphabet's digits: the mail body is no place for the URL-safe one, "_____" begins footers. */

/* One character that base64_decode_groups stumbled over, or that stands in a group with such. */
static uint8_t *base64_one(struct transfer_stream *s, uint8_t c, uint8_t *to)
{
	uint8_t d = base64_values[c];

	if (d == BASE64_NO_DIGIT) {
		if (c == '=') {
			to = base64_put_last(s->group, s->digits, to);
			s->digits = 0;
			s->state = TRANSFER_PADDING;
		}
		return to;
	}
	s->group = s->group << 6 | d;
	if (++s->digits < 4)
		return to;
	s->digits = 0;
	return base64_put_group(s->group, to);
}

/* Behind padding base64 goes on (parts encoded in pieces) or a footer begins: a whole group of digits tells. */
static uint8_t *base64_behind(struct transfer_stream *s, uint8_t c, uint8_t *to)
{
	if (c == '\r' || c == '\n' || (s->state == TRANSFER_PADDING && (c == '=' || c == ' ')))
		return to;
	s->state = TRANSFER_BEHIND;
	if (base64_values[c] == BASE64_NO_DIGIT) {
		s->state = TRANSFER_ENDED;
		return to;
	}
	s->group = s->group << 6 | base64_values[c];
	if (++s->digits < 4)
		return to;
	s->digits = 0;
	s->state = TRANSFER_GROUPS;
	return base64_put_group(s->group, to);
}

static uint8_t *base64_put_piece(struct transfer_stream *s, struct bytes in, bool last, uint8_t *to)
{
	const uint8_t *p = in.p, *end = in.p + in.len;

	while (p < end && s->state != TRANSFER_ENDED) {
		if (s->state != TRANSFER_GROUPS) {
			to = base64_behind(s, *p++, to);
			continue;
		}
		if (s->digits == 0)
			p = base64_decode_groups(p, end, &to);
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n') {
			p += 2;
			continue;
		}
		if (p < end)
			to = base64_one(s, *p++, to);
	}
	if (last && s->state == TRANSFER_GROUPS) /* missing padding, or a cut */
		to = base64_put_last(s->group, s->digits, to);
	return to;
}

/* ---- quoted-printable ---- */

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

/* Whole lines; or the last one without its end. */
static uint8_t *quoted_printable(struct bytes rest, uint8_t *to)
{
	struct bytes run;

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
	return to;
}

/* Where a line that is too long to be held may be cut: not in an escape, and not behind blanks, which may be the end of the
 * line after all. */
static size_t cut_of(struct bytes line)
{
	size_t n = line.len;

	while (n > 2 && (strchr(" \t\r=", line.p[n - 1]) || line.p[n - 2] == '='))
		n--;
	return n > 2 ? n : line.len;
}

/* Up to and including the last line end; 0 if there is none. */
static size_t whole_lines(struct bytes in)
{
	const uint8_t *end = in.len ? memrchr(in.p, '\n', in.len) : NULL;

	return end ? (size_t)(end - in.p) + 1 : 0;
}

/* Adds to the held line until it is whole. What it took of `in` is taken off. */
static uint8_t *complete_held(struct transfer_stream *s, struct bytes *in, bool last, uint8_t *to)
{
	while (s->held && in->len) {
		size_t n = bytes_find(*in, '\n'), room = sizeof(s->line) - s->held, cut;
		bool ends = n < in->len && n + 1 <= room;
		struct bytes part;

		if (!bytes_take(in, n + 1 <= room ? n + ends : room, &part))
			return to;
		memcpy(s->line + s->held, part.p, part.len);
		s->held += part.len;
		if (!ends && s->held < sizeof(s->line))
			break;
		cut = ends ? s->held : cut_of(bytes_of(s->line, s->held));
		to = quoted_printable(bytes_of(s->line, cut), to);
		s->held -= cut;
		memmove(s->line, s->line + cut, s->held);
		if (ends)
			break;
	}
	if (last && !in->len && s->held) {
		to = quoted_printable(bytes_of(s->line, s->held), to);
		s->held = 0;
	}
	return to;
}

static uint8_t *qp_put_piece(struct transfer_stream *s, struct bytes in, bool last, uint8_t *to)
{
	struct bytes lines;

	if (s->held)
		to = complete_held(s, &in, last, to);
	if (s->held || !bytes_take(&in, last ? in.len : whole_lines(in), &lines))
		return to;
	to = quoted_printable(lines, to);
	if (in.len > sizeof(s->line) / 2 && bytes_take(&in, cut_of(in), &lines))
		to = quoted_printable(lines, to);
	if (in.len > sizeof(s->line)) { /* nothing but blanks, as it seems */
		to = quoted_printable(in, to);
		in.len = 0;
	}
	if (in.len)
		memcpy(s->line, in.p, in.len);
	s->held = in.len;
	return to;
}

/* ---- */

void transfer_stream_init(struct transfer_stream *s, enum mime_encoding encoding)
{
	assert(encoding != MIME_UUENCODE);
	*s = (struct transfer_stream){ .encoding = encoding };
}

size_t transfer_stream_put(struct transfer_stream *s, struct bytes in, bool last, uint8_t *to)
{
	switch (s->encoding) {
	case MIME_BASE64:
		return (size_t)(base64_put_piece(s, in, last, to) - to);
	case MIME_QUOTED_PRINTABLE:
		return (size_t)(qp_put_piece(s, in, last, to) - to);
	case MIME_7BIT:
	case MIME_8BIT:
	case MIME_BINARY:
	case MIME_UUENCODE:
	case MIME_ENCODING_UNKNOWN:
		break;
	}
	if (in.len)
		memcpy(to, in.p, in.len);
	return in.len;
}
