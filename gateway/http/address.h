#ifndef EASGATE_HTTP_ADDRESS_H
#define EASGATE_HTTP_ADDRESS_H

#include <sys/socket.h>

#include "base/bytes.h"

/* Internet addresses, networks of them, and the places where a server listens. IPv4 in IPv6 (::ffff:192.0.2.1) is
 * IPv4 here. */
struct address {
	uint8_t ip[16]; /* IPv4: the first four */
	uint8_t family; /* 4 or 6; 0 = none, as of a unix socket */
};
enum { ADDRESS_TEXT_MAX = 46 }; /* with its NUL */

void address_of_sockaddr(const struct sockaddr *sa, struct address *out);
/* "192.0.2.1", "2001:db8::1", also in brackets; a port after it is dropped. ERR_PROTO for anything else. */
enum err address_parse(struct bytes text, struct address *out) MUST_CHECK;
void address_format(const struct address *a, char out[ADDRESS_TEXT_MAX]); /* "-" if none */
bool address_eq(const struct address *a, const struct address *b);
/* What one customer has: an IPv6 address becomes its /64. */
void address_to_network(struct address *a);

/* "192.0.2.0/24", "2001:db8::/32", or one address. */
struct network {
	struct address base;
	uint8_t bits;
};
enum err network_parse(struct bytes text, struct network *out) MUST_CHECK;
bool network_has(const struct network *n, const struct address *a);

/* "0.0.0.0:443", "[::]:443", ":443" (both families, where the system has IPv6), "127.0.0.1:8080". */
enum err endpoint_parse(struct bytes text, struct sockaddr_storage *out, socklen_t *len) MUST_CHECK;

#endif
