#ifndef EASGATE_SEARCH_CONVERSATION_H
#define EASGATE_SEARCH_CONVERSATION_H

#include "imap/imap.h"

/* Leaves in `uids` (ascending, of the selected mailbox) those whose ConversationId is that one. IMAP can't look for what we
 * compute from headers, so these are fetched, of the newest few thousand mails; older ones are left out. */
enum err conversation_filter(
    struct imap *c, struct arena *a, struct bytes conversation, struct imap_uids *uids) WAITS MUST_CHECK;

#endif
