#include "mail/tnef_part.h"

#include "mail/header.h"

static const char *const names[] = { "winmail.dat", "win.dat" };

bool tnef_is_part(const struct mime_part *part)
{
	struct bytes name = mime_param(&part->disposition_params, "filename");
	bool named = false;

	if (part->size > TNEF_LARGEST || !part->size)
		return false;
	if (mime_is(part, "application", "ms-tnef") || mime_is(part, "application", "vnd.ms-tnef"))
		return true;
	if (!name.len)
		name = mime_param(&part->params, "name");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		named = named || bytes_eq_nocase(name, names[i]);
	return named && mime_is(part, "application", "octet-stream");
}

/* An embedded item is shown as the text that it holds: no phone opens TNEF. */
static enum err show(struct arena *a, struct tnef_file *f)
{
	struct bytes subject;
	struct tnef inner;
	bool html;
	enum err e;

	if (!f->is_message)
		return ERR_OK;
	if ((e = tnef_read(a, f->data, &inner)))
		return e == ERR_PROTO ? ERR_OK : e;
	html = inner.html.len > 0;
	if (!html && !inner.plain.len)
		return ERR_OK;
	subject = inner.subject.len ? inner.subject : f->name.len ? f->name : BYTES("Message");
	f->data = html ? inner.html : inner.plain;
	f->type = html ? BYTES("text/html") : BYTES("text/plain");
	f->name = bytes_str(arena_printf(a, "%.*s.%s", BYTES_ARG(subject), html ? "htm" : "txt"));
	return f->name.len ? ERR_OK : ERR_LIMIT;
}

static enum err set_param(struct arena *a, struct mime_params *params, const char *name, struct bytes value)
{
	params->v = arena_alloc(a, sizeof(*params->v));
	if (!params->v)
		return ERR_LIMIT;
	params->v[0] = (struct mime_param){ bytes_str(name), value };
	params->n = 1;
	return ERR_OK;
}

static enum err add(
    struct arena *a, struct mime_part *up, struct bytes body, const char *section, struct mime_part **out)
{
	struct mime_part *p = arena_alloc(a, sizeof(*p)), **last = &up->child;

	if (!p || !section)
		return ERR_LIMIT;
	while (*last)
		last = &(*last)->next;
	*last = p;
	p->parent = up;
	p->body = body;
	p->size = (uint32_t)body.len;
	p->encoding = MIME_BINARY;
	p->section = section;
	*out = p;
	return ERR_OK;
}

static enum err add_text(struct arena *a, struct mime_part *up, struct bytes text, const char *subtype)
{
	struct mime_part *p;
	enum err e;

	if (!text.len)
		return ERR_OK;
	/* These sections say what they are, and name no file. */
	if ((e = add(a, up, text, arena_printf(a, "%s~%s", up->section, subtype), &p)))
		return e;
	p->type = BYTES("text");
	p->subtype = bytes_str(subtype);
	return set_param(a, &p->params, "charset", BYTES("utf-8"));
}

static enum err add_file(struct arena *a, struct mime_part *up, const struct tnef_file *f, unsigned number)
{
	size_t slash = bytes_find(f->type, '/');
	struct mime_part *p;
	enum err e;

	if ((e = add(a, up, f->data, arena_printf(a, "%s~%u", up->section, number), &p)))
		return e;
	p->type = slash < f->type.len ? bytes_of(f->type.p, slash) : BYTES("application");
	p->subtype = slash < f->type.len ? bytes_of(f->type.p + slash + 1, f->type.len - slash - 1)
					 : BYTES("octet-stream");
	if (!f->data.len)
		p->size = f->left_out;
	p->id = f->content_id;
	p->location = f->content_location;
	p->disposition =
	    f->content_id.len && bytes_eq_nocase(p->type, "image") ? MIME_INLINE : MIME_ATTACHMENT;
	return f->name.len ? set_param(a, &p->disposition_params, "filename", f->name) : ERR_OK;
}

enum err tnef_unfold(
    struct arena *a, struct mime_part *part, struct bytes data, bool with_texts, bool *unfolded)
{
	struct tnef *t = arena_alloc(a, sizeof(*t));
	struct mime_part as_it_was;
	enum err e = t ? tnef_read(a, data, t) : ERR_LIMIT;

	*unfolded = false;
	if (e)
		return e == ERR_PROTO ? ERR_OK : e;
	part->item = t;
	as_it_was = *part;
	part->child = NULL;
	/* HTML alone, if there is any: plain text is made from it. */
	if (with_texts &&
	    (e = add_text(a, part, t->html.len ? t->html : t->plain, t->html.len ? "html" : "plain")))
		return e;
	for (size_t i = 0; i < t->n_files; i++)
		if ((e = show(a, &t->files[i])) || (e = add_file(a, part, &t->files[i], (unsigned)i + 1)))
			return e;
	if (!part->child) {
		*part = as_it_was;
		return ERR_OK;
	}
	part->type = BYTES("multipart");
	part->subtype = BYTES("mixed");
	part->params = part->disposition_params = (struct mime_params){ 0 };
	part->disposition = MIME_DISPOSITION_NONE;
	*unfolded = true;
	return ERR_OK;
}

const struct tnef *tnef_of_mail(const struct mime_part *root)
{
	if (root->item || !mime_is(root, "multipart", "mixed"))
		return root->item;
	for (const struct mime_part *p = root->child; p; p = p->next)
		if (p->item)
			return p->item;
	return NULL;
}

enum err tnef_file_read(struct arena *a, struct bytes data, uint32_t n, struct tnef_file *out)
{
	struct tnef t;
	enum err e = tnef_read(a, data, &t);

	if (e)
		return e == ERR_PROTO ? ERR_NOT_FOUND : e;
	if (n == 0 || n > t.n_files)
		return ERR_NOT_FOUND;
	*out = t.files[n - 1];
	return show(a, out);
}
