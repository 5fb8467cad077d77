/* Which elements of a mail's HTML are quotes. Tags are found, not parsed: nothing here shows anything, and an
 * attribute that holds a ">" at worst leaves a quote in. */
#include "mail/unquote.h"

#include "mail/quote_lines.h"

enum { LONGEST_INTRO = 300, LONGEST_TAG = 4096 };

enum effect {
	EFFECT_ELEMENT, /* the element and all inside it is the quote */
	EFFECT_REST,    /* it is a separator: the quote is what follows, up to the end */
};

/* What stands in the tag of a quote, in any letter case. NULL: any element. */
static const struct marker {
	const char *element, *text;
	enum effect effect;
} markers[] = {
	{ "blockquote", "cite", EFFECT_ELEMENT },
	{ "blockquote", "gmail_quote", EFFECT_ELEMENT },
	{ "blockquote", "protonmail_quote", EFFECT_ELEMENT },
	{ "div", "gmail_quote", EFFECT_ELEMENT },
	{ "div", "moz-cite-prefix", EFFECT_ELEMENT },
	{ "div", "protonmail_quote", EFFECT_ELEMENT },
	{ "div", "yahoo_quoted", EFFECT_ELEMENT },
	{ "div", "zmail_extra", EFFECT_ELEMENT },
	{ "div", "nine_quote", EFFECT_ELEMENT },
	{ "div", "name=\"quote\"", EFFECT_ELEMENT }, /* GMX, web.de */
	{ NULL, "divrplyfwdmsg", EFFECT_REST },
	{ NULL, "appendonsend", EFFECT_REST },
	{ NULL, "stopspelling", EFFECT_REST },
	{ NULL, "olk_src_body_section", EFFECT_REST },
	{ NULL, "mail-editor-reference-message-container", EFFECT_REST },
	{ "!--", "<!-- originalmessage", EFFECT_REST }, /* Samsung */
	{ "div", "border-top:solid #e1e1e1", EFFECT_REST },
	{ "div", "border-top:solid #b5c4df", EFFECT_REST },
};

/* Tags that end a line of text. */
static const char *const line_ends[] = { "br", "p", "div", "/p", "/div", "body", "/blockquote", "blockquote",
	"hr", "tr", "td" };

struct tag {
	struct bytes whole; /* with < and > */
	struct bytes name;  /* "/div" for an end, "!--" for a comment */
};

struct state {
	struct buf out;
	struct bytes html;
	size_t kept;       /* up to here html has been copied or dropped */
	size_t line;       /* where the line that is being read begins */
	size_t last;       /* and the last one that has text */
	size_t above_last; /* and the one right above that; the same: there is none */
	bool apart;        /* there are empty lines behind the last one */
	struct quote_lines words;
	struct bytes skip; /* name of the element that is being dropped; empty: none */
	unsigned depth;    /* of elements of that name in it */
	bool found, ended;
};

static bool contains(struct bytes in, const char *text)
{
	size_t n = strlen(text);

	for (; in.len >= n; in.p++, in.len--)
		if (bytes_same_nocase(in.p, text, n))
			return true;
	return false;
}

/* The next tag at or behind *at, which is moved behind it. */
static bool next_tag(struct bytes html, size_t *at, struct tag *out)
{
	while (*at < html.len) {
		size_t start = *at + bytes_find(bytes_of(html.p + *at, html.len - *at), '<'), n = 1;
		struct bytes rest;

		if (start == html.len)
			return false;
		rest = bytes_of(html.p + start, html.len - start);
		if (rest.len > 1 && rest.p[1] == '/')
			n++;
		if (bytes_starts(rest, "<!--"))
			n = 4;
		while (n < rest.len && ((rest.p[n] | 0x20) >= 'a' && (rest.p[n] | 0x20) <= 'z'))
			n++;
		out->name = bytes_of(rest.p + 1, n - 1);
		n = bytes_find(bytes_of(rest.p, rest.len < LONGEST_TAG ? rest.len : LONGEST_TAG), '>');
		if (n >= rest.len || n >= LONGEST_TAG || !out->name.len) {
			*at = start + 1;
			continue;
		}
		out->whole = bytes_of(rest.p, n + 1);
		*at = start + n + 1;
		return true;
	}
	return false;
}

static const struct marker *marker_of(const struct tag *t)
{
	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
		const struct marker *m = &markers[i];

		if ((!m->element || bytes_eq_nocase(t->name, m->element)) && contains(t->whole, m->text))
			return m;
	}
	return NULL;
}

static bool ends_line(const struct tag *t)
{
	for (size_t i = 0; i < sizeof(line_ends) / sizeof(line_ends[0]); i++)
		if (bytes_eq_nocase(t->name, line_ends[i]))
			return true;
	return false;
}

/* The text of a line: without its tags, and with a blank for each that can't break. What is longer than there is room for is
 * cut. */
