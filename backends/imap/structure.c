#include "imap/structure.h"

/* The tree of values lives in an arena of its own: envelopes and extension data, most of it, go away with it. */
enum { TREE_BYTES = 8 * 1024 * 1024 };

/* The children of a list, one after the other; an empty value when there are no more. */
static struct imap_value take(const struct imap_value **v)
{
	struct imap_value out = { .kind = IMAP_NIL };

	if (*v) {
		out = **v;
		*v = out.next;
	}
	return out;
}

static enum err dup_text(struct arena *a, struct imap_value v, struct bytes *out)
{
	*out = (struct bytes){ 0 };
	return v.kind == IMAP_STRING && v.text.len ? arena_dup(a, v.text, out) : ERR_OK;
}

static uint32_t number(struct imap_value v)
{
	uint32_t n;

	return v.kind == IMAP_STRING && !bytes_to_u32(v.text, UINT32_MAX, &n) ? n : 0;
}

/* ("charset" "utf-8" "name" "x") */
static enum err read_params(struct arena *a, struct imap_value list, struct mime_params *out)
{
	const struct imap_value *at = list.first;
	size_t n = 0;
	enum err e = ERR_OK;

	for (const struct imap_value *v = at; v; v = v->next)
		n++;
	n = n / 2 < MIME_MAX_PARAMS ? n / 2 : MIME_MAX_PARAMS;
	*out = (struct mime_params){ 0 };
	if (!n)
		return ERR_OK;
	out->v = arena_array(a, n, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	for (; out->n < n && !e; out->n++) {
		if (!(e = dup_text(a, take(&at), &out->v[out->n].name)))
			e = dup_text(a, take(&at), &out->v[out->n].value);
	}
	return e;
}

/* Disposition, language, location: the same at the end of both kinds of body. */
static enum err read_extension(struct arena *a, const struct imap_value *at, struct mime_part *p)
{
	struct imap_value disposition = take(&at), language = take(&at);
	enum err e;

	if (disposition.kind == IMAP_LIST) {
		const struct imap_value *in = disposition.first;
		struct imap_value kind = take(&in);

		p->disposition =
		    kind.kind == IMAP_STRING ? mime_disposition_parse(kind.text) : MIME_DISPOSITION_NONE;
		if ((e = read_params(a, take(&in), &p->disposition_params)))
			return e;
	} else if (disposition.kind == IMAP_STRING) {
		p->disposition = mime_disposition_parse(disposition.text);
	}
	if (language.kind == IMAP_LIST && language.first)
		language = *language.first;
	if ((e = dup_text(a, language, &p->language)))
		return e;
	return dup_text(a, take(&at), &p->location);
}

/* (body body "mixed" params disposition language location) */
static enum err read_multipart(struct arena *a, const struct imap_value *at, struct mime_part *p)
{
	enum err e;

	while (at && at->kind == IMAP_LIST)
		at = at->next;
	p->type = BYTES("multipart");
	if ((e = dup_text(a, take(&at), &p->subtype)) || (e = read_params(a, take(&at), &p->params)))
		return e;
	return read_extension(a, at, p);
}

/* ("text" "plain" params id description encoding size …); *enclosed is the body inside message/rfc822. */
static enum err read_single(
    struct arena *a, const struct imap_value *at, struct mime_part *p, const struct imap_value **enclosed)
{
	struct imap_value v;
	enum err e;

	if ((e = dup_text(a, take(&at), &p->type)) || (e = dup_text(a, take(&at), &p->subtype)) ||
	    (e = read_params(a, take(&at), &p->params)) || (e = dup_text(a, take(&at), &p->id)) ||
	    (e = dup_text(a, take(&at), &p->description)))
		return e;
	v = take(&at);
	p->encoding = mime_encoding_parse(v.text);
	p->size = number(take(&at));
	if ((mime_is(p, "message", "rfc822") || mime_is(p, "message", "global")) && at &&
	    at->kind != IMAP_STRING) {
		take(&at); /* the envelope */
		*enclosed = at && at->kind == IMAP_LIST ? at : NULL;
		take(&at);
		p->lines = number(take(&at));
	} else if (bytes_eq_nocase(
		       p->type, "text")) { /* not where no type is said: then there is no number of lines */
		p->lines = number(take(&at));
	}
	take(&at); /* MD5 */
	return read_extension(a, at, p);
}

struct level {
	const struct imap_value *todo; /* the next body on this level; NULL = none */
	bool only_one;
	struct mime_part **at;
};

/* No recursion: the depth is the sender's choice. */
static enum err convert(struct arena *a, const struct imap_value *root, struct mime_part **out)
{
	struct level levels[MIME_MAX_DEPTH];
	size_t depth = 1, parts = 0;
	enum err e;

	levels[0] = (struct level){ root, true, out };
	while (depth) {
		struct level *l = &levels[depth - 1];
		const struct imap_value *v = l->todo, *below = NULL;
		struct mime_part *p;
		bool multipart;

		if (!v || v->kind != IMAP_LIST || ++parts > MIME_MAX_PARTS) {
			if (parts > MIME_MAX_PARTS)
				(*out)->is_cut = true;
			depth--;
			continue;
		}
		l->todo = l->only_one ? NULL : v->next;
		p = arena_alloc(a, sizeof(*p));
		if (!p)
			return ERR_LIMIT;
		*l->at = p;
		l->at = &p->next;
		multipart = v->first && v->first->kind == IMAP_LIST;
		e = multipart ? read_multipart(a, v->first, p) : read_single(a, v->first, p, &below);
		if (e)
			return e;
		if (multipart)
			below = v->first;
		if (below && depth < MIME_MAX_DEPTH)
			levels[depth++] = (struct level){ below, !multipart, &p->child };
	}
	return ERR_OK;
}

enum err imap_read_structure(struct imap_reader *r, struct arena *a, size_t most, struct mime_part **out)
{
	struct arena *tree = arena_new(most < TREE_BYTES ? most : TREE_BYTES);
	struct imap_value *root;
	enum err e = imap_read_value(r, tree, &root);

	*out = NULL;
	if (e == ERR_LIMIT)
		e = ERR_PROTO; /* of the tree, not of the caller's arena */
	if (!e && root->kind == IMAP_LIST)
		e = convert(a, root, out);
	arena_free(&tree);
	if (!e && *out)
		e = mime_tree_finish(a, *out);
	return e;
}
