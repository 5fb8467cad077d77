#ifndef EASGATE_SYNC_HIERARCHY_H
#define EASGATE_SYNC_HIERARCHY_H

#include "sync/folders.h"
#include "sync/sync_key.h"

/* FolderSync's keys: which list of folders a device was told under which key. Like a collection's sync key, the current
 * and the former one are good; everything else starts over. */

/* The list that the key stands for, in h->current or h->previous; NULL for key 0. ERR_STALE_KEY. */
enum err hierarchy_find(
    const struct hierarchy *h, struct bytes key, const struct known_folders **out) MUST_CHECK;

/* Stores that the device, which had `base` (NULL: nothing), is now told `now`; `now`'s generation is set. If that is what it
 * was told already under a good key, nothing is stored and that key is given again, so that a repeated request is harmless.
 * ERR_CONFLICT: another request was faster. */
enum err hierarchy_advance(struct request *rq, struct hierarchy *h, const struct known_folders *base,
    struct known_folders *now, struct sync_key *key) WAITS MUST_CHECK;

#endif
