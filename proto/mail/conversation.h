#ifndef EASGATE_MAIL_CONVERSATION_H
#define EASGATE_MAIL_CONVERSATION_H

#include "mail/header.h"

/* Which mails belong together, by their headers alone, so that all folders and devices agree.
 * Source: MS-ASCON 2.2.2.3, 2.2.2.4. Only ERR_LIMIT (arena). */

enum { CONVERSATION_ID_LEN = 16 };
/* 16 bytes, the same for all mails of a thread: from the first Message-ID in References, else In-Reply-To,
 * else the mail's own; without these from Thread-Index, else from the topic. Empty if there is nothing at
 * all. */
enum err conversation_id(struct arena *a, const struct header *h, struct bytes *out) MUST_CHECK;
/* Five bytes of the time, then five for each reply level that Thread-Index tells. */
enum err conversation_index(
    struct arena *a, const struct header *h, int64_t received, struct bytes *out) MUST_CHECK;
/* Thread-Topic, else the subject without its reply and forward prefixes. */
enum err conversation_topic(struct arena *a, const struct header *h, struct bytes *out) MUST_CHECK;
/* Whether the subject says that the mail forwards another one. */
enum err conversation_is_forward(struct arena *a, const struct header *h, bool *out) MUST_CHECK;

#endif
