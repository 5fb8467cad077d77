#ifndef EASGATE_STORE_REDIS_LINK_H
#define EASGATE_STORE_REDIS_LINK_H

#include <stdbool.h>

#include "io/loop.h"
#include "store/redis_address.h"

/* One connection to Redis that keeps itself up: resolves, connects, logs in, and does it again after it broke, at
 * growing intervals. For redis.c and redis_channels.c alone; they send through hiredis themselves. */
struct redis_link;
struct redisAsyncContext;

/* name     for the log, static
 * address  borrowed
 * changed  called on the loop when it came up (true), went down or an attempt failed (false) */
struct redis_link *redis_link_new(struct loop *l, const struct redis_address *address, const char *name,
    void (*changed)(void *arg, bool up), void *arg);
/* What was sent and not answered gets its callback, with no answer, in here. `changed` is not called. */
void redis_link_free(struct redis_link **k);
/* NULL unless it is up. Ask again after each wait and each callback. */
struct redisAsyncContext *redis_link_context(const struct redis_link *k);
/* Gives this connection up and makes a new one: the server doesn't answer. Not in a hiredis callback. */
void redis_link_break(struct redis_link *k, const char *why);

#endif
