#include "notes/note.h"

#include <ctype.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/utf8.h"
#include "mail/body_write.h"
#include "mail/header.h"
#include "mail/rtf.h"
#include "mail/text.h"

static const char message_class[] = "IPM.StickyNote";

/* ---- identity ---- */

void note_uuid_format(uint64_t high, uint64_t low, char to[NOTE_UUID_LEN + 1])
{
	high = (high & ~UINT64_C(0xF000)) | 0x8000;
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
	snprintf(to, NOTE_UUID_LEN + 1, "%08X-%04X-%04X-%04X-%012llX", (unsigned)(high >> 32),
	    (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFFF), (unsigned)(low >> 48),
	    (unsigned long long)(low & UINT64_C(0xFFFFFFFFFFFF)));
}

void note_uuid_of_mail(uint32_t uid_validity, uint32_t uid, char to[NOTE_UUID_LEN + 1])
{
	char name[32];
	int n = snprintf(name, sizeof(name), "%u:%u", uid_validity, uid);
	struct bytes seed = bytes_of(name, (size_t)n);

	note_uuid_format(hash64(seed, 1), hash64(seed, 2), to);
}

uint64_t note_id(struct bytes uuid)
{
	uint64_t h = 0;

	for (size_t i = 0; i < uuid.len; i++) {
		uint8_t c = (uint8_t)tolower(uuid.p[i]);

		h = hash64(bytes_of(&c, 1), h);
	}
	return h;
}

/* ---- what a phone says ---- */

static enum err read_rtf(struct arena *a, struct bytes data, struct note_edit *out)
{
	struct bytes packed, plain, html;
	enum err e;

	if ((e = base64_decode(a, data, &packed)) || (e = rtf_read_compressed(a, packed, &plain, &html)))
		return e;
	if (!plain.len && !html.len && packed.len)
		return ERR_PROTO; /* nothing that we can read: better refused than emptied */
	out->type = html.len ? BODY_HTML : BODY_PLAIN;
	out->text = html.len ? html : plain;
	return ERR_OK;
}

static enum err read_body(struct arena *a, const struct wbxml_node *body, struct note_edit *out)
{
	const struct wbxml_node *data = wbxml_child(body, AIRSYNCBASE_DATA);
	uint32_t type = 0;
	enum err e;

	if (wbxml_child_uint(body, AIRSYNCBASE_TYPE, BODY_NONE, BODY_RTF, &type) || type == BODY_NONE ||
	    !data || wbxml_child_bool(body, AIRSYNCBASE_TRUNCATED, false, &out->is_cut))
		return ERR_PROTO;
	out->has_text = true;
	out->type = (enum body_type)type;
	if (type == BODY_RTF)
		return read_rtf(a, data->text, out);
	if ((e = utf8_repair(a, data->text, &out->text)))
		return e;
	return text_crlf(a, out->text, &out->text);
}

static bool is_note_class(struct bytes class)
{
	size_t n = sizeof(message_class) - 1;

	return bytes_starts_nocase(class, message_class) && (class.len == n || class.p[n] == '.');
}

enum err note_edit_read(struct arena *a, const struct wbxml_node *data, struct note_edit *out)
{
	const struct wbxml_node *body = wbxml_child(data, AIRSYNCBASE_BODY),
				*class = wbxml_child(data, NOTES_MESSAGE_CLASS),
				*categories = wbxml_child(data, NOTES_CATEGORIES);
	size_t n = 0;
	enum err e;

	*out = (struct note_edit){ .has_subject = wbxml_child(data, NOTES_SUBJECT) != NULL,
		.categories = categories };
	if (class && !is_note_class(bytes_trim(class->text)))
		return ERR_PROTO;
	for (const struct wbxml_node *c = wbxml_child(categories, NOTES_CATEGORY); c;
	     c = wbxml_next(c, NOTES_CATEGORY))
		n++;
	if (n > NOTE_MAX_CATEGORIES)
		return ERR_PROTO;
	if ((e = utf8_repair(a, wbxml_child_text(data, NOTES_SUBJECT), &out->subject)))
		return e;
	if (out->subject.len > NOTE_MAX_SUBJECT)
		return ERR_PROTO;
	return body ? read_body(a, body, out) : ERR_OK;
}

/* ---- what a phone is told ---- */

static enum err put_changed(struct wbxml_writer *w, const struct header *h, int64_t received)
{
	struct bytes text;
	struct buf b;
	int64_t t;
	enum err e;

	if (time_parse_mail(header_get(h, "Date"), &t))
		t = received;
	buf_init(&b, w->out->arena, 0);
	time_put_compact(&b, t);
	if (!(e = buf_done(&b, &text)))
		wbxml_put(w, NOTES_LAST_MODIFIED_DATE, text);
	return e;
}

enum err note_write(struct wbxml_writer *w, enum eas_version version, const struct email *m)
{
	struct header h;
	struct bytes subject;
	enum err e;

	if ((e = header_parse(w->out->arena, m->header, &h)) ||
	    (e = header_get_text(w->out->arena, &h, "Subject", &subject)))
		return e;
	if (subject.len)
		wbxml_put(w, NOTES_SUBJECT, subject);
	if (m->body)
		body_write(w, version, m->body, m->multipart_number, NULL);
	wbxml_put_str(w, NOTES_MESSAGE_CLASS, message_class);
	if ((e = put_changed(w, &h, m->received)))
		return e;
	if ((e = email_put_categories(w, NOTES_CATEGORIES, NOTES_CATEGORY, m->keywords, m->n_keywords)))
		return e;
	if (m->body && m->body->native != BODY_NONE)
		wbxml_put_uint(w, AIRSYNCBASE_NATIVE_BODY_TYPE, m->body->native);
	return w->out->failed;
}

enum err note_write_stub(struct wbxml_writer *w, enum eas_version version, const struct email *m)
{
	static const struct bytes text =
	    BYTES("This note could not be shown here. It is unchanged on the mail server.\r\n");
	struct body body = {
		.type = BODY_PLAIN, .native = BODY_PLAIN, .data = text, .estimated_size = (uint32_t)text.len
	};
	struct email stub = *m;

	stub.body = &body;
	stub.multipart_number = 0;
	if (stub.header.len > 64 * 1024) /* perhaps it was the header that was too much */
		stub.header.len = 64 * 1024;
	return note_write(w, version, &stub);
}
