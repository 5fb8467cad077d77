#include "mail/mime_parse.h"

#include <string.h>

#include "mail/header.h"

/* A part's range is known before it is opened: what its parent's boundaries enclose. So a nested multipart
 * without an end can't swallow its neighbours. Ranges wait in a list, not on the stack. */
struct task {
	struct task *next;
	struct mime_part *part;
	struct bytes range; /* header and body */
	size_t depth;
};

struct parser {
	struct arena *arena;
	struct task *todo;
	size_t parts;
	bool is_cut; /* there are more than MIME_MAX_PARTS */
};

static enum err read_params(struct arena *a, struct bytes value, struct bytes *head, struct mime_params *out)
{
	return value.len ? header_params(a, value, head, out) : ERR_OK;
}

/* "text/plain" → its halves. Content-Type: text, as some wrote in the early days, is text/plain. */
static void set_type(struct mime_part *p, struct bytes type)
{
	size_t slash = bytes_find(type, '/');

	p->type = bytes_trim(bytes_of(type.p, slash));
	if (slash < type.len)
		p->subtype = bytes_trim(bytes_of(type.p + slash + 1, type.len - slash - 1));
	if (bytes_eq_nocase(p->type, "text") && !p->subtype.len)
		p->subtype = BYTES("plain");
	else if (!p->subtype.len) /* no type at all */
		p->type = (struct bytes){ 0 };
}

static enum err read_header(struct arena *a, struct mime_part *p, struct bytes block)
{
	struct header h;
	struct bytes type = { 0 }, disposition = { 0 }, encoding = { 0 };
	struct mime_params ignored;
	enum err e;

	if ((e = header_parse(a, block, &h)) ||
	    (e = read_params(a, header_get(&h, "Content-Type"), &type, &p->params)) ||
	    (e = read_params(
		 a, header_get(&h, "Content-Disposition"), &disposition, &p->disposition_params)) ||
	    (e = read_params(a, header_get(&h, "Content-Transfer-Encoding"), &encoding, &ignored)))
		return e;
	set_type(p, type);
	p->encoding = mime_encoding_parse(encoding);
	p->disposition = mime_disposition_parse(disposition);
	p->id = header_get(&h, "Content-ID");
	p->description = header_get(&h, "Content-Description");
	p->location = header_get(&h, "Content-Location");
	p->language = header_get(&h, "Content-Language");
	p->language.len = bytes_find(p->language, ',');
	return ERR_OK;
}

/* A new child of `parent`, behind `last`; NULL when there are enough. */
static struct mime_part *add_part(struct parser *p, struct mime_part *parent, struct mime_part *last)
{
	struct mime_part *part;

	p->is_cut = p->parts == MIME_MAX_PARTS;
	part = p->is_cut ? NULL : arena_alloc(p->arena, sizeof(*part));
	if (!part)
		return NULL;
	p->parts++;
	part->parent = parent;
	if (last)
		last->next = part;
	else
		parent->child = part;
	return part;
}

static bool push(struct parser *p, struct mime_part *part, struct bytes range, size_t depth)
{
	struct task *t = arena_alloc(p->arena, sizeof(*t));

	if (!t)
		return false;
	*t = (struct task){ p->todo, part, range, depth };
	p->todo = t;
	return true;
}

/* The next line "--boundary" or "--boundary--" in rest: what stands before it, without the line break that
 * belongs to the boundary, and the rest behind it. False if there is none. */
static bool next_boundary(struct bytes *rest, struct bytes boundary, struct bytes *before, bool *last)
{
	const uint8_t *from = rest->p, *end = rest->p + rest->len, *at, *behind;

	while ((at = memmem(from, (size_t)(end - from), boundary.p, boundary.len))) {
		from = at + 1;
		if (at != rest->p && at[-1] != '\n')
			continue;
		behind = at + boundary.len;
		*last = end - behind >= 2 && behind[0] == '-' && behind[1] == '-';
		if (!*last && behind < end && !strchr(" \t\r\n", *behind))
			continue; /* a longer boundary that begins with ours */
		*before = bytes_of(rest->p, (size_t)(at - rest->p));
		if (before->len && before->p[before->len - 1] == '\n')
			before->len--;
		if (before->len && before->p[before->len - 1] == '\r')
			before->len--;
		while (behind < end && *behind != '\n')
			behind++;
		behind += behind < end;
		*rest = bytes_of(behind, (size_t)(end - behind));
		return true;
	}
	return false;
}

