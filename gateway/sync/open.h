#ifndef EASGATE_SYNC_OPEN_H
#define EASGATE_SYNC_OPEN_H

#include "sync/engine.h"

/* From folder ids to collections that can be compared with the server. */

/* What the device was told of its folders. A damaged record counts as "told nothing". */
enum err device_folders(struct request *rq, struct known_folders *out) MUST_CHECK;

/* Whether the folder list is another than the device was told. */
enum err device_folders_differ(struct request *rq, const struct folder_list *now, bool *out) MUST_CHECK;

/* NULL for a type that holds no items of ours. */
const struct collection_ops *collection_ops_of(enum folder_type type, enum eas_version version);

/* Where the SMS of a folder of that type are kept; empty: nowhere. */
enum err collection_sms_mailbox(struct request *rq, enum folder_type type, struct bytes *out) MUST_CHECK;

/* Fills c->folder_id, type, mailboxes, trash and ops for each id in one Redis round trip; the rest of c stays as it is.
 * ids[i] that the device doesn't know give ops NULL. */
enum err collections_find(struct request *rq, const struct known_folders *known, const uint32_t *ids,
    struct collection **c, size_t n) WAITS MUST_CHECK;
/* Opens IMAP for those with a mailbox, of mails or of SMS that are wanted, and reads their status, one round trip for all.
 * A single one that `fetches` is selected by it, too. */
enum err collections_connect(struct request *rq, struct collection **c, size_t n) WAITS MUST_CHECK;

/* Special folders are listed although they may not be there yet: these are made. ERR_NOT_FOUND for any other: what is gone stays
 * gone. */
enum err collection_make(struct imap *imap, const struct collection *c) WAITS MUST_CHECK;

#endif
