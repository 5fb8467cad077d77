#ifndef EASGATE_MAIL_TRANSFER_STREAM_H
#define EASGATE_MAIL_TRANSFER_STREAM_H

#include "base/bytes.h"
#include "mail/mime_part.h"

/* Undoes a Content-Transfer-Encoding piece by piece, in constant memory, with the same result as transfer_decode gives of the
 * whole; it is what transfer_decode itself uses. Not for uuencode, where only the end tells whether it was any. */
enum { TRANSFER_HOLD = 1024 }; /* longer than a line may be (RFC 5322, 2.1.1) */

struct transfer_stream {
	enum mime_encoding encoding;
	/* base64 */
	enum { TRANSFER_GROUPS, TRANSFER_PADDING, TRANSFER_BEHIND, TRANSFER_ENDED } state;
	uint32_t group;  /* the digits so far of the present group of four */
	unsigned digits; /* how many */
	/* quoted-printable: the beginning of a line whose end hasn't come */
	size_t held;
	uint8_t line[TRANSFER_HOLD];
};

void transfer_stream_init(struct transfer_stream *s, enum mime_encoding encoding);
/* Decodes one more piece; how many octets it gave.
 *   last  nothing comes behind it: what waited for more comes out too
 *   to    room for in.len + TRANSFER_HOLD octets; may not overlap `in` */
size_t transfer_stream_put(struct transfer_stream *s, struct bytes in, bool last, uint8_t *to);

#endif
