#ifndef EASGATE_MAIL_PART_RECODE_H
#define EASGATE_MAIL_PART_RECODE_H

#include "mail/mime_part.h"

/* A part without parts, from mime_parse, encoded anew: its header block with another Content-Transfer-Encoding, the empty line
 * and the body as quoted-printable, where that keeps a text readable, or as base64. Line ends of what becomes
 * quoted-printable become CRLF; all other octets stay what they are. Only ERR_LIMIT (arena). */
enum err part_recode(struct arena *a, const struct mime_part *p, struct bytes *out) MUST_CHECK;

#endif
