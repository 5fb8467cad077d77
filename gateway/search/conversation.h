#ifndef EASGATE_SEARCH_CONVERSATION_H
#define EASGATE_SEARCH_CONVERSATION_H

#include "imap/imap.h"

enum {
	CONVERSATION_SCAN = 20000
}; /* so many mails' headers are read, at most, where each Sync may need them */

/* To which conversation a mail belongs. */
struct conversation_of {
	struct bytes id; /* ConversationId; empty: it has none, is gone, or can't be read */
	bool unreadable; /* by the mail server, now: it may be any */
};
/* Of these mails of the selected mailbox, in (*out)[0..n). */
enum err conversation_ids(struct imap *c, struct arena *a, const uint32_t *uids, size_t n,
    struct conversation_of **out) WAITS MUST_CHECK;

/* Leaves in `uids` (ascending, of the selected mailbox) those whose ConversationId is that one. IMAP can't look for what we
 * compute from headers, so these are fetched, the newest first, and not kept.
 *   unreadable  is increased by those that can't be read, and are left out
 * ERR_TIMEOUT: it is later than until_ms (of loop_now_ms); `uids` has those found so far. */
enum err conversation_filter(struct imap *c, struct bytes conversation, uint64_t until_ms,
    struct imap_uids *uids, size_t *unreadable) WAITS MUST_CHECK;

#endif
