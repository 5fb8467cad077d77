#include "imap/order.h"

#include <assert.h>

#include "imap/fetched.h"

/* FETCH of messages (messages.c) and of parts of them (parts.c), ordered and awaited apart. Messages are always named by UID: sequence numbers change
 * under pipelined commands.
 *
 * A response is offered to every order that is under way, and each takes what is its own: a server may work on two of these
 * commands in turn (RFC 3501, 5.5), so what a response belongs to is told by what it holds alone.
 *
 * An order lives in its caller's arena. The answers to its commands are in c->scratch, which stays as long as something is
 * under way: imap_begin settles that first. */
enum { PIPELINE_BYTES = 16 * 1024 };

bool order_has_room(const struct imap *c)
{
	size_t bytes = imap_pending_bytes(c);

	for (const struct imap_order *o = c->orders; o; o = o->next)
		bytes += o->bytes;
	return bytes < PIPELINE_BYTES;
}

enum err order_begin(struct imap *c, struct imap_order *o)
{
	enum err e = !c->orders ? imap_begin(c) : c->broken ? ERR_UNAVAILABLE : fiber_check();

	assert(!c->orders || c->orders->arena == o->arena);
	o->from = c->n_commands;
	return e;
}

/* Whatever they were busy with, and the server with them: the connection is mended, and each sees what it still needs. */
static enum err lose(struct imap *c, struct imap_order *all, enum err why)
{
	for (struct imap_order *o = all; o; o = o->next) {
		o->under_way = false;
		o->lost = true;
		o->why = why;
		o->answered = 0;
		for (size_t i = o->from; i < o->upto; i++)
			o->answered += c->answers[i].given;
	}
	return imap_mend(c, why);
}

/* A trip is where the server had nothing to do before. */
enum err order_send(struct imap *c, struct imap_order *o)
{
	struct imap_order **end = &c->orders, *first;
	enum err e;

	o->lost = false;
	o->upto = c->n_commands;
	o->bytes = imap_pending_bytes(c);
	if (!o->bytes)
		return ERR_OK;
	c->round_trips += !c->orders;
	while (*end)
		end = &(*end)->next;
	*end = o;
	o->next = NULL;
	o->under_way = true;
	first = c->orders;
	return (e = imap_send(c)) ? lose(c, first, e) : ERR_OK;
}

/* What comes may be for any of them. */
static struct imap_fetch_limits limits_of(const struct imap_order *o)
{
	struct imap_fetch_limits out = o->limits;

	while ((o = o->next)) {
		if (o->limits.header < out.header)
			out.header = o->limits.header;
		if (o->limits.structure < out.structure)
			out.structure = o->limits.structure;
	}
	return out;
}

static enum err on_fetch(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct imap_order *first = c->orders;
	struct imap_fetch_limits limits = limits_of(first);
	struct imap_fetched f;
	enum err e;

	(void)arg;
	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch_within(c, first->arena, &first->keywords, &limits, &f)))
		return e;
	for (struct imap_order *o = first; o; o = o->next)
		o->take(o, &f);
	return ERR_OK;
}

static void close_first(struct imap *c)
{
	struct imap_order *o = c->orders;

	for (size_t i = o->from; i < o->upto; i++)
		o->refused |= c->answers[i].err != ERR_OK;
	o->under_way = false;
	c->orders = o->next;
}

enum err order_settle(struct imap *c, struct imap_order *o)
{
	struct imap_order *first = c->orders;
	enum err e;

	if (!o->under_way)
		return ERR_OK;
	if (!first) /* it was left alone when the connection broke */
		return ERR_UNAVAILABLE;
	if ((e = imap_hear(c, o->upto, on_fetch, NULL)))
		return lose(c, first, e);
	while (o->under_way)
		close_first(c);
	return ERR_OK;
}

enum err imap_settle_orders(struct imap *c)
{
	enum err e = ERR_OK;

	while (c->orders && !e)
		e = order_settle(c, c->orders);
	return e;
}

enum err imap_await(struct imap *c, struct imap_order *o)
{
	enum err e = order_settle(c, o);

	return e ? e : o->finish(c, o);
}
