#include "mail/mime_part.h"

#include <string.h>

struct mime_part *mime_part_skip(const struct mime_part *root, const struct mime_part *part)
{
	while (part != root) {
		if (part->next)
			return part->next;
		part = part->parent;
	}
	return NULL;
}

struct mime_part *mime_part_next(const struct mime_part *root, const struct mime_part *part)
{
	return part->child ? part->child : mime_part_skip(root, part);
}

bool mime_is_hollow(const struct mime_part *root)
{
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		if (p->size)
			return false;
	return true;
}

struct mime_part *mime_part_find(const struct mime_part *root, struct bytes section)
{
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		if (bytes_eq_str(section, p->section))
			return (struct mime_part *)(uintptr_t)p;
	return NULL;
}

struct bytes mime_param(const struct mime_params *params, const char *name)
{
	for (size_t i = 0; i < params->n; i++)
		if (bytes_eq_nocase(params->v[i].name, name))
			return params->v[i].value;
	return (struct bytes){ 0 };
}

enum mime_encoding mime_encoding_parse(struct bytes name)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {
		{ "7bit", MIME_7BIT },
		{ "7-bit", MIME_7BIT },
		{ "", MIME_7BIT },
		{ "8bit", MIME_8BIT },
		{ "8-bit", MIME_8BIT },
		{ "binary", MIME_BINARY },
		{ "quoted-printable", MIME_QUOTED_PRINTABLE },
		{ "base64", MIME_BASE64 },
		{ "x-uuencode", MIME_UUENCODE },
		{ "x-uue", MIME_UUENCODE },
		{ "uuencode", MIME_UUENCODE },
	};

	name = bytes_trim(name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bytes_eq_nocase(name, names[i].name))
			return names[i].encoding;
	return MIME_ENCODING_UNKNOWN;
}

enum mime_disposition mime_disposition_parse(struct bytes name)
{
	if (name.len == 0)
		return MIME_DISPOSITION_NONE;
	return bytes_eq_nocase(name, "inline") ? MIME_INLINE : MIME_ATTACHMENT;
}

static bool is_message(const struct mime_part *p)
{
	return p && p->child && !mime_is(p, "multipart", NULL);
}

/* Numbers as IMAP does (RFC 3501, 6.4.5): the parts of a multipart count from 1 below its own number. A
 * message's body that is a multipart has no number of its own, one that is not has the number 1. */
static const char *section_of(struct arena *a, const struct mime_part *p, unsigned number)
{
	bool multipart = mime_is(p, "multipart", NULL);
	const struct mime_part *up = p->parent;
	const char *base = up ? up->section : "";
	size_t len = strlen(base);

	if (!up || is_message(up))
		return arena_printf(a, "%s%s%s", base, up ? "." : "", multipart ? "TEXT" : "1");
	/* The children of "TEXT" are "1", "2", those of "2.TEXT" are "2.1", "2.2". */
	if (len >= 4 && strcmp(base + len - 4, "TEXT") == 0)
		return arena_printf(a, "%.*s%u", (int)(len - 4), base, number);
	return arena_printf(a, "%s.%u", base, number);
}

enum err mime_tree_finish(struct arena *a, struct mime_part *root)
{
	struct mime_part *p = root, *c;
	size_t count = 0, depth = 0;
	unsigned number = 1;

	root->parent = NULL;
	root->next = NULL;
	for (;;) {
		p->section = section_of(a, p, number);
		if (!p->section)
			return ERR_LIMIT;
		if (depth + 1 >= MIME_MAX_DEPTH)
			p->child = NULL;
		if (++count >= MIME_MAX_PARTS) { /* what follows p at any level goes */
			root->is_cut = root->is_cut || p->child;
			p->child = NULL;
			for (struct mime_part *up = p; up; up = up->parent) {
				root->is_cut = root->is_cut || up->next;
				up->next = NULL;
			}
			return ERR_OK;
		}
		for (c = p->child; c; c = c->next)
			c->parent = p;
		if (is_message(p))
			p->child->next = NULL;
		if (p->child) {
			p = p->child;
			number = 1;
			depth++;
			continue;
		}
		for (; p != root && !p->next; p = p->parent)
			depth--;
		if (p == root)
			return ERR_OK;
		/* The place among the siblings, found again after the way up. */
		number = 2;
		for (c = p->parent->child; c != p; c = c->next)
			number++;
		p = p->next;
	}
}
