#ifndef EASGATE_SYNC_DRAFT_COLLECTION_H
#define EASGATE_SYNC_DRAFT_COLLECTION_H

#include "mail/draft.h"
#include "sync/copies.h"

/* The Drafts folder of phones from 16.0 on, which write there. Inside gateway/sync only.
 *
 * A draft that a phone changes stays the same item, though it becomes another mail (copies.h): phones go on editing it under the
 * ServerId that they know. Its id is the UID that it had first, which its header names from then on (DRAFT_FIELD in mail/draft.h);
 * what other programs have written is known by its UID. A draft's digest is that of its mail (mail_collection.h), mixed with
 * the UID where that isn't the id. */

extern const struct copy_kind draft_kind;

/* What a copy's header says; NULL: nothing that holds here. */
const struct draft_field *draft_field_of(const struct copy *copy);
/* What `validity` in a header of this mailbox must be. UIDVALIDITY alone won't do: on some servers many mailboxes have the same one,
 * and a draft that somebody drags there from another account would take the place of one that it knows nothing of. */
uint32_t draft_validity(const struct collection *c, uint32_t uid_validity);
/* From the digest of a draft to that of its mail, and back. */
uint32_t draft_digest_turn(uint32_t digest, uint64_t id, uint32_t uid);

enum err draft_change(struct collection *c, struct snapshot_item *item, const struct wbxml_node *command,
    uint32_t *status) WAITS MUST_CHECK;
enum err draft_add(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    uint64_t *new_id, uint32_t *digest, uint32_t *status) WAITS MUST_CHECK;

/* ---- one command on one draft: draft_run.c ---- */

struct draft_run {
	struct collection *c;
	const struct wbxml_node *command;
	struct draft_edit edit;
	const struct copy_list *list;
	const struct copy *copy; /* NULL: it is a new one */
	uint64_t mark;           /* of the command: by this its mail is known, should it come again */
	struct original *original;
	bool is_unreadable; /* set by draft_run_make: the copy is there, but the server can't read it */
	struct draft_made made;
};
/* What the phone says. ERR_PROTO: malformed. */
enum err draft_run_init(
    struct draft_run *x, struct collection *c, const struct wbxml_node *command, uint64_t seed) MUST_CHECK;
/* Whether a former try of the command has made x->copy. */
bool draft_run_is_done(const struct draft_run *x);
/* Makes the mail: x->made. Where that is done it tells where the files are; it needn't be saved. `sent`: as it goes out, else as it is kept. ERR_NOT_FOUND: the draft is gone or can't be read; ERR_PROTO,
 * ERR_UNSUPPORTED as draft_make. */
enum err draft_run_make(struct draft_run *x, bool sent) WAITS MUST_CHECK;
/* Puts it in the place of the former one, or beside the others; flags, keywords and dates stay what they were. */
enum err draft_run_save(struct draft_run *x, uint32_t *uid, uint32_t *digest) WAITS MUST_CHECK;
/* Deletes these copies of an item but for the one with the UID `but`. */
enum err draft_delete_copies(
    struct collection *c, const struct copy_list *l, uint64_t id, uint32_t but) WAITS MUST_CHECK;
/* Sends it, once, and deletes what was the draft. x->copy NULL with `is_change`: it isn't there; perhaps since it has been sent.
 *   status  of the item: 1 if it is out */
enum err draft_send(struct draft_run *x, bool is_change, uint32_t *status) WAITS MUST_CHECK;

#endif
