/* WBXML as a stream of events. Only what ActiveSync uses is understood: tags without attributes, inline
 * strings, opaque data, page switches. All else is refused, since no client sends it and nothing could be
 * done with it. */
#include "wbxml/wbxml.h"

#include "wbxml/token.h"

enum { UINT_MAX_BYTES = 5 };

static enum err refuse(struct wbxml_reader *r, enum err e, const char *problem)
{
	r->problem = problem;
	return e;
}

static void skip(struct bytes *in, size_t n)
{
	in->p += n;
	in->len -= n;
}

enum err wbxml_read_uint(struct bytes *in, uint32_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < in->len; i++) {
		if (i == UINT_MAX_BYTES)
			return ERR_PROTO;
		n = n << 7 | (in->p[i] & 0x7Fu);
		if (in->p[i] & 0x80u)
			continue;
		if (n > UINT32_MAX)
			return ERR_PROTO;
		*out = (uint32_t)n;
		skip(in, i + 1);
		return ERR_OK;
	}
	return in->len < UINT_MAX_BYTES ? ERR_TRUNCATED : ERR_PROTO;
}

enum err wbxml_reader_init(struct wbxml_reader *r, struct bytes doc)
{
	uint32_t public_id, charset, table_len, table_index;
	struct bytes version, table;
	enum err e;

	*r = (struct wbxml_reader){ .doc = doc, .rest = doc };
	if (!bytes_take(&r->rest, 1, &version))
		return refuse(r, ERR_TRUNCATED, "the document is empty");
	if (version.p[0] < WBXML_1_1 || version.p[0] > WBXML_1_3)
		return refuse(r, ERR_PROTO, "not WBXML 1.1 to 1.3");
	if ((e = wbxml_read_uint(&r->rest, &public_id)) ||
	    (public_id == 0 && (e = wbxml_read_uint(&r->rest, &table_index))) ||
	    (e = wbxml_read_uint(&r->rest, &charset)) || (e = wbxml_read_uint(&r->rest, &table_len)))
		return refuse(r, e, "the document's head is broken");
	if (charset != CHARSET_UTF_8)
		return refuse(r, ERR_PROTO, "the character set is not UTF-8");
	if (!bytes_take(&r->rest, table_len, &table))
		return refuse(r, ERR_TRUNCATED, "the string table is cut");
	return ERR_OK;
}

size_t wbxml_reader_offset(const struct wbxml_reader *r)
{
	return r->doc.len - r->rest.len;
}

static enum err emit_end(struct wbxml_reader *r, struct wbxml_event *out)
{
	*out = (struct wbxml_event){ .kind = WBXML_END, .tag = r->open[--r->depth] };
	return ERR_OK;
}

static enum err emit_value(struct wbxml_reader *r, struct wbxml_event *out, struct bytes value, bool opaque)
{
	*out = (struct wbxml_event){ WBXML_VALUE, r->open[r->depth - 1], value, opaque };
	return ERR_OK;
}

static enum err read_tag(struct wbxml_reader *r, struct wbxml_event *out)
{
	uint8_t c = r->rest.p[0];

	if (c & TAG_ATTRIBUTES || (c & TAG_MASK) < TAG_FIRST)
		return refuse(r, ERR_PROTO, "a token that ActiveSync does not use");
	if (r->depth == WBXML_MAX_DEPTH)
		return refuse(r, ERR_LIMIT, "elements are nested too deeply");
	skip(&r->rest, 1);
	out->kind = WBXML_START;
	out->tag = (wbxml_tag)(r->page << 8 | (c & TAG_MASK));
	r->open[r->depth++] = out->tag;
	r->empty_pending = !(c & TAG_CONTENT);
	r->started = true;
	return ERR_OK;
}

static enum err read_string(struct wbxml_reader *r, struct wbxml_event *out)
{
	struct bytes text = r->rest;

	skip(&text, 1);
	text.len = bytes_find(text, 0);
	if (text.len + 1 == r->rest.len)
		return refuse(r, ERR_TRUNCATED, "a string without its end");
	skip(&r->rest, text.len + 2);
	return emit_value(r, out, text, false);
}

static enum err read_opaque(struct wbxml_reader *r, struct wbxml_event *out)
{
	struct bytes rest = r->rest, data;
	uint32_t len;
	enum err e;

	skip(&rest, 1);
	if ((e = wbxml_read_uint(&rest, &len)))
		return refuse(r, e, "the length of opaque data is broken");
	if (!bytes_take(&rest, len, &data))
		return refuse(r, ERR_TRUNCATED, "opaque data is cut");
	r->rest = rest;
	return emit_value(r, out, data, true);
}

enum err wbxml_reader_next(struct wbxml_reader *r, struct wbxml_event *out)
{
	*out = (struct wbxml_event){ .kind = WBXML_EOF };
	if (r->empty_pending) {
		r->empty_pending = false;
		return emit_end(r, out);
	}
	if (r->started && r->depth == 0)
		return r->rest.len ? refuse(r, ERR_PROTO, "bytes after the end") : ERR_OK;
	while (r->rest.len >= 2 && r->rest.p[0] == TOKEN_SWITCH_PAGE) {
		r->page = r->rest.p[1];
		skip(&r->rest, 2);
	}
	if (r->rest.len == 0 || r->rest.p[0] == TOKEN_SWITCH_PAGE)
		return refuse(r, ERR_TRUNCATED, "the document is cut");
	if (r->depth > 0) { /* outside of the root only a tag may stand */
		switch (r->rest.p[0]) {
		case TOKEN_END:
			skip(&r->rest, 1);
			return emit_end(r, out);
		case TOKEN_STR_I:
			return read_string(r, out);
		case TOKEN_OPAQUE:
			return read_opaque(r, out);
		}
	}
	return read_tag(r, out);
}
