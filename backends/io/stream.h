#ifndef EASGATE_IO_STREAM_H
#define EASGATE_IO_STREAM_H

#include "base/bytes.h"
#include "io/fiber.h"

/* A client connection to a backend, plain or TLS, for fibers. Used by one fiber at a time; it may pass from
 * one to another (a pool) and may idle without a fiber, watched by a callback. It reads nothing ahead.
 *
 * After ERR_UNAVAILABLE, or after a write that failed when a part of it was out, nothing can be done with it
 * but closing: every call then gives ERR_UNAVAILABLE. A read or a wait that was cancelled or timed out, and
 * a write that had not begun, leave it as it was. An idle TLS stream costs 15 KB of memory (measured,
 * OpenSSL 3.0). */
struct stream;

enum stream_tls { STREAM_PLAIN, STREAM_TLS, STREAM_STARTTLS };

struct stream_target {
	/* Name or address, which the certificate must bear. "/path" is a unix socket. */
	const char *host;
	uint16_t port;
	enum stream_tls tls; /* STARTTLS connects plain; the protocol then calls stream_starttls */
	bool verify;         /* certificate and name; switch off only for tests */
	/* PEM, of authorities or of the server itself; read again when changed. NULL = the system's. */
	const char *ca_file;
	/* Resolving, connecting and the TLS handshake together. 0 = the fiber's deadline alone. */
	uint32_t connect_ms;
	/* The longest silence in one read or write. 0 = the fiber's deadline alone. */
	uint32_t io_ms;
};

/* Resolves, tries the addresses (IPv6 and IPv4 in turn, RFC 8305), does the TLS handshake (1.2 or newer).
 * ERR_UNAVAILABLE if the name has no address, none answers, or it is no TLS server; ERR_DENIED if the
 * certificate is refused; ERR_TIMEOUT after connect_ms; ERR_UNSUPPORTED for TLS on a unix socket. On an
 * error *why (`why` may be NULL) is a text for the administrator in the fiber's arena. `target` is copied. */
enum err stream_connect(
    const struct stream_target *target, struct stream **out, const char **why) WAITS MUST_CHECK;
/* To be called when the server's answer has been read and nothing else. Bytes beyond it are a fault
 * (ERR_PROTO): they might be injected. The stream looks at the socket; whoever has a buffer of his own must
 * refuse what is left there. Errors as for stream_connect; on each of them the stream is done for, and never
 * goes on in plain text. */
enum err stream_starttls(struct stream *s, const char **why) WAITS MUST_CHECK;
void stream_close(struct stream **s); /* at once, accepts NULL, sets NULL */

/* Reads what is there, at least one byte, at most cap. *out = 0 means the peer has closed. */
enum err stream_read(struct stream *s, void *to, size_t cap, size_t *out) WAITS MUST_CHECK;
/* Writes all of it. Like reading, it lets other fibers run now and then when it never has to wait. */
enum err stream_write(struct stream *s, struct bytes data) WAITS MUST_CHECK;
/* Waits until a read would not block. */
enum err stream_wait_readable(struct stream *s, uint32_t timeout_ms) WAITS MUST_CHECK;

/* True if it is certainly dead (the peer has closed, be there bytes before that or not), without waiting: for
 * pools. */
bool stream_is_dead(struct stream *s);
/* While no fiber uses it: calls fn on the loop, once, when bytes or a close arrive or are there already,
 * never inside this call. fn may use or close the stream. NULL stops watching, as closing does. */
void stream_watch(struct stream *s, void (*fn)(void *arg), void *arg);
bool stream_is_tls(const struct stream *s);
/* Bytes of the protocol moved so far, without TLS's own: for figures. */
void stream_counts(const struct stream *s, uint64_t *in, uint64_t *out);

#endif
