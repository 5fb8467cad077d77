#ifndef EASGATE_TESTS_TRUTH_H
#define EASGATE_TESTS_TRUTH_H

#include "base/arena.h"
#include "integration/bed.h"

/* What Dovecot really holds: a blocking IMAP client for tests, with none of the gateway's IMAP code in it. It is one user's
 * session; if Dovecot was restarted meanwhile, the next call logs in again. Mailbox names are UTF-8, with the
 * server's separator. What a test can't go on without, it may not lack: any refusal or broken connection is told
 * on stderr and ends the program. What is returned lives as long as the truth. */
struct truth;

struct truth *truth_open(const struct bed *b, const char *user);
void truth_close(struct truth **t); /* accepts NULL, sets NULL */

struct truth_mail {
	uint32_t uid, size;
	uint64_t modseq;
	const char *flags; /* "\Seen $Forwarded": the server's order, without \Recent */
	const char *date;  /* INTERNALDATE: "24-Nov-2026 10:00:00 +0000", always in UTC */
};

/* All of the mailbox, by ascending UID. */
size_t truth_list(struct truth *t, const char *mailbox, const struct truth_mail **out);
/* NULL if there is no such mail. */
const struct truth_mail *truth_mail(struct truth *t, const char *mailbox, uint32_t uid);
uint32_t truth_uidvalidity(struct truth *t, const char *mailbox);
/* The mail's bytes; false if there is no such mail. */
bool truth_fetch(struct truth *t, const char *mailbox, uint32_t uid, struct bytes *out);

/* flags, date  as in truth_mail; NULL: none, now. Returns the new UID. */
uint32_t truth_append(
    struct truth *t, const char *mailbox, const char *flags, const char *date, struct bytes mail);
/* For large mailboxes: many mails in one go (MULTIAPPEND). Each "#" in `mail` becomes the running number, from 1. */
void truth_append_many(struct truth *t, const char *mailbox, unsigned count, const char *mail);
/* uids  an IMAP set, "3,7:9" or "1:*".  how  "+FLAGS", "-FLAGS" or "FLAGS" */
void truth_store(struct truth *t, const char *mailbox, const char *uids, const char *how, const char *flags);
void truth_expunge(struct truth *t, const char *mailbox, const char *uids); /* sets \Deleted first */
void truth_move(struct truth *t, const char *mailbox, const char *uids, const char *to);

void truth_create(struct truth *t, const char *mailbox);
void truth_rename(struct truth *t, const char *mailbox, const char *to);
void truth_delete(struct truth *t, const char *mailbox);
/* Names of all mailboxes, in the server's order. */
size_t truth_mailboxes(struct truth *t, const char *const **out);
bool truth_has_mailbox(struct truth *t, const char *mailbox);

/* Any command, printf-like, without tag and line end. Returns all that came before the tagged OK. */
struct bytes truth_command(struct truth *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Through LMTP: what an incoming mail does. Needs no truth. */
void truth_deliver(const struct bed *b, const char *address, struct bytes mail);

#endif
