#ifndef EASGATE_MAIL_ENCODED_WORD_H
#define EASGATE_MAIL_ENCODED_WORD_H

#include "base/buf.h"

/* The way into a header for text that isn't ASCII. Source: RFC 2047, 2 and 5. */

/* Text as encoded words of UTF-8 in the Q encoding, each at most 75 characters long and cut between characters; each further
 * one stands on a line of its own. Fit for any place where a word may stand, that of a display name too. */
void encoded_words_put(struct buf *out, struct bytes text);

/* A whole field of text, such as Subject, with its CRLF: as it is where it can be taken for nothing else, folded at blanks;
 * else as encoded words. Line ends and control characters in it become blanks. */
void header_field_put(struct buf *out, const char *name, struct bytes text);

#endif
