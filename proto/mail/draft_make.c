#include "mail/address.h"
#include "mail/conversation.h"
#include "mail/draft_maker.h"
#include "mail/email.h"
#include "mail/smime.h"
#include "mail/text.h"

/* From what the phone says to the mail: the text, then all else in files of its own. */

/* ---- the text ---- */

/* What the phone was shown was cut, and it has sent that back. */
static bool is_shown_beginning(struct bytes text, struct bytes whole, uint32_t shown)
{
	enum { CUT_BETWEEN_CHARACTERS = 8 };

	return shown != BODY_WHOLE && text.len < whole.len && text.len <= shown &&
	       text.len + CUT_BETWEEN_CHARACTERS > shown && bytes_eq(text, bytes_of(whole.p, text.len));
}

static bool has_new_text(const struct draft_maker *m)
{
	struct bytes had;

	if (m->edit->type == BODY_NONE || m->edit->is_cut)
		return false;
	if (!m->base)
		return true;
	had = m->edit->type == BODY_HTML ? m->base->html : m->base->plain;
	return !text_same(m->edit->text, had) &&
	       !is_shown_beginning(m->edit->text, had, m->stamp->truncation_size);
}

static enum err choose_text(struct draft_maker *m)
{
	size_t used;

	m->has_new_text = has_new_text(m);
	if (!m->has_new_text) {
		if (!m->base)
			return ERR_OK;
		m->is_html = m->base->has_html;
		m->plain = m->base->plain;
		m->html = m->base->html;
		return ERR_OK;
	}
	m->is_html = m->edit->type == BODY_HTML;
	if (!m->is_html) {
		m->plain = m->edit->text;
		return ERR_OK;
	}
	m->html = m->edit->text;
	return text_from_html(m->arena, m->html, 0, &m->plain, &used);
}

/* ---- what is told ---- */

static enum err shown_addresses(struct arena *a, const struct header *h, const char *name, struct bytes *out)
{
	struct mail_addresses list;
	enum err e = header_addresses(a, h, name, &list);

	return e ? e : address_list_format(a, &list, ", ", SIZE_MAX, out);
}

static enum err compare_headers(struct draft_maker *m, const struct header *now)
{
	static const char *const names[] = { "To", "Cc", "Bcc", "Reply-To" };
	const struct header *had = &m->base->header;
	bool same = email_importance(had) == email_importance(now);
	struct bytes x, y;
	enum err e = ERR_OK;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && same && !e; i++)
		if (!(e = shown_addresses(m->arena, had, names[i], &x)) &&
		    !(e = shown_addresses(m->arena, now, names[i], &y)))
			same = bytes_eq(x, y);
	if (same && !e && !(e = header_get_text(m->arena, had, "Subject", &x)) &&
	    !(e = header_get_text(m->arena, now, "Subject", &y)))
		same = bytes_eq(x, y);
	m->out->is_same = same;
	return e;
}

static bool are_files_same(const struct draft_maker *m)
{
	for (size_t i = 0; i < m->base->n_attachments; i++)
		if (m->removed && m->removed[i])
			return false;
	return !m->edit->n_added;
}

static enum err compare(struct draft_maker *m, const struct header *now)
{
	if (!m->base || m->mime || m->has_new_text || !are_files_same(m))
		return ERR_OK;
	return compare_headers(m, now);
}

static enum err tell(struct draft_maker *m)
{
	struct header h;
	enum err e;

	if ((e = header_parse(m->arena, m->out->mail.header, &h)) || (e = compare(m, &h)) ||
	    (e = conversation_id(m->arena, &h, &m->out->conversation_id)))
		return e;
	return conversation_index(m->arena, &h, m->stamp->now, &m->out->conversation_index);
}

enum err draft_make(struct arena *a, const struct smart_original *base, const bool *removed,
    const struct draft_field *names, uint32_t uid, const struct draft_edit *edit,
    const struct draft_stamp *stamp, struct draft_made *out)
{
	struct draft_maker m = { .arena = a,
		.base = base,
		.removed = removed,
		.names = names,
		.uid = uid,
		.edit = edit,
		.stamp = stamp,
		.out = out };
	enum err e;

	*out = (struct draft_made){ 0 };
	m.is_sealed = base && (base->sealed || smime_is_sealed(base->root));
	if (edit->type == BODY_MIME) {
		e = draft_read_mime(&m);
	} else {
		if (m.is_sealed)
			return ERR_UNSUPPORTED;
		if (base)
			m.source = base->header;
		e = choose_text(&m);
	}
	if (e || (e = draft_choose_parts(&m)) || (e = draft_number_parts(&m)) || (e = draft_write(&m)))
		return e;
	return tell(&m);
}
