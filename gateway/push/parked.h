#ifndef EASGATE_PUSH_PARKED_H
#define EASGATE_PUSH_PARKED_H

#include "dispatch.h"
#include "io/idmap.h"
#include "push/push.h"
#include "push/watcher.h"

/* A request that waits: what is needed to let its command go on later, and nothing else; there may be 100,000. */
enum parked_state {
	PARKED_WAITING, /* nothing runs */
	PARKED_LOOKING, /* a fiber lets the command go on */
	PARKED_GONE,    /* answered, or its client has left; freed at the end of the loop turn */
};

struct parked {
	struct id_node node; /* first: names it in callbacks */
	enum parked_state state;
	struct push *push;           /* borrowed */
	struct watcher *watcher;     /* counted by it */
	struct parked *next, **link; /* in the watcher's list */
	struct held *held;           /* owned; NULL once answered or gone */
	struct account *account;     /* a reference */
	struct push_folder *folders; /* owned, with their mailboxes in the same block */
	size_t n_folders;
	char *texts; /* owned: one block with the texts below */
	struct bytes device_id, body;
	enum eas_command command;
	struct timer *timer;
	uint64_t ends_ms;  /* when its time is up */
	enum push_why why; /* of the present look */
	bool again;        /* something happened while it looked, or while its phone wrote: look once more */
	enum push_why again_why;
	bool doubtful;     /* its phone began to write during the present look */
	uint64_t quiet_ms; /* when PUSH_DUE is; 0: nothing was put off */
	bool draining;     /* the timer stands for an early end: stop or reload */
};

/* What is kept of a request. NULL never. */
struct parked *parked_dup(struct push *p, const struct request *rq, const struct push_wait *wait);
void parked_free(struct parked *p);
bool parked_same_folders(const struct parked *p, const struct push_folder *v, size_t n);

#endif
