#ifndef EASGATE_SYNC_SMS_OUTBOX_H
#define EASGATE_SYNC_SMS_OUTBOX_H

#include "sync/collection.h"

/* What is in the Outbox is sent by the phone that gets it, so only one gets it: the first to come. It is its for a day, in which
 * it deletes the SMS once it is sent; who else comes later may send what is still there. Inside gateway/sync only. */

/* Takes out of `changes` the new SMS that are another phone's. In a Sync (c->is_sync) what is nobody's becomes this phone's; else it is
 * only looked at.
 *   now  its token is taken away if something was left out: the next comparison must look at all again */
enum err sms_outbox_share(struct collection *c, uint32_t uid_validity, struct snapshot *now,
    struct changes *changes) WAITS MUST_CHECK;

#endif
