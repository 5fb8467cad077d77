#ifndef EASGATE_SMTP_SMTP_H
#define EASGATE_SMTP_SMTP_H

#include "base/arena.h"
#include "io/source.h"
#include "io/stream.h"

/* Mail submission (RFC 6409) for fibers. */
struct smtp_config {
	struct stream_target server;
	bool login;          /* AUTH PLAIN or LOGIN with the user's credentials, only over TLS or loopback */
	const char *helo;    /* our name */
	uint32_t command_ms; /* longest wait for one reply; the one to the final dot gets ten times that */
};

enum smtp_phase { SMTP_CONNECT, SMTP_LOGIN, SMTP_FROM, SMTP_RCPT, SMTP_DATA, SMTP_DONE };

struct smtp_result {
	enum smtp_phase phase; /* where it ended; SMTP_DONE = the server took the message */
	uint16_t code;         /* the server's last reply code, 0 = none */
	bool unsure;           /* the message was sent whole and the reply never came: it may have gone out */
	struct bytes text;     /* the reply's text, for the log; in the fiber's arena */
	enum err
	    cause; /* with ERR_UNAVAILABLE: what became of the connection, such as ERR_DENIED for a certificate */
	size_t bad_recipient; /* SMTP_RCPT: which one was refused */
	bool too_many;        /* with ERR_LIMIT: it isn't the size, but how many recipients there are */
};

struct smtp_message {
	struct bytes user, password; /* credentials, borrowed */
	struct bytes from;           /* envelope sender, bare address */
	const struct bytes *to;      /* bare addresses */
	size_t n_to;
	struct bytes data; /* CRLF line ends, without dot stuffing */
	struct source
	    *rest; /* what follows `data`; NULL: nothing. If it fails, nothing is sent, with its error */
	bool rest_is_8bit;
	/* Called when all is sent but the final dot, so that the caller can note that from now on the message may be
	 * out; on an error it isn't sent. May be NULL. */
	enum err (*last_moment)(void *arg) WAITS;
	void *last_moment_arg;
};

/* One message to all recipients or to none: if one is refused, nothing is sent.
 * ERR_OK: taken. ERR_AUTH; ERR_DENIED refused for good (5xx; result says what); ERR_LIMIT larger than SIZE, over
 * quota or to too many (see `too_many`), even if the server says that it is for now; ERR_UNAVAILABLE refused for now, unreachable or cut off (see `unsure`); ERR_UNSUPPORTED non-ASCII
 * addresses without SMTPUTF8. */
enum err smtp_send(
    const struct smtp_config *config, const struct smtp_message *m, struct smtp_result *out) WAITS MUST_CHECK;

/* Connects, says EHLO, STARTTLS and (if user isn't empty) logs in, then QUIT: for `easgate check`. */
enum err smtp_probe(const struct smtp_config *config, struct bytes user, struct bytes password,
    struct smtp_result *out) WAITS MUST_CHECK;

#endif
