#include "sending/sent_copy.h"

#include <time.h>

#include "base/time.h"
#include "io/log.h"
#include "mail/text.h"
#include "push/push.h"
#include "sync/folders.h"

/* ---- where to ---- */

static enum err find_sent(struct outgoing *o, struct imap *imap, struct folder *out)
{
	const struct folder *sent;
	struct folder_list list;
	enum err e;

	if ((e = folders_load(o->rq, imap, &list)))
		return e;
	sent = folders_by_type(&list, FOLDER_SENT);
	if (!sent->exists && (e = imap_create(imap, sent->mailbox, IMAP_USE_SENT)) && e != ERR_EXISTS)
		return e;
	*out = *sent;
	return ERR_OK;
}

/* ---- appending ---- */

static enum err append(struct outgoing *o, struct imap *imap, struct bytes mailbox)
{
	uint32_t uid;

	if (!o->is_spliced)
		return imap_append(imap, mailbox, o->mail.sent, IMAP_SEEN, 0, &uid);
	return spliced_append(
	    &o->body, o->mail.sent, &(struct spliced_target){ .mailbox = mailbox, .flags = IMAP_SEEN }, &uid);
}

static enum err is_there(struct outgoing *o, struct imap *imap, const struct folder *sent, bool *there)
{
	struct imap_status status;
	struct imap_uids uids;
	enum err e;

	*there = false;
	if (!o->mail.message_id.len)
		return ERR_OK;
	if ((e = imap_select(imap, sent->mailbox, &status)) ||
	    (e = imap_search_message_id(imap, o->rq->arena, o->mail.message_id, &uids)))
		return e;
	*there = uids.n > 0;
	return ERR_OK;
}

static enum err put(struct outgoing *o, struct imap *imap, bool unless_there)
{
	struct folder sent;
	bool there = false;
	enum err e;

	if ((e = find_sent(o, imap, &sent)) || (unless_there && (e = is_there(o, imap, &sent, &there))) ||
	    there)
		return e;
	if ((e = append(o, imap, sent.mailbox)))
		return e;
	push_publish(o->rq, &sent.id, 1);
	return ERR_OK;
}

static bool put_copy(struct outgoing *o, bool unless_there)
{
	struct imap *imap = NULL;
	enum err e;

	if (!(e = request_imap(o->rq, BYTES("INBOX"), &imap)))
		e = put(o, imap, unless_there);
	if (e)
		log_warn("the mail was sent, but no copy could be put into the Sent folder: %s (%s)",
		    imap ? imap_problem(imap) : "no connection", err_name(e));
	return !e;
}

bool sent_copy_put(struct outgoing *o)
{
	return put_copy(o, false);
}

/* ---- the note ---- */

static enum err write_note(struct outgoing *o, bool has_copy, struct bytes *out)
{
	const char *address = o->rq->account->address;
	struct header header;
	struct bytes subject;
	struct buf b;
	enum err e;

	if ((e = header_parse(o->rq->arena, o->mail.sent, &header)))
		return e;
	subject = header_get(&header, "Subject");
	buf_init(&b, o->rq->arena, 0);
	buf_printf(&b, "From: \"Mail gateway\" <%s>\r\nTo: <%s>\r\nDate: ", address, address);
	time_put_mail(&b, time(NULL));
	buf_put_str(&b, "\r\nSubject: Not certain whether this was sent: ");
	buf_put(&b, subject);
	buf_put_str(&b, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: "
			"text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: 8bit\r\n\r\n"
			"Your phone has sent a mail to:\r\n\r\n");
	for (size_t i = 0; i < o->mail.n_to; i++) {
		buf_put_str(&b, "    ");
		buf_put(&b, o->mail.to[i]);
		buf_put_str(&b, "\r\n");
	}
	buf_put_str(&b, "\r\nThe mail server was given all of it, but the connection broke before it could "
			"say whether it took\r\n"
			"it. Most likely it did, so the mail was not sent again. If it did not arrive, "
			"please send it again.\r\n");
	if (has_copy)
		buf_put_str(&b, "A copy is in your folder for sent mails.\r\n");
	return buf_done(&b, out);
}

static void put_note(struct outgoing *o, bool has_copy)
{
	struct bytes note;
	struct imap *imap;
	uint32_t uid;
	enum err e;

	if ((e = write_note(o, has_copy, &note)) || (e = request_imap(o->rq, BYTES("INBOX"), &imap)) ||
	    (e = imap_append(imap, BYTES("INBOX"), note, 0, 0, &uid)))
		log_warn("whether a mail was sent is not known, and a note about it could not be put into "
			 "the inbox: %s",
		    err_name(e));
}

void sent_copy_mend(struct outgoing *o, bool is_unsure)
{
	bool has_copy = !o->status && (o->save || is_unsure) && put_copy(o, true);

	if (is_unsure)
		put_note(o, has_copy);
}
