#include "mail/draft_maker.h"
#include "mail/mime_parse.h"
#include "mail/text.h"
#include "mail/wire_safe.h"

/* Which parts a draft will have. */

/* ---- the phone's own MIME ---- */

/* Of its files those that the draft has already: phones send files apart, and some put them into their MIME besides. */
static enum err find_in_mime(struct draft_maker *m)
{
	size_t n = m->base->n_attachments;
	struct bytes *names = arena_array(m->arena, n, sizeof(*names));
	enum err e = ERR_OK;

	m->in_mime = arena_array(m->arena, n, sizeof(bool));
	if (!names || !m->in_mime)
		return ERR_LIMIT;
	for (size_t i = 0; i < n && !e; i++)
		e = attachment_name(m->arena, m->base->attachments[i].part, &names[i]);
	for (const struct mime_part *p = m->mime; p && !e; p = mime_part_next(m->mime, p)) {
		struct attachment at;
		struct bytes name;

		if (mime_is(p, "multipart", NULL) || (e = attachment_of(m->arena, p, 1, &at)) ||
		    (e = attachment_name(m->arena, p, &name)))
			continue;
		for (size_t i = 0; i < n; i++) {
			struct bytes id = m->base->attachments[i].content_id;

			if ((name.len && bytes_eq(name, names[i])) ||
			    (at.content_id.len && bytes_eq(at.content_id, id)))
				m->in_mime[i] = true;
		}
	}
	return e;
}

static bool has_files_in(const struct mime_part *root)
{
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		if (!p->child && !mime_is(p, "multipart", NULL) && !mime_is(p, "text", NULL))
			return true;
	return false;
}

/* What the draft has can't be taken apart: it would go, unless that is meant. */
static bool would_drop(const struct draft_maker *m)
{
	for (size_t i = 0; m->base && m->is_sealed && i < m->base->n_attachments; i++)
		if (!m->removed[i])
			return !has_files_in(m->mime);
	return false;
}

enum err draft_read_mime(struct draft_maker *m)
{
	struct bytes raw, block;
	enum err e;

	if (!header_block_len(m->edit->text))
		return ERR_PROTO;
	if ((e = mail_wire_safe(m->arena, m->edit->text, &raw)) || (e = text_crlf(m->arena, raw, &raw)) ||
	    (e = mime_parse(m->arena, raw, &block, &m->mime)) ||
	    (e = header_parse(m->arena, block, &m->source)))
		return e;
	if (!m->source.n || bytes_find(raw, 0) != raw.len)
		return ERR_PROTO;
	if (would_drop(m))
		return ERR_UNSUPPORTED;
	return m->base ? find_in_mime(m) : ERR_OK;
}

/* ---- which parts there are ---- */

static bool is_shown(const struct draft_maker *m, struct bytes content_id)
{
	return m->is_html && m->html.len && content_id.len &&
	       memmem(m->html.p, m->html.len, content_id.p, content_id.len);
}

size_t draft_n_base(const struct draft_maker *m)
{
	return m->base && !(m->mime && m->is_sealed) ? m->base->n_attachments : 0;
}

bool draft_is_kept(const struct draft_maker *m, size_t i)
{
	return !m->removed[i] && !(m->in_mime && m->in_mime[i]);
}

enum err draft_choose_parts(struct draft_maker *m)
{
	m->base_shown = arena_array(m->arena, draft_n_base(m), sizeof(bool));
	m->added_shown = arena_array(m->arena, m->edit->n_added, sizeof(bool));
	if (!m->base_shown || !m->added_shown)
		return ERR_LIMIT;
	for (size_t i = 0; i < draft_n_base(m); i++) {
		m->base_shown[i] = is_shown(m, m->base->attachments[i].content_id);
		if (draft_is_kept(m, i))
			++*(m->base_shown[i] ? &m->n_shown : &m->n_files);
	}
	for (size_t i = 0; i < m->edit->n_added; i++) {
		m->added_shown[i] = !m->edit->added[i].is_mail && is_shown(m, m->edit->added[i].content_id);
		++*(m->added_shown[i] ? &m->n_shown : &m->n_files);
	}
	return ERR_OK;
}

/* ---- their sections ---- */

struct places {
	unsigned file, shown; /* the next one's number */
};

static const char *next_section(const struct draft_maker *m, struct places *at, bool shown)
{
	if (!shown)
		return arena_printf(m->arena, "%u", at->file++);
	return arena_printf(m->arena, "%s2.%u", m->n_files ? "1." : "", at->shown++);
}

/* A part that is kept goes on under the name by which phones know it. */
static enum err name_part(struct draft_maker *m, size_t i, const char *section)
{
	struct bytes was = bytes_str(m->base->attachments[i].part->section);
	const struct draft_name *known = draft_field_name(m->names, was);
	struct draft_field *f = &m->field;

	if (!section)
		return ERR_LIMIT;
	if (f->n_names == DRAFT_MAX_NAMES)
		return ERR_UNSUPPORTED;
	f->names[f->n_names++] = (struct draft_name){ .section = bytes_str(section),
		.uid = known ? known->uid : m->uid,
		.part = known ? known->part : was };
	return ERR_OK;
}

enum err draft_number_parts(struct draft_maker *m)
{
	struct places at = { 2, 2 };
	enum err e;

	m->field = m->stamp->field;
	m->field.names = arena_array(m->arena, draft_n_base(m), sizeof(*m->field.names));
	m->field.n_names = 0;
	m->out->added = arena_array(m->arena, m->edit->n_added, sizeof(char *));
	if (!m->field.names || !m->out->added)
		return ERR_LIMIT;
	for (size_t i = 0; i < draft_n_base(m); i++)
		if (draft_is_kept(m, i) && (e = name_part(m, i, next_section(m, &at, m->base_shown[i]))))
			return e;
	for (size_t i = 0; i < m->edit->n_added; i++)
		if (!(m->out->added[i] = next_section(m, &at, m->added_shown[i])))
			return ERR_LIMIT;
	return ERR_OK;
}
