#ifndef EASGATE_SYNC_NOTE_COLLECTION_H
#define EASGATE_SYNC_NOTE_COLLECTION_H

#include "notes/note.h"
#include "sync/copies.h"

/* The Notes class on an IMAP mailbox (proto/notes says in which form). Inside gateway/sync only.
 *
 * A note is named by its UUID (copies.h): its id is the hash of that. Its digest stands for the newest mail and its keywords. */

extern const struct copy_kind note_kind;
uint32_t note_digest(uint32_t uid, const struct bytes *keywords, size_t n_keywords);

enum err note_compare(struct collection *c, const struct snapshot *had, struct snapshot *now,
    struct changes *out) WAITS MUST_CHECK;
enum err note_prepare(
    struct collection *c, struct change *v, size_t n, size_t budget, size_t *done) WAITS MUST_CHECK;
enum err note_write_item(
    struct collection *c, struct wbxml_writer *w, const struct change *change) MUST_CHECK;
enum err note_change(struct collection *c, struct snapshot_item *item, const struct wbxml_node *command,
    uint32_t *status) WAITS MUST_CHECK;
enum err note_remove(
    struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status) WAITS MUST_CHECK;
enum err note_add(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    uint64_t *new_id, uint32_t *digest, uint32_t *status) WAITS MUST_CHECK;

/* The options by which a note's text is shown: notes know no window and no MIME. */
void note_options(const struct sync_options *asked, struct sync_options *out);

#endif
