#ifndef EASGATE_SYNC_REPLAY_H
#define EASGATE_SYNC_REPLAY_H

#include "sync/collection.h"
#include "sync/results.h"

/* What an answer that got lost had said, and what is said instead. Inside gateway/sync only. */

/* Does to `has` what the phone has itself done to its items by commands that ended well: what it deleted it hasn't, its own
 * Adds it has, and what it changed is SNAPSHOT_UNSURE, so that it is told in any case: somebody may have changed it back. What
 * was refused because the server's version stays is told again.
 *   next  where the digests of its Adds stand; what isn't there (a draft that was sent) it was told to be gone; NULL: Adds are not
 *         told of yet, and come as new items
 * There must be room for the Adds. */
enum err replay_own_commands(struct arena *a, struct snapshot *has, const struct sync_results *results,
    const struct snapshot *next) MUST_CHECK;
/* What turns `from` into `to`. ERR_LIMIT. */
enum err replay_changes(
    struct arena *a, const struct snapshot *from, const struct snapshot *to, struct changes *out) MUST_CHECK;
/* Brings `next` to what is said now by v[0..n), which have been prepared: items may have changed or gone since the lost
 * answer was made. What nothing is said of now, perhaps since it can't be read, is looked at again by the next Sync. *differs: whether that
 * makes a difference. The phone may have got the lost answer after all, or this
 * one, or both in turn: two answers that differ must not lead to the same key, else it holds what nobody knows of. ERR_LIMIT. */
enum err replay_say_anew(struct arena *a, const struct snapshot *base, struct snapshot *next,
    const struct change *v, size_t n, bool *differs) MUST_CHECK;

#endif
