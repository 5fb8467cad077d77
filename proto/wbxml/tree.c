/* A request as a tree. Built in a loop over the reader's events, with a stack of fixed depth: no recursion.
 */
#include "wbxml/wbxml.h"

/* One open element. */
struct level {
	struct wbxml_node *node, *last; /* last: its newest child */
	struct buf text;                /* used when its text comes in several pieces */
	unsigned pieces;
};

struct builder {
	struct arena *arena;
	size_t nodes_left;
	size_t depth;
	struct level levels[WBXML_MAX_DEPTH];
	struct wbxml_node *root;
};

static enum err add_node(struct builder *b, wbxml_tag tag)
{
	struct level *parent = b->depth ? &b->levels[b->depth - 1] : NULL;
	struct level *level = &b->levels[b->depth];
	struct wbxml_node *n;

	if (b->nodes_left == 0)
		return ERR_LIMIT;
	b->nodes_left--;
	n = arena_alloc(b->arena, sizeof(*n));
	if (!n)
		return ERR_LIMIT;
	n->tag = tag;
	if (!parent) {
		b->root = n;
	} else {
		n->parent = parent->node;
		if (parent->last)
			parent->last->next = n;
		else
			parent->node->child = n;
		parent->last = n;
	}
	level->node = n;
	level->last = NULL;
	level->pieces = 0;
	b->depth++;
	return ERR_OK;
}

/* The first piece is a view of the document; only when a second one comes are they copied together. */
static void add_text(struct builder *b, struct bytes text)
{
	struct level *l = &b->levels[b->depth - 1];

	if (l->pieces++ == 0) {
		l->node->text = text;
		return;
	}
	if (l->pieces == 2) {
		buf_init(&l->text, b->arena, 0);
		buf_put(&l->text, l->node->text);
	}
	buf_put(&l->text, text);
}

static enum err end_node(struct builder *b)
{
	struct level *l = &b->levels[--b->depth];

	return l->pieces > 1 ? buf_done(&l->text, &l->node->text) : ERR_OK;
}

static enum err build(struct builder *b, struct wbxml_reader *r)
{
	struct wbxml_event ev;
	enum err e;

	for (;;) {
		if ((e = wbxml_reader_next(r, &ev)))
			return e;
		switch (ev.kind) {
		case WBXML_START:
			e = add_node(b, ev.tag);
			break;
		case WBXML_VALUE:
			add_text(b, ev.value);
			break;
		case WBXML_END:
			e = end_node(b);
			break;
		case WBXML_EOF:
			return ERR_OK;
		}
		if (e) {
			r->problem = "the document is too large";
			return e;
		}
	}
}

enum err wbxml_tree(struct arena *a, struct bytes doc, size_t max_nodes, struct wbxml_node **out, size_t *at,
    const char **problem)
{
	struct builder *b = arena_alloc(a, sizeof(*b)); /* too large for a fiber's stack */
	struct wbxml_reader r = { 0 };
	enum err e;

	if (!b) {
		e = ERR_LIMIT;
		r.problem = "the memory budget is spent";
	} else {
		b->arena = a;
		b->nodes_left = max_nodes;
		if (!(e = wbxml_reader_init(&r, doc)) && !(e = build(b, &r)))
			*out = b->root;
	}
	if (at)
		*at = e ? wbxml_reader_offset(&r) : 0;
	if (problem)
		*problem = e ? r.problem : NULL;
	return e;
}

static const struct wbxml_node *find(const struct wbxml_node *n, wbxml_tag tag)
{
	while (n && n->tag != tag)
		n = n->next;
	return n;
}

const struct wbxml_node *wbxml_child(const struct wbxml_node *parent, wbxml_tag tag)
{
	return parent ? find(parent->child, tag) : NULL;
}

const struct wbxml_node *wbxml_next(const struct wbxml_node *node, wbxml_tag tag)
{
	return find(node->next, tag);
}

struct bytes wbxml_child_text(const struct wbxml_node *parent, wbxml_tag tag)
{
	const struct wbxml_node *n = wbxml_child(parent, tag);

	return n ? bytes_trim(n->text) : bytes_of(NULL, 0);
}

enum err wbxml_bool(const struct wbxml_node *node, bool *out)
{
	struct bytes text = bytes_trim(node->text);

	if (text.len && !bytes_eq_str(text, "1") && !bytes_eq_str(text, "0"))
		return ERR_PROTO;
	*out = text.len == 0 || text.p[0] == '1';
	return ERR_OK;
}

enum err wbxml_child_bool(const struct wbxml_node *parent, wbxml_tag tag, bool fallback, bool *out)
{
	const struct wbxml_node *n = wbxml_child(parent, tag);

	if (n)
		return wbxml_bool(n, out);
	*out = fallback;
	return ERR_OK;
}

enum err wbxml_child_uint(
    const struct wbxml_node *parent, wbxml_tag tag, uint32_t fallback, uint32_t max, uint32_t *out)
{
	const struct wbxml_node *n = wbxml_child(parent, tag);

	if (n)
		return bytes_to_u32(bytes_trim(n->text), max, out);
	*out = fallback;
	return ERR_OK;
}
