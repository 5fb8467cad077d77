#ifndef EASGATE_MAIL_CHARSET_H
#define EASGATE_MAIL_CHARSET_H

#include "base/buf.h"

/* Text of any charset as UTF-8, in the way that mail readers do it: a name that lies or that nobody knows
 * never makes text disappear. What can't be converted becomes U+FFFD. A character cut at the end (because
 * only the beginning of a part was fetched) is left out. Only ERR_LIMIT (arena).
 *   name   as the mail says: "iso-8859-1" (read as windows-1252, as browsers do), "ks_c_5601-1987", …;
 *          empty or
 *          unknown: UTF-8 or Japanese if the text is that, else windows-1252
 *   out    `in` itself where nothing had to be changed */
enum err charset_to_utf8(struct arena *a, struct bytes name, struct bytes in, struct bytes *out) MUST_CHECK;

/* The character that a byte of windows-1252 is; U+FFFD where it has none. */
uint32_t charset_windows_1252(uint8_t c);

/* Whether the name says nothing: none, us-ascii, unknown. Servers say us-ascii (RFC 3501, 7.4.2) of what says nothing. */
bool charset_is_vague(struct bytes name);

/* Whether text under that name can be UTF-8 only by being ASCII: it comes in 7 bits but isn't ASCII
 * (iso-2022-jp, utf-7, hz-gb-2312), or in units of two or four bytes. */
bool charset_is_ascii_based(struct bytes name);

#endif
