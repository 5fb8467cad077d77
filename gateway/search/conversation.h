#ifndef EASGATE_SEARCH_CONVERSATION_H
#define EASGATE_SEARCH_CONVERSATION_H

#include "imap/imap.h"

enum { CONVERSATION_SCAN = 20000 };

/* The ConversationIds of these mails of the selected mailbox, in (*out)[0..n); empty for one that has none, or is gone. */
enum err conversation_ids(
    struct imap *c, struct arena *a, const uint32_t *uids, size_t n, struct bytes **out) WAITS MUST_CHECK;

/* Leaves in `uids` (ascending, of the selected mailbox) those whose ConversationId is that one. IMAP can't look for what we
 * compute from headers, so these are fetched, of the newest mails; the others are left out.
 *   scan  how many may still be fetched, for all mailboxes of a search together: CONVERSATION_SCAN at first */
enum err conversation_filter(struct imap *c, struct arena *a, struct bytes conversation, size_t *scan,
    struct imap_uids *uids) WAITS MUST_CHECK;

#endif
