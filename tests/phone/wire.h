#ifndef EASGATE_PHONE_WIRE_H
#define EASGATE_PHONE_WIRE_H

#include <openssl/ssl.h>

#include "answer.h"

/* A blocking connection to an HTTP server, with or without TLS, where every wait has an end. */

struct phone_server {
	char *host; /* owned */
	uint16_t port;
	bool tls;
	char *path;    /* owned; "/Microsoft-Server-ActiveSync" where the URL has none */
	char *ca_file; /* owned; NULL: the system's certificates */
	bool insecure; /* no certificate is checked */
};

/* https://host[:port][/path]; also http://, and a bare host. ERR_PROTO if it is no such thing. */
enum err phone_server_init(
    struct phone_server *s, const char *url, const char *ca_file, bool insecure) MUST_CHECK;
void phone_server_deinit(struct phone_server *s);

/* What the certificate must be for, and the name sent ahead (none for an address). */
void phone_tls_expect(SSL *ssl, const char *host);

struct phone_wire {
	int fd;
	SSL *ssl;    /* NULL without TLS */
	uint8_t *in; /* what came and was not taken yet */
	size_t in_len, in_cap;
	bool ended;                          /* the peer has closed */
	int64_t first_byte_us, last_byte_us; /* when those of the newest answer came, see phone_now_us */
	char problem[256];                   /* why the newest call failed, in plain words */
};

/* Microseconds of the monotonic clock. */
int64_t phone_now_us(void);

/* *out is set even on failure, so that its problem can be read: phone_wire_free it. ERR_NOT_FOUND: no such host;
 * ERR_UNAVAILABLE: nobody listens there, or TLS failed; ERR_TIMEOUT. */
enum err phone_wire_open(const struct phone_server *s, int timeout_ms, struct phone_wire **out) MUST_CHECK;
void phone_wire_free(
    struct phone_wire **w); /* closes at once, without a word: as a phone out of reach does */

enum err phone_wire_send(struct phone_wire *w, struct bytes data, int timeout_ms) MUST_CHECK;
/* In pieces of `piece` bytes with `pause_ms` in between: a slow sender. */
enum err phone_wire_send_slowly(
    struct phone_wire *w, struct bytes data, size_t piece, int pause_ms) MUST_CHECK;
/* Waits until at least one byte of an answer is there. ERR_UNAVAILABLE: the peer has closed instead. */
enum err phone_wire_wait(struct phone_wire *w, int timeout_ms) MUST_CHECK;
/* Reads until more is in w->in than there was, or w->ended: for other protocols than HTTP. */
enum err phone_wire_more(struct phone_wire *w, int timeout_ms) MUST_CHECK;
/* Reads one answer; what it points to lives in the arena. */
enum err phone_wire_receive(
    struct phone_wire *w, struct arena *a, int timeout_ms, struct phone_answer *out) MUST_CHECK;

#endif
