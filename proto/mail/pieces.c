#include "mail/pieces.h"

#include "mail/header.h"
#include "mail/part_header.h"

void pieces_init(struct pieces *p, struct arena *a, struct smart *out)
{
	*p = (struct pieces){ .arena = a, .out = out };
	buf_init(&p->text, a, 0);
}

static enum err add_piece(struct pieces *p, struct smart_piece piece)
{
	struct smart *out = p->out;

	if (out->n == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 8;
		void *grown = arena_grow(p->arena, out->v, out->cap * sizeof(*out->v), cap * sizeof(*out->v));

		if (!grown)
			return ERR_LIMIT;
		out->v = grown;
		out->cap = cap;
	}
	out->v[out->n++] = piece;
	return ERR_OK;
}

/* What was written so far is a piece of its own. */
static enum err end_text(struct pieces *p)
{
	struct smart_piece piece = { 0 };
	enum err e = buf_done(&p->text, &piece.text);

	buf_init(&p->text, p->arena, 0);
	if (e || !piece.text.len)
		return e;
	return add_piece(p, piece);
}

enum err pieces_put_section(struct pieces *p, const char *section, uint32_t size)
{
	enum err e = end_text(p);

	p->out->has_sections = true;
	return e ? e : add_piece(p, (struct smart_piece){ .section = section, .size = size });
}

enum err pieces_put_part(
    struct pieces *p, const char *mark, const char *boundary, const struct mime_part *part)
{
	buf_printf(&p->text, "\r\n--%s%s\r\n", mark, boundary);
	part_header_put(&p->text, part);
	return part->size ? pieces_put_section(p, part->section, part->size) : p->text.failed;
}

enum err pieces_done(struct pieces *p)
{
	struct smart *out = p->out;
	enum err e = end_text(p);
	size_t head;

	if (e)
		return e;
	head = out->n && !out->v[0].section ? header_block_len(out->v[0].text) : 0;
	if (!head)
		return ERR_PROTO;
	out->header = bytes_of(out->v[0].text.p, head);
	out->v[0].text = bytes_of(out->v[0].text.p + head, out->v[0].text.len - head);
	return ERR_OK;
}

bool piece_is_8bit(const struct mime_part *part)
{
	enum mime_encoding e = part->encoding;

	return e != MIME_7BIT && e != MIME_QUOTED_PRINTABLE && e != MIME_BASE64 && e != MIME_UUENCODE;
}

struct mime_part piece_as_file(const struct mime_part *part)
{
	struct mime_part out = *part;

	if (mime_is(part, "text", "plain") || mime_is(part, "text", "html"))
		out.disposition = MIME_ATTACHMENT;
	return out;
}
