#ifndef EASGATE_MAIL_MIME_TEXT_H
#define EASGATE_MAIL_MIME_TEXT_H

#include "base/arena.h"

/* A raw mail as a string that XML can hold: `raw` itself, byte for byte, if it is one, so that signatures stay
 * valid. Otherwise bodies with 8-bit or control characters are encoded anew, headers and what stands between
 * the parts converted to UTF-8, and line ends made CRLF. Only ERR_LIMIT (arena).
 *   whole  false: it is only a beginning, and a character cut at its end is left out */
enum err mime_text(struct arena *a, struct bytes raw, bool whole, struct bytes *out) MUST_CHECK;

#endif
