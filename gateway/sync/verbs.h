#ifndef EASGATE_SYNC_VERBS_H
#define EASGATE_SYNC_VERBS_H

#include "sync/collection.h"

/* What was done last with a mail, and when: IMAP knows that it was answered or forwarded, no more. What phones do is remembered for a
 * year, as memos of the account; of other programs' replies only the flag is known. Source: MS-ASEMAIL 2.2.2.44, 2.2.2.45. */

/* A reply after a reply changes no flag, and no other device would look: the keyword comes with the second, goes with the third, and
 * so on. */
#define VERB_AGAIN "$VerbAgain"

enum mail_verb { VERB_NONE, VERB_REPLY = 1, VERB_REPLY_ALL = 2, VERB_FORWARD = 3 };

struct verb {
	uint32_t uid;
	enum mail_verb verb;
	int64_t time; /* seconds since 1970 */
	struct verb *next;
};

/* Remembers it. What fails is logged: the mail is out. */
void verb_note(struct request *rq, uint32_t folder, uint32_t uid, enum mail_verb verb) WAITS;
/* Marks the mail, whose mailbox is selected.
 *   flag  IMAP_ANSWERED or IMAP_FORWARDED
 *   had   its flags; NULL: not known */
enum err verb_mark(
    struct imap *imap, uint32_t uid, uint32_t flag, const struct imap_flags *had) WAITS MUST_CHECK;
/* Takes what is known of mails along to the folder that they have been moved to. What fails is logged: the mails have moved. */
void verbs_move(struct request *rq, uint32_t from, uint32_t to, const uint32_t *uids, size_t n,
    const struct imap_moved *moved) WAITS;
/* Reads what is known of these changes, for verb_of; nothing is asked where none was answered or forwarded. */
enum err verbs_load(struct collection *c, const struct change *v, size_t n) WAITS MUST_CHECK;
/* Of a mail whose digest is that; NULL: not known, or its flag is gone. */
const struct verb *verb_of(const struct collection *c, uint32_t uid, uint32_t digest);

#endif
