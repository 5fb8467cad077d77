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
	bool draining;           /* a stop or reload is under way: parked requests are being ended */
};

#endif
