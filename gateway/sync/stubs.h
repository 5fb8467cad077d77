#ifndef EASGATE_SYNC_STUBS_H
#define EASGATE_SYNC_STUBS_H

#include "sync/collection.h"

/* Mails, drafts and notes that the server couldn't read: the phone has a stub of each. Once an hour the server is asked for them again, by a Sync that
 * comes anyway. One that can be read now is deleted on the phone and comes as a new mail with the next Sync: of a mail that a phone
 * has, it takes nothing but flags. */

/* Puts those that are to be asked for again, if an hour has passed, among the changes (of `next` with the server): no more than fit
 * into the window. ERR_LIMIT. */
enum err stubs_ask(
    struct collection *c, struct snapshot *next, size_t window, struct changes *changes) MUST_CHECK;
/* What has become of them, now that v[0..ready) are prepared: deleted or, if nothing, CHANGE_NONE. */
void stubs_settle(struct changes *changes, size_t ready);
/* Once `next` has taken over what is sent: the stubs that the phone has then. *more: some mails come with the next Sync.
 * ERR_LIMIT. */
enum err stubs_keep(
    struct arena *a, struct snapshot *next, const struct changes *sent, bool *more) MUST_CHECK;

#endif
