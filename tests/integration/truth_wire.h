#ifndef EASGATE_TESTS_TRUTH_WIRE_H
#define EASGATE_TESTS_TRUTH_WIRE_H

#include "base/bytes.h"

/* A blocking connection that speaks in lines, for truth.c. Whatever goes wrong ends the program. */
struct truth_wire {
	int fd;         /* -1: closed */
	size_t at, len; /* what was read and not yet taken: buffer[at..len) */
	uint8_t buffer[16384];
	uint8_t *reply; /* owned: what truth_wire_line and _bytes took since truth_wire_forget */
	size_t reply_len, reply_cap;
};

void truth_wire_open(struct truth_wire *w, const char *host, uint16_t port);
void truth_wire_close(struct truth_wire *w);
/* Whether the server has gone meanwhile. Throws away what it said unasked. */
bool truth_wire_gone(struct truth_wire *w);
void truth_wire_send(struct truth_wire *w, struct bytes out);
void truth_wire_forget(struct truth_wire *w);
/* One more line, with its CRLF, appended to the reply; the view holds until the next call. */
struct bytes truth_wire_line(struct truth_wire *w);
/* n more bytes appended to the reply. */
void truth_wire_bytes(struct truth_wire *w, size_t n);

#endif
