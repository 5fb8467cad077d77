#include "mail/layout.h"

#include <string.h>

#include "base/utf8.h"

void layout_init(struct layout *l, struct arena *a, size_t max)
{
	*l = (struct layout){ .max = max, .line_empty = true };
	buf_init(&l->out, a, 0);
}

static unsigned at_most(unsigned n, unsigned max)
{
	return n < max ? n : max;
}

static void put_quote_marks(struct layout *l, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_put_str(&l->out, i + 1 < n ? "> " : ">");
}

/* Blanks at a line's end are invisible, and in format=flowed they even mean something. */
static void trim_line(struct layout *l)
{
	while (l->out.len && l->out.p[l->out.len - 1] == ' ')
		l->out.len--;
}

static void begin_line(struct layout *l)
{
	l->line_quote = at_most(l->quote, LAYOUT_MAX_QUOTE);
	put_quote_marks(l, l->line_quote);
	if (l->line_quote)
		buf_put_u8(&l->out, ' ');
	for (unsigned i = 0; i < at_most(l->indent, LAYOUT_MAX_INDENT); i++)
		buf_put_u8(&l->out, ' ');
	l->line_empty = true;
}

/* Writes the line ends that are due. An empty line between two lines of a quote is part of it. */
static void open_line(struct layout *l)
{
	if (!l->begun)
		begin_line(l);
	for (; l->begun && l->breaks; l->breaks--) {
		trim_line(l);
		buf_put_str(&l->out, "\r\n");
		if (l->breaks > 1)
			put_quote_marks(l, at_most(l->line_quote, l->quote));
		else
			begin_line(l);
	}
	l->breaks = 0;
	l->begun = true;
}

static void put(struct layout *l, struct bytes text)
{
	if (l->full)
		return;
	if (!l->begun || l->breaks) {
		open_line(l);
		l->blank = false;
	}
	if (l->blank && !l->line_empty)
		buf_put_u8(&l->out, ' ');
	l->blank = false;
	buf_put(&l->out, text);
	l->line_empty = false;
	l->full = l->max && l->out.len >= l->max;
}

/* Characters that only keep others apart or make a preview look empty. */
static bool is_invisible(uint32_t c)
{
	return c == 0x00AD || c == 0x034F || c == 0x200B || c == 0xFEFF;
}

static bool is_space(uint32_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0x00A0 || c == 0x2003;
}

/* What the characters of is_space and is_invisible begin with, beside ASCII. */
static bool may_be_special(uint8_t c)
{
	return c == 0xC2 || c == 0xCD || c == 0xE2 || c == 0xEF;
}

/* The length of a run of characters that are what they are, the usual case. */
static size_t plain_run(struct bytes text)
{
	size_t n = 0;

	while (n < text.len && text.p[n] > ' ' && text.p[n] != 127 && !may_be_special(text.p[n]))
		n++;
	return n;
}

void layout_text(struct layout *l, struct bytes text)
{
	struct bytes word;

	while (text.len && !l->full) {
		size_t n = plain_run(text);
		const uint8_t *at = text.p;
		uint32_t c;

		if (n && bytes_take(&text, n, &word)) {
			put(l, word);
			continue;
		}
		c = utf8_next(&text);
		if (is_space(c))
			l->blank = true;
		else if (!is_invisible(c) && !(c == 0x200C && l->blank))
			put(l, bytes_of(at, (size_t)(text.p - at)));
	}
}

void layout_pre(struct layout *l, struct bytes text)
{
	struct bytes line;

	while (text.len && !l->full) {
		size_t n = 0;
		uint8_t c;

		while (n < text.len && text.p[n] != '\n' && text.p[n] != '\r')
			n++;
		if (bytes_take(&text, n, &line) && n) {
			put(l, line);
			l->after_cr = false;
		}
		if (!text.len)
			return;
		c = text.p[0];
		if (c == '\r' || !l->after_cr)
			layout_newline(l);
		l->after_cr = c == '\r';
		text = bytes_of(text.p + 1, text.len - 1);
	}
}

void layout_raw(struct layout *l, struct bytes text)
{
	if (text.len)
		put(l, text);
}

void layout_break(struct layout *l, unsigned n)
{
	if (l->begun && l->breaks < n)
		l->breaks = n;
	l->blank = false;
}

void layout_newline(struct layout *l)
{
	if (l->begun && l->breaks < 2)
		l->breaks++;
	l->blank = false;
}

enum err layout_done(struct layout *l, struct bytes *out)
{
	if (!l->out.failed)
		trim_line(l);
	return buf_done(&l->out, out);
}
