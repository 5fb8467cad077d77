#ifndef EASGATE_BASE_HASH_H
#define EASGATE_BASE_HASH_H

#include "base/bytes.h"

/* A well-mixed 64-bit hash, the same on every machine and in every release: stored checksums and digests may
 * rely on it. No protection against somebody who looks for collisions. Hashes of parts are chained through
 * the seed. */
uint64_t hash64(struct bytes in, uint64_t seed);

#endif
