#ifndef EASGATE_MAIL_COMPOSE_H
#define EASGATE_MAIL_COMPOSE_H

#include "mail/address.h"

/* A mail that a phone sends, made fit for SMTP and for the Sent folder. */

struct compose_options {
	struct bytes from;       /* the account's own address: for a From that is missing or not allowed */
	struct bytes from_name;  /* display name for a From that is missing; may be empty */
	const struct bytes *own; /* further addresses that From may name; "*@domain" is a whole domain */
	size_t n_own;
	bool any_from;           /* From may be anything */
	int64_t date;            /* for a missing Date */
	struct bytes message_id; /* with brackets, for a missing or broken Message-ID */
	struct bytes fields;     /* further ones, each with its CRLF; may be empty */
};

struct compose {
	struct bytes wire; /* without Bcc, CRLF line ends */
	struct bytes sent; /* for the Sent folder: with Bcc; the same bytes as wire where there is none */
	struct bytes from; /* envelope sender, bare */
	struct bytes *to;  /* envelope recipients, bare, each once */
	size_t n_to;
	size_t n_unsendable; /* entries of To, Cc and Bcc that are no address; told with ERR_NOT_FOUND, too */
	size_t n_surplus;    /* recipients beyond COMPOSE_MAX_RECIPIENTS: `to` lacks them, so don't send it */
	struct bytes message_id; /* as it is now, with brackets */
	bool from_replaced;
	bool from_foreign; /* it named an address that it may not name */
};

enum { COMPOSE_MAX_RECIPIENTS = 2000 };

/* ERR_PROTO: not a mail (empty, a NUL in it, no header); ERR_NOT_FOUND: no recipient; ERR_LIMIT: the arena. The body is passed on as it is but for line ends. Resent fields are left
 * alone.
 * Source: RFC 5322, 3.6; RFC 6409, 8. */
enum err compose_read(
    struct arena *a, struct bytes raw, const struct compose_options *options, struct compose *out) MUST_CHECK;

#endif
