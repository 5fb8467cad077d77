/* HTML as plain text, through libxml2's HTML parser. Its SAX events are enough: no tree is built, and how
 * deep a mail nests is a number here and not a stack. */
#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>

#include "mail/html_strip.h"
#include "mail/layout.h"
#include "mail/text.h"

/* libxml2 compares each end tag with all open elements, hence a limit for these. */
enum { LIST_LEVELS = 12, OPEN_LIMIT = 300 };

struct converter {
	struct layout layout;
	struct arena *arena;
	htmlParserCtxtPtr parser;
	size_t depth;                 /* of open elements */
	size_t hidden;                /* depth at which hidden content began; 0 = visible */
	size_t pre;                   /* open elements that keep white space */
	size_t lists;                 /* open lists; only LIST_LEVELS are told apart */
	unsigned number[LIST_LEVELS]; /* the next number; 0: bullets */
	struct bytes href;            /* of the open link; empty: nothing to show */
	size_t href_at;               /* where its text begins in the output */
	size_t used; /* bytes of the input that were read before the parser was stopped; 0: all */
	bool too_deep;
	bool words_only; /* no addresses, images and rules */
};

/* What an element does. Source: HTML Living Standard, 15.3 (rendering of flow content), in what of it text
 * can show. */
enum action {
	ACT_LINE,      /* begins and ends a line */
	ACT_PARAGRAPH, /* stands apart by an empty line */
	ACT_BR,
	ACT_RULE,
	ACT_HIDE,
	ACT_QUOTE,
	ACT_LIST,
	ACT_NUMBERED,
	ACT_ITEM,
	ACT_LINK,
	ACT_IMAGE,
	ACT_PRE,
	ACT_CELL,
};

static const struct element {
	const char *name;
	enum action action;
} elements[] = {
	{ "a", ACT_LINK },
	{ "address", ACT_LINE },
	{ "article", ACT_LINE },
	{ "blockquote", ACT_QUOTE },
	{ "br", ACT_BR },
	{ "caption", ACT_LINE },
	{ "center", ACT_LINE },
	{ "dd", ACT_LINE },
	{ "dir", ACT_LIST },
	{ "div", ACT_LINE },
	{ "dl", ACT_PARAGRAPH },
	{ "dt", ACT_LINE },
	{ "fieldset", ACT_LINE },
	{ "figcaption", ACT_LINE },
	{ "figure", ACT_PARAGRAPH },
	{ "footer", ACT_LINE },
	{ "form", ACT_LINE },
	{ "h1", ACT_PARAGRAPH },
	{ "h2", ACT_PARAGRAPH },
	{ "h3", ACT_PARAGRAPH },
	{ "h4", ACT_PARAGRAPH },
	{ "h5", ACT_PARAGRAPH },
	{ "h6", ACT_PARAGRAPH },
	{ "header", ACT_LINE },
	{ "hr", ACT_RULE },
	{ "img", ACT_IMAGE },
	{ "legend", ACT_LINE },
	{ "li", ACT_ITEM },
	{ "main", ACT_LINE },
	{ "menu", ACT_LIST },
	{ "nav", ACT_LINE },
	{ "noframes", ACT_HIDE },
	{ "ol", ACT_NUMBERED },
	{ "option", ACT_LINE },
	{ "p", ACT_PARAGRAPH },
	{ "pre", ACT_PRE },
	{ "script", ACT_HIDE },
	{ "section", ACT_LINE },
	{ "select", ACT_LINE },
	{ "style", ACT_HIDE },
	{ "table", ACT_LINE },
	{ "td", ACT_CELL },
	{ "template", ACT_HIDE },
	{ "textarea", ACT_PRE },
	{ "th", ACT_CELL },
	{ "title", ACT_HIDE },
	{ "tr", ACT_LINE },
	{ "ul", ACT_LIST },
	{ "xmp", ACT_PRE },
};

