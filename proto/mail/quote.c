#include "mail/quote.h"

#include <strings.h>

#include "mail/text.h"

/* ---- who wrote it ---- */

/* In English, as mail programs agree on it: the phone's own language isn't known here. */
static enum err attribution(struct arena *a, const struct header *h, struct bytes *out)
{
	static const struct {
		const char *label, *field;
	} lines[] = {
		{ "From: ", "From" },
		{ "Sent: ", "Date" },
		{ "To: ", "To" },
		{ "Cc: ", "Cc" },
		{ "Subject: ", "Subject" },
	};
	struct bytes value;
	struct buf b;
	enum err e;

	buf_init(&b, a, 0);
	buf_put_str(&b, "-----Original Message-----\r\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if ((e = header_get_text(a, h, lines[i].field, &value)))
			return e;
		if (!value.len)
			continue;
		buf_put_str(&b, lines[i].label);
		buf_put(&b, value);
		buf_put_str(&b, "\r\n");
	}
	return buf_done(&b, out);
}

/* ---- plain ---- */

/* "> " before each line, and no blank before what is quoted already: ">> " (RFC 3676, 4.5). */
static void put_marked(struct buf *out, struct bytes text)
{
	struct bytes line;

	while (bytes_split(&text, '\n', &line)) {
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		buf_put_str(out, line.len && line.p[0] == '>' ? ">" : "> ");
		buf_put(out, line);
		buf_put_str(out, "\r\n");
	}
}

enum err quote_plain(struct arena *a, struct bytes own, const struct quote *q, struct bytes *out)
{
	struct bytes who;
	struct buf b;
	enum err e = attribution(a, q->header, &who);

	if (e)
		return e;
	buf_init(&b, a, 0);
	buf_put(&b, own);
	buf_put_str(&b, own.len && own.p[own.len - 1] != '\n' ? "\r\n\r\n" : "\r\n");
	buf_put(&b, who);
	buf_put_str(&b, "\r\n");
	if (q->marked)
		put_marked(&b, q->plain);
	else
		buf_put(&b, q->plain);
	return buf_done(&b, out);
}

/* ---- HTML ---- */

/* The first such tag in any letter case at or behind `from`, or in.len. tag: "<body". */
static size_t find_tag(struct bytes in, size_t from, const char *tag)
{
	size_t len = strlen(tag);

	for (size_t i = from; i + len <= in.len; i++)
		if (in.p[i] == '<' && !strncasecmp((const char *)in.p + i, tag, len))
			return i;
	return in.len;
}

static size_t find_last_tag(struct bytes in, const char *tag)
{
	size_t len = strlen(tag);

	for (size_t i = in.len < len ? 0 : in.len - len + 1; i-- > 0;)
		if (in.p[i] == '<' && !strncasecmp((const char *)in.p + i, tag, len))
			return i;
	return in.len;
}

static size_t behind_tag(struct bytes in, size_t at)
{
	while (at < in.len && in.p[at] != '>')
		at++;
	return at < in.len ? at + 1 : at;
}

static void put_styles(struct buf *out, struct bytes head)
{
	size_t at = 0, end;

	while ((at = find_tag(head, at, "<style")) < head.len) {
		end = behind_tag(head, find_tag(head, at, "</style"));
		buf_put(out, bytes_of(head.p + at, end - at));
		at = end;
	}
}

/* A document inside another one would be put right by most programs, and end the outer one in others. */
static void put_inner(struct buf *out, struct bytes html)
{
	size_t start = find_tag(html, 0, "<body"), end;

	if (start == html.len)
		start = find_tag(html, 0, "</head");
	start = start < html.len ? behind_tag(html, start) : 0;
	put_styles(out, bytes_of(html.p, start));
	end = find_last_tag(html, "</body");
	if (end == html.len)
		end = find_last_tag(html, "</html");
	if (end < start)
		end = html.len;
	buf_put(out, bytes_of(html.p + start, end - start));
}

enum err quote_html(struct arena *a, struct bytes own, const struct quote *q, struct bytes *out)
{
	struct bytes who;
	struct buf b;
	size_t at = find_last_tag(own, "</body");
	enum err e;

	if (!own.len)
		own = BYTES(""); /* not NULL, from which nothing can be counted */
	if (at == own.len)
		at = find_last_tag(own, "</html");
	if ((e = attribution(a, q->header, &who)) || (e = text_to_html(a, who, &who)))
		return e;
	buf_init(&b, a, 0);
	buf_put(&b, bytes_of(own.p, at));
	buf_put_str(&b, "<br><hr><div>");
	buf_put(&b, who);
	buf_put_str(&b, "</div><br>\r\n");
	buf_put_str(&b, q->marked ? "<blockquote type=\"cite\">\r\n" : "<div>\r\n");
	put_inner(&b, q->html.len ? q->html : BYTES(""));
	buf_put_str(&b, q->marked ? "\r\n</blockquote>\r\n" : "\r\n</div>\r\n");
	buf_put(&b, bytes_of(own.p + at, own.len - at));
	return buf_done(&b, out);
}
