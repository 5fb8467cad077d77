#ifndef EASGATE_SYNC_FOLLOW_UPS_H
#define EASGATE_SYNC_FOLLOW_UPS_H

#include "mail/follow_up.h"
#include "sync/collection.h"

/* Where a mail's follow-up flag is (follow_up.h) beyond \Flagged and keywords: its other properties are an entry of the
 * mailbox's METADATA (RFC 5464) under /private/vendor/easgate/followup/, one for each mail and each of the two keywords
 * that say that there is one: a new one is written beside the former before the keyword changes, so that nobody takes one for the
 * other. A server without METADATA keeps no dates. */

/* Reads the entries of these changes, for follow_up_of; nothing is asked if none has one. What is left of a flag that another
 * program has cleared, or set anew, is removed. */
enum err follow_ups_load(struct collection *c, const struct change *v, size_t n) WAITS MUST_CHECK;
/* The flag of a mail whose digest (mail_collection.h) is that; NULL: none. */
const struct follow_up *follow_up_of(const struct collection *c, uint32_t uid, uint32_t digest);

/* Writes the mail's entry of that letter (DIGEST_RECORD_A, _B), or removes it: f NULL. The mailbox is selected.
 * ERR_UNSUPPORTED, ERR_DENIED: it can't be kept. */
enum err follow_up_keep(
    struct collection *c, uint32_t uid, uint32_t letter, const struct follow_up *f) WAITS MUST_CHECK;

/* Whether that entry says the same. */
enum err follow_up_is_kept(struct collection *c, uint32_t uid, uint32_t letter, const struct follow_up *f,
    bool *out) WAITS MUST_CHECK;

/* Takes entries along to where the mails have been moved; `from` is the selected mailbox. What fails is logged: the mails have moved all the same. */
struct follow_up_move {
	struct bytes from, to; /* mailboxes */
	const uint32_t *uids;  /* in `from` */
	size_t n;
	const struct imap_moved *moved;
};
void follow_ups_move(struct imap *imap, struct arena *a, const struct follow_up_move *m) WAITS;

#endif
