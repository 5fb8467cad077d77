#ifndef EASGATE_SYNC_SYNC_KEY_H
#define EASGATE_SYNC_SYNC_KEY_H

#include "base/buf.h"

/* A sync key names one generation of one life of a collection's (or the folder list's) state: 16 hex digits of the epoch, a
 * dot, the generation in decimal. The epoch is random, so that a key of a former life never fits by chance.
 * "0" is the key of a client that starts. Source: MS-ASCMD 2.2.3.181. */
struct sync_key {
	uint64_t epoch;
	uint32_t generation; /* 0 = the initial key */
};

enum { SYNC_KEY_MAX = 64 };

/* ERR_STALE_KEY for anything that we never gave out. An empty key counts as "0" (BlackBerry 10). */
enum err sync_key_parse(struct bytes text, struct sync_key *out) MUST_CHECK;
/* to has room for SYNC_KEY_MAX. */
void sync_key_format(struct sync_key key, char to[SYNC_KEY_MAX]);
/* A new epoch, never 0. */
uint64_t sync_key_new_epoch(void);

#endif
