#include <stdlib.h>

#include "imap/order.h"
#include "imap/uid_set.h"

/* FETCH of whole messages, but for their bodies. */

struct wanted {
	uint32_t uid;
	size_t at; /* in the caller's array */
};

struct messages {
	struct imap_order order; /* the first, so that it can be taken for the whole */
	struct imap_messages *out;
	struct wanted *wanted;  /* ascending */
	struct imap_message *v; /* in the caller's order; a uid is set when its message is whole */
	size_t n;
	size_t stage;
	struct imap_uids missing; /* to be asked for in this stage, as far as `at` done so */
	size_t at;
	bool unreadable; /* one came that isn't whole */
};

/* Stage by stage, what the server could not give, or we could not read, is asked for with less: without the structure,
 * then without the header, each message by a command of its own. */
static const struct stage {
	const char *items;
	bool header, alone; /* header: a message without is not whole */
} stages[] = {
	{ "UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER]", true, false },
	{ "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]", true, true },
	{ "UID FLAGS INTERNALDATE RFC822.SIZE", false, true },
};
enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

static int compare_wanted(const void *x, const void *y)
{
	const struct wanted *a = x, *b = y;

	return (a->uid > b->uid) - (a->uid < b->uid);
}

static void take_message(struct imap_order *o, struct imap_fetched *f)
{
	struct messages *m = (struct messages *)o;
	const struct wanted *w =
	    bsearch(&(struct wanted){ .uid = f->flags.uid }, m->wanted, m->n, sizeof(*w), compare_wanted);

	if (!w || !f->has_flags)
		return;
	if (m->v[w->at].flags.uid)
		m->v[w->at].flags = f->flags; /* changed meanwhile */
	else if (f->has_size && (f->body.p || !stages[m->stage].header))
		m->v[w->at] = (struct imap_message){ f->flags, f->date, f->size, f->structure, f->body };
	else
		m->unreadable = true;
}

static void begin_stage(struct messages *m)
{
	m->order.refused = m->unreadable = false;
	m->missing.n = m->at = 0;
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[m->wanted[i].at].flags.uid)
			m->missing.v[m->missing.n++] = m->wanted[i].uid;
}

/* As many of the missing as there is room for. */
static enum err send_messages(struct imap *c, struct messages *m)
{
	const struct stage *s = &stages[m->stage];
	enum err e = order_begin(c, &m->order);

	if (e)
		return e;
	while (m->at < m->missing.n && order_has_room(c)) {
		size_t upto = s->alone ? m->at + 1 : m->missing.n;

		imap_command(c, "UID FETCH ");
		uid_set_put(&c->out, m->missing.v, upto, IMAP_SET_BYTES, &m->at);
		imap_put(c, " (%s)", s->items);
	}
	return order_send(c, &m->order);
}

static enum err finish_messages(struct imap *c, struct imap_order *o)
{
	struct messages *m = (struct messages *)o;
	enum err e;

	for (;;) {
		while (m->at < m->missing.n)
			if ((e = imap_settle_orders(c)) || (e = send_messages(c, m)) ||
			    (e = order_settle(c, o)))
				return e;
		if ((!o->refused && !m->unreadable) || m->stage + 1 == STAGES)
			break;
		m->stage++;
		begin_stage(m);
	}
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].flags.uid)
			m->v[m->out->n++] = m->v[i];
	m->out->v = m->v;
	return ERR_OK;
}

enum err imap_order_messages(struct imap *c, struct arena *a, const uint32_t *uids, size_t n,
    struct imap_messages *to, struct imap_order **out)
{
	struct messages *m = arena_alloc(a, sizeof(*m));

	*to = (struct imap_messages){ 0 };
	if (!m)
		return ERR_LIMIT;
	*m = (struct messages){ .order = { .arena = a, .take = take_message, .finish = finish_messages },
		.out = to,
		.wanted = arena_array(a, n, sizeof(*m->wanted)),
		.v = arena_array(a, n, sizeof(*m->v)),
		.n = n,
		.missing.v = arena_array(a, n, sizeof(*m->missing.v)) };
	if (!m->wanted || !m->v || !m->missing.v)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		m->wanted[i] = (struct wanted){ uids[i], i };
	qsort(m->wanted, n, sizeof(*m->wanted), compare_wanted);
	begin_stage(m);
	*out = &m->order;
	return send_messages(c, m);
}

enum err imap_fetch_messages(
    struct imap *c, struct arena *a, const uint32_t *uids, size_t n, struct imap_messages *out)
{
	struct imap_order *o;
	enum err e = imap_order_messages(c, a, uids, n, out, &o);

	return e ? e : imap_await(c, o);
}