static enum err split_multipart(struct parser *p, struct mime_part *part, size_t depth)
{
	struct bytes name = mime_param(&part->params, "boundary"), rest = part->body, piece, line;
	struct mime_part *child = NULL;
	bool last, more;
	char *text;

	if (!name.len && mime_param_decode(p->arena, &part->params, "boundary", &name))
		return ERR_LIMIT;
	text = arena_printf(p->arena, "--%.*s", BYTES_ARG(name));
	if (!text)
		return ERR_LIMIT;
	line = bytes_str(text);
	if (!name.len || line.len != name.len + 2 || !next_boundary(&rest, line, &piece, &last))
		return ERR_OK;
	for (more = !last; more;) {
		struct bytes start = rest;

		more = next_boundary(&rest, line, &piece, &last);
		if (!more) /* the closing boundary is missing */
			piece = start;
		if (!more && !piece.len)
			break;
		child = add_part(p, part, child);
		if (!child)
			return p->is_cut ? ERR_OK : ERR_LIMIT;
		if (!push(p, child, piece, depth + 1))
			return ERR_LIMIT;
		more = more && !last;
	}
	return ERR_OK;
}

static enum err open_message(struct parser *p, struct mime_part *part, size_t depth)
{
	struct mime_part *child = add_part(p, part, NULL);

	if (!child)
		return p->is_cut ? ERR_OK : ERR_LIMIT;
	part->message_header = bytes_of(part->body.p, header_block_len(part->body));
	return push(p, child, part->body, depth + 1) ? ERR_OK : ERR_LIMIT;
}

static enum err open_part(struct parser *p, struct mime_part *part, struct bytes range, size_t depth)
{
	size_t n = header_block_len(range);
	bool encoded;
	enum err e;

	/* Inside a multipart the empty line of a part without a header is there, or the part begins with
	 * text. */
	part->header = bytes_of(range.p, n);
	part->body = bytes_of(range.p + n, range.len - n);
	part->size = part->body.len < UINT32_MAX ? (uint32_t)part->body.len : UINT32_MAX;
	if ((e = read_header(p->arena, part, part->header)))
		return e;
	if (!part->type.len && part->parent && mime_is(part->parent, "multipart", "digest")) {
		part->type = BYTES("message");
		part->subtype = BYTES("rfc822");
	}
	encoded = part->encoding == MIME_BASE64 || part->encoding == MIME_QUOTED_PRINTABLE;
	if (depth + 1 >= MIME_MAX_DEPTH)
		return ERR_OK;
	if (mime_is(part, "multipart", NULL))
		return split_multipart(p, part, depth);
	if (!encoded && (mime_is(part, "message", "rfc822") || mime_is(part, "message", "global")))
		return open_message(p, part, depth);
	return ERR_OK;
}

enum err mime_parse(struct arena *a, struct bytes raw, struct bytes *header, struct mime_part **out)
{
	struct parser p = { .arena = a, .parts = 1 };
	struct mime_part *root = arena_alloc(a, sizeof(*root));
	enum err e;

	if (!raw.p)
		raw = BYTES(""); /* of NULL there are no parts */
	if (!root || !push(&p, root, header_skip_junk(raw), 0))
		return ERR_LIMIT;
	while (p.todo) {
		struct task *t = p.todo;

		p.todo = t->next;
		if ((e = open_part(&p, t->part, t->range, t->depth)))
			return e;
	}
	if ((e = mime_tree_finish(a, root)))
		return e;
	root->is_cut = p.is_cut;
	*header = root->header;
	*out = root;
	return ERR_OK;
}
