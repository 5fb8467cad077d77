#ifndef EASGATE_BASE_UTF7_H
#define EASGATE_BASE_UTF7_H

#include "base/buf.h"

/* IMAP's modified UTF-7, in which mailbox names travel. Source: RFC 3501, 5.1.3. */

/* ERR_PROTO if `in` breaks the rules (8-bit characters, a shift without its end, superfluous shifts, encoded
 * ASCII, odd bits, a lone surrogate): then *out is `in` as it came, so that the folder can still be shown.
 * To talk to the server always keep the name that it gave. */
enum err utf7_to_utf8(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;
/* ERR_PROTO if `in` is not valid UTF-8. */
enum err utf7_from_utf8(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

#endif
