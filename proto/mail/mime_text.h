#ifndef EASGATE_MAIL_MIME_TEXT_H
#define EASGATE_MAIL_MIME_TEXT_H

#include "base/arena.h"

/* A raw mail as a string that XML can hold: `raw` itself, byte for byte, if it is one, so that signatures stay
 * valid. Otherwise bodies with 8-bit or control characters are encoded anew, headers and what stands between
 * the parts converted to UTF-8, and line ends made CRLF. Only ERR_LIMIT (arena).
 *   whole  false: it is only a beginning, and a character cut at its end is left out */
enum err mime_text(struct arena *a, struct bytes raw, bool whole, struct bytes *out) MUST_CHECK;

/* Whether a mail that comes in pieces is such a string already, for those that are too long to be held. Begins zeroed. */
struct mime_text_check {
	uint64_t size; /* of what has come */
	bool wrong;
	bool after_cr;
	uint8_t held[4]; /* the beginning of a character whose end hasn't come */
	size_t n_held;
};
void mime_text_check_put(struct mime_text_check *c, struct bytes piece);
/* Behind the last piece: whether all of it is text with CRLF at the ends of its lines. */
bool mime_text_check_end(const struct mime_text_check *c);

#endif
