#ifndef EASGATE_AUTH_FAILURES_H
#define EASGATE_AUTH_FAILURES_H

#include "config.h"
#include "store/redis.h"

/* Failed sign-ins, counted in Redis for all workers together: by account and by address (IPv6: by its /64, which is one
 * customer). A stranger who guesses at an account shuts it for places that it never signed in from; places where it did
 * have a count of their own, so that its owner isn't locked out. */

/* ERR_DENIED: too many in this window; *retry_after_s is what is left of it. ERR_UNAVAILABLE: Redis is down. */
enum err failures_check(struct redis *r, const struct config *config, struct bytes account,
    struct bytes address, uint32_t *retry_after_s) WAITS MUST_CHECK;
/* One more. With Redis down it stays uncounted. */
void failures_add(
    struct redis *r, const struct config *config, struct bytes account, struct bytes address) WAITS;
/* The account has signed in from there: it is at home there, and what went wrong with it at this place before counts no
 * more. What counts against the address, or against the account from everywhere, stays. */
void failures_note_sign_in(struct redis *r, struct bytes account, struct bytes address) WAITS;

#endif
