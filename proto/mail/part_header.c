#include "mail/part_header.h"

enum { VALUE_MAX = 900 }; /* RFC 5322, 2.1.1: a line has at most 998 */

/* As it is, but for what would end the line. */
static void put_value(struct buf *out, struct bytes v)
{
	for (size_t i = 0; i < v.len && i < VALUE_MAX; i++)
		buf_put_u8(out, v.p[i] < ' ' || v.p[i] == 127 ? ' ' : v.p[i]);
}

/* A word of the grammar: what can't be one is left out of it. */
static void put_token(struct buf *out, struct bytes v)
{
	for (size_t i = 0; i < v.len && i < VALUE_MAX; i++)
		if (v.p[i] > ' ' && v.p[i] != 127 && v.p[i] != ';' && v.p[i] != '"' && v.p[i] != '\\')
			buf_put_u8(out, v.p[i]);
}

static void put_quoted(struct buf *out, struct bytes v)
{
	buf_put_u8(out, '"');
	for (size_t i = 0; i < v.len && i < VALUE_MAX; i++) {
		if (v.p[i] == '"' || v.p[i] == '\\')
			buf_put_u8(out, '\\');
		buf_put_u8(out, v.p[i] < ' ' || v.p[i] == 127 ? ' ' : v.p[i]);
	}
	buf_put_u8(out, '"');
}

/* Values that are percent-encoded stand without quotes (RFC 2231, 4). */
static void put_params(struct buf *out, const struct mime_params *params)
{
	for (size_t i = 0; i < params->n; i++) {
		const struct mime_param *p = &params->v[i];

		buf_put_str(out, ";\r\n\t");
		put_token(out, p->name);
		buf_put_u8(out, '=');
		if (p->name.len && p->name.p[p->name.len - 1] == '*')
			put_token(out, p->value);
		else
			put_quoted(out, p->value);
	}
	buf_put_str(out, "\r\n");
}

static void put_type(struct buf *out, const struct mime_part *part)
{
	buf_put_str(out, "Content-Type: ");
	if (part->type.len && part->subtype.len) {
		put_token(out, part->type);
		buf_put_u8(out, '/');
		put_token(out, part->subtype);
	} else {
		buf_put_str(out, "text/plain");
	}
	put_params(out, &part->params);
}

static void put_encoding(struct buf *out, enum mime_encoding e)
{
	static const char *const names[] = {
		[MIME_8BIT] = "8bit",
		[MIME_BINARY] = "binary",
		[MIME_QUOTED_PRINTABLE] = "quoted-printable",
		[MIME_BASE64] = "base64",
		[MIME_UUENCODE] = "x-uuencode",
		[MIME_ENCODING_UNKNOWN] = NULL,
	};

	if (names[e])
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", names[e]);
}

static void put_disposition(struct buf *out, const struct mime_part *part)
{
	if (part->disposition == MIME_DISPOSITION_NONE)
		return;
	buf_put_str(out, part->disposition == MIME_INLINE ? "Content-Disposition: inline"
							  : "Content-Disposition: attachment");
	put_params(out, &part->disposition_params);
}

static void put_id(struct buf *out, struct bytes id)
{
	bool bare = id.len && id.p[0] != '<';

	if (!id.len)
		return;
	buf_put_str(out, bare ? "Content-ID: <" : "Content-ID: ");
	put_value(out, id);
	buf_put_str(out, bare ? ">\r\n" : "\r\n");
}

static void put_field(struct buf *out, const char *name, struct bytes value)
{
	if (!value.len)
		return;
	buf_put_str(out, name);
	put_value(out, value);
	buf_put_str(out, "\r\n");
}

void part_header_put(struct buf *out, const struct mime_part *part)
{
	put_type(out, part);
	put_encoding(out, part->encoding);
	put_disposition(out, part);
	put_id(out, part->id);
	put_field(out, "Content-Description: ", part->description);
	put_field(out, "Content-Location: ", part->location);
	buf_put_str(out, "\r\n");
}

/* ---- names of files ---- */

enum { SHORT_NAME = 150, PIECE = 60 };

static bool is_simple_name(struct bytes name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] < ' ' || name.p[i] >= 127)
			return false;
	return name.len <= SHORT_NAME;
}

static bool is_attribute_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
	       c == '-' || c == '_';
}

/* As much as stands in one piece, percent-encoded. */
static void put_piece(struct buf *out, struct bytes *name)
{
	for (size_t room = PIECE; name->len && room >= 3; room -= is_attribute_char(name->p[-1]) ? 1 : 3) {
		uint8_t c = *name->p;

		if (is_attribute_char(c))
			buf_put_u8(out, c);
		else
			buf_printf(out, "%%%02X", c);
		*name = bytes_of(name->p + 1, name->len - 1);
	}
}

static enum err add_pieces(struct arena *a, struct bytes name, struct mime_params *out)
{
	size_t cap = name.len * 3 / (PIECE - 3) + 1;

	out->v = arena_array(a, cap, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	for (; name.len && out->n < cap; out->n++) {
		char *key = arena_printf(a, "filename*%zu*", out->n);
		struct buf b;
		enum err e;

		if (!key)
			return ERR_LIMIT;
		buf_init(&b, a, 0);
		buf_put_str(&b, out->n ? "" : "utf-8''");
		put_piece(&b, &name);
		if ((e = buf_done(&b, &out->v[out->n].value)))
			return e;
		out->v[out->n].name = bytes_str(key);
	}
	return ERR_OK;
}

enum err part_file_name(struct arena *a, struct bytes name, struct mime_params *out)
{
	*out = (struct mime_params){ 0 };
	if (!name.len)
		return ERR_OK;
	if (!is_simple_name(name))
		return add_pieces(a, name, out);
	out->v = arena_array(a, 1, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	out->v[out->n++] = (struct mime_param){ BYTES("filename"), name };
	return ERR_OK;
}
