#ifndef EASGATE_PHONE_ANSWER_H
#define EASGATE_PHONE_ANSWER_H

#include "base/arena.h"

/* One HTTP/1.1 answer, read out of the bytes that a connection has given so far. No sockets here. */
struct phone_answer {
	int status;        /* 200 */
	struct bytes head; /* status line and header lines, a view of the input */
	struct bytes body; /* without chunks and gzip; a view of the input where it came in one piece */
	bool close;        /* the connection ends with this answer */
};

/* Reads an answer from the start of `in`.
 *   ended  the peer has closed: a body without a length ends here
 *   used   bytes of `in` that belong to the answer
 * ERR_TRUNCATED: more bytes are needed. ERR_PROTO: no HTTP/1.1, or broken chunks or gzip. ERR_LIMIT: the arena is spent. */
enum err phone_answer_read(
    struct arena *a, struct bytes in, bool ended, struct phone_answer *out, size_t *used) MUST_CHECK;

/* The value of the first header line of that name, trimmed; empty if there is none. */
struct bytes phone_answer_header(const struct phone_answer *answer, const char *name);

#endif
