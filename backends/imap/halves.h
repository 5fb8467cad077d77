#ifndef EASGATE_IMAP_HALVES_H
#define EASGATE_IMAP_HALVES_H

#include "imap/connection.h"

/* Inside backends/imap only: a question about many messages, which the server can't answer because of a few of them. */
struct halves {
	/* Asks about uids[0..n), ascending: all the messages that there are between the first and the last. Notes
	 * what it hears when it gives ERR_OK; the same message may be asked about again. */
	enum err (*ask)(struct imap *c, const uint32_t *uids, size_t n, void *arg) WAITS;
	/* It can't be said of that one. */
	enum err (*fail)(struct imap *c, uint32_t uid, void *arg);
	const char *what; /* is asked, for the log */
	void *arg;
};

/* After the question about all of them failed with `e`: asks about halves, and halves of those that fail, down to single
 * messages. `e` if it is no message's fault: if the connection can't be mended, or nothing at all can be answered. */
enum err imap_ask_by_halves(
    struct imap *c, const struct halves *h, const uint32_t *uids, size_t n, enum err e) WAITS MUST_CHECK;

#endif
