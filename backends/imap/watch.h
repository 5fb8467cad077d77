#ifndef EASGATE_IMAP_WATCH_H
#define EASGATE_IMAP_WATCH_H

#include "imap/imap.h"

/* Watches an account's mailboxes on one connection: by NOTIFY (RFC 5465) all of them, else by IDLE (RFC 2177)
 * the inbox and by STATUS polls the rest. Without IDLE all by polls. No fiber is held while nothing
 * happens: an idle watch is its connection and a few hundred bytes. */
struct imap_watch;

enum imap_watch_event {
	IMAP_WATCH_NEW,     /* messages came into that mailbox, for certain (EXISTS or UIDNEXT grew) */
	IMAP_WATCH_CHANGED, /* that mailbox changed: messages came, went or changed flags */
	IMAP_WATCH_FOLDERS, /* a mailbox was created, deleted or renamed */
	IMAP_WATCH_LOST, /* the connection broke; the watch has ended and must be freed; something may have been missed */
};

struct imap_watch_opts {
	uint32_t poll_s;  /* for mailboxes that have no push */
	uint32_t renew_s; /* IDLE is renewed that often (RFC 2177: below 29 minutes) */
};

/* Opens a connection of its own (not counted against max_per_account) and starts watching `mailboxes` (copied).
 * `status` is what the caller last saw of each, so that nothing falls between that look and the start: where the
 * server's status differs from it, NEW or CHANGED comes at once. Nothing comes for one that isn't known.
 * fn is called on the loop, never inside this call. The pool must outlive the watch. */
enum err imap_watch_start(struct imap_pool *p, const struct imap_login *who, const struct bytes *mailboxes,
    const struct imap_status *status, size_t n, const struct imap_watch_opts *opts,
    void (*fn)(void *arg, enum imap_watch_event what, struct bytes mailbox), void *arg,
    struct imap_watch **out, const char **why) WAITS MUST_CHECK;
/* More mailboxes for a running watch (those it has already are no error). They are looked at soon after.
 * ERR_UNAVAILABLE if it has ended. */
enum err imap_watch_add(struct imap_watch *w, const struct bytes *mailboxes, const struct imap_status *status,
    size_t n) WAITS MUST_CHECK;
/* The UIDNEXT that the watch has last heard of, or counted; never more than the real one. 0: not known. */
uint32_t imap_watch_uid_next(const struct imap_watch *w, struct bytes mailbox);
/* "notify", "idle" or "poll": for tests, which see no difference otherwise. */
const char *imap_watch_kind(const struct imap_watch *w);
/* Why it was lost, for the log; empty as long as it stands. */
const char *imap_watch_problem(const struct imap_watch *w);
/* Ends it at once; fn is not called any more. Accepts NULL, sets NULL. */
void imap_watch_free(struct imap_watch **w);

#endif
