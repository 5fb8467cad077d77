#ifndef EASGATE_PUSH_WATCHER_H
#define EASGATE_PUSH_WATCHER_H

#include "imap/watch.h"
#include "io/idmap.h"
#include "push/push.h"

/* One account's watch, shared by its parked requests on this worker. It starts with the first of them, learns more mailboxes
 * from later ones, outlives the last one for a while (the phone comes back after its Sync), and starts again with
 * back-off when the connection is lost. */
struct parked;

enum watcher_state {
	WATCHER_IDLE,     /* nothing to watch yet, or ended */
	WATCHER_STARTING, /* a fiber connects, or adds mailboxes */
	WATCHER_RUNNING,
	WATCHER_BROKEN, /* waits to try again */
};

struct watched {
	char *mailbox; /* owned */
	struct imap_status seen;
	uint64_t event; /* number of the newest event on it */
	bool active;    /* the watch has it */
};

struct watcher {
	struct id_node node; /* first: names it in callbacks */
	enum watcher_state state;
	struct push *push; /* borrowed */
	struct watcher *next;
	struct account *account; /* a reference */
	struct imap_watch *watch;
	struct watched *v; /* owned */
	size_t n, cap;
	struct parked *parked; /* its list */
	uint32_t n_parked;
	uint64_t events;        /* how many so far: the clock of push_mark */
	uint64_t folders_event; /* number of the newest one on the folder list */
	uint64_t wake_event;    /* number of the newest wake-up from elsewhere */
	uint32_t failures;
	bool dirty;          /* mailboxes were added that the watch doesn't have yet */
	struct timer *timer; /* trying again, or ending */
};

struct watcher *watcher_new(struct push *p, struct account *account);
void watcher_free(struct watcher *w);
/* Sees to it that these are watched. `seen` is what was last seen of each. Doesn't wait. */
void watcher_want(struct watcher *w, const struct push_folder *v, size_t n);
/* The number of the newest event on that mailbox; 0 if none or unknown. */
uint64_t watcher_last_event(const struct watcher *w, struct bytes mailbox);
/* A parked request has left: ends after a while if it was the last. */
void watcher_release(struct watcher *w);

/* Called by the watcher (push.c): mailbox empty = the folder list. uid_next: as far as the watch has heard. */
void push_on_event(struct watcher *w, enum push_why why, struct bytes mailbox, uint32_t uid_next);
struct watcher *push_find_watcher(struct push *p, uint64_t number);
void push_remove_watcher(struct watcher *w); /* it frees itself afterwards */
struct worker *push_worker(const struct push *p);

#endif
