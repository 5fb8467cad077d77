#ifndef EASGATE_HTTP_PROXY_HEADER_H
#define EASGATE_HTTP_PROXY_HEADER_H

#include "http/address.h"

/* The PROXY header with which a load balancer tells whom it speaks for. Source: HAProxy, "The PROXY protocol", 2.1 and
 * 2.2. */
enum { PROXY_HEADER_MAX = 1024 };

/* Reads one at the beginning of `in`.
 *   used    how long it is
 *   client  family 0 if it names none (a health check of the balancer itself)
 * ERR_TRUNCATED: more bytes are needed; ERR_PROTO: there is none, or it is longer than PROXY_HEADER_MAX. */
enum err proxy_header_parse(struct bytes in, size_t *used, struct address *client) MUST_CHECK;

#endif
