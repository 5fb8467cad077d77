#ifndef EASGATE_SYNC_NOTE_COLLECTION_H
#define EASGATE_SYNC_NOTE_COLLECTION_H

#include "notes/note.h"
#include "sync/collection.h"

/* The Notes class on an IMAP mailbox (proto/notes says in which form). Inside gateway/sync only.
 *
 * A note is all the mails of the mailbox that carry its UUID, and it is shown as the newest of them: others are what a client left
 * behind that died between appending the new and deleting the old. They are never deleted for being there. An item's id is the
 * hash of the UUID, so that it outlives the mails; its digest stands for the newest mail and its keywords. */

struct note_copy {
	uint64_t id;
	uint32_t uid, digest;
	const struct imap_flags *flags;
	struct bytes uuid; /* as in the header; where that has none, made of the UID */
};
struct note_list {
	struct note_copy *v; /* ascending id, then UID; without mails marked as \Deleted */
	size_t n;
	uint32_t uid_validity;
	uint64_t modseq; /* the list holds all that was up to here; 0: not known */
};
/* The mailbox as it is now; `known_will_do`: or as this request has seen it before. ERR_NOT_FOUND: it isn't there (any more). */
enum err note_list_load(
    struct collection *c, bool known_will_do, const struct note_list **out) WAITS MUST_CHECK;
/* All copies of a note, the last one being what is shown; *n 0: there is none. */
const struct note_copy *note_copies(const struct note_list *l, uint64_t id, size_t *n);
/* What is shown of it, or NULL. */
const struct note_copy *note_find(const struct note_list *l, uint64_t id);
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
