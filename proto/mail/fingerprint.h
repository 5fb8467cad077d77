#ifndef EASGATE_MAIL_FINGERPRINT_H
#define EASGATE_MAIL_FINGERPRINT_H

#include "base/arena.h"

/* 32 hex digits that are the same for a mail and for the same mail sent once more by a phone that has put it together anew:
 * Date, Message-ID and boundaries don't count. What is no mail has a fingerprint, too. Only ERR_LIMIT (arena).
 * Source: quirks.md 23. */
enum err mail_fingerprint(struct arena *a, struct bytes raw, struct bytes *out) MUST_CHECK;

#endif
