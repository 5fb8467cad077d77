#ifndef EASGATE_MAIL_FINGERPRINT_H
#define EASGATE_MAIL_FINGERPRINT_H

#include "base/arena.h"

/* 32 hex digits that are the same for a mail and for the same mail sent once more by a phone that has put it together anew:
 * boundaries and signatures of what can be read don't count. What is no mail has a fingerprint, too. Only ERR_LIMIT (arena).
 *   asked       a hash of what else the phone has asked for: the same text can reply to two mails
 *   counts  what else does, FINGERPRINT_…
 * Source: quirks.md 23. */
enum { FINGERPRINT_MESSAGE_ID = 1 << 0, FINGERPRINT_DATE = 1 << 1 };
enum err mail_fingerprint(
    struct arena *a, struct bytes raw, uint64_t asked, unsigned counts, struct bytes *out) MUST_CHECK;

#endif