static const struct element *element_find(const xmlChar *name)
{
	size_t low = 0, high = sizeof(elements) / sizeof(elements[0]);

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = name[0] - elements[mid].name[0];

		if (c == 0) /* most names differ in their first letter */
			c = strcmp((const char *)name, elements[mid].name);
		if (c == 0)
			return &elements[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static struct bytes attribute(const xmlChar **v, const char *name)
{
	for (; v && v[0]; v += 2)
		if (strcmp((const char *)v[0], name) == 0)
			return bytes_str((const char *)v[1]);
	return (struct bytes){ 0 };
}

/* The teaser texts that newsletters hide before their content would be the first that a preview shows. */
static bool is_hidden(const xmlChar **attributes)
{
	struct bytes style = attribute(attributes, "style"), value, name;

	while (bytes_split(&style, ';', &value))
		if (bytes_split(&value, ':', &name) && bytes_eq_nocase(bytes_trim(name), "display") &&
		    bytes_starts_nocase(bytes_trim(value), "none"))
			return true;
	return false;
}

static void begin_list(struct converter *c, bool numbered)
{
	layout_break(&c->layout, c->lists ? 1 : 2);
	if (c->lists < LIST_LEVELS)
		c->number[c->lists] = numbered;
	if (c->lists++)
		c->layout.indent += 2;
}

static void end_list(struct converter *c)
{
	if (!c->lists)
		return;
	if (--c->lists)
		c->layout.indent -= 2;
	layout_break(&c->layout, c->lists ? 1 : 2);
}

static void begin_item(struct converter *c)
{
	unsigned *number = c->lists && c->lists <= LIST_LEVELS ? &c->number[c->lists - 1] : NULL;
	char text[16];

	layout_break(&c->layout, 1);
	if (number && *number)
		snprintf(text, sizeof(text), "%u. ", (*number)++);
	else
		snprintf(text, sizeof(text), "- ");
	layout_raw(&c->layout, bytes_str(text));
	c->layout.line_empty = true; /* the blank stands there already */
}

/* Line ends and tabs are no part of an address. Source: URL Standard, 4.4. */
static void take_href(struct converter *c, struct bytes href)
{
	uint8_t *p = arena_alloc(c->arena, href.len);
	size_t n = 0;

	if (!p) {
		c->layout.out.failed = ERR_LIMIT;
		return;
	}
	for (size_t i = 0; i < href.len; i++)
		if (href.p[i] != '\r' && href.p[i] != '\n' && href.p[i] != '\t')
			p[n++] = href.p[i];
	c->href = bytes_of(p, n);
	c->href_at = c->layout.out.len;
}

static void begin_link(struct converter *c, const xmlChar **attributes)
{
	struct bytes href = bytes_trim(attribute(attributes, "href"));

	c->href = (struct bytes){ 0 };
	if (c->words_only)
		return;
	if (bytes_starts_nocase(href, "http:") || bytes_starts_nocase(href, "https:") ||
	    bytes_starts_nocase(href, "mailto:") || bytes_starts_nocase(href, "tel:") ||
	    bytes_starts_nocase(href, "ftp:"))
		take_href(c, href);
}

/* The address behind the scheme, without a slash at the end: as a text would show it. */
static struct bytes bare_address(struct bytes url)
{
	size_t colon = bytes_find(url, ':');

	if (colon < url.len)
		url = bytes_of(url.p + colon + 1, url.len - colon - 1);
	while (url.len && url.p[0] == '/')
		url = bytes_of(url.p + 1, url.len - 1);
	if (url.len && url.p[url.len - 1] == '/')
		url.len--;
	return url;
}

static void end_link(struct converter *c)
{
	struct layout *l = &c->layout;
	struct bytes text, href = c->href, bare = bare_address(href);

	c->href = (struct bytes){ 0 };
	if (!bare.len || l->full || l->out.failed || l->out.len == c->href_at)
		return;
	text = bytes_of(l->out.p + c->href_at, l->out.len - c->href_at);
	if (!bytes_trim(text).len || memmem(text.p, text.len, bare.p, bare.len))
		return;
	l->blank = true;
	layout_raw(l, BYTES("<"));
	layout_raw(
	    l, bytes_starts_nocase(href, "mailto:") || bytes_starts_nocase(href, "tel:") ? bare : href);
	layout_raw(l, BYTES(">"));
}

static void put_image(struct converter *c, const xmlChar **attributes)
{
	struct bytes alt = bytes_trim(attribute(attributes, "alt"));

	if (!alt.len || c->words_only)
		return;
	layout_text(&c->layout, BYTES(" ["));
	layout_text(&c->layout, alt);
	layout_text(&c->layout, BYTES("]"));
}

static void begin_cell(struct converter *c)
{
	struct layout *l = &c->layout;

	/* Cells of one line of a table stand apart; layout tables have their breaks inside the cells. */
	if (l->begun && !l->breaks && !l->line_empty) {
		l->blank = false;
		layout_raw(l, BYTES("\t"));
		l->line_empty = true;
	}
}

static void begin_element(struct converter *c, enum action action, const xmlChar **attributes)
{
	struct layout *l = &c->layout;

	switch (action) {
	case ACT_LINE:
		layout_break(l, 1);
		break;
	case ACT_PARAGRAPH:
		/* Not right behind a bullet. */
		if (!l->line_empty)
			layout_break(l, 2);
		break;
	case ACT_BR:
		layout_newline(l);
		break;
	case ACT_RULE:
		layout_break(l, 1);
		if (c->words_only)
			break;
		layout_raw(l, BYTES("----------------------------------------"));
		layout_break(l, 1);
		break;
	case ACT_HIDE:
		c->hidden = c->depth;
		break;
	case ACT_QUOTE:
		layout_break(l, 2);
		l->quote++;
		break;
	case ACT_LIST:
	case ACT_NUMBERED:
		begin_list(c, action == ACT_NUMBERED);
		break;
	case ACT_ITEM:
		begin_item(c);
		break;
	case ACT_LINK:
		begin_link(c, attributes);
		break;
	case ACT_IMAGE:
		put_image(c, attributes);
		break;
	case ACT_PRE:
		layout_break(l, 2);
		c->pre++;
		break;
	case ACT_CELL:
		begin_cell(c);
		break;
	}
}

static void end_element(struct converter *c, enum action action)
{
	struct layout *l = &c->layout;

	switch (action) {
	case ACT_LINE:
	case ACT_ITEM:
		layout_break(l, 1);
		break;
	case ACT_PARAGRAPH:
		layout_break(l, 2);
		break;
	case ACT_QUOTE:
		layout_break(l, 2);
		l->quote -= l->quote > 0;
		break;
	case ACT_LIST:
	case ACT_NUMBERED:
		end_list(c);
		break;
	case ACT_LINK:
		end_link(c);
		break;
	case ACT_PRE:
		layout_break(l, 2);
		c->pre -= c->pre > 0;
		break;
	case ACT_BR:
	case ACT_RULE:
	case ACT_HIDE:
	case ACT_IMAGE:
	case ACT_CELL:
		break;
	}
}

/* ---- libxml2's events ---- */

static void on_start(void *arg, const xmlChar *name, const xmlChar **attributes)
{
	struct converter *c = arg;
	const struct element *e = element_find(name);

	c->depth++;
	if (c->layout.full || c->layout.out.failed || c->parser->nameNr > OPEN_LIMIT) {
		c->too_deep = c->parser->nameNr > OPEN_LIMIT;
		c->used = (size_t)(c->parser->input->cur - c->parser->input->base);
		xmlStopParser(c->parser);
		return;
	}
	if (c->hidden)
		return;
	if (is_hidden(attributes))
		c->hidden = c->depth;
	else if (e)
		begin_element(c, e->action, attributes);
}

static void on_end(void *arg, const xmlChar *name)
{
	struct converter *c = arg;
	const struct element *e = element_find(name);

	if (!c->hidden && e)
		end_element(c, e->action);
	if (c->hidden == c->depth)
		c->hidden = 0;
	c->depth -= c->depth > 0;
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct converter *c = arg;

	if (c->hidden || len <= 0)
		return;
	if (c->pre)
		layout_pre(&c->layout, bytes_of(text, (size_t)len));
	else
		layout_text(&c->layout, bytes_of(text, (size_t)len));
}

/* libxml2 takes a NUL for the end. */
static enum err without_nul(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *p;
	enum err e;

	*out = in;
	if (bytes_find(in, 0) == in.len)
		return ERR_OK;
	if ((e = arena_dup(a, in, out)))
		return e;
	p = (uint8_t *)(uintptr_t)out->p;
	for (size_t i = 0; i < in.len; i++)
		if (!p[i])
			p[i] = ' ';
	return ERR_OK;
}

static void parse(struct converter *c, struct bytes html)
{
	htmlSAXHandler events = { .startElement = on_start,
		.endElement = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text };

	c->parser = htmlCreateMemoryParserCtxt((const char *)html.p, (int)html.len);
	if (!c->parser)
		return;
	htmlCtxtUseOptions(c->parser, HTML_PARSE_RECOVER | HTML_PARSE_NODEFDTD | HTML_PARSE_NOERROR |
					  HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_NOIMPLIED |
					  HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT);
	xmlSwitchEncoding(c->parser, XML_CHAR_ENCODING_UTF8);
	*c->parser->sax = events;
	c->parser->userData = c;
	htmlParseDocument(c->parser);
	htmlFreeParserCtxt(c->parser);
}

static enum err to_text(
    struct arena *a, struct bytes html, size_t max, bool words_only, struct bytes *out, size_t *used)
{
	struct converter c = { .arena = a, .words_only = words_only };
	size_t read = 0;
	enum err e;

	layout_init(&c.layout, a, max);
	if (html.len && (e = without_nul(a, html, &html)))
		return e;
	if (html.len && html_is_tame(html)) {
		parse(&c, html);
		read = c.used;
	}
	if (html.len && (!c.parser || c.too_deep)) {
		layout_init(&c.layout, a, max);
		read = html_strip(&c.layout, html);
	}
	/* It may have become full with the last text, or stopped at the last tag. */
	*used = !c.layout.full ? html.len : read && read < html.len ? read : html.len - 1;
	return layout_done(&c.layout, out);
}

enum err text_from_html(struct arena *a, struct bytes html, size_t max, struct bytes *out, size_t *used)
{
	return to_text(a, html, max, false, out, used);
}

enum err text_words_from_html(struct arena *a, struct bytes html, size_t max, struct bytes *out)
{
	size_t used;
	enum err e = to_text(a, html, max, true, out, &used);

	return e || bytes_trim(*out).len ? e : to_text(a, html, max, false, out, &used);
}
