#include "notes/note_put.h"

#include <string.h>

#include "base/time.h"
#include "mail/encoded_word.h"
#include "mail/transfer.h"

/* ---- fields ---- */

void note_put_field(struct buf *out, const char *name, struct bytes value)
{
	buf_put_str(out, name);
	buf_put_str(out, ": ");
	buf_put(out, value);
	buf_put_str(out, "\r\n");
}

void note_put_date(struct buf *out, const char *name, int64_t t)
{
	buf_put_str(out, name);
	buf_put_str(out, ": ");
	time_put_mail(out, t);
	buf_put_str(out, "\r\n");
}

void note_put_stamp(struct buf *out, const struct note_stamp *stamp)
{
	note_put_date(out, "Date", stamp->now);
	note_put_field(out, "Message-ID", stamp->message_id);
	note_put_field(out, "X-Uniform-Type-Identifier", BYTES("com.apple.mail-note"));
	note_put_field(out, NOTE_UUID_FIELD, stamp->uuid);
}

/* ---- texts ---- */

static size_t count_8bit(struct bytes text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] >= 0x80;
	return n;
}

/* Quoted-printable stays readable; base64 is shorter where most isn't ASCII, and never looks like a boundary. */
static bool wants_base64(struct bytes text)
{
	return count_8bit(text) > text.len / 4 || bytes_starts(text, "--") ||
	       (text.len && memmem(text.p, text.len, "\n--", 3));
}

/* The text as it is, also where it doesn't end with a line end. */
static void put_encoded(struct buf *out, struct bytes text, bool base64)
{
	if (base64) {
		transfer_put_base64(out, text);
		return;
	}
	transfer_put_quoted_printable(out, text);
	if (text.len && text.p[text.len - 1] != '\n')
		buf_put_str(out, "=\r\n");
}

void note_put_text(struct buf *out, const char *subtype, struct bytes text)
{
	bool base64 = wants_base64(text);

	buf_printf(out, "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    subtype, base64 ? "base64" : "quoted-printable");
	put_encoded(out, text, base64);
}

enum err note_make(
    struct arena *a, const struct note_edit *edit, const struct note_stamp *stamp, struct bytes *out)
{
	struct buf b;

	buf_init(&b, a, 0);
	buf_put_str(&b, "From: <");
	buf_put(&b, stamp->from);
	buf_put_str(&b, ">\r\n");
	if (edit->subject.len)
		header_field_put(&b, "Subject", edit->subject);
	note_put_stamp(&b, stamp);
	note_put_date(&b, "X-Mail-Created-Date", stamp->now);
	buf_put_str(&b, "MIME-Version: 1.0\r\n");
	note_put_text(&b, edit->type == BODY_HTML ? "html" : "plain", edit->text);
	return buf_done(&b, out);
}
