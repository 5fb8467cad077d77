#ifndef EASGATE_SYNC_SNAPSHOT_H
#define EASGATE_SYNC_SNAPSHOT_H

#include "base/arena.h"
#include "base/bytes.h"

/* What a phone has of one collection: ids and a short digest of what was sent of each. A sync is the difference between
 * a snapshot and the server (DESIGN 4). */
struct snapshot_item {
	uint64_t id;     /* mail: UID; DAV: hash of the href */
	uint32_t digest; /* mail: flag bits and a hash of the keywords; DAV: hash of the ETag */
};

enum { SNAPSHOT_MAX_ITEMS = 2000000 };

/* No class makes this digest: what the phone has of the item is not known, so it differs from all there can be. */
#define SNAPSHOT_UNSURE UINT32_MAX

/* In window_day, whose days end long before: the filter is one of whole conversations. */
#define SNAPSHOT_CONVERSATIONS (UINT32_C(1) << 31)

/* What else is in the collection, out of another mailbox: SMS beside mails. Their ids are UIDs with this bit set. */
#define SNAPSHOT_SIDE (UINT64_C(1) << 63)
struct snapshot_side { /* as in struct snapshot; all 0 where there is nothing beside */
	uint64_t validity, token, next_id;
	uint32_t window_day;
};

/* Ids that differ from the server, or may do, and were not told to the phone yet because its window was full. */
struct snapshot_range {
	uint64_t first, last;
};

struct snapshot {
	uint32_t generation; /* of the sync key that this is the state of */
	uint64_t validity;   /* UIDVALIDITY; another one makes all ids void. 0: never looked at the server */
	uint64_t token; /* the server's state that this was compared with (HIGHESTMODSEQ); 0 = compare all */
	uint64_t
	    next_id; /* ids from here on were unknown at that look (UIDNEXT); 0 where ids are not in order */
	uint32_t
	    window_day; /* the filter's first day, in days since 1970, and SNAPSHOT_CONVERSATIONS; 0 = no filter */
	struct snapshot_side side;
	struct snapshot_item *items; /* ascending ids, no id twice */
	size_t n_items;
	struct snapshot_range *pending; /* ascending, not touching */
	size_t n_pending;
	struct snapshot_range *stubs; /* as pending: items that the phone has as stubs only (stubs.h) */
	size_t n_stubs;
	uint32_t stubs_hour; /* when the server was last asked for them, in hours since 1970; 0: none */
};

/* The item with that id, or NULL. */
struct snapshot_item *snapshot_find(const struct snapshot *s, uint64_t id);
/* A copy with room for `extra` more items. ERR_LIMIT. */
enum err snapshot_copy(
    struct arena *a, const struct snapshot *s, size_t extra, struct snapshot *out) MUST_CHECK;
/* Inserts, or replaces the digest. There must be room (see snapshot_copy). */
void snapshot_put(struct snapshot *s, uint64_t id, uint32_t digest);
/* The same for many at once, by descending ids, none twice: one by one, each would move all behind it. v is used up. */
void snapshot_put_all(struct snapshot *s, struct snapshot_item *v, size_t n);
void snapshot_remove(struct snapshot *s, uint64_t id); /* no error if it isn't there */

bool snapshot_is_pending(const struct snapshot *s, uint64_t id);
bool snapshot_is_stub(const struct snapshot *s, uint64_t id);
/* From sorted lists without doubles; neighbours become one range. ERR_LIMIT. */
enum err snapshot_set_pending(struct arena *a, struct snapshot *s, const uint64_t *ids, size_t n) MUST_CHECK;
enum err snapshot_set_stubs(struct arena *a, struct snapshot *s, const uint64_t *ids, size_t n) MUST_CHECK;
/* One more. ERR_LIMIT. */
enum err snapshot_add_pending(struct arena *a, struct snapshot *s, uint64_t id) MUST_CHECK;

/* The phone changed or deleted the item and that was refused: what it has of it now isn't what is here. So the item is told
 * again, by the next look at the server, which has it as it was. ERR_LIMIT. */
enum err snapshot_refuse(struct arena *a, struct snapshot *s, uint64_t id, bool deleted) MUST_CHECK;

/* The stored form: tight (runs of ids; digests as runs or as indexes of a few bits into the list of those that occur), with a
 * format version and a checksum. 10,000 mails in a row, all unread: under 40 bytes. */
enum err snapshot_encode(struct arena *a, const struct snapshot *s, struct bytes *out) MUST_CHECK;
/* ERR_PROTO if it is damaged, cut or of an unknown format: the collection then starts over with status 3.
 * ERR_LIMIT above SNAPSHOT_MAX_ITEMS or when the arena is spent. */
enum err snapshot_decode(struct arena *a, struct bytes in, struct snapshot *out) MUST_CHECK;

#endif
