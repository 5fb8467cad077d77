#ifndef EASGATE_AUTH_ACCOUNT_H
#define EASGATE_AUTH_ACCOUNT_H

#include "config.h"
#include "imap/imap.h"
#include "store/redis.h"

/* A verified login. Shared by all that runs for it in this worker, counted; its password is wiped when the last one lets
 * go. */
struct account {
	char *name;             /* canonical, for Redis keys and logs */
	char *address;          /* primary mail address */
	struct imap_login imap; /* what IMAP takes */
	struct imap_login smtp; /* what submission takes (client_address unused) */
	unsigned refs;
};
struct account *account_ref(struct account *a);
void account_unref(struct account **a); /* accepts NULL, sets NULL */

/* Verifies credentials by an IMAP login and remembers success for a while, in memory, by a salted hash. */
struct auth; /* one per worker */
struct auth *auth_new(
    struct loop *l, const struct config *config, struct redis *redis, struct imap_pool *imap);
void auth_free(struct auth **a);

/* authorization   the header's value, may be empty
 * address         the client's, for rate limits (counted across workers in Redis)
 * ERR_AUTH wrong, missing or unreadable; ERR_DENIED too many failures, *retry_after_s tells; ERR_UNAVAILABLE IMAP or Redis
 * is down: never a 401 for that (a 401 makes phones ask for the password). Unknown user and wrong password look alike. */
enum err auth_check(struct auth *a, struct bytes authorization, struct bytes address, struct account **out,
    uint32_t *retry_after_s) WAITS MUST_CHECK;
/* IMAP refused the password in the middle of things (it was changed): the cached success is forgotten. */
void auth_forget(struct auth *a, const struct account *account);

#endif
