#ifndef EASGATE_STORE_EMBEDDED_H
#define EASGATE_STORE_EMBEDDED_H

#include <sys/types.h>

#include "base/err.h"

/* The private redis-server of `store = embedded`: a child of the master process, on a unix socket in the folder
 * "redis" of the state folder, append-only. It ends with the master, however that ends. Called by the master before it
 * has a loop: these functions block. */
struct embedded_redis;

/* Starts it and waits until it answers, at most wait_ms.
 *   state_dir  made if it is missing (not its parents); where we are root, its owner runs the server
 * One that an earlier master left behind is ended first; it is known by the lock that it holds on the folder, never
 * by its name. ERR_EXISTS: another master is alive on this folder. ERR_UNAVAILABLE: anything else. *why: text in a
 * static buffer. */
enum err embedded_redis_start(const char *redis_server, const char *state_dir, unsigned wait_ms,
    struct embedded_redis **out, const char **why) MUST_CHECK;
const char *embedded_redis_url(const struct embedded_redis *r); /* unix:///…/redis.sock */
pid_t embedded_redis_pid(const struct embedded_redis *r);
/* After the master reaped that pid: start it again (with back-off by the caller). */
enum err embedded_redis_restart(struct embedded_redis *r, unsigned wait_ms, const char **why) MUST_CHECK;
/* SIGTERM, waits until it has saved and gone. Accepts NULL, sets NULL. */
void embedded_redis_stop(struct embedded_redis **r);

#endif
