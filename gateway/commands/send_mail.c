#include <inttypes.h>
#include <time.h>

#include "base/hash.h"
#include "commands/commands.h"
#include "io/log.h"
#include "mail/compose.h"
#include "push/push.h"
#include "sync/folders.h"

/* SendMail (MS-ASCMD 2.2.1.17): up to 12.1 the body is the mail, from 14.0 on it is wrapped. A mail goes out once: the phone's
 * ClientId (before 14.0 a hash of the mail) is remembered, and a repeated request is answered with success. The documents
 * want status 118 there, but phones show that as an error and users send again (quirks.md 23). Where a worker died
 * after the mail was out, the repeated request keeps the copy in Sent that was still to be kept. */

enum {
	KEEP_S = 3 * 24 * 60 * 60,
	SETTLE_S = 30,               /* for what is done after the mail is out */
	CLIENT_ID_MAX = 64,          /* the documents say 40 */
};

struct outgoing {
	struct request *rq;
	struct bytes mime, client_id;
	bool save;
	struct compose mail;
	uint32_t status;             /* 0, or why it isn't sent */
};

/* ---- what the phone sent ---- */

static enum err id_of_content(struct outgoing *o)
{
	char *id = arena_printf(o->rq->arena, "%016" PRIx64 "%016" PRIx64, hash64(o->mime, 1), hash64(o->mime, 2));

	if (!id)
		return ERR_LIMIT;
	o->client_id = bytes_str(id);
	return ERR_OK;
}

static enum err read_request(struct outgoing *o)
{
	const struct wbxml_node *xml = o->rq->xml;

	if (!xml) {
		o->mime = o->rq->body;
		o->save = o->rq->line->save_in_sent;
		return id_of_content(o);
	}
	o->mime = wbxml_child(xml, COMPOSEMAIL_MIME) ? wbxml_child(xml, COMPOSEMAIL_MIME)->text : bytes_of(NULL, 0);
	o->save = wbxml_child(xml, COMPOSEMAIL_SAVE_IN_SENT_ITEMS) != NULL;
	o->client_id = wbxml_child_text(xml, COMPOSEMAIL_CLIENT_ID);
	if (wbxml_child_text(xml, COMPOSEMAIL_ACCOUNT_ID).len)
		o->status = STATUS_INVALID_ACCOUNT_ID; /* there is one account, and it has no id */
	else if (o->client_id.len > CLIENT_ID_MAX)
		o->status = STATUS_INVALID_XML;
	return o->client_id.len ? ERR_OK : id_of_content(o);
}

static struct bytes domain_of(struct bytes address)
{
	size_t at = bytes_find(address, '@');

	return at < address.len ? bytes_of(address.p + at + 1, address.len - at - 1) : BYTES("localhost");
}

/* Of the request, not by chance: should a mail go out twice after all, since the worker died at the wrong moment, then it is
 * the same mail for those who get it; and its copy in Sent is found again. */
static char *message_id(const struct outgoing *o)
{
	uint64_t who = hash64(o->rq->device_id, hash64(bytes_str(o->rq->account->name), 0));
	uint64_t what = hash64(o->client_id, hash64(o->mime, who));

	return arena_printf(o->rq->arena, "<%016" PRIx64 "%016" PRIx64 "@%.*s>", what, hash64(o->mime, what),
	    BYTES_ARG(domain_of(bytes_str(o->rq->account->address))));
}

static enum err compose(struct outgoing *o)
{
	char *id = message_id(o);
	struct compose_options options = { .from = bytes_str(o->rq->account->address), .date = time(NULL) };
	enum err e;

	if (!id)
		return ERR_LIMIT;
	options.message_id = bytes_str(id);
	e = compose_read(o->rq->arena, o->mime, &options, &o->mail);
	if (e == ERR_PROTO)
		o->status = STATUS_INVALID_MIME;
	else if (e == ERR_NOT_FOUND)
		o->status = STATUS_MESSAGE_HAS_NO_RECIPIENT;
	else if (e)
		return e;
	else if (o->mail.wire.len > o->rq->worker->config->smtp_max_bytes)
		o->status = STATUS_ATTACHMENT_IS_TOO_LARGE;
	if (!o->status && o->mail.from_replaced)
		log_info("the mail's From was not the account's own address and was replaced");
	return ERR_OK;
}

/* ---- sending ---- */

static uint32_t status_of(enum err e, const struct smtp_result *r)
{
	if (e == ERR_LIMIT)
		return r->phase >= SMTP_DATA || r->phase == SMTP_FROM ? STATUS_ATTACHMENT_IS_TOO_LARGE : STATUS_SEND_QUOTA_EXCEEDED;
	if (e == ERR_DENIED && r->phase == SMTP_RCPT)
		return STATUS_MESSAGE_RECIPIENT_UNRESOLVED;
	return STATUS_MAIL_SUBMISSION_FAILED;
}

static void log_failure(const struct outgoing *o, enum err e, const struct smtp_result *r)
{
	static const char *const phases[] = { "connecting", "signing in", "MAIL FROM", "RCPT TO", "DATA", "done" };

	log_event(LOG_LEVEL_WARN, r->unsure ? "mail given to SMTP but not confirmed: it may have gone out" : "mail not sent",
	    LOG_STR("error", err_name(e)), LOG_STR("phase", phases[r->phase]), LOG_U64("code", r->code),
	    LOG_BYTES("reply", r->text), LOG_U64("bytes", o->mail.wire.len));
}

