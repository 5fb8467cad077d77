#ifndef EASGATE_SYNC_PREMARK_H
#define EASGATE_SYNC_PREMARK_H

#include "request.h"

/* Notes that the device has these mails of the folder already, by another way than Sync: its next Sync brings no Add of them, but a
 * Change, since how they are marked there isn't known. Its keys stay as they are, and a folder that it starts over, or hasn't
 * started, has them among all others.
 *   uid_validity  what the ids belong to
 * A Sync of the folder that has looked at the mailbox already, but not stored its outcome, does so again; one that has is about
 * to add them. */
enum err sync_premark(struct request *rq, uint32_t folder, uint32_t uid_validity, const uint32_t *uids,
    size_t n) WAITS MUST_CHECK;

#endif
