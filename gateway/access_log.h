#ifndef EASGATE_ACCESS_LOG_H
#define EASGATE_ACCESS_LOG_H

#include <sys/types.h>

#include "request.h"

/* One line for each request of a device: key=value, with quotes as in io/log.h, in one write:
 *
 *	2026-11-24T13:00:00.123Z request=3fa9c1d2-1a account=ann@example.org device=ab12 type=iPhone version=14.1
 *	command=Sync status=1 http=200 adds=2 … in=113 out=2044 ms=12 backend_ms=9 imap=2 redis=3 address=192.0.2.1 agent="…"
 *
 * path: NULL or "" = standard output, "off" = none. ERR_UNAVAILABLE, with errno set, if it can't be opened. */
enum err access_log_open(const char *path) MUST_CHECK;
enum err access_log_reopen(void) MUST_CHECK;
enum err access_log_give(uid_t uid, gid_t gid) MUST_CHECK; /* as log_give */

/* http   0: the client went away before the answer */
void access_log_write(const struct request *rq, int http, size_t bytes_out);

#endif
