#ifndef EASGATE_BASE_PERCENT_H
#define EASGATE_BASE_PERCENT_H

#include "base/buf.h"

/* Percent-encoding (RFC 3986, 2.1). A plus sign stays a plus sign: it is part of mail addresses and of
 * base64, and clients send it as it is. A percent sign without two hex digits stays as well. */
enum err percent_decode(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;
/* Everything but unreserved characters is encoded. */
void percent_put(struct buf *out, struct bytes in);

#endif
