#ifndef EASGATE_SYNC_DRAFTS_H
#define EASGATE_SYNC_DRAFTS_H

#include "sync/collection.h"

/* For commands other than Sync: the ids by which phones know drafts aren't always UIDs, and their attachments aren't always where
 * they were (draft_collection.h). */

/* The folder as a collection of drafts, its IMAP open; *out NULL: it is none, and ids there are UIDs. */
enum err drafts_open(struct request *rq, uint32_t folder, struct bytes mailbox, uint32_t uid_validity,
    struct collection **out) WAITS MUST_CHECK;
/* The mail that the draft is now. ERR_NOT_FOUND. */
enum err drafts_uid(struct collection *c, uint64_t id, uint32_t *uid) WAITS MUST_CHECK;
/* From the UIDs of mails to the ids of the drafts that they are. */
enum err drafts_ids(struct collection *c, struct change *v, size_t n) WAITS MUST_CHECK;
/* Where the part is now that was `part` of the mail `named_uid`. ERR_NOT_FOUND. */
enum err drafts_part(struct collection *c, uint32_t named_uid, struct bytes part, uint32_t *uid,
    struct bytes *section) WAITS MUST_CHECK;

#endif
