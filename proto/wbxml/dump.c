#include "wbxml/dump.h"

#include "base/hex.h"
#include "base/utf8.h"

/* ---- to text ---- */

static void put_tabs(struct buf *b, size_t n)
{
	while (n--)
		buf_put_u8(b, '\t');
}

static void put_escaped(struct buf *b, uint8_t c)
{
	switch (c) {
	case '\n':
		buf_put_str(b, "\\n");
		return;
	case '\r':
		buf_put_str(b, "\\r");
		return;
	case '\t':
		buf_put_str(b, "\\t");
		return;
	case '"':
	case '\\':
		buf_printf(b, "\\%c", c);
		return;
	}
	buf_printf(b, "\\x%02X", c);
}

static void put_text(struct buf *b, struct bytes text)
{
	buf_put_str(b, " \"");
	while (text.len) {
		size_t n = utf8_char_len(text);
		struct bytes c;

		if (!bytes_take(&text, n ? n : 1, &c))
			return;
		if (n == 0 || c.p[0] < 0x20 || c.p[0] == 0x7F || c.p[0] == '"' || c.p[0] == '\\')
			put_escaped(b, c.p[0]);
		else
			buf_put(b, c);
	}
	buf_put_u8(b, '"');
}

static enum err put_event(
    struct arena *a, struct buf *b, const struct wbxml_reader *r, const struct wbxml_event *ev)
{
	struct bytes name;
	enum err e;

	switch (ev->kind) {
	case WBXML_START:
		if ((e = wbxml_tag_name(a, ev->tag, &name)))
			return e;
		if (r->depth > 1)
			buf_put_u8(b, '\n');
		put_tabs(b, r->depth - 1u);
		buf_put(b, name);
		break;
	case WBXML_VALUE:
		if (ev->opaque) {
			buf_put_str(b, " #");
			hex_put_upper(b, ev->value);
		} else {
			put_text(b, ev->value);
		}
		break;
	case WBXML_END:
	case WBXML_EOF:
		break;
	}
	return ERR_OK;
}

enum err wbxml_dump(struct arena *a, struct bytes doc, struct bytes *out)
{
	struct wbxml_reader r;
	struct wbxml_event ev = { .kind = WBXML_START };
	struct buf b;
	enum err e = wbxml_reader_init(&r, doc), full;

	buf_init(&b, a, 0);
	while (!e && ev.kind != WBXML_EOF)
		if (!(e = wbxml_reader_next(&r, &ev)))
			e = put_event(a, &b, &r, &ev);
	if (b.len)
		buf_put_u8(&b, '\n');
	full = buf_done(&b, out);
	return full ? full : e;
}

/* ---- and back ---- */

static bool take_char(struct bytes *in, uint8_t c)
{
	struct bytes taken;

	return in->len && in->p[0] == c && bytes_take(in, 1, &taken);
}

static bool take_escape(struct bytes *in, uint8_t *out)
{
	static const struct {
		uint8_t name, value;
	} escapes[] = { { 'n', '\n' }, { 'r', '\r' }, { 't', '\t' }, { '"', '"' }, { '\\', '\\' } };
	struct bytes c, hex;

	if (!bytes_take(in, 1, &c))
		return false;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (escapes[i].name == c.p[0]) {
			*out = escapes[i].value;
			return true;
		}
	}
	if (c.p[0] != 'x' || !bytes_take(in, 2, &hex) || hex_digit(hex.p[0]) < 0 || hex_digit(hex.p[1]) < 0)
		return false;
	*out = (uint8_t)(hex_digit(hex.p[0]) << 4 | hex_digit(hex.p[1]));
	return true;
}

/* Behind the opening quote, up to and with the closing one. */
static enum err take_text(struct arena *a, struct bytes *in, struct bytes *out)
{
	struct buf b;

	buf_init(&b, a, 0);
	while (!take_char(in, '"')) {
		struct bytes c;
		uint8_t raw;

		if (!bytes_take(in, 1, &c))
			return ERR_PROTO;
		raw = c.p[0];
		if (raw == '\\' && !take_escape(in, &raw))
			return ERR_PROTO;
		buf_put_u8(&b, raw);
	}
	return buf_done(&b, out);
}

static wbxml_tag tag_of(struct bytes name)
{
	struct bytes page;

	return bytes_split(&name, ':', &page) ? wbxml_tag_of(page, name) : 0;
}

static enum err put_values(struct arena *a, struct wbxml_writer *w, struct bytes rest)
{
	struct bytes value;
	enum err e;

	while (take_char(&rest, ' ')) {
		if (take_char(&rest, '"')) {
			if ((e = take_text(a, &rest, &value)))
				return e;
			wbxml_text(w, value);
		} else if (take_char(&rest, '#')) {
			struct bytes hex = bytes_of(rest.p, bytes_find(rest, ' '));

			rest.p += hex.len;
			rest.len -= hex.len;
			if ((e = hex_decode(a, hex, &value)))
				return e;
			wbxml_opaque(w, value);
		} else {
			return ERR_PROTO;
		}
	}
	return rest.len ? ERR_PROTO : ERR_OK;
}

static enum err put_line(struct arena *a, struct wbxml_writer *w, struct bytes line, bool *started)
{
	struct bytes name;
	wbxml_tag tag;
	size_t depth = 0;

	while (take_char(&line, '\t'))
		depth++;
	if (depth > w->depth || depth == WBXML_MAX_DEPTH || (depth == 0) == *started)
		return ERR_PROTO;
	while (w->depth > depth)
		wbxml_close(w);
	if (!bytes_take(&line, bytes_find(line, ' '), &name) || !(tag = tag_of(name)))
		return ERR_PROTO;
	*started = true;
	wbxml_open(w, tag);
	return put_values(a, w, line);
}

enum err wbxml_undump(struct arena *a, struct bytes text, struct bytes *out, size_t *line)
{
	struct wbxml_writer w;
	struct buf b;
	struct bytes one;
	bool started = false;
	enum err e;

	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	for (*line = 1; bytes_split(&text, '\n', &one); ++*line) {
		if (bytes_trim(one).len == 0 || one.p[0] == '#')
			continue;
		if ((e = put_line(a, &w, one, &started)))
			return e;
	}
	while (w.depth)
		wbxml_close(&w);
	return started ? wbxml_done(&w, out) : ERR_PROTO;
}
