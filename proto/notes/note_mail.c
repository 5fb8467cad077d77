#include "notes/note_put.h"

#include "base/time.h"
#include "mail/encoded_word.h"
#include "mail/text_part.h"

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
	text_part_put(&b, edit->type == BODY_HTML ? "html" : "plain", edit->text);
	return buf_done(&b, out);
}
