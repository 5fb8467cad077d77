#ifndef EASGATE_TESTS_FAKE_SERVER_H
#define EASGATE_TESTS_FAKE_SERVER_H

#include "base/arena.h"

/* A server that knows nothing: it gives the n-th request the n-th answer of a script, whatever was asked, and keeps the
 * requests. A process of its own on 127.0.0.1, without TLS; one connection at a time. */

enum fake_end {
	FAKE_KEEP,   /* the connection stays */
	FAKE_CLOSE,  /* closed after the answer, without saying so before */
	FAKE_CUT,    /* closed after half of the answer */
	FAKE_SILENT, /* closed instead of an answer */
};

struct fake_answer {
	const char *status;  /* "200 OK"; NULL: 200 OK */
	const char *headers; /* each line with CRLF; NULL: none. Content-Length comes by itself */
	const char *dump;    /* the body as wbxml_undump reads it, with its Content-Type; NULL: see text */
	const char *text;    /* the body as it is; NULL: no body */
	enum fake_end end;
};

struct fake_server;

struct fake_server *fake_start(const struct fake_answer *script, size_t count);
const char *fake_url(const struct fake_server *s);
/* The n-th request as it came, head and body; empty if there was none. */
struct bytes fake_request(struct fake_server *s, size_t n);
size_t fake_request_count(struct fake_server *s);
/* Its body as a dump; fails the test if it isn't WBXML. */
struct bytes fake_request_dump(struct fake_server *s, size_t n);
void fake_stop(struct fake_server **s);

#endif
