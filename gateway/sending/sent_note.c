#include "sending/sent_note.h"

#include <time.h>

#include "base/time.h"
#include "io/log.h"

#define UNSURE                                                                                       \
	"The mail server was given all of it, but the connection broke before it could say whether " \
	"it took\r\nit. Most likely it did, so the mail was not sent again. If it did not arrive, "  \
	"please send it again.\r\n"

static const struct {
	const char *subject, *text;
} notes[] = {
	[SENT_NOTE_UNSURE] = { "Not certain whether this was sent", UNSURE },
	[SENT_NOTE_UNSURE_WITH_COPY] = { "Not certain whether this was sent",
	    UNSURE "A copy is in your folder for sent mails.\r\n" },
	[SENT_NOTE_UNSURE_COPY_IN_INBOX] = { "Not certain whether this was sent",
	    UNSURE "If it is in your folder for sent mails, it was sent. A copy is here in your inbox.\r\n" },
	[SENT_NOTE_COPY_IN_INBOX] = { "Sent, but not in your folder for sent mails",
	    "It was sent. But its copy could not be put into your folder for sent mails, and is here in your "
	    "inbox\r\ninstead. Perhaps that folder is full, or may not be written to.\r\n" },
};

static enum err write_note(struct outgoing *o, enum sent_note what, struct bytes *out)
{
	const char *address = o->rq->account->address;
	struct header header;
	struct buf b;
	enum err e;

	if ((e = header_parse(o->rq->arena, o->mail.sent, &header)))
		return e;
	buf_init(&b, o->rq->arena, 0);
	buf_printf(&b, "From: \"Mail gateway\" <%s>\r\nTo: <%s>\r\nDate: ", address, address);
	time_put_mail(&b, time(NULL));
	buf_printf(&b, "\r\nSubject: %s: ", notes[what].subject);
	buf_put(&b, header_get(&header, "Subject"));
	buf_put_str(&b, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: "
			"text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: 8bit\r\n\r\n"
			"Your phone has sent a mail to:\r\n\r\n");
	for (size_t i = 0; i < o->mail.n_to; i++) {
		buf_put_str(&b, "    ");
		buf_put(&b, o->mail.to[i]);
		buf_put_str(&b, "\r\n");
	}
	buf_put_str(&b, "\r\n");
	buf_put_str(&b, notes[what].text);
	return buf_done(&b, out);
}

void sent_note_put(struct outgoing *o, enum sent_note what)
{
	struct bytes note;
	struct imap *imap;
	uint32_t uid;
	enum err e;

	if ((e = write_note(o, what, &note)) || (e = request_imap(o->rq, BYTES("INBOX"), &imap)) ||
	    (e = imap_append(imap, BYTES("INBOX"), note, 0, 0, &uid)))
		log_warn("a note for the user could not be put into the inbox (%s): %s", notes[what].subject,
		    err_name(e));
}
