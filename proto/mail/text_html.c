/* Plain text as HTML, and what HTML says about its own charset. */
#include <string.h>

#include "base/utf8.h"
#include "mail/text.h"

/* Each level costs some 120 bytes of HTML, at worst on every other line. */
enum { QUOTE_LEVELS = 5, LONGEST_URL = 4000 };

static const char quote_begin[] =
    "<blockquote type=\"cite\" style=\"margin:0 0 0 .8ex;border-left:1px #ccc solid;"
    "padding-left:1ex\">";

static void put_escaped(struct buf *out, struct bytes in)
{
	size_t from = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];
		const char *code = c == '&'   ? "&amp;"
				   : c == '<' ? "&lt;"
				   : c == '>' ? "&gt;"
				   : c == '"' ? "&quot;"
					      : NULL;

		if (!code)
			continue;
		buf_put(out, bytes_of(in.p + from, i - from));
		buf_put_str(out, code);
		from = i + 1;
	}
	buf_put(out, bytes_of(in.p + from, in.len - from));
}

/* Of a run of blanks the last one may break the line, the others must stay. */
static void put_blanks(struct buf *out, size_t n, bool line_begins)
{
	while (n > 1 || (n && line_begins)) {
		buf_put_str(out, "&nbsp;");
		n--;
	}
	if (n)
		buf_put_u8(out, ' ');
}

static bool ends_url(uint8_t c)
{
	return c <= ' ' || c == '<' || c == '>' || c == '"';
}

/* The length of a link at the beginning, 0 if there is none. Punctuation behind it belongs to the
 * sentence, and so does a closing bracket that has no opening one inside. */
static size_t url_len(struct bytes in)
{
	size_t n = 0, scheme = bytes_starts_nocase(in, "https://")  ? 8
			       : bytes_starts_nocase(in, "http://") ? 7
			       : bytes_starts_nocase(in, "www.")    ? 4
								    : 0;

	if (!scheme)
		return 0;
	while (n < in.len && n < LONGEST_URL && !ends_url(in.p[n]))
		n++;
	while (
	    n > scheme && (strchr(".,;:!?'", in.p[n - 1]) || (in.p[n - 1] == ')' && !memchr(in.p, '(', n)) ||
			      (in.p[n - 1] == ']' && !memchr(in.p, '[', n))))
		n--;
	if (n == LONGEST_URL) /* perhaps in the middle of a character */
		n = utf8_cut(in, n).len;
	return n > scheme ? n : 0;
}

static void put_link(struct buf *out, struct bytes url)
{
	buf_put_str(out, "<a href=\"");
	if (bytes_starts_nocase(url, "www."))
		buf_put_str(out, "http://");
	put_escaped(out, url);
	buf_put_str(out, "\">");
	put_escaped(out, url);
	buf_put_str(out, "</a>");
}

static bool is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 128;
}

static void put_line(struct buf *out, struct bytes line)
{
	size_t i = 0, from = 0;

	while (i < line.len) {
		struct bytes rest = bytes_of(line.p + i, line.len - i);
		size_t n = 0;

		if (line.p[i] == ' ' || line.p[i] == '\t') {
			put_escaped(out, bytes_of(line.p + from, i - from));
			from = i;
			for (; i < line.len && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
				n += line.p[i] == '\t' ? 4 : 1;
			put_blanks(out, n, from == 0);
			from = i;
			continue;
		}
		if ((line.p[i] | 0x20) == 'h' || (line.p[i] | 0x20) == 'w')
			n = i && is_word(line.p[i - 1]) ? 0 : url_len(rest);
		if (n) {
			put_escaped(out, bytes_of(line.p + from, i - from));
			put_link(out, bytes_of(rest.p, n));
			from = i + n;
		}
		i += n ? n : 1;
	}
	put_escaped(out, bytes_of(line.p + from, line.len - from));
}

/* "> > text": the marks that become blockquotes; more than QUOTE_LEVELS stay as text. */
static size_t take_marks(struct bytes *line)
{
	size_t n = 0, i = 0;

	while (n < QUOTE_LEVELS && i < line->len && line->p[i] == '>') {
		n++;
		i++;
		if (i + 1 < line->len && line->p[i] == ' ' && line->p[i + 1] == '>')
			i++;
	}
	if (n && i < line->len && line->p[i] == ' ')
		i++;
	*line = bytes_of(line->p + i, line->len - i);
	return n;
}

enum err text_to_html(struct arena *a, struct bytes text, struct bytes *out)
{
	struct bytes rest = text, line;
	size_t quote = 0;
	struct buf b;

	buf_init(&b, a, 0);
	while (bytes_split(&rest, '\n', &line)) {
		size_t marks;

		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		marks = take_marks(&line);
		for (; quote < marks; quote++)
			buf_put_str(&b, quote_begin);
		for (; quote > marks; quote--)
			buf_put_str(&b, "</blockquote>");
		put_line(&b, line);
		buf_put_str(&b, "<br>\r\n");
	}
	for (; quote; quote--)
		buf_put_str(&b, "</blockquote>");
	return buf_done(&b, out);
}

/* The value behind "name", an equal sign and perhaps a quote; empty if it isn't there. */
static struct bytes value_of(struct bytes in, const char *name)
{
	size_t len = strlen(name), n = 0;

	for (size_t i = 0; i + len < in.len; i++) {
		struct bytes rest = bytes_of(in.p + i, in.len - i);

		if (!bytes_starts_nocase(rest, name))
			continue;
		rest = bytes_trim(bytes_of(rest.p + len, rest.len - len));
		if (!rest.len || rest.p[0] != '=')
			continue;
		rest = bytes_trim(bytes_of(rest.p + 1, rest.len - 1));
		if (rest.len && (rest.p[0] == '"' || rest.p[0] == '\''))
			rest = bytes_of(rest.p + 1, rest.len - 1);
		while (n < rest.len && (is_word(rest.p[n]) || strchr("-_.:", rest.p[n])) && rest.p[n] < 128)
			n++;
		return bytes_of(rest.p, n);
	}
	return (struct bytes){ 0 };
}

struct bytes html_declared_charset(struct bytes html)
{
	struct bytes rest = bytes_of(html.p, html.len < 4096 ? html.len : 4096), tag, value;

	while (rest.len) {
		size_t at = bytes_find(rest, '<');

		if (at == rest.len)
			break;
		rest = bytes_of(rest.p + at + 1, rest.len - at - 1);
		tag = bytes_of(rest.p, bytes_find(rest, '>'));
		value = bytes_starts_nocase(tag, "meta")   ? value_of(tag, "charset")
			: bytes_starts_nocase(tag, "?xml") ? value_of(tag, "encoding")
							   : (struct bytes){ 0 };
		if (value.len)
			return value;
	}
	return (struct bytes){ 0 };
}
