#ifndef EASGATE_IO_STREAM_PRIV_H
#define EASGATE_IO_STREAM_PRIV_H

#include <openssl/ssl.h>

#include "io/stream.h"

/* What stream.c, connect.c and tls.c share. */

/* A limit over several waits, within the fiber's own deadline. */
struct limit {
	uint64_t end_ms; /* of loop_now_ms; 0 = the fiber's deadline alone */
};

struct limit limit_in(uint32_t ms); /* 0 = the fiber's deadline alone */
/* For the timeout of a wait: 0 = none. ERR_TIMEOUT once it has passed. */
enum err limit_left(struct limit limit, uint32_t *ms) MUST_CHECK;

/* Puts a text into the fiber's arena; `why` may be NULL. */
void say_why(const char **why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Resolves and connects. *fd is non-blocking and the caller's. */
enum err connect_any(
    const struct stream_target *t, struct limit limit, int *fd, const char **why) WAITS MUST_CHECK;

/* The handshake of a client on a connected socket. *out is the caller's, and does not own the socket. */
enum err tls_connect(
    int fd, const struct stream_target *t, struct limit limit, SSL **out, const char **why) WAITS MUST_CHECK;

#endif
