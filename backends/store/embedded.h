#ifndef EASGATE_STORE_EMBEDDED_H
#define EASGATE_STORE_EMBEDDED_H

#include <sys/types.h>

#include "base/err.h"

/* The private redis-server of `store = embedded`: a child of the master process, on a unix socket in the state
 * folder, append-only. Called by the master before it has a loop. */
struct embedded_redis;

/* Starts it and waits until it answers, at most wait_ms. An orphan of an earlier run on the same folder is asked to
 * shut down first (found by its pid file and socket, never by name). *why: text in a static buffer. */
enum err embedded_redis_start(const char *redis_server, const char *state_dir, unsigned wait_ms,
    struct embedded_redis **out, const char **why) MUST_CHECK;
const char *embedded_redis_url(const struct embedded_redis *r); /* unix:///…/redis.sock */
pid_t embedded_redis_pid(const struct embedded_redis *r);
/* After the master reaped that pid: start it again (with back-off by the caller). */
enum err embedded_redis_restart(struct embedded_redis *r, unsigned wait_ms, const char **why) MUST_CHECK;
/* SIGTERM, waits until it has saved and gone. Accepts NULL, sets NULL. */
void embedded_redis_stop(struct embedded_redis **r);

#endif
