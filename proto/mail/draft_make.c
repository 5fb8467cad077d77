#include <string.h>

#include "base/time.h"
#include "mail/address.h"
#include "mail/conversation.h"
#include "mail/draft.h"
#include "mail/email.h"
#include "mail/encoded_word.h"
#include "mail/mime_parse.h"
#include "mail/part_header.h"
#include "mail/smime.h"
#include "mail/text.h"
#include "mail/text_part.h"
#include "mail/transfer.h"
#include "mail/wire_safe.h"

/* The mail that a draft becomes. It is always made anew, in the plainest form that holds it:
 *
 * 	mixed                     where there are files
 * 		alternative       where the text is HTML
 * 			plain
 * 			related   where it shows pictures
 * 				html, pictures
 * 		files
 *
 * or, with the phone's own MIME, that and the files beside it. What the phone says apart of its header (iOS often does, and often
 * doesn't) counts. */

struct maker {
	struct arena *arena;
	const struct smart_original *base;
	const bool *removed;
	const struct draft_field *names;
	uint32_t uid;
	const struct draft_edit *edit;
	const struct draft_stamp *stamp;
	struct draft_made *out;
	struct header source;   /* of which fields are kept */
	struct mime_part *mime; /* the phone's own; NULL: none */
	bool *in_mime;          /* for each attachment of base whether it has that, too; NULL: no */
	bool is_sealed;         /* base is */
	bool is_html, has_new_text;
	struct bytes plain, html;
	bool *base_shown, *added_shown; /* by the HTML: a picture */
	size_t n_files, n_shown;
	struct draft_field field;
	struct pieces pieces;
};

/* ---- the text ---- */

static bool is_sealed(const struct mime_part *root)
{
	if (smime_kind_of(root) != SMIME_NONE)
		return true;
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		if (mime_is(p, "multipart", "signed") || mime_is(p, "multipart", "encrypted"))
			return true;
	return false;
}

/* What the phone was shown was cut, and it has sent that back. */
static bool is_shown_beginning(struct bytes text, struct bytes whole, uint32_t shown)
{
	enum { CUT_BETWEEN_CHARACTERS = 8 };

	return shown != BODY_WHOLE && text.len < whole.len && text.len <= shown &&
	       text.len + CUT_BETWEEN_CHARACTERS > shown && bytes_eq(text, bytes_of(whole.p, text.len));
}

static bool has_new_text(const struct maker *m)
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

static enum err choose_text(struct maker *m)
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

/* ---- the phone's own MIME ---- */

/* Of its files those that the draft has already: phones send files apart, and some put them into their MIME besides. */
static enum err find_in_mime(struct maker *m)
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
static bool would_drop(const struct maker *m)
{
	for (size_t i = 0; m->base && m->is_sealed && i < m->base->n_attachments; i++)
		if (!m->removed[i])
			return !has_files_in(m->mime);
	return false;
}

static enum err read_mime(struct maker *m)
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

static bool is_shown(const struct maker *m, struct bytes content_id)
{
	return m->is_html && m->html.len && content_id.len &&
	       memmem(m->html.p, m->html.len, content_id.p, content_id.len);
}

static size_t n_base(const struct maker *m)
{
	return m->base && !(m->mime && m->is_sealed) ? m->base->n_attachments : 0;
}

static bool is_kept(const struct maker *m, size_t i)
{
	return !m->removed[i] && !(m->in_mime && m->in_mime[i]);
}

