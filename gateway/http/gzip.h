#ifndef EASGATE_HTTP_GZIP_H
#define EASGATE_HTTP_GZIP_H

#include "base/bytes.h"
#include "io/fiber.h"

/* The gzip content coding (RFC 9110, 8.4.1.3). Results are malloc's, for the caller to free. */

/* ERR_PROTO: not gzip, or damaged; ERR_LIMIT: more than max bytes come out. On a fiber it lets others run meanwhile, and may be
 * cancelled. */
enum err gzip_expand(struct bytes in, size_t max, uint8_t **out, size_t *len) WAITS MUST_CHECK;
/* NULL if it would save too little to be worth it. */
uint8_t *gzip_shrink(struct bytes in, size_t *len);

#endif
