#ifndef EASGATE_PUSH_PUSH_H
#define EASGATE_PUSH_PUSH_H

#include "request.h"

/* Direct Push: requests that wait for a change (Ping, hanging Sync) are parked as small structs, and one watcher per
 * account wakes them (DESIGN 1 and 5). When there is something to look at, a fiber is started that lets the command
 * go on where it stopped. */
struct push; /* one per worker */

struct push *push_new(struct worker *w);
void push_free(struct push **p);
/* A stop or reload: every parked request is answered as if its time were up, spread over spread_ms. */
void push_drain(struct push *p, uint32_t spread_ms);
struct push_counts {
	uint32_t parked, watchers;
};
struct push_counts push_counts(const struct push *p);

/* Take this before looking at the backends: what happens between the look and push_park is then not lost. */
uint64_t push_mark(struct push *p, const struct account *account);

enum push_why {
	PUSH_TIMEOUT, /* its time is up: answer "no change" */
	PUSH_NEW,     /* new items for certain, in the folders marked `has_new` */
	PUSH_CHANGED, /* something may have changed in the folders marked `changed`: look */
	PUSH_DUE,     /* the quiet changes that were put off by parked_wait_quietly: look at all folders */
	PUSH_FOLDERS, /* the folder list may have changed: look */
};

struct push_folder {
	uint32_t id;
	struct bytes mailbox;    /* in what is given to push_park: borrowed */
	struct imap_status seen; /* what the last look saw: mails below its UIDNEXT are no news */
	bool
	    look_first; /* a new mail in it need not be news for the phone: it may have made it itself, as it does with notes */
	bool changed; /* something happened in it */
	bool has_new; /* new items came, for certain */
};

struct push_wait {
	uint32_t heartbeat_s;
	const struct push_folder *folders;
	size_t n_folders;
	uint64_t mark; /* from push_mark */
};

/* Parks the request, which is over for its handler: it returns ERR_OK after that. What is needed later is copied. An
 * older parked request of the same device, command and set of folders is answered "no change".
 * ERR_LIMIT: too many parked ones (of the account, or of the worker). */
enum err push_park(struct request *rq, const struct push_wait *wait) MUST_CHECK;

/* Between these two the request changes things, and what its phone has now isn't stored yet: a look at the server would find the
 * phone's own changes to be news. What happens meanwhile wakes the device's waiting requests only afterwards. *w is the caller's. */
struct push_write {
	const struct request *rq;
	struct push_write *next;
};
void push_write_begin(struct push_write *w, const struct request *rq);
void push_write_end(struct push_write *w);

/* Tells all workers that a command of this account has changed these folders: waiting requests for them look again, also
 * where the mail server doesn't report them by itself. n 0: the folder list. A failure only means a later wake-up. */
void push_publish(struct request *rq, const uint32_t *folders, size_t n) WAITS;

/* ---- for a command that goes on (rq->parked is set, on a new fiber) ---- */

struct parked;
enum push_why parked_why(const struct parked *p);
/* The phone has begun to write since the look began: what looks like news may be its own. It must wait on (parked_wait_on); it looks once
 * more afterwards. */
bool parked_is_doubtful(const struct parked *p);
/* The folders that it waits for, copied into the arena but for the mailbox names, which live as long as the request; `changed`
 * and `has_new` tell what happened in them since the last look. What happens from now on makes it look once more. */
enum err parked_folders(struct parked *p, struct arena *a, struct push_folder **out, size_t *n) MUST_CHECK;
/* What this look saw of them (`seen`), in the same order: nothing older than that is new. */
void parked_saw(struct parked *p, const struct push_folder *v);
/* The body of a hanging Sync, as it came. */
struct bytes parked_body(const struct parked *p);
/* Nothing to tell: wait on. */
void parked_wait_on(struct request *rq);
/* Something to tell, but not worth waking the phone at once (read marks, deletions: MS-ASCMD 2.2.1.13 wants new items only
 * to end a wait): it goes on with PUSH_DUE in a while, when more may have come together. That time doesn't start anew
 * with what comes meanwhile. */
void parked_wait_quietly(struct request *rq);

#endif
