#include <inttypes.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "commands/commands.h"
#include "io/log.h"
#include "mail/compose.h"
#include "push/push.h"
#include "sync/folders.h"

/* SendMail (MS-ASCMD 2.2.1.17): up to 12.1 the body is the mail, from 14.0 on it is wrapped. A mail goes out once: the phone's
 * ClientId (before 14.0 a hash of the mail) is remembered, and a repeated request is answered with success. The documents
 * want status 118 there, but phones show that as an error and users send again (quirks.md 23). */

enum {
	LEASE_S = 15 * 60,           /* longer than any sending takes: a worker that died meanwhile blocks a retry no longer */
	KEEP_S = 3 * 24 * 60 * 60,
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

static char *new_message_id(const struct outgoing *o)
{
	uint64_t random[2];

	if (RAND_bytes((unsigned char *)random, sizeof(random)) != 1)
		abort();
	return arena_printf(o->rq->arena, "<%016" PRIx64 "%016" PRIx64 "@%.*s>", random[0], random[1],
	    BYTES_ARG(domain_of(bytes_str(o->rq->account->address))));
}

static enum err compose(struct outgoing *o)
{
	char *id = new_message_id(o);
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
	struct smtp_message m = { account->smtp.user, account->smtp.password, o->mail.from, o->mail.to, o->mail.n_to,
		o->mail.wire };
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

/* The mail is out: whatever goes wrong now must not make the phone send it again. */
static void save_in_sent(struct outgoing *o)
{
	struct folder_list list;
	const struct folder *sent;
	struct imap *imap;
	uint32_t uid;
	enum err e;

	if ((e = request_imap(o->rq, BYTES("INBOX"), &imap)) || (e = folders_load(o->rq, imap, &list)))
		goto failed;
	sent = folders_by_type(&list, FOLDER_SENT);
	if (!sent->exists && (e = imap_create(imap, sent->mailbox, IMAP_USE_SENT)) && e != ERR_EXISTS)
		goto failed;
	e = imap_append(imap, sent->mailbox, o->mail.sent, IMAP_SEEN, 0, &uid);
	if (!e) {
		push_publish(o->rq, &sent->id, 1);
		return;
	}
failed:
	log_warn("the mail was sent, but no copy could be put into the Sent folder: %s",
	    o->rq->imap ? imap_problem(o->rq->imap) : err_name(e));
}

static enum err settle(struct outgoing *o, bool done)
{
	return store_sent_settle(o->rq->worker->redis, bytes_str(o->rq->account->name), o->rq->device_id, o->client_id, done,
	    KEEP_S);
}

/* Claimed, composed: out with it. The claim is settled even if the phone has gone meanwhile. */
static enum err send_claimed(struct outgoing *o)
{
	enum err e = compose(o);

	if (!e && !o->status)
		e = send_by_smtp(o);
	fiber_shield(30 * 1000);
	if (settle(o, !e && !o->status))
		log_warn("whether the mail was sent could not be noted: should the phone ask again, it may be sent twice");
	if (!e && !o->status && o->save)
		save_in_sent(o);
	fiber_unshield();
	return e;
}

enum err command_send_mail(struct request *rq, struct wbxml_writer *w)
{
	struct outgoing o = { .rq = rq };
	enum store_sent claim;
	enum err e;

	if ((e = read_request(&o)))
		return e;
	if (o.status)
		return request_refuse(rq, w, o.status);
	if ((e = store_sent_claim(rq->worker->redis, bytes_str(rq->account->name), rq->device_id, o.client_id, LEASE_S, &claim)))
		return e;
	if (claim == STORE_SENT_UNDER_WAY)
		return request_refuse(rq, w, STATUS_SERVER_ERROR_RETRY_LATER);
	if (claim == STORE_SENT_DONE) {
		log_info("mail was sent already: the repeated request is answered with success");
		return ERR_OK;
	}
	if ((e = send_claimed(&o)))
		return e;
	rq->figures.client_commands++;
	return o.status ? request_refuse(rq, w, o.status) : ERR_OK;
}
