#ifndef EASGATE_STORE_REDIS_CHANNELS_H
#define EASGATE_STORE_REDIS_CHANNELS_H

#include "store/redis.h"
#include "store/redis_address.h"

/* The subscriptions of one worker, on a connection of their own that is made with the first of them. For redis.c
 * alone, which states the contract. */
struct redis_channels;

struct redis_channels *redis_channels_new(struct loop *l, const struct redis_address *address); /* borrowed */
/* Subscriptions that are left never hear anything again. */
void redis_channels_free(struct redis_channels **c);
struct redis_subscription *redis_channels_subscribe(
    struct redis_channels *c, const char *channel, void (*fn)(void *arg, struct bytes message), void *arg);

#endif
