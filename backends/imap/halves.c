#include "imap/halves.h"

#include <assert.h>

#include "imap/order.h"

enum {
	HOPELESS = 8, /* messages that fail, the newest, when none has ever come */
	DEPTH = 40    /* each level has half of the one above, and 2^32 messages are the most */
};

struct range {
	size_t from, n;
};

/* What breaks the connection is asked once more: it may have been for something that was asked before (Dovecot does so when it
 * has mended an index). */
static enum err ask(struct imap *c, const struct halves *h, const uint32_t *uids, size_t n)
{
	enum err e = h->ask(c, uids, n, h->arg);

	return c->broken && imap_goes_on(c, e) ? h->ask(c, uids, n, h->arg) : e;
}

/* Whether it is the newest messages alone that fail: the first of each range that is left is asked about, from far away on. */
static bool has_hope(struct imap *c, const struct halves *h, const uint32_t *uids, const struct range *todo,
    size_t depth, uint64_t until)
{
	for (size_t i = 0; i < depth && loop_now_ms() <= until; i++) {
		enum err e = ask(c, h, uids + todo[i].from, 1);

		if (!e || !imap_goes_on(c, e))
			return !e;
	}
	return false;
}

enum err imap_ask_by_halves(
    struct imap *c, const struct halves *h, const uint32_t *uids, size_t n, enum err e)
{
	uint64_t until = loop_now_ms() + ORDER_MENDING_MS;
	struct range todo[DEPTH] = { { 0, n } };
	size_t depth = 1, failed = 0;
	bool hope = false, known = true; /* known: that it fails */

	if (!n || !imap_goes_on(c, e))
		return e;
	while (depth) {
		struct range r = todo[--depth];

		if (!known && !(e = ask(c, h, uids + r.from, r.n))) {
			hope = true;
			continue;
		}
		if (!known && !imap_goes_on(c, e))
			return e;
		known = false;
		if (loop_now_ms() > until)
			return e;
		if (r.n > 1) {
			assert(depth + 2 <= DEPTH);
			todo[depth++] = (struct range){ r.from, r.n / 2 };
			todo[depth++] = (struct range){ r.from + r.n / 2, r.n - r.n / 2 };
			continue;
		}
		if (++failed == HOPELESS && depth && !hope &&
		    !(hope = has_hope(c, h, uids, todo, depth, until)))
			return e;
		imap_log_unreadable(c, uids[r.from], h->what, e);
		if ((e = h->fail(c, uids[r.from], h->arg)))
			return e;
	}
	return ERR_OK;
}
