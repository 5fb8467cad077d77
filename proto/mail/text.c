#include "mail/text.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/layout.h"

static struct bytes without_cr(struct bytes line)
{
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* How much of the beginning needs no mending: up to the first line end that isn't CRLF. */
static size_t crlf_len(struct bytes in)
{
	size_t at = 0;

	while (at < in.len) {
		struct bytes rest = bytes_of(in.p + at, in.len - at);
		size_t lf = bytes_find(rest, '\n'), cr = bytes_find(bytes_of(rest.p, lf), '\r');

		if (lf == rest.len ? cr < lf : cr + 1 != lf)
			return at + (cr < lf ? cr : lf);
		at += lf + (lf < rest.len);
	}
	return in.len;
}

/* How many line ends are one character. */
static size_t count_bare(struct bytes in)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] == '\n')
			n += i == 0 || in.p[i - 1] != '\r';
		else if (in.p[i] == '\r')
			n += i + 1 == in.len || in.p[i + 1] != '\n';
	return n;
}

enum err text_crlf(struct arena *a, struct bytes in, struct bytes *out)
{
	struct buf b;
	size_t from = 0, i = crlf_len(in);

	*out = in;
	if (i >= in.len)
		return ERR_OK;
	buf_init(&b, a, 0);
	buf_room(&b,
	    in.len + count_bare(bytes_of(in.p + i,
			 in.len - i))); /* once: while a large mail grows, the arena holds it several times */
	for (; i < in.len; i++) {
		bool cr = in.p[i] == '\r';

		if (!cr && in.p[i] != '\n')
			continue;
		buf_put(&b, bytes_of(in.p + from, i - from));
		buf_put_str(&b, "\r\n");
		i += cr && i + 1 < in.len && in.p[i + 1] == '\n';
		from = i + 1;
	}
	buf_put(&b, bytes_of(in.p + from, in.len - from));
	return buf_done(&b, out);
}

/* The quote marks before a line, and the line without them and the blank that was stuffed in. */
static size_t take_quote_marks(struct bytes *line)
{
	size_t n = 0;

	while (n < line->len && line->p[n] == '>')
		n++;
	*line = bytes_of(line->p + n, line->len - n);
	if (line->len && line->p[0] == ' ')
		*line = bytes_of(line->p + 1, line->len - 1);
	return n;
}

enum err text_unflow(struct arena *a, struct bytes text, bool delsp, struct bytes *out)
{
	struct bytes rest = text, line;
	bool begun = false, flows = false;
	size_t quote = 0;
	struct buf b;

	buf_init(&b, a, 0);
	while (bytes_split(&rest, '\n', &line)) {
		size_t marks;
		bool signature;

		line = without_cr(line);
		marks = take_quote_marks(&line);
		signature = bytes_eq_str(line, "-- ");
		if (!flows || marks != quote || signature) {
			if (begun)
				buf_put_str(&b, "\r\n");
			for (size_t i = 0; i < marks; i++)
				buf_put_u8(&b, '>');
			if (marks)
				buf_put_u8(&b, ' ');
		}
		begun = true;
		quote = marks;
		flows = line.len && line.p[line.len - 1] == ' ' && !signature;
		if (flows && delsp)
			line.len--;
		buf_put(&b, line);
	}
	if (text.len && text.p[text.len - 1] == '\n')
		buf_put_str(&b, "\r\n");
	return buf_done(&b, out);
}

/* The length of an address in brackets at the beginning, "<https://example.org/>" or "[cid:logo]", 0 if there is none. The
 * line's end ends it too: where it is too long for a line, or is cut. */
static size_t bracketed_len(struct bytes in)
{
	static const char *const schemes[] = { "http:", "https:", "mailto:", "cid:", "tel:", "ftp:" };
	uint8_t end = in.p[0] == '<' ? '>' : ']';
	struct bytes rest = bytes_of(in.p + 1, in.len - 1);
	bool is_address = false;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		is_address = is_address || bytes_starts_nocase(rest, schemes[i]);
	while (n < rest.len && rest.p[n] != end && rest.p[n] > ' ')
		n++;
	if (!is_address || (n < rest.len && rest.p[n] != end && rest.p[n] != '\r'))
		return 0;
	return 1 + n + (n < rest.len);
}

static void put_without_addresses(struct layout *l, struct bytes line)
{
	size_t from = 0, n;

	for (size_t i = 0; i < line.len; i += n ? n : 1) {
		n = line.p[i] == '<' || line.p[i] == '[' ? bracketed_len(bytes_of(line.p + i, line.len - i))
							 : 0;
		if (!n)
			continue;
		layout_text(l, bytes_of(line.p + from, i - from));
		from = i + n;
	}
	layout_text(l, bytes_of(line.p + from, line.len - from));
}

static enum err preview(struct arena *a, struct bytes text, size_t max, bool all, struct bytes *out)
{
	struct layout l;
	struct bytes line;

	layout_init(&l, a, max * 4 + 1); /* so many bytes hold max characters */
	while (!l.full && bytes_split(&text, '\n', &line)) {
		if (all)
			layout_text(&l, line);
		else if (!bytes_starts(line, ">"))
			put_without_addresses(&l, line);
		layout_text(&l, BYTES(" "));
	}
	return layout_done(&l, out);
}

enum err text_preview(struct arena *a, struct bytes text, size_t max, struct bytes *out)
{
	enum err e = preview(a, text, max, false, out);

	if (!e && !out->len)
		e = preview(a, text, max, true, out);
	if (!e)
		*out = utf8_cut_chars(bytes_of(out->p, utf8_valid_len(*out)), max);
	return e;
}

/* ---- comparing ---- */

static struct bytes without_end(struct bytes text)
{
	while (text.len && strchr(" \t\r\n", text.p[text.len - 1]) && text.p[text.len - 1])
		text.len--;
	return text;
}

bool text_same(struct bytes x, struct bytes y)
{
	size_t i = 0, k = 0;

	x = without_end(x);
	y = without_end(y);
	for (;;) {
		while (i < x.len && x.p[i] == '\r')
			i++;
		while (k < y.len && y.p[k] == '\r')
			k++;
		if (i == x.len || k == y.len)
			return i == x.len && k == y.len;
		if (x.p[i++] != y.p[k++])
			return false;
	}
}