static struct bytes text_of(struct bytes line, uint8_t text[static LONGEST_INTRO])
{
	size_t n = 0, at = 0, from;
	struct tag t;
	bool more;

	do {
		struct bytes piece;

		from = at;
		more = next_tag(line, &at, &t);
		piece = bytes_of(line.p + from, (more ? (size_t)(t.whole.p - line.p) : line.len) - from);
		while (piece.len && n < LONGEST_INTRO) {
			size_t blank = bytes_starts(piece, "&nbsp;")     ? 6
				       : bytes_starts(piece, "\xC2\xA0") ? 2
									 : 0;

			text[n++] = blank ? ' ' : piece.p[0];
			piece = bytes_of(piece.p + (blank ? blank : 1), piece.len - (blank ? blank : 1));
		}
	} while (more && n < LONGEST_INTRO);
	return bytes_trim(bytes_of(text, n));
}

static struct bytes between(const struct state *s, size_t from, size_t to)
{
	return bytes_of(s->html.p + from, to - from);
}

/* The line that is being read ends at `at`, and the next one begins `behind` it. */
static struct bytes end_line(struct state *s, size_t at, size_t behind, uint8_t text[static LONGEST_INTRO])
{
	struct bytes line = text_of(between(s, s->line, at), text);

	if (line.len) {
		s->above_last = s->apart ? s->line : s->last;
		s->last = s->line;
		s->apart = false;
	}
	s->line = behind;
	return line;
}

/* Where what introduces the quote that begins at `at` begins; `at` itself if nothing does. */
static size_t before_intro(struct state *s, size_t at)
{
	uint8_t above[LONGEST_INTRO], text[LONGEST_INTRO];
	struct bytes line;

	end_line(s, at, at, text);
	if (at - s->last > LONGEST_INTRO)
		return at;
	line = text_of(between(s, s->last, at), text);
	if (!quote_lines_introduce(line, s->apart))
		return at;
	if (s->last - s->above_last > LONGEST_INTRO ||
	    !quote_lines_continue(text_of(between(s, s->above_last, s->last), above), line))
		return s->last;
	return s->above_last;
}

static void keep_until(struct state *s, size_t at)
{
	if (at > s->kept)
		buf_put(&s->out, bytes_of(s->html.p + s->kept, at - s->kept));
}

static void begin_quote(struct state *s, const struct tag *t, const struct marker *m)
{
	size_t at = (size_t)(t->whole.p - s->html.p);

	keep_until(s, before_intro(s, at));
	s->found = true;
	s->kept = at;
	s->ended = m->effect == EFFECT_REST;
	s->skip = t->name;
	s->depth = 1;
}

/* Inside a quote: counts elements of its name until its own end. */
static void inside_quote(struct state *s, const struct tag *t, size_t behind)
{
	struct bytes name = t->name;
	bool closes = name.p[0] == '/';

	if (closes)
		name = bytes_of(name.p + 1, name.len - 1);
	if (name.len != s->skip.len || !bytes_same_nocase(name.p, (const char *)s->skip.p, name.len))
		return;
	if (!closes)
		s->depth++;
	else if (--s->depth == 0)
		s->skip = (struct bytes){ 0 };
	s->kept = s->line = s->last = s->above_last = behind;
}

/* What is quoted below lines that say so has no end. */
static void begin_rest(struct state *s)
{
	keep_until(s, s->words.start);
	s->found = s->ended = true;
	s->kept = s->html.len;
}

static void read_line(struct state *s, const struct tag *t, size_t behind)
{
	bool is_br = bytes_eq_nocase(t->name, "br");
	uint8_t room[LONGEST_INTRO];
	size_t line = s->line;
	struct bytes text = end_line(s, (size_t)(t->whole.p - s->html.p), behind, room);

	s->apart |= is_br && !text.len;
	if ((text.len || is_br) && quote_lines_take(&s->words, text, line))
		begin_rest(s);
}

/* Outside of quotes. */
static void outside_quote(struct state *s, const struct tag *t, size_t behind)
{
	const struct marker *m = marker_of(t);

	if (m && t->name.p[0] != '/')
		begin_quote(s, t, m);
	else if (ends_line(t))
		read_line(s, t, behind);
}

enum err html_unquote(struct arena *a, struct bytes html, struct bytes *out, bool *ended)
{
	struct state s = { .html = html };
	size_t at = 0;
	struct tag t;

	buf_init(&s.out, a, 0);
	while (!s.ended && next_tag(html, &at, &t))
		if (s.skip.len)
			inside_quote(&s, &t, at);
		else
			outside_quote(&s, &t, at);
	*ended = s.ended;
	*out = html;
	if (!s.found)
		return ERR_OK;
	if (!s.skip.len)
		keep_until(&s, html.len);
	return buf_done(&s.out, out);
}
