#ifndef EASGATE_IMAP_UID_SET_H
#define EASGATE_IMAP_UID_SET_H

#include "base/buf.h"
#include "imap/imap.h"

/* Sets of message numbers as IMAP writes them: 1:4,7,9:12 (RFC 3501, 9: sequence-set). */

/* Writes ascending uids from v[*at] on, runs as ranges, until all are written or the set has `max` bytes; moves
 * *at. Duplicates are written once. */
void uid_set_put(struct buf *out, const uint32_t *v, size_t n, size_t max, size_t *at);
/* Takes the next range of a set, lower end first; 0 and * are ERR_PROTO. */
enum err uid_set_next(struct bytes *set, struct imap_uid_range *out) MUST_CHECK;
/* All numbers of a set in its order, appended to *out in the arena. */
enum err uid_set_expand(struct arena *a, struct bytes set, struct imap_uids *out, size_t *cap) MUST_CHECK;
/* A sorted copy, without duplicates. */
enum err uids_sort(struct arena *a, const uint32_t *v, size_t n, struct imap_uids *out) MUST_CHECK;
/* For qsort and bsearch. */
int compare_uids(const void *x, const void *y);
/* Adds to an array that doubles. */
enum err uids_add(struct arena *a, struct imap_uids *uids, size_t *cap, uint32_t uid) MUST_CHECK;

#endif