static enum err choose_parts(struct maker *m)
{
	m->base_shown = arena_array(m->arena, n_base(m), sizeof(bool));
	m->added_shown = arena_array(m->arena, m->edit->n_added, sizeof(bool));
	if (!m->base_shown || !m->added_shown)
		return ERR_LIMIT;
	for (size_t i = 0; i < n_base(m); i++) {
		m->base_shown[i] = is_shown(m, m->base->attachments[i].content_id);
		if (is_kept(m, i))
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

static const char *next_section(const struct maker *m, struct places *at, bool shown)
{
	if (!shown)
		return arena_printf(m->arena, "%u", at->file++);
	return arena_printf(m->arena, "%s2.%u", m->n_files ? "1." : "", at->shown++);
}

/* A part that is kept goes on under the name by which phones know it. */
static enum err name_part(struct maker *m, size_t i, const char *section)
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

static enum err number_parts(struct maker *m)
{
	struct places at = { 2, 2 };
	enum err e;

	m->field = m->stamp->field;
	m->field.names = arena_array(m->arena, n_base(m), sizeof(*m->field.names));
	m->field.n_names = 0;
	m->out->added = arena_array(m->arena, m->edit->n_added, sizeof(char *));
	if (!m->field.names || !m->out->added)
		return ERR_LIMIT;
	for (size_t i = 0; i < n_base(m); i++)
		if (is_kept(m, i) && (e = name_part(m, i, next_section(m, &at, m->base_shown[i]))))
			return e;
	for (size_t i = 0; i < m->edit->n_added; i++)
		if (!(m->out->added[i] = next_section(m, &at, m->added_shown[i])))
			return ERR_LIMIT;
	return ERR_OK;
}

/* ---- the header ---- */

enum { ALWAYS = DRAFT_LINES, IF_IMPORTANCE, IF_SENT };

/* What doesn't stay of a header. */
static const struct {
	const char *name;
	int when; /* a draft_line: if the phone has said that */
} dropped[] = {
	{ "To", DRAFT_TO },
	{ "Cc", DRAFT_CC },
	{ "Bcc", DRAFT_BCC },
	{ "Reply-To", DRAFT_REPLY_TO },
	{ "Subject", DRAFT_SUBJECT },
	{ "Importance", IF_IMPORTANCE },
	{ "X-Priority", IF_IMPORTANCE },
	{ "Priority", IF_IMPORTANCE },
	{ "X-MSMail-Priority", IF_IMPORTANCE },
	{ DRAFT_FIELD, ALWAYS },
	{ "Date", ALWAYS },
	{ "MIME-Version", ALWAYS },
	{ "Lines", ALWAYS },
	{ "Status", ALWAYS },
	{ "X-Status", ALWAYS },
	{ "X-Keywords", ALWAYS },
	{ "X-UID", ALWAYS },
	{ "X-Mozilla-Status", IF_SENT },
	{ "X-Mozilla-Status2", IF_SENT },
	{ "X-Mozilla-Keys", IF_SENT },
	{ "X-Mozilla-Draft-Info", IF_SENT },
	{ "X-Identity-Key", IF_SENT },
	{ "X-Account-Key", IF_SENT },
	{ "Fcc", IF_SENT },
	{ "X-Fcc", IF_SENT },
	{ "X-Uniform-Type-Identifier", IF_SENT },
};

static bool is_sent(const struct maker *m)
{
	return !m->stamp->field.validity;
}

static bool is_dropped(const struct maker *m, struct bytes name)
{
	if (bytes_starts_nocase(name, "Content-"))
		return true;
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		int when = dropped[i].when;

		if (!bytes_eq_nocase(name, dropped[i].name))
			continue;
		return when == ALWAYS || (when == IF_SENT && is_sent(m)) ||
		       (when == IF_IMPORTANCE && m->edit->has_importance) ||
		       (when < DRAFT_LINES && m->edit->has[when]);
	}
	return false;
}

static void put_whole(struct buf *out, struct bytes field)
{
	buf_put(out, field);
	if (!field.len || field.p[field.len - 1] != '\n') /* a mail that ends in its header */
		buf_put_str(out, "\r\n");
}

/* Whether a reader finds the same addresses in it when it stands in the header as it is. */
static bool needs_no_encoding(struct bytes line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] < ' ' || line.p[i] >= 127)
			return false;
	return memmem(line.p, line.len, "=?", 2) == NULL;
}

static bool has_address(const struct mail_addresses *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (bytes_find(list->v[i].address, '@') < list->v[i].address.len)
			return true;
	return false;
}

static bool are_addresses(const struct mail_addresses *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (bytes_find(list->v[i].address, '@') == list->v[i].address.len ||
		    bytes_find(list->v[i].address, '"') < list->v[i].address.len)
			return false;
	return list->n > 0;
}

static enum err put_lines(struct maker *m, struct buf *out)
{
	static const char *const names[] = {
		[DRAFT_TO] = "To", [DRAFT_CC] = "Cc", [DRAFT_BCC] = "Bcc", [DRAFT_REPLY_TO] = "Reply-To"
	};
	struct mail_addresses list;
	enum err e;

	for (size_t i = 0; i < DRAFT_SUBJECT; i++) {
		if (!m->edit->line[i].len)
			continue;
		if ((e = address_list(m->arena, m->edit->line[i], &list)))
			return e;
		if (list.n == ADDRESS_MAX)
			return ERR_UNSUPPORTED; /* the rest would be left out */
		/* Somebody may still be typing: that stays as it is, unless encoding it would hide the addresses beside it. */
		if (are_addresses(&list) || (has_address(&list) && !needs_no_encoding(m->edit->line[i])))
			address_field_put(out, names[i], &list);
		else
			header_field_put(out, names[i], m->edit->line[i]);
	}
	if (m->edit->line[DRAFT_SUBJECT].len)
		header_field_put(out, "Subject", m->edit->line[DRAFT_SUBJECT]);
	return ERR_OK;
}

