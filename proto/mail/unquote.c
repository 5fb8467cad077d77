/* Which elements of a mail's HTML are quotes. Tags are found, not parsed: nothing here shows anything, and an
 * attribute that holds a ">" at worst leaves a quote in. */
#include "mail/unquote.h"

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
	{ "div", "border-top:solid #e1e1e1", EFFECT_REST },
	{ "div", "border-top:solid #b5c4df", EFFECT_REST },
};

/* Tags that end a line, for finding where an introduction begins. */
static const char *const line_ends[] = { "br", "p", "div", "/p", "/div", "body", "/blockquote", "blockquote",
	"hr", "tr", "td" };

struct tag {
	struct bytes whole; /* with < and > */
	struct bytes name;  /* "/div" for an end */
};

struct state {
	struct buf out;
	struct bytes html;
	size_t kept;       /* up to here html has been copied or dropped */
	size_t line;       /* where the line that is being read begins */
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

/* "On Tuesday Anna wrote:" right before a quote: a short line that ends in a colon. Returns where it begins, or `at`. */
static size_t before_intro(const struct state *s, size_t at)
{
	struct bytes line = bytes_of(s->html.p + s->line, at - s->line), text = { 0 };
	size_t from = 0;
	struct tag t;

	if (line.len > LONGEST_INTRO)
		return at;
	/* The last text that isn't only white space: between tags or behind them. */
	for (size_t i = 0; i <= line.len; from = i) {
		bool more = next_tag(line, &i, &t);
		size_t end = more ? (size_t)(t.whole.p - line.p) : line.len;
		struct bytes piece = bytes_trim(bytes_of(line.p + from, end - from));

		if (piece.len)
			text = piece;
		if (!more)
			break;
	}
	return text.len && text.p[text.len - 1] == ':' ? s->line : at;
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
	s->kept = s->line = behind;
}

/* Outside of quotes. */
static void outside_quote(struct state *s, const struct tag *t, size_t behind)
{
	const struct marker *m = marker_of(t);

	if (m && t->name.p[0] != '/')
		begin_quote(s, t, m);
	else if (ends_line(t)) {
		/* An introduction ends in a line break of its own. */
		struct bytes line = bytes_of(s->html.p + s->line, (size_t)(t->whole.p - s->html.p) - s->line);

		line = bytes_trim(line);
		if (!line.len || line.p[line.len - 1] != ':')
			s->line = behind;
	}
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
