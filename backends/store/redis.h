#ifndef EASGATE_STORE_REDIS_H
#define EASGATE_STORE_REDIS_H

#include "base/arena.h"
#include "io/fiber.h"

/* The connection to Redis: one per worker for commands (pipelined by all fibers) and one for subscriptions, both
 * reconnecting with back-off. hiredis stays inside. The modules beside this one (devices, folders, sync
 * states, …) know the keys; nobody above this folder does. */
struct redis;

/* url   redis://[user:password@]host:port/db or unix:///path[?db=n]; copied
 * Returns at once. A call waits shortly for the first attempt to connect; apart from that, calls fail at once with
 * ERR_UNAVAILABLE while there is no connection. */
enum err redis_new(struct loop *l, const char *url, struct redis **out) MUST_CHECK; /* ERR_PROTO: bad url */
/* ERR_PROTO unless redis_new would take it. */
enum err redis_url_check(const char *url) MUST_CHECK;
/* Ends what waits with ERR_UNAVAILABLE; subscriptions fall silent. Not inside a subscription's fn. */
void redis_free(struct redis **r);
bool redis_is_up(const struct redis *r);
/* Waits until it is up, for start-up and checks. */
enum err redis_wait_up(struct redis *r, uint32_t timeout_ms) WAITS MUST_CHECK;
/* Awaited answers (round trips) so far, for figures. */
uint64_t redis_round_trips(const struct redis *r);

enum redis_kind { REDIS_NIL, REDIS_TEXT, REDIS_INTEGER, REDIS_ARRAY, REDIS_STATUS, REDIS_ERROR };
struct redis_reply {
	enum redis_kind kind;
	struct bytes text; /* TEXT, STATUS, ERROR */
	int64_t integer;
	struct redis_reply *items; /* ARRAY */
	size_t n;
};

struct redis_command {
	const struct bytes *argv;
	size_t argc;
};
/* Sends all commands in one go and waits for all answers: one round trip. replies[i] in the arena. An error answer to
 * one command is no error of the call. ERR_UNAVAILABLE: not connected, cut off, or no answer for five seconds; whether
 * it was done is unknown, as it is when the fiber is cancelled or late. */
enum err redis_call(struct redis *r, struct arena *a, const struct redis_command *v, size_t n,
    struct redis_reply *replies) WAITS MUST_CHECK;
/* A Lua script by its hash, loaded where the server doesn't have it. `text` must be static. */
struct redis_script {
	const char *text;
	char sha[41];
};
enum err redis_eval(struct redis *r, struct arena *a, struct redis_script *s, const struct bytes *keys,
    size_t n_keys, const struct bytes *args, size_t n_args, struct redis_reply *out) WAITS MUST_CHECK;

/* Subscribes to a channel; fn is called on the loop for each message, and may subscribe and unsubscribe. If there was no
 * connection at first or for a while, fn is called once with an empty message when it is subscribed (again):
 * something may have been missed. */
struct redis_subscription;
struct redis_subscription *redis_subscribe(
    struct redis *r, const char *channel, void (*fn)(void *arg, struct bytes message), void *arg);
void redis_unsubscribe(struct redis_subscription **s);

#endif
