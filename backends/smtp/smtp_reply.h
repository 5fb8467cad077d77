#ifndef EASGATE_SMTP_REPLY_H
#define EASGATE_SMTP_REPLY_H

#include "base/arena.h"
#include "io/stream.h"

/* Reading what an SMTP server says (RFC 5321, 4.2). For smtp.c alone. */
struct smtp_reader {
	struct stream *stream; /* borrowed */
	size_t start, end;     /* what was read ahead */
	uint8_t ahead[4096];   /* a line is 512 bytes at most, says 4.5.3.1.5; so is this one's limit */
};

struct smtp_reply {
	uint16_t code;
	struct bytes
	    text; /* its lines, without their codes, each followed by a line feed; cut if it is very long */
};

/* Reads one reply of any number of lines within timeout_ms. It can be repeated after a timeout or a cancellation: what
 * was read is kept.
 *   line  called with the text of each line and its number; may be NULL
 * ERR_PROTO: this is not SMTP. ERR_UNAVAILABLE: closed or broken. */
enum err smtp_reply_read(struct smtp_reader *r, struct arena *a, uint32_t timeout_ms,
    void (*line)(void *arg, size_t number, struct bytes text), void *arg,
    struct smtp_reply *out) WAITS MUST_CHECK;
/* True if something was read beyond the last reply. */
bool smtp_reader_is_ahead(const struct smtp_reader *r);

#endif
