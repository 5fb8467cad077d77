#ifndef EASGATE_WORKER_H
#define EASGATE_WORKER_H

#include "auth/account.h"
#include "config.h"
#include "http/http.h"
#include "imap/imap.h"
#include "store/store.h"

struct push;

/* What one worker process has: made by worker.c, used by everything above. */
struct worker {
	struct loop *loop;
	const struct config *config;
	struct redis *redis;
	struct imap_pool *imap;
	struct auth *auth;
	struct push *push;
	struct http_server *http;
	bool draining; /* a stop or reload is under way: parked requests are being ended */
};

/* What a worker process is started with. Borrowed: it lives as long as the process. */
struct worker_start {
	const struct config *config;
	const char *store_url; /* config's, or the embedded server's */
	const int *fds; /* listening sockets of this worker, in the order of listen, then listen_plain */
	size_t n_fds;
	const uint8_t *ticket_keys; /* of TLS sessions, the same in all workers; see http.h */
	int ready_fd;               /* one byte is written here when it takes connections */
};
/* Runs a worker until it has drained. It takes connections as soon as it has reached Redis, so that nobody is refused by a
 * worker that only hasn't looked yet; if Redis isn't there it takes them all the same after a few seconds, and answers
 * "later". Returns the exit status of the process. */
int worker_run(const struct worker_start *start);

#endif
