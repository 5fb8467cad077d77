#ifndef EASGATE_STORE_KEY_H
#define EASGATE_STORE_KEY_H

#include "base/buf.h"

/* Names of keys: eas:KIND:{ACCOUNT}:PART:PART. The account in braces is the hash tag of Redis Cluster: all keys of one
 * account lie in one slot. Names come from phones, so everything but letters, digits and -._~@+ is
 * percent-encoded: no name can look like another key. An empty name is a single '%'; one longer than 200 bytes is
 * '%%' and its SHA-256 in hex. */

enum { KEY_NAME_MOST = 200 };

void key_put_name(struct buf *b, struct bytes name);
/* `parts` may be NULL if n is 0. */
void key_put(struct buf *b, const char *kind, struct bytes account, const struct bytes *parts, size_t n);

#endif
