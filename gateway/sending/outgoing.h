#ifndef EASGATE_SENDING_OUTGOING_H
#define EASGATE_SENDING_OUTGOING_H

#include "sending/spliced.h"
#include "sync/folders.h"
#include "mail/compose.h"

/* A mail on its way out, for SendMail, SmartReply and SmartForward: sent once, copied into Sent once, whatever breaks.
 *
 * A mail is known by the phone's ClientId, which there is from 14.0 on, and a fingerprint of its text and of what it replies to or forwards. Redis has where it stands (store_sent_*): until the
 * last byte is due nothing has happened, and any failure leaves the mail to the phone. From then on it is never sent again:
 * a phone that asks once more is answered with success, what is missing in Sent is put there, and if the mail server's
 * word never came, a note in the inbox says so. The documents want status 118 for a repeated mail, but phones
 * show that as an error and users send again (quirks.md 23). */
struct outgoing {
	/* set by the command */
	struct request *rq;
	struct bytes mime; /* as the phone sent it */
	struct bytes
	    client_id; /* empty: none. is_made: a name that no other mail has, nor the same one with another text */
	bool save; /* into Sent, where that is ours to do (smtp_save_in_sent) */
	bool is_smart;
	bool replaces_mime; /* mime is complete: nothing is put into it */
	bool is_made;       /* instead of mime there is `made`, with sections of `original` */
	bool is_gone;       /* there is nothing any more: it can only have been sent before */
	enum smart_kind kind;
	uint64_t source;          /* a hash of how the phone names the original */
	struct original original; /* uid 0: it isn't there (only with replaces_mime) */
	struct smart made;        /* is_made; else made here */

	/* inside */
	uint32_t status;   /* out: 0, or why it isn't sent */
	bool is_under_way; /* out: a former request is still at it, so that nothing can be told of it yet */
	uint32_t keep_s;
	struct store_sent_id id;
	struct bytes given_id; /* the Message-ID of a former try that got to the mail server; may be empty */
	struct compose mail;   /* is_spliced: only its header */
	bool is_spliced;
	struct spliced body;
	struct folder sent; /* no mailbox: not looked for yet */
};

/* Sends it: o->status. */
enum err outgoing_send(struct outgoing *o) WAITS MUST_CHECK;
/* Sends it and answers: nothing at all, or the status that says why not. */
enum err outgoing_run(struct outgoing *o, struct wbxml_writer *w) WAITS MUST_CHECK;

#endif
