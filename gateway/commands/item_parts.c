#include "commands/item_parts.h"

void item_parts_init(struct item_parts *p, struct arena *a, bool multipart)
{
	*p = (struct item_parts){ .arena = a, .multipart = multipart };
}

uint32_t item_parts_next(const struct item_parts *p)
{
	return (uint32_t)p->n + 1;
}

static uint64_t length_of(const struct item_part *part)
{
	return part->file ? part->file->count : part->bytes.len;
}

enum err item_parts_add(struct item_parts *p, struct item_part part)
{
	if (p->multipart && length_of(&part) > UINT32_MAX)
		return ERR_LIMIT;
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		void *grown = arena_grow(p->arena, p->v, p->cap * sizeof(*p->v), cap * sizeof(*p->v));

		if (!grown)
			return ERR_LIMIT;
		p->v = grown;
		p->cap = cap;
	}
	p->v[p->n++] = part;
	return ERR_OK;
}

void item_parts_shift(struct item_parts *p, size_t at)
{
	for (size_t i = 0; i < p->n; i++)
		p->v[i].gap += at;
}

static struct reply_piece plain(struct bytes bytes)
{
	return (struct reply_piece){ .bytes = bytes };
}

/* The document, cut at its gaps. */
static size_t put_inline(const struct item_parts *p, struct bytes doc, struct reply_piece *to)
{
	size_t at = 0, n = 0;

	for (size_t i = 0; i < p->n; i++) {
		to[n++] = plain(bytes_of(doc.p + at, p->v[i].gap - at));
		to[n++] = attachment_piece(p->v[i].file, !p->v[i].is_text);
		at = p->v[i].gap;
	}
	to[n++] = plain(bytes_of(doc.p + at, doc.len - at));
	return n;
}

static void put_u32(struct buf *b, uint32_t v)
{
	for (unsigned shift = 0; shift < 32; shift += 8)
		buf_put_u8(b, (uint8_t)(v >> shift));
}

static void put_place(struct buf *b, uint64_t *at, uint64_t len)
{
	put_u32(b, (uint32_t)*at);
	put_u32(b, (uint32_t)len);
	*at += len;
}

/* How many parts, where each is, then the parts; the document is the first. All numbers little-endian. */
static enum err put_table(const struct item_parts *p, struct bytes doc, struct bytes *out)
{
	uint64_t at = sizeof(uint32_t) * (1 + 2 * (p->n + 1));
	struct buf b;

	buf_init(&b, p->arena, 0);
	put_u32(&b, (uint32_t)p->n + 1);
	put_place(&b, &at, doc.len);
	for (size_t i = 0; i < p->n; i++)
		put_place(&b, &at, length_of(&p->v[i]));
	return at > UINT32_MAX ? ERR_LIMIT : buf_done(&b, out);
}

static enum err put_multipart(const struct item_parts *p, struct bytes doc, struct reply_piece *to, size_t *n)
{
	struct bytes table;
	enum err e = put_table(p, doc, &table);

	if (e)
		return e;
	to[(*n)++] = plain(table);
	to[(*n)++] = plain(doc);
	for (size_t i = 0; i < p->n; i++)
		to[(*n)++] = p->v[i].file ? attachment_piece(p->v[i].file, false) : plain(p->v[i].bytes);
	return ERR_OK;
}

enum err item_parts_reply(const struct item_parts *p, struct bytes doc, struct reply *out)
{
	struct reply_piece *pieces = arena_array(p->arena, 2 * p->n + 2, sizeof(*pieces));
	enum err e = ERR_OK;
	size_t n = 0;

	if (!pieces)
		return ERR_LIMIT;
	if (p->multipart)
		e = put_multipart(p, doc, pieces, &n);
	else
		n = put_inline(p, doc, pieces);
	*out = (struct reply){ .kind = REPLY_STREAM, .pieces = pieces, .n_pieces = n };
	if (p->multipart)
		out->content_type = "application/vnd.ms-sync.multipart";
	return e;
}
