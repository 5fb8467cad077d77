#ifndef EASGATE_IO_STREAM_H
#define EASGATE_IO_STREAM_H

#include "base/bytes.h"
#include "io/fiber.h"

/* A client connection to a backend, plain or TLS, for fibers. Used by one fiber at a time; it may pass from
 * one to another (a pool) and may idle without a fiber, watched by a callback. */
struct stream;

enum stream_tls { STREAM_PLAIN, STREAM_TLS, STREAM_STARTTLS };

struct stream_target {
	const char *host;          /* name or address; also checked in the certificate. "/path" = unix socket */
	uint16_t port;
	enum stream_tls tls;       /* STARTTLS connects plain; the protocol then calls stream_starttls */
	bool verify;               /* certificate and name; switch off only for tests */
	const char *ca_file;       /* PEM; NULL = the system's */
	uint32_t connect_ms;       /* resolving, connecting and the TLS handshake together */
	uint32_t io_ms;            /* the longest silence in one read or write */
};

/* Resolves (IPv6 and IPv4, in turn), connects, does the TLS handshake. ERR_UNAVAILABLE if no address answers,
 * ERR_DENIED if the certificate is refused; *why (may be NULL) then is a text in the fiber's arena.
 * `target` is copied. */
enum err stream_connect(const struct stream_target *target, struct stream **out, const char **why) WAITS MUST_CHECK;
/* Bytes already read ahead in plain text are a fault (ERR_PROTO): they might be injected. */
enum err stream_starttls(struct stream *s, const char **why) WAITS MUST_CHECK;
void stream_close(struct stream **s); /* at once, accepts NULL, sets NULL */

/* Reads what is there, at least one byte, at most cap. *out = 0 means the peer has closed. */
enum err stream_read(struct stream *s, void *to, size_t cap, size_t *out) WAITS MUST_CHECK;
/* Writes all of it. */
enum err stream_write(struct stream *s, struct bytes data) WAITS MUST_CHECK;
/* Waits until a read would not block. */
enum err stream_wait_readable(struct stream *s, uint32_t timeout_ms) WAITS MUST_CHECK;

/* True if it is certainly dead (closed by the peer), without waiting: for pools. */
bool stream_is_dead(struct stream *s);
/* While no fiber uses it: calls fn on the loop, once, when bytes or a close arrive. NULL stops watching. */
void stream_watch(struct stream *s, void (*fn)(void *arg), void *arg);
bool stream_is_tls(const struct stream *s);
/* Bytes moved so far, for figures. */
void stream_counts(const struct stream *s, uint64_t *in, uint64_t *out);

#endif
