#ifndef EASGATE_MAIL_FINGERPRINT_H
#define EASGATE_MAIL_FINGERPRINT_H

#include "base/arena.h"

/* 32 hex digits that are the same for a mail and for the same mail sent once more by a phone that has put it together anew:
 * Date, boundaries and signatures of what can be read don't count. What is no mail has a fingerprint, too. Only ERR_LIMIT (arena).
 *   asked       a hash of what else the phone has asked for: the same text can reply to two mails
 *   message_id  whether the Message-ID counts
 * Source: quirks.md 23. */
enum err mail_fingerprint(
    struct arena *a, struct bytes raw, uint64_t asked, bool message_id, struct bytes *out) MUST_CHECK;

#endif
