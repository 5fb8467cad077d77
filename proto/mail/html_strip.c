#include "mail/html_strip.h"

#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* libxml2 compares each attribute with all earlier ones of its tag, and stops at 10 MB without
 * XML_PARSE_HUGE. */
enum { MAX_ATTRIBUTES = 300, MAX_HTML = 8 * 1024 * 1024 };

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 128 ||
	       c == ':' || c == '_' || c == '-' || c == '.';
}

/* One attribute as libxml2 reads it, or a run of junk between two. */
static const uint8_t *skip_attribute(const uint8_t *p, const uint8_t *end)
{
	uint8_t quote;

	if (!is_name(*p)) {
		while (p < end && !is_blank(*p) && *p != '>')
			p++;
		return p;
	}
	while (p < end && is_name(*p))
		p++;
	while (p < end && is_blank(*p))
		p++;
	if (p == end || *p != '=')
		return p;
	p++;
	while (p < end && is_blank(*p))
		p++;
	if (p == end)
		return p;
	quote = *p;
	if (quote == '"' || quote == '\'') {
		p = memchr(p + 1, quote, (size_t)(end - p - 1));
		return p ? p + 1 : end;
	}
	while (p < end && !is_blank(*p) && *p != '>')
		p++;
	return p;
}

/* From behind "<" to behind ">". */
static const uint8_t *skip_tag(const uint8_t *p, const uint8_t *end, size_t *attributes)
{
	*attributes = 0;
	while (p < end && is_name(*p))
		p++;
	while (p < end && *p != '>') {
		if (is_blank(*p) || *p == '/') {
			p++;
			continue;
		}
		p = skip_attribute(p, end);
		++*attributes;
	}
	return p < end ? p + 1 : p;
}

bool html_is_tame(struct bytes html)
{
	const uint8_t *p = html.p, *end = html.p + html.len;
	size_t attributes;

	if (html.len > MAX_HTML)
		return false;
	while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
		p++;
		if (p == end || !is_name(*p))
			continue;
		p = skip_tag(p, end, &attributes);
		if (attributes > MAX_ATTRIBUTES)
			return false;
	}
	return true;
}

/* "&name;" or "&#n;" behind "&": the character, 0 if it is none. */
static uint32_t entity(const uint8_t **p, const uint8_t *end)
{
	char name[12], *behind = name;
	size_t n = 0, len = (size_t)(end - *p);
	const htmlEntityDesc *known;
	unsigned long c;

	while (n < len && n < sizeof(name) - 1 && (*p)[n] < 128 && (is_name((*p)[n]) || (*p)[n] == '#')) {
		name[n] = (char)(*p)[n];
		n++;
	}
	name[n] = 0;
	if (name[0] == '#') {
		bool hex = name[1] == 'x' || name[1] == 'X';

		c = strtoul(name + 1 + hex, &behind, hex ? 16 : 10);
		n = (size_t)(behind - name);
	} else {
		known = htmlEntityLookup((const xmlChar *)name);
		c = known ? known->value : 0;
	}
	if (c == 0 || c > 0x10FFFF)
		return 0;
	*p += n + (n < len && (*p)[n] == ';');
	/* What text can't hold stands for nothing. Source: XML 1.0, 2.2. */
	return c < ' ' || c == 0xFFFE || c == 0xFFFF ? ' ' : (uint32_t)c;
}

static void put_text(struct layout *l, const uint8_t *p, const uint8_t *end)
{
	while (p < end && !l->full) {
		const uint8_t *amp = memchr(p, '&', (size_t)(end - p));
		uint8_t code[4];
		struct buf b = { .p = code, .cap = sizeof(code) };
		uint32_t c;

		layout_text(l, bytes_of(p, (size_t)((amp ? amp : end) - p)));
		if (!amp)
			return;
		p = amp + 1;
		c = entity(&p, end);
		if (c)
			utf8_put(&b, c);
		else
			buf_put_u8(&b, '&');
		layout_text(l, bytes_of(b.p, b.len));
	}
}

static bool tag_is(struct bytes tag, const char *name)
{
	size_t n = strlen(name);

	return bytes_starts_nocase(tag, name) && (tag.len == n || !is_name(tag.p[n]));
}

/* Behind the end tag of an element whose content is no text. */
static const uint8_t *skip_content(const uint8_t *p, const uint8_t *end, const char *name)
{
	while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
		p++;
		if (p < end && *p == '/' && tag_is(bytes_of(p + 1, (size_t)(end - p - 1)), name))
			return p;
	}
	return end;
}

size_t html_strip(struct layout *l, struct bytes html)
{
	static const char *const lines[] = { "p", "br", "div", "tr", "li", "h1", "h2", "h3", "table", "ul",
		"ol", "blockquote", "hr", "pre" };
	static const char *const skipped[] = { "style", "script", "title" };
	const uint8_t *p = html.p, *end = html.p + html.len;
	size_t attributes;

	while (p < end && !l->full) {
		const uint8_t *tag = memchr(p, '<', (size_t)(end - p));
		struct bytes rest;

		put_text(l, p, tag ? tag : end);
		if (!tag)
			break;
		p = tag + 1;
		rest = bytes_of(p, (size_t)(end - p));
		if (bytes_starts(rest, "!--")) {
			const uint8_t *close = memmem(p, rest.len, "-->", 3);

			p = close ? close + 3 : end;
			continue;
		}
		if (rest.len && !is_name(*p) && *p != '/' && *p != '!' && *p != '?') {
			layout_text(l, BYTES("<"));
			continue;
		}
		if (rest.len && *p == '/') {
			p++;
			rest = bytes_of(p, rest.len - 1);
		}
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			if (tag_is(rest, lines[i]))
				layout_break(l, 1);
		for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
			if (p == tag + 1 && tag_is(rest, skipped[i]))
				p = skip_content(p, end, skipped[i]);
		p = skip_tag(p, end, &attributes);
	}
	return (size_t)(p - html.p);
}