static void put_importance(const struct maker *m, struct buf *out)
{
	if (m->edit->has_importance && m->edit->importance != 1)
		buf_printf(out, "Importance: %s\r\nX-Priority: %u\r\n", m->edit->importance ? "high" : "low",
		    m->edit->importance ? 1 : 5);
}

static void put_stamp(const struct maker *m, struct buf *out)
{
	if (!header_find(&m->source, "From")) {
		struct mail_address from = { .address = m->stamp->from };

		address_field_put(out, "From", &(struct mail_addresses){ &from, 1 });
	}
	buf_put_str(out, "Date: ");
	time_put_mail(out, m->stamp->now);
	buf_put_str(out, "\r\n");
	if (!header_find(&m->source, "Message-ID")) {
		struct bytes had =
		    m->base ? header_get(&m->base->header, "Message-ID") : m->stamp->message_id;

		buf_put_str(out, "Message-ID: ");
		buf_put(out, had.len ? had : m->stamp->message_id);
		buf_put_str(out, "\r\n");
	}
	if (!is_sent(m))
		draft_field_put(out, &m->field);
	buf_put_str(out, "MIME-Version: 1.0\r\n");
}

static enum err put_header(struct maker *m)
{
	struct buf *out = &m->pieces.text;

	for (size_t i = 0; i < m->source.n; i++)
		if (!is_dropped(m, m->source.v[i].name))
			put_whole(out, m->source.v[i].whole);
	put_stamp(m, out);
	put_importance(m, out);
	return put_lines(m, out);
}

/* ---- files and pictures ---- */

/* "image/png; name=x": what stands before the semicolon. */
static void split_type(struct bytes text, struct mime_part *part)
{
	struct bytes head, type;

	part->type = BYTES("application");
	part->subtype = BYTES("octet-stream");
	if (!bytes_split(&text, ';', &head) || !bytes_split(&head, '/', &type) || !type.len || !head.len ||
	    bytes_eq_nocase(type, "multipart") || bytes_eq_nocase(type, "message"))
		return; /* those can't be base64 */
	part->type = bytes_trim(type);
	part->subtype = bytes_trim(head);
}

static bool has_8bit(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= 0x80)
			return true;
	return false;
}

static enum err describe(
    struct maker *m, const struct draft_attachment *at, bool shown, struct mime_part *part)
{
	*part = (struct mime_part){ .encoding = MIME_BASE64,
		.disposition = shown || at->is_inline ? MIME_INLINE : MIME_ATTACHMENT,
		.id = at->content_id,
		.location = at->content_location };
	split_type(at->type, part);
	if (at->is_mail) {
		part->type = BYTES("message");
		part->subtype = BYTES("rfc822");
		part->encoding = has_8bit(at->content) ? MIME_8BIT : MIME_7BIT;
	}
	return part_file_name(m->arena, at->name, &part->disposition_params);
}

static enum err put_added(struct maker *m, const char *mark, size_t i)
{
	const struct draft_attachment *at = &m->edit->added[i];
	struct buf *out = &m->pieces.text;
	struct mime_part part;
	struct bytes mail;
	enum err e;

	if ((e = describe(m, at, m->added_shown[i], &part)))
		return e;
	buf_printf(out, "\r\n--%s%s\r\n", mark, m->stamp->boundary);
	part_header_put(out, &part);
	if (!at->is_mail) {
		transfer_put_base64(out, at->content);
		return out->failed;
	}
	if ((e = mail_wire_safe(m->arena, at->content, &mail)) || (e = text_crlf(m->arena, mail, &mail)))
		return e;
	buf_put(out, mail);
	return out->failed;
}

/* Those that the HTML shows, or the others. */
static enum err put_parts(struct maker *m, const char *mark, bool shown)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < n_base(m) && !e; i++) {
		struct mime_part part = *m->base->attachments[i].part;

		if (!is_kept(m, i) || m->base_shown[i] != shown)
			continue;
		part = shown ? part : piece_as_file(&part);
		e = pieces_put_part(&m->pieces, mark, m->stamp->boundary, &part);
	}
	for (size_t i = 0; i < m->edit->n_added && !e; i++)
		if (m->added_shown[i] == shown)
			e = put_added(m, mark, i);
	return e;
}

static void end_multipart(struct maker *m, const char *mark)
{
	buf_printf(&m->pieces.text, "\r\n--%s%s--\r\n", mark, m->stamp->boundary);
}

/* ---- entities ---- */

static enum err put_html(struct maker *m)
{
	struct buf *out = &m->pieces.text;
	enum err e;

