#include "sending/sent_copy.h"

#include "io/log.h"
#include "push/push.h"
#include "sending/sent_note.h"
#include "sync/folders.h"

enum {
	PAUSE_MS = 1000,
	/* A server that has gone isn't waited for any longer when only so much time is left: the original is still to be marked, and
	 * the phone to be told. */
	LEAVE_MS = 15 * 1000,
};

/* ---- where to ---- */

static enum err find_sent(struct outgoing *o, struct imap *imap)
{
	const struct folder *sent;
	struct folder_list list;
	enum err e;

	if (o->sent.mailbox.len)
		return ERR_OK;
	if ((e = folders_load(o->rq, imap, &list)))
		return e;
	sent = folders_by_type(&list, FOLDER_SENT);
	if (!sent->exists && (e = imap_create(imap, sent->mailbox, IMAP_USE_SENT)) && e != ERR_EXISTS)
		return e;
	o->sent = *sent;
	return ERR_OK;
}

/* The server was there and has said no. */
static bool is_refusal(enum err e)
{
	return e == ERR_DENIED || e == ERR_NOT_FOUND || e == ERR_LIMIT || e == ERR_UNSUPPORTED;
}

enum err sent_copy_prepare(struct outgoing *o)
{
	struct imap *imap;
	enum err e;

	if ((e = request_imap(o->rq, BYTES("INBOX"), &imap)))
		return e;
	e = find_sent(o, imap);
	if (!is_refusal(e))
		return e;
	log_warn("there is no Sent folder for the copy of a mail: %s (%s)", imap_problem(imap), err_name(e));
	return ERR_OK;
}

/* ---- appending ---- */

static enum err append(struct outgoing *o, struct imap *imap, struct bytes mailbox, uint32_t flags)
{
	uint32_t uid;

	if (!o->is_spliced)
		return imap_append(imap, mailbox, o->mail.sent, flags, 0, &uid);
	return spliced_append(
	    &o->body, o->mail.sent, &(struct spliced_target){ .mailbox = mailbox, .flags = flags }, &uid);
}

/* By the Message-ID that the mail went out with: a phone may have written another one for this try, as the gateway does
 * for a phone that writes none and another Date. */
static enum err is_there(struct outgoing *o, struct imap *imap, struct bytes mailbox, bool *there)
{
	struct bytes id = o->given_id.len ? o->given_id : o->mail.message_id;
	struct imap_status status;
	struct imap_uids uids;
	enum err e;

	*there = false;
	if (!id.len)
		return ERR_OK;
	if ((e = imap_select(imap, mailbox, &status)) ||
	    (e = imap_search_message_id(imap, o->rq->arena, id, &uids)))
		return e;
	*there = uids.n > 0;
	return ERR_OK;
}

static enum err put_into(
    struct outgoing *o, struct imap *imap, struct bytes mailbox, uint32_t flags, bool unless_there, bool *put)
{
	bool there = false;
	enum err e;

	*put = false;
	if ((unless_there && (e = is_there(o, imap, mailbox, &there))) || there)
		return there ? ERR_OK : e;
	e = append(o, imap, mailbox, flags);
	*put = !e;
	return e;
}

static enum err put_into_sent(struct outgoing *o, struct imap *imap, bool unless_there)
{
	enum err e = find_sent(o, imap);
	bool put;

	if (!e && !(e = put_into(o, imap, o->sent.mailbox, IMAP_SEEN, unless_there, &put)) && put)
		push_publish(o->rq, &o->sent.id, 1);
	return e;
}

/* Not marked as read there: it is the only copy, and in a place where nobody looks for it. */
static enum err put_into_inbox(struct outgoing *o, struct imap *imap, bool unless_there)
{
	bool put;
	enum err e = put_into(o, imap, BYTES("INBOX"), 0, unless_there, &put);

	if (put)
		sent_note_put(o, SENT_NOTE_COPY_IN_INBOX);
	return e;
}

static bool is_sent_ours(const struct outgoing *o)
{
	return o->rq->worker->config->smtp_save_in_sent;
}

static enum err put_somewhere(struct outgoing *o, bool unless_there)
{
	struct imap *imap;
	bool put;
	enum err e;

	if ((e = request_imap(o->rq, BYTES("INBOX"), &imap)))
		return e;
	if (!is_sent_ours(o))
		return put_into(o, imap, BYTES("INBOX"), 0, unless_there, &put);
	if (!is_refusal(e = put_into_sent(o, imap, unless_there)))
		return e;
	log_warn("the copy of a mail goes into the inbox, since Sent does not take it: %s (%s)",
	    imap_problem(imap), err_name(e));
	return put_into_inbox(o, imap, unless_there) ? e : ERR_OK;
}

/* The connection broke, or there was none: after a pause there may be another one. Not for a draft, whose Sync holds on to the broken one:
 * it fails, the phone asks again, and the copy is put there then. */
static bool may_try_again(struct outgoing *o, enum err e)
{
	if ((e != ERR_UNAVAILABLE && e != ERR_TIMEOUT) || o->is_made || fiber_time_left_ms() < LEAVE_MS)
		return false;
	request_release(o->rq);
	return fiber_sleep(PAUSE_MS) == ERR_OK;
}

static bool put_copy(struct outgoing *o, bool unless_there)
{
	enum err e = put_somewhere(o, unless_there);

	while (may_try_again(o, e))
		e = put_somewhere(o, true); /* the server may have taken it before it went */
	if (e)
		log_event(LOG_LEVEL_WARN, "the mail was sent, but there is no copy of it",
		    LOG_STR("error", err_name(e)),
		    LOG_STR("problem", o->rq->imap ? imap_problem(o->rq->imap) : ""),
		    LOG_BYTES("message_id", o->mail.message_id), LOG_U64("recipients", o->mail.n_to));
	return !e;
}

bool sent_copy_put(struct outgoing *o)
{
	return put_copy(o, false);
}

void sent_copy_mend(struct outgoing *o, bool is_unsure)
{
	bool has_copy = !o->status && (o->save || is_unsure) && put_copy(o, true);

	if (!is_unsure)
		return;
	sent_note_put(o, !has_copy         ? SENT_NOTE_UNSURE
			 : is_sent_ours(o) ? SENT_NOTE_UNSURE_WITH_COPY
					   : SENT_NOTE_UNSURE_COPY_IN_INBOX);
}
