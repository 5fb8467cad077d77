#ifndef EASGATE_SYNC_MAIL_COLLECTION_H
#define EASGATE_SYNC_MAIL_COLLECTION_H

#include "mail/email.h"
#include "sync/collection.h"

/* A change's `item` is a struct imap_flags for UPDATE and belongs to mail_items.c for ADD.
 *
 * The Email class on an IMAP mailbox. Inside gateway/sync only. An item's id is its UID; its digest holds the flags that the
 * phone is told, and a hash of the keywords that are its categories. */

enum {
	DIGEST_READ = 1 << 0,
	DIGEST_FLAGGED = 1 << 1,
	DIGEST_ANSWERED = 1 << 2,
	DIGEST_FORWARDED = 1 << 3,
	DIGEST_DONE = 1 << 4, /* follow_up.h */
	DIGEST_RECORD_A = 1 << 5,
	DIGEST_RECORD_B = 1 << 6,
	DIGEST_VERB_AGAIN = 1 << 7, /* verbs.h */
	DIGEST_KEYWORDS_SHIFT = 8,
	DIGEST_FLAG = DIGEST_FLAGGED | DIGEST_DONE | DIGEST_RECORD_A | DIGEST_RECORD_B,
	DIGEST_VERB = DIGEST_ANSWERED | DIGEST_FORWARDED | DIGEST_VERB_AGAIN,
};
uint32_t mail_digest(const struct imap_flags *f);
/* The bits of a digest as the mail has them; its digest leaves out those that mean nothing beside the others: an active flag
 * of another program's isn't complete, without a flag there is no record, and what wasn't done wasn't done again. */
uint32_t mail_flag_bits(const struct imap_flags *f);
/* What a phone of that version must be told of a mail of which it has the one digest and the server the other: EMAIL_STATE_…;
 * 0: nothing. What the version doesn't know stays untold. */
unsigned mail_state_to_tell(enum eas_version version, uint32_t had, uint32_t now);
/* Whether that of its state is told by this change, which has been asked for. */
bool mail_tells_state(const struct collection *c, const struct change *change, enum email_state what);

enum err mail_compare(struct collection *c, const struct snapshot *had, struct snapshot *now,
    struct changes *out) WAITS MUST_CHECK;
enum err mail_prepare(
    struct collection *c, struct change *v, size_t n, size_t budget, size_t *done) WAITS MUST_CHECK;
enum err mail_write(struct collection *c, struct wbxml_writer *w, const struct change *change) MUST_CHECK;
enum err mail_change(struct collection *c, struct snapshot_item *item, const struct wbxml_node *command,
    uint32_t *status) WAITS MUST_CHECK;
/* Whether a Change with this ApplicationData is to be refused with status 6. */
bool mail_change_is_forbidden(const struct wbxml_node *data);
enum err mail_remove(
    struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status) WAITS MUST_CHECK;

/* Of a mail that was prepared as ADD: what writes it needs; and why it can't be shown whole (ERR_OK: it can). */
void mail_describe(struct collection *c, const struct change *change, struct email *out);
enum err mail_problem(const struct change *change);
/* Whether there is a trash, and this isn't it. */
bool mail_has_trash(const struct collection *c);
/* Moves mails of the selected mailbox to the trash, which is made if it isn't there yet. */
enum err mail_move_to_trash(struct collection *c, const uint32_t *uids, size_t n) WAITS MUST_CHECK;

/* The mail's structure, if the server has understood it: a multipart in which it finds nothing although the mail has a body
 * (its boundary in RFC 2231 form, or hidden by a broken header line) is worth less than our own reading of the whole
 * mail, and so is one whose header has swallowed the text behind a line of blanks. NULL then. */
struct mime_part *mail_structure(const struct imap_message *m);
/* A snapshot's validity when there was no mailbox; beyond every UIDVALIDITY, which has 32 bits. */
#define MAIL_NO_VALIDITY (UINT64_C(1) << 32)
/* Selects the collection's mailbox: several collections of one request share a connection. ERR_NOT_FOUND also if another
 * mailbox has taken its name, so that no command ever meets another mail under the same UID. */
enum err mail_select(struct collection *c, struct imap_status *status) WAITS MUST_CHECK;

#endif
