#ifndef EASGATE_STORE_REDIS_ADDRESS_H
#define EASGATE_STORE_REDIS_ADDRESS_H

#include <stdint.h>

#include "base/err.h"

/* Where a Redis server is and how to log in there, as its URL says. All strings are owned, NULL if not given. */
struct redis_address {
	char *path; /* of a unix socket; then no host */
	char *host;
	uint16_t port; /* 6379 if not given */
	char *user, *password;
	uint32_t db;
};

/* redis://[[user]:password@]host[:port][/db], with [brackets] around an IPv6 address, or
 * unix://[[user]:password@]/path[?db=n]. User and password are percent-encoded. ERR_PROTO for anything else. */
enum err redis_address_parse(const char *url, struct redis_address *out) MUST_CHECK;
/* Wipes the password. */
void redis_address_deinit(struct redis_address *a);

#endif
