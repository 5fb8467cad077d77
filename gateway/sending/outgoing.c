#include "sending/outgoing.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

#include "auth/basic.h"
#include "base/hash.h"
#include "io/log.h"
#include "mail/fingerprint.h"
#include "mail/wire_safe.h"
#include "sending/sent_copy.h"

enum {
	SETTLE_S = 30, /* for what is done after the mail is out */
	KEEP_S = 3 * 24 * 60 * 60,
	/* Of a fingerprint: somebody may really want to send the same words to the same people again. */
	KEEP_FINGERPRINT_S = 4 * 60 * 60,
};

/* ---- who it is ---- */

/* What the phone asks for apart of its text. */
static uint64_t asked_for(const struct outgoing *o)
{
	const uint8_t command[] = { o->is_smart ? 1 + (uint8_t)o->kind : 0, o->replaces_mime };

	return hash64(bytes_of(command, sizeof(command)), o->source);
}

/* Left empty if the mail has no Date. */
static enum err name_by_date(const struct outgoing *o, struct bytes *out)
{
	struct arena *a = o->rq->arena;
	struct bytes print;
	struct header h;
	const char *text;
	enum err e = header_parse(a, bytes_of(o->mime.p, header_block_len(o->mime)), &h);

	if (e || !header_find(&h, "Date"))
		return e;
	if ((e = mail_fingerprint(
		 a, o->mime, asked_for(o), FINGERPRINT_MESSAGE_ID | FINGERPRINT_DATE, &print)))
		return e;
	text = arena_printf(a, "Date.%.*s", BYTES_ARG(print));
	*out = bytes_str(text);
	return text ? ERR_OK : ERR_LIMIT;
}

/* By the phone's ClientId and what the mail says. What says something else is another mail, be it that a phone counts its ClientIds from
 * the beginning again, or that the user has changed a mail in the outbox: to send it is the safe side, since a phone that has made more
 * anew than Date and Message-ID for its next try makes a double of it, while one that were taken for the former would be lost. Status
 * 118 is no way out: phones may take it for success. The Message-ID doesn't count, since the ClientId already says that it is the
 * same mail.
 *
 * That goes for an encrypted mail (S/MIME, PGP), too, of which a phone that encrypts it anew for its next try makes a double. Whether
 * it says the same nobody can tell here: same people, subject and length are also those of a mail in which the user has mended a date
 * or a sum before he sent it again. He would never hear that the mended one did not go out, while who gets two sees it.
 *
 * Some phones have another ClientId for each try (Android's own program: the time). So what has also the same Date and Message-ID is the
 * same mail, whatever it is called: nobody writes the same words to the same people twice within a second.
 *
 * Without a ClientId by what it says and the Message-ID, which stays with the mail in the outbox: two of them are two mails,
 * whatever they say. If it has none either, the same words are the same mail (quirks.md 23), rather than sent with each try. */
static enum err identify(struct outgoing *o)
{
	unsigned counts = o->client_id.len ? 0 : FINGERPRINT_MESSAGE_ID;
	struct bytes print;
	const char *text;
	enum err e;

	o->keep_s = o->client_id.len ? KEEP_S : KEEP_FINGERPRINT_S;
	o->id = (struct store_sent_id){ .account = bytes_str(o->rq->account->name),
		.device = o->rq->device_id,
		.client_id = o->client_id };
	if (o->is_made)
		return ERR_OK; /* its name says all of that */
	if ((e = mail_fingerprint(o->rq->arena, o->mime, asked_for(o), counts, &print)))
		return e;
	text = arena_printf(o->rq->arena, "%.*s.%.*s", BYTES_ARG(o->client_id), BYTES_ARG(print));
	o->id.client_id = bytes_str(text);
	if (!text || !o->client_id.len)
		return text ? ERR_OK : ERR_LIMIT;
	return name_by_date(o, &o->id.other_name);
}

/* Longer than any sending takes: then a worker that died blocks a retry no more. */
static uint32_t lease_s(const struct outgoing *o)
{
	return o->rq->worker->config->request_timeout_s + 2 * SETTLE_S;
}

static enum err settle(const struct outgoing *o, enum store_sent state, uint32_t lease)
{
	const struct store_sent_note note = { state, o->mail.message_id };

	return store_sent_settle(o->rq->worker->redis, &o->id, &note, lease, o->keep_s);
}

/* ---- what is sent ---- */

/* The same whenever the phone sends these bytes: so the copy in Sent is found, and who gets the mail twice can tell. Not without the Date,
 * which a phone may write anew for its next try: receivers would drop the same words, sent days later, as a double. */
