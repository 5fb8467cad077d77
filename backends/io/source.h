#ifndef EASGATE_IO_SOURCE_H
#define EASGATE_IO_SOURCE_H

#include "base/bytes.h"
#include "io/fiber.h"

/* Bytes that come in pieces, so that none but the present one is in memory: a mail on its way from one server to another. */
struct source {
	/* The next piece; empty at the end. Borrowed until the next call. */
	enum err (*next)(void *arg, struct bytes *piece) WAITS;
	void *arg;     /* borrowed */
	uint64_t size; /* of all pieces together: exact for a literal of IMAP, for SMTP about that */
};

#endif