	if (!m->n_shown) {
		text_part_put(out, "html", m->html);
		return out->failed;
	}
	buf_printf(out,
	    "Content-Type: multipart/related; type=\"text/html\"; boundary=\"r%s\"\r\n\r\n--r%s\r\n",
	    m->stamp->boundary, m->stamp->boundary);
	text_part_put(out, "html", m->html);
	if ((e = put_parts(m, "r", true)))
		return e;
	end_multipart(m, "r");
	return out->failed;
}

static enum err put_text(struct maker *m)
{
	struct buf *out = &m->pieces.text;
	enum err e;

	if (!m->is_html) {
		text_part_put(out, "plain", m->plain);
		return out->failed;
	}
	buf_printf(out, "Content-Type: multipart/alternative; boundary=\"a%s\"\r\n\r\n--a%s\r\n",
	    m->stamp->boundary, m->stamp->boundary);
	text_part_put(out, "plain", m->plain);
	buf_printf(out, "\r\n--a%s\r\n", m->stamp->boundary);
	if ((e = put_html(m)))
		return e;
	end_multipart(m, "a");
	return out->failed;
}

/* As the phone has made it: the fields that say what it is, and its body. */
static enum err put_mime(struct maker *m)
{
	struct buf *out = &m->pieces.text;

	for (size_t i = 0; i < m->source.n; i++)
		if (bytes_starts_nocase(m->source.v[i].name, "Content-") &&
		    !bytes_eq_nocase(m->source.v[i].name, "Content-Length"))
			put_whole(out, m->source.v[i].whole);
	buf_put_str(out, "\r\n");
	buf_put(out, m->mime->body);
	return out->failed;
}

static enum err put_mixed(struct maker *m)
{
	struct buf *out = &m->pieces.text;
	enum err e;

	buf_printf(out, "Content-Type: multipart/mixed; boundary=\"m%s\"\r\n", m->stamp->boundary);
	if (m->out->mail.has_8bit)
		buf_put_str(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_printf(out, "\r\n--m%s\r\n", m->stamp->boundary);
	if ((e = m->mime ? put_mime(m) : put_text(m)) || (e = put_parts(m, "m", false)))
		return e;
	end_multipart(m, "m");
	return out->failed;
}

static bool is_8bit(const struct maker *m)
{
	if (m->mime && has_8bit(m->mime->body))
		return true;
	for (size_t i = 0; i < n_base(m); i++) {
		const struct mime_part *part = m->base->attachments[i].part;

		if (is_kept(m, i) && (piece_is_8bit(part) || mime_is(part, "message", NULL)))
			return true;
	}
	for (size_t i = 0; i < m->edit->n_added; i++)
		if (m->edit->added[i].is_mail && has_8bit(m->edit->added[i].content))
			return true;
	return false;
}

static enum err write_mail(struct maker *m)
{
	enum err e;

	pieces_init(&m->pieces, m->arena, &m->out->mail);
	m->out->mail.has_8bit = is_8bit(m);
	if ((e = put_header(m)))
		return e;
	if ((e = m->n_files ? put_mixed(m) : m->mime ? put_mime(m) : put_text(m)))
		return e;
	return pieces_done(&m->pieces);
}

/* ---- what is told ---- */

static enum err shown_addresses(struct arena *a, const struct header *h, const char *name, struct bytes *out)
{
	struct mail_addresses list;
	enum err e = header_addresses(a, h, name, &list);

	return e ? e : address_list_format(a, &list, ", ", SIZE_MAX, out);
}

static enum err compare_headers(struct maker *m, const struct header *now)
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

static bool are_files_same(const struct maker *m)
{
	for (size_t i = 0; i < m->base->n_attachments; i++)
		if (m->removed && m->removed[i])
			return false;
	return !m->edit->n_added;
}

static enum err compare(struct maker *m, const struct header *now)
{
	if (!m->base || m->mime || m->has_new_text || !are_files_same(m))
		return ERR_OK;
	return compare_headers(m, now);
}

static enum err tell(struct maker *m)
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
	struct maker m = { .arena = a,
		.base = base,
		.removed = removed,
		.names = names,
		.uid = uid,
		.edit = edit,
		.stamp = stamp,
		.out = out };
	enum err e;

	*out = (struct draft_made){ 0 };
	m.is_sealed = base && (base->sealed || is_sealed(base->root));
	if (edit->type == BODY_MIME) {
		e = read_mime(&m);
	} else {
		if (m.is_sealed)
			return ERR_UNSUPPORTED;
		if (base)
			m.source = base->header;
		e = choose_text(&m);
	}
	if (e || (e = choose_parts(&m)) || (e = number_parts(&m)) || (e = write_mail(&m)))
		return e;
	return tell(&m);
}