static char *own_message_id(const struct outgoing *o)
{
	uint64_t who = hash64(o->id.client_id, hash64(o->id.device, hash64(o->id.account, 1)));

	return arena_printf(o->rq->arena, "<%016" PRIx64 "%016" PRIx64 "@%.*s>", who, hash64(o->mime, who),
	    BYTES_ARG(address_domain(bytes_str(o->rq->account->address))));
}

char *sending_word(struct arena *a)
{
	uint64_t random[2];

	if (RAND_bytes((unsigned char *)random, sizeof(random)) != 1)
		abort();
	return arena_printf(a, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
}

/* The phone's text and the original become one mail; `raw` is then its header alone. */
static enum err put_original_in(struct outgoing *o, struct bytes *raw)
{
	char *boundary = sending_word(o->rq->arena);
	enum err e;

	if (!boundary)
		return ERR_LIMIT;
	if ((e = original_fetch(o->rq, &o->original)) ||
	    (e = smart_compose(o->rq->arena, o->mime, o->kind, &o->original.mail, boundary, &o->made)))
		return e;
	o->is_spliced = true;
	spliced_init(&o->body, o->rq, &o->original, &o->made);
	*raw = o->made.header;
	return ERR_OK;
}

static bool may_work_later(enum err e)
{
	return e == ERR_UNAVAILABLE || e == ERR_TIMEOUT || e == ERR_CANCELLED || e == ERR_AUTH;
}

/* A mail that replaces the original's text belongs to its thread all the same, if the phone doesn't say to which. An original that is
 * gone or can't be read is no hindrance: the mail is complete. Only where asking again may help the phone is to do so. */
static enum err thread(struct outgoing *o, struct bytes *fields)
{
	struct header own;
	struct buf b;
	enum err e;

	if (!o->original.uid)
		return ERR_OK;
	e = header_parse(o->rq->arena, bytes_of(o->mime.p, header_block_len(o->mime)), &own);
	if (e || smart_is_threaded(&own))
		return e;
	if ((e = original_fetch_header(o->rq, &o->original)))
		return may_work_later(e) ? e : ERR_OK;
	buf_init(&b, o->rq->arena, 0);
	smart_put_threading(&b, o->kind, &own, &o->original.mail.header);
	return buf_done(&b, fields);
}

/* The addresses that this account may have in From. */
static enum err add_identities(const struct outgoing *o, struct compose_options *out)
{
	const struct config *config = o->rq->worker->config;
	struct arena *a = o->rq->arena;
	struct user_name user;
	struct bytes *own;
	size_t n = 0;
	enum err e;

	while (config->identities[n])
		n++;
	own = arena_array(a, n, sizeof(*own));
	if (!own)
		return ERR_LIMIT;
	out->any_from = config->from == FROM_ANY;
	if ((e = user_name_parse(a, out->from, bytes_str(""), &user)))
		return e == ERR_LIMIT ? e : ERR_OK; /* no address to make others of */
	for (size_t i = 0; i < n; i++)
		if ((e = user_name_expand(a, config->identities[i], &user, &own[i])))
			return e;
	out->own = own;
	out->n_own = n;
	return ERR_OK;
}

/* Whether From is as the administrator wants it. */
static void check_from(struct outgoing *o)
{
	if (!o->mail.from_foreign)
		return;
	log_info("the mail's From is not one of the account's own addresses, and %s",
	    o->rq->worker->config->from == FROM_REFUSE ? "it is not sent" : "was replaced");
	if (o->rq->worker->config->from == FROM_REFUSE)
		o->status = STATUS_MAIL_SUBMISSION_FAILED;
}

/* Somebody may still have been typing, or made a mistake: the mail doesn't go out to the others alone, as it doesn't if SMTP refuses one
 * of them. For too many there is no status of its own; that of a quota is what they get from SMTP servers, too. */
static void check_recipients(struct outgoing *o)
{
	if (o->mail.n_unsendable)
		o->status = STATUS_MESSAGE_RECIPIENT_UNRESOLVED;
	if (!o->mail.n_surplus)
		return;
	log_warn("a mail with %zu recipients is not sent: at most %d are possible",
	    o->mail.n_to + o->mail.n_surplus, COMPOSE_MAX_RECIPIENTS);
	o->status = STATUS_SEND_QUOTA_EXCEEDED;
}

static uint32_t status_of_compose(const struct outgoing *o, enum err e)
{
	switch (e) {
	case ERR_PROTO:
		return STATUS_INVALID_MIME;
	case ERR_NOT_FOUND:
		return o->mail.n_unsendable ? STATUS_MESSAGE_RECIPIENT_UNRESOLVED
					    : STATUS_MESSAGE_HAS_NO_RECIPIENT;
	default:
		return o->mail.wire.len + (o->is_spliced ? spliced_size(&o->made) : 0) >
			       o->rq->worker->config->smtp_max_bytes
			   ? STATUS_ATTACHMENT_IS_TOO_LARGE
			   : 0;
	}
}

static enum err compose(struct outgoing *o)
{
	char *id = own_message_id(o);
	struct compose_options options = { .from = bytes_str(o->rq->account->address), .date = time(NULL) };
	struct bytes raw;
	enum err e;

	if (!id)
		return ERR_LIMIT;
	if (o->is_gone) {
		o->status = STATUS_ITEM_NOT_FOUND;
		return ERR_OK;
	}
	options.message_id = o->given_id.len ? o->given_id : bytes_str(id);
	if ((e = add_identities(o, &options)) || (e = mail_wire_safe(o->rq->arena, o->mime, &o->mime)))
		return e;
	raw = o->mime;
	if (o->is_made) {
		o->is_spliced = true;
		spliced_init(&o->body, o->rq, &o->original, &o->made);
		raw = o->made.header;
	}
	if (o->is_smart && !o->replaces_mime && (e = put_original_in(o, &raw)) == ERR_NOT_FOUND) {
		o->status = STATUS_ITEM_NOT_FOUND;
		return ERR_OK;
	}
	if (!e && o->is_smart && o->replaces_mime)
		e = thread(o, &options.fields);
	if (!e)
		e = compose_read(o->rq->arena, raw, &options, &o->mail);
	if (e && e != ERR_PROTO && e != ERR_NOT_FOUND)
		return e;
	o->status = status_of_compose(o, e);
	if (!o->status)
		check_recipients(o);
	if (!o->status)
		check_from(o);
	return ERR_OK;
}

/* ---- sending ---- */

/* What SMTP's no is for the phone. 111 is what may go well a little later: a server that refuses for now (4xx), can't be reached or has hung
 * up. It says so, while of 120 nothing tells whether another try helps, and up to 12.1 it is 503: after a 500 clients look for their server
 * anew (Autodiscover), and Android gives up replying or forwarding and makes a mail of its own. If the mail may be out (smtp_result.unsure)
 * another try is right as well: it sends nothing, but the user gets a note. The mail stays in the outbox with either. */
static uint32_t status_of(enum err e, const struct smtp_result *r)
{
	switch (e) {
	case ERR_UNAVAILABLE:
	case ERR_TIMEOUT:
		return STATUS_SERVER_ERROR_RETRY_LATER;
	case ERR_LIMIT:
		return r->too_many || r->phase == SMTP_RCPT ? STATUS_SEND_QUOTA_EXCEEDED
							    : STATUS_ATTACHMENT_IS_TOO_LARGE;
	case ERR_NOT_FOUND:
		return STATUS_MESSAGE_REPLY_FAILED; /* the original went away while it was read */
	case ERR_DENIED:
		return r->phase == SMTP_RCPT ? STATUS_MESSAGE_RECIPIENT_UNRESOLVED
					     : STATUS_MAIL_SUBMISSION_FAILED;
	default:
		return STATUS_MAIL_SUBMISSION_FAILED;
	}
}

static void log_failure(const struct outgoing *o, enum err e, const struct smtp_result *r)
{
	static const char *const phases[] = { "connecting", "signing in", "MAIL FROM", "RCPT TO", "DATA",
		"done" };

	log_event(LOG_LEVEL_WARN,
	    r->unsure ? "mail given to SMTP but not confirmed: it may have gone out" : "mail not sent",
	    LOG_STR("error", err_name(e)), LOG_STR("phase", phases[r->phase]), LOG_U64("code", r->code),
	    LOG_BYTES("reply", r->text), LOG_U64("bytes", o->mail.wire.len));
}

/* From here on the mail may be out. If that can't be noted, it is better not sent. */
static enum err note_given(void *arg)
{
	const struct outgoing *o = arg;

	return settle(o, STORE_SENT_GIVEN, lease_s(o));
}

/* *state: where the mail stands afterwards. */
static enum err send_by_smtp(struct outgoing *o, enum store_sent *state)
{
	const struct account *account = o->rq->account;
	struct source rest = { spliced_next, &o->body, o->is_spliced ? spliced_size(&o->made) : 0 };
	struct smtp_message m = { .user = account->smtp.user,
		.password = account->smtp.password,
		.from = o->mail.from,
		.to = o->mail.to,
		.n_to = o->mail.n_to,
		.data = o->mail.wire,
		.rest = o->is_spliced ? &rest : NULL,
		.rest_is_8bit = o->made.has_8bit,
		.last_moment = note_given,
		.last_moment_arg = o };
	struct smtp_result result = { 0 };
	enum err e;

	if (o->is_spliced && (e = spliced_rewind(&o->body))) {
		o->status = e == ERR_NOT_FOUND ? STATUS_ITEM_NOT_FOUND : 0;
		return o->status ? ERR_OK : e;
	}
	e = smtp_send(&o->rq->worker->config->smtp, &m, &result);
	*state = !e ? STORE_SENT_UNSAVED : result.unsure ? STORE_SENT_GIVEN : STORE_SENT_NEW;
	if (!e)
		return ERR_OK;
	log_failure(o, e, &result);
	if (e == ERR_CANCELLED)
		return e;
	o->status = status_of(e, &result);
	return ERR_OK;
}

static void mark(struct outgoing *o)
{
	if (o->is_smart && o->original.uid && o->status != STATUS_ITEM_NOT_FOUND)
		original_mark(o->rq, &o->original, o->kind, o->mail.n_to > 1);
}

/* It is out. Each step is noted before the next, so that a retry goes on where this ended. */
static void finish(struct outgoing *o)
{
	if (settle(o, o->save ? STORE_SENT_UNSAVED : STORE_SENT_DONE, SETTLE_S))
		log_warn("that the mail was sent could not be noted: should the phone ask again, it will be "
			 "told that this is not sure");
	if (o->save && sent_copy_put(o) && settle(o, STORE_SENT_DONE, 0))
		log_warn("that the mail is in Sent could not be noted");
	mark(o);
}

/* Claimed: out with it. */
static enum err send_claimed(struct outgoing *o)
{
	enum store_sent state = STORE_SENT_NEW;
	enum err e = compose(o);

	if (!e && !o->status && o->save)
		e = sent_copy_prepare(o);
	if (!e && !o->status)
		e = send_by_smtp(o, &state);
	fiber_set_deadline(SETTLE_S * 1000);
	if (state == STORE_SENT_UNSAVED)
		finish(o);
	else if (settle(o, state, 0))
		log_warn("that the mail was not sent could not be noted: the phone must wait before it can "
			 "send it again");
	spliced_deinit(&o->body);
	return e;
}

/* ---- a mail that was sent before ---- */

/* The worker that sent it died, or never heard whether the mail server took it. */
static enum err take_over(struct outgoing *o, const struct store_sent_note *had)
{
	enum err e;

	o->given_id = had->message_id;
	if ((e = compose(o)))
		return e;
	sent_copy_mend(o, had->state == STORE_SENT_GIVEN);
	mark(o);
	spliced_deinit(&o->body);
	o->status = 0; /* whatever else: it isn't sent again */
	return settle(o, STORE_SENT_DONE, 0);
}

static enum err send_once(struct outgoing *o)
{
	struct store_sent_note had;
	enum err e;

	if ((e = identify(o)) ||
	    (e = store_sent_claim(o->rq->worker->redis, o->rq->arena, &o->id, lease_s(o), &had)))
		return e;
	switch (had.state) {
	case STORE_SENT_NEW:
		e = send_claimed(o);
		break;
	case STORE_SENT_UNDER_WAY:
		o->status = STATUS_SERVER_ERROR_RETRY_LATER;
		o->is_under_way = true;
		return ERR_OK;
	case STORE_SENT_GIVEN:
	case STORE_SENT_UNSAVED:
		e = take_over(o, &had);
		break;
	case STORE_SENT_DONE:
		log_info("mail was sent already: the repeated request is answered with success");
		return ERR_OK;
	}
	return e;
}

/* From the claim until it is settled a phone that hangs up interrupts nothing: cut off between the text and SMTP's reply, nobody
 * would know whether the mail is out. */
enum err outgoing_send(struct outgoing *o)
{
	enum err e;

	o->save = o->save && o->rq->worker->config->smtp_save_in_sent;
	fiber_shield(fiber_time_left_ms());
	e = send_once(o);
	fiber_unshield();
	return e;
}

enum err outgoing_run(struct outgoing *o, struct wbxml_writer *w)
{
	enum err e = outgoing_send(o);

	if (e)
		return e;
	o->rq->figures.client_commands++;
	return o->status ? request_refuse(o->rq, w, o->status) : ERR_OK;
}
