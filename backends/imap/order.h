#ifndef EASGATE_IMAP_ORDER_H
#define EASGATE_IMAP_ORDER_H

#include "imap/fetched.h"

/* Inside backends/imap only: what messages.c and parts.c have in common, see order.c. */

struct imap_order {
	struct imap_order *next; /* under way, as they were sent */
	struct arena *arena;
	size_t from, upto; /* its commands are c->answers[from .. upto) */
	size_t bytes;      /* that they have */
	bool under_way, refused;
	/* The connection broke, and was mended: nothing is under way any more. */
	bool lost;
	enum err why;    /* it broke */
	size_t answered; /* so many of its commands had their answers by then */
	void (*take)(struct imap_order *o, struct imap_fetched *f);
	enum err (*finish)(
	    struct imap *c, struct imap_order *o); /* once all answers to what was sent are there */
	struct imap_keywords keywords;             /* of what comes while it is the first */
	struct imap_fetch_limits limits;
};

/* While the server hangs up on some mails they are asked for one by one: for so long, and through so many connections in an order
 * for a page. Then what is there must do. */
enum { ORDER_MENDING_MS = 15 * 1000, ORDER_MENDS = 16 };

/* Then come the order's commands. */
enum err order_begin(struct imap *c, struct imap_order *o) WAITS MUST_CHECK;
/* What is under way must stay small, or both sides could wait for the other to read. */
bool order_has_room(const struct imap *c);
enum err order_send(struct imap *c, struct imap_order *o) WAITS MUST_CHECK;
/* Until all that it has sent is answered, and so all that was sent before; or it is lost. */
enum err order_settle(struct imap *c, struct imap_order *o) WAITS MUST_CHECK;

#endif
