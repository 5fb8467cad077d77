#include "mail/draft_maker.h"
#include "mail/part_header.h"
#include "mail/text.h"
#include "mail/text_part.h"
#include "mail/transfer.h"
#include "mail/wire_safe.h"

/* A draft's mail, written. */

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
    struct draft_maker *m, const struct draft_attachment *at, bool shown, struct mime_part *part)
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

static enum err put_added(struct draft_maker *m, const char *mark, size_t i)
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
static enum err put_parts(struct draft_maker *m, const char *mark, bool shown)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < draft_n_base(m) && !e; i++) {
		struct mime_part part = *m->base->attachments[i].part;

		if (!draft_is_kept(m, i) || m->base_shown[i] != shown)
			continue;
		part = shown ? part : piece_as_file(&part);
		e = pieces_put_part(&m->pieces, mark, m->stamp->boundary, &part);
	}
	for (size_t i = 0; i < m->edit->n_added && !e; i++)
		if (m->added_shown[i] == shown)
			e = put_added(m, mark, i);
	return e;
}

static void end_multipart(struct draft_maker *m, const char *mark)
{
	buf_printf(&m->pieces.text, "\r\n--%s%s--\r\n", mark, m->stamp->boundary);
}

/* ---- entities ---- */

static enum err put_html(struct draft_maker *m)
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

static enum err put_text(struct draft_maker *m)
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
static enum err put_mime(struct draft_maker *m)
{
	struct buf *out = &m->pieces.text;

	for (size_t i = 0; i < m->source.n; i++)
		if (bytes_starts_nocase(m->source.v[i].name, "Content-") &&
		    !bytes_eq_nocase(m->source.v[i].name, "Content-Length"))
			header_put_field(out, &m->source.v[i]);
	buf_put_str(out, "\r\n");
	buf_put(out, m->mime->body);
	return out->failed;
}

static enum err put_mixed(struct draft_maker *m)
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

static bool is_8bit(const struct draft_maker *m)
{
	if (m->mime && has_8bit(m->mime->body))
		return true;
	for (size_t i = 0; i < draft_n_base(m); i++) {
		const struct mime_part *part = m->base->attachments[i].part;

		if (draft_is_kept(m, i) && (piece_is_8bit(part) || mime_is(part, "message", NULL)))
			return true;
	}
	for (size_t i = 0; i < m->edit->n_added; i++)
		if (m->edit->added[i].is_mail && has_8bit(m->edit->added[i].content))
			return true;
	return false;
}

enum err draft_write(struct draft_maker *m)
{
	enum err e;

	pieces_init(&m->pieces, m->arena, &m->out->mail);
	m->out->mail.has_8bit = is_8bit(m);
	if ((e = draft_put_header(m)))
		return e;
	if ((e = m->n_files ? put_mixed(m) : m->mime ? put_mime(m) : put_text(m)))
		return e;
	return pieces_done(&m->pieces);
}
