#ifndef EASGATE_MAIL_TRANSFER_H
#define EASGATE_MAIL_TRANSFER_H

#include "base/buf.h"
#include "mail/mime_part.h"

/* Undoes a Content-Transfer-Encoding (RFC 2045, 6). `in` may be only the beginning of the encoded part:
 * what is cut in the middle of a group is left out. Tolerant: foreign characters and missing padding in
 * base64, soft line breaks with blanks, stray equal signs, footers that a mailing list appended. Only
 * ERR_LIMIT (arena).
 *   out   `in` itself where nothing is encoded */
enum err transfer_decode(
    struct arena *a, enum mime_encoding encoding, struct bytes in, struct bytes *out) MUST_CHECK;

/* How many octets the decoded part has: exact where nothing is encoded, else an estimate. */
uint32_t transfer_decoded_size(enum mime_encoding encoding, uint32_t encoded_size);
/* How many encoded octets to ask for in order to get at least n decoded ones in the usual case. */
uint32_t transfer_encoded_size(enum mime_encoding encoding, uint32_t n);

/* Encodes with lines of at most 76 characters and CRLF (RFC 2045, 6.7 and 6.8). Line ends of text stay
 * line ends. */
void transfer_put_quoted_printable(struct buf *out, struct bytes in);
void transfer_put_base64(struct buf *out, struct bytes in);

#endif