static enum err send_by_smtp(struct outgoing *o)
{
	const struct account *account = o->rq->account;
	struct smtp_message m = { .user = account->smtp.user, .password = account->smtp.password, .from = o->mail.from,
		.to = o->mail.to, .n_to = o->mail.n_to, .data = o->mail.wire };
	struct smtp_result result = { 0 };
	enum err e = smtp_send(&o->rq->worker->config->smtp, &m, &result);

	if (!e)
		return ERR_OK;
	log_failure(o, e, &result);
	if (e == ERR_CANCELLED)
		return e;
	o->status = status_of(e, &result);
	return ERR_OK;
}

/* ---- the copy in Sent ---- */

static enum err is_in(struct imap *imap, struct arena *a, struct bytes mailbox, struct bytes id, bool *out)
{
	struct imap_status ignored;
	struct imap_uids found;
	enum err e;

	if ((e = imap_select(imap, mailbox, &ignored)) || (e = imap_search_message_id(imap, a, id, &found)))
		return e;
	*out = found.n > 0;
	return ERR_OK;
}

/* maybe_there: an earlier request may have kept it already. */
static enum err put_copy(struct outgoing *o, bool maybe_there)
{
	struct arena *a = o->rq->arena;
	struct folder_list list;
	const struct folder *sent;
	bool there = false;
	struct imap *imap;
	uint32_t uid;
	enum err e;

	if ((e = request_imap(o->rq, BYTES("INBOX"), &imap)) || (e = folders_load(o->rq, imap, &list)))
		return e;
	sent = folders_by_type(&list, FOLDER_SENT);
	if (!sent->exists && (e = imap_create(imap, sent->mailbox, IMAP_USE_SENT)) && e != ERR_EXISTS)
		return e;
	if (maybe_there && (!o->mail.message_id.len || (e = is_in(imap, a, sent->mailbox, o->mail.message_id, &there)) || there))
		return e;
	if ((e = imap_append(imap, sent->mailbox, o->mail.sent, IMAP_SEEN, 0, &uid)))
		return e;
	push_publish(o->rq, &sent->id, 1);
	return ERR_OK;
}

static enum err settle(struct outgoing *o, enum store_sent how)
{
	enum err e = store_sent_settle(o->rq->worker->redis, bytes_str(o->rq->account->name), o->rq->device_id, o->client_id,
	    how, KEEP_S);

	if (e)
		log_warn("what became of the mail could not be noted: should the phone ask again, it may be sent twice");
	return e;
}

/* The mail is out: whatever goes wrong now must not make the phone send it again. */
static void save_in_sent(struct outgoing *o, bool maybe_there)
{
	enum err e = put_copy(o, maybe_there);

	if (e)
		log_warn("the mail was sent, but no copy could be put into the Sent folder: %s",
		    o->rq->imap ? imap_problem(o->rq->imap) : err_name(e));
	else
		(void)settle(o, STORE_SENT_DONE);
}

/* ---- */

/* Claimed, composed: out with it. */
static enum err send_claimed(struct outgoing *o)
{
	enum err e = compose(o);
	bool sent;

	if (!e && !o->status)
		e = send_by_smtp(o);
	sent = !e && !o->status;
	fiber_set_deadline(SETTLE_S * 1000);
	(void)settle(o, !sent ? STORE_SENT_NEW : o->save ? STORE_SENT_UNSAVED : STORE_SENT_DONE);
	if (sent && o->save)
		save_in_sent(o, false);
	return e;
}

/* It was sent before. */
static enum err repeat(struct outgoing *o, struct wbxml_writer *w, enum store_sent claim, uint32_t left_s)
{
	enum err e;

	if (claim == STORE_SENT_UNDER_WAY || (claim == STORE_SENT_UNSAVED && left_s + SETTLE_S > KEEP_S))
		return request_refuse(o->rq, w, STATUS_SERVER_ERROR_RETRY_LATER); /* the first request is still at it */
	log_info("mail was sent already: the repeated request is answered with success");
	if (claim == STORE_SENT_DONE)
		return ERR_OK;
	if ((e = compose(o)))
		return e;
	if (!o->status)
		save_in_sent(o, true);
	return ERR_OK;
}

/* Longer than any sending takes: then a worker that died blocks a retry no more. */
static uint32_t lease_s(const struct request *rq)
{
	return rq->worker->config->request_timeout_s + 2 * SETTLE_S;
}

static enum err send_once(struct outgoing *o, struct wbxml_writer *w)
{
	struct request *rq = o->rq;
	enum store_sent claim;
	uint32_t left_s;
	enum err e;

	if ((e = store_sent_claim(rq->worker->redis, bytes_str(rq->account->name), rq->device_id, o->client_id, lease_s(rq), &claim,
	         &left_s)))
		return e;
	if (claim != STORE_SENT_NEW)
		return repeat(o, w, claim, left_s);
	if ((e = send_claimed(o)))
		return e;
	rq->figures.client_commands++;
	return o->status ? request_refuse(rq, w, o->status) : ERR_OK;
}

/* From the claim until it is settled a phone that hangs up interrupts nothing: cut off between the text and SMTP's reply, nobody
 * would know whether the mail is out. */
enum err command_send_mail(struct request *rq, struct wbxml_writer *w)
{
	struct outgoing o = { .rq = rq };
	enum err e;

	if ((e = read_request(&o)))
		return e;
	if (o.status)
		return request_refuse(rq, w, o.status);
	fiber_shield(fiber_time_left_ms());
	e = send_once(&o, w);
	fiber_unshield();
	return e;
}
