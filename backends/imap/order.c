#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imap/fetched.h"
#include "imap/uid_set.h"

/* FETCH of messages and of parts of them, ordered and awaited apart. Messages are always named by UID: sequence numbers change
 * under pipelined commands.
 *
 * A response is offered to every order that is under way, and each takes what is its own: a server may work on two of these
 * commands in turn (RFC 3501, 5.5), so what a response belongs to is told by what it holds alone.
 *
 * An order lives in its caller's arena. The answers to its commands are in c->scratch, which stays as long as something is
 * under way: imap_begin settles that first. */
enum { PIPELINE_BYTES = 16 * 1024 };

struct imap_order {
	struct imap_order *next; /* under way, as they were sent */
	struct arena *arena;
	size_t from, upto; /* its commands are c->answers[from .. upto) */
	size_t bytes;      /* that they have */
	bool under_way, refused;
	void (*take)(struct imap_order *o, struct imap_fetched *f);
	enum err (*finish)(
	    struct imap *c, struct imap_order *o); /* once all answers to what was sent are there */
	struct imap_keywords keywords;             /* of what comes while it is the first */
};

/* ---- orders ---- */

/* What is under way must stay small, or both sides could wait for the other to read. */
static bool has_room(const struct imap *c)
{
	size_t bytes = imap_pending_bytes(c);

	for (const struct imap_order *o = c->orders; o; o = o->next)
		bytes += o->bytes;
	return bytes < PIPELINE_BYTES;
}

/* Then come the order's commands. */
static enum err begin(struct imap *c, struct imap_order *o)
{
	enum err e = !c->orders ? imap_begin(c) : c->broken ? ERR_UNAVAILABLE : fiber_check();

	assert(!c->orders || c->orders->arena == o->arena);
	o->from = c->n_commands;
	return e;
}

/* A trip is where the server had nothing to do before. */
static enum err send_order(struct imap *c, struct imap_order *o)
{
	struct imap_order **end = &c->orders;

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
	return imap_send(c);
}

static enum err on_fetch(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	struct imap_order *first = c->orders;
	struct imap_fetched f;
	enum err e;

	(void)arg;
	if (!number || !bytes_eq_nocase(keyword, "FETCH"))
		return ERR_OK;
	if ((e = imap_read_fetch(c, first->arena, &first->keywords, &f)))
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

/* Until all that it has sent is answered, and so all that was sent before. */
static enum err settle(struct imap *c, struct imap_order *o)
{
	enum err e;

	if (!o->under_way)
		return ERR_OK;
	if (!c->orders) /* lost with the connection */
		return ERR_UNAVAILABLE;
	if ((e = imap_hear(c, o->upto, on_fetch, NULL)))
		return e;
	while (o->under_way)
		close_first(c);
	return ERR_OK;
}

enum err imap_settle_orders(struct imap *c)
{
	enum err e = ERR_OK;

	while (c->orders && !e)
		e = settle(c, c->orders);
	return e;
}

enum err imap_await(struct imap *c, struct imap_order *o)
{
	enum err e = settle(c, o);

	return e ? e : o->finish(c, o);
}

/* ---- messages ---- */

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
	enum err e = begin(c, &m->order);

	if (e)
		return e;
	while (m->at < m->missing.n && has_room(c)) {
		size_t upto = s->alone ? m->at + 1 : m->missing.n;

		imap_command(c, "UID FETCH ");
		uid_set_put(&c->out, m->missing.v, upto, IMAP_SET_BYTES, &m->at);
		imap_put(c, " (%s)", s->items);
	}
	return send_order(c, &m->order);
}

static enum err finish_messages(struct imap *c, struct imap_order *o)
{
	struct messages *m = (struct messages *)o;
	enum err e;

	for (;;) {
		while (m->at < m->missing.n)
			if ((e = imap_settle_orders(c)) || (e = send_messages(c, m)) || (e = settle(c, o)))
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

/* ---- parts ---- */

struct parts {
	struct imap_order order; /* the first, as in struct messages */
	struct imap_part_request *
	    *commands; /* in the order in which they are asked for, as far as `at` done so */
	struct imap_part_request **by_uid; /* to find them when answers come */
	size_t n, at;
};

/* Those that share a command are neighbours. */
static int compare_commands(const void *x, const void *y)
{
	const struct imap_part_request *a = *(struct imap_part_request *const *)x;
	const struct imap_part_request *b = *(struct imap_part_request *const *)y;
	int order = strcmp(a->section, b->section);

	if (!order)
		order = (a->from > b->from) - (a->from < b->from);
	if (!order)
		order = (a->count > b->count) - (a->count < b->count);
	return order ? order : (a->uid > b->uid) - (a->uid < b->uid);
}

static int compare_answers(const void *x, const void *y)
{
	const struct imap_part_request *a = *(struct imap_part_request *const *)x;
	const struct imap_part_request *b = *(struct imap_part_request *const *)y;
	int order = (a->uid > b->uid) - (a->uid < b->uid);

	if (!order)
		order = (a->from > b->from) - (a->from < b->from);
	return order ? order : strcasecmp(a->section, b->section);
}

/* The first request that an answer can be for. */
static size_t first_for(const struct parts *ps, const struct imap_part_request *key)
{
	size_t low = 0, high = ps->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_answers(&ps->by_uid[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* An answer doesn't say how much was asked for, so it serves every request that starts where it does; the longer
 * one wins. */
static void take_part(struct imap_order *o, struct imap_fetched *f)
{
	struct parts *ps = (struct parts *)o;
	struct imap_part_request key;
	const struct imap_part_request *key_p = &key;

	if (!f->has_body || !f->body.p)
		return;
	f->section[f->section_len] = 0;
	key = (struct imap_part_request){ .uid = f->flags.uid, .section = f->section, .from = f->origin };
	for (size_t i = first_for(ps, &key); i < ps->n && !compare_answers(&ps->by_uid[i], &key_p); i++) {
		struct imap_part_request *q = ps->by_uid[i];
		size_t len = q->count && q->count < f->body.len ? q->count : f->body.len;

		if (!q->found || len > q->data.len)
			q->data = bytes_of(f->body.p, len);
		q->found = true;
	}
}

/* One command for those at the beginning that share it, as far as a set may be long. How many. */
static size_t put_part_command(struct imap *c, struct imap_part_request *const *v, size_t n)
{
	const struct imap_part_request *q = v[0];
	uint32_t *uids;
	size_t same = 1, at = 0;

	while (same < n && !strcmp(v[same]->section, q->section) && v[same]->from == q->from &&
	       v[same]->count == q->count)
		same++;
	uids = arena_array(c->scratch, same, sizeof(*uids));
	if (!uids) {
		c->out.failed = ERR_LIMIT;
		return n;
	}
	for (size_t i = 0; i < same; i++)
		uids[i] = v[i]->uid;
	imap_command(c, "UID FETCH ");
	uid_set_put(&c->out, uids, same, IMAP_SET_BYTES, &at);
	imap_put(c, " (UID BODY.PEEK[%s]", q->section);
	if (q->from || q->count)
		imap_put(c, "<%u.%u>", q->from, q->count ? q->count : INT32_MAX);
	imap_put(c, ")");
	return at;
}

/* As many as there is room for. */
static enum err send_parts(struct imap *c, struct parts *ps)
{
	enum err e = begin(c, &ps->order);

	if (e)
		return e;
	while (ps->at < ps->n && has_room(c))
		ps->at += put_part_command(c, ps->commands + ps->at, ps->n - ps->at);
	return send_order(c, &ps->order);
}

static enum err finish_parts(struct imap *c, struct imap_order *o)
{
	struct parts *ps = (struct parts *)o;
	enum err e;

	while (ps->at < ps->n)
		if ((e = imap_settle_orders(c)) || (e = send_parts(c, ps)) || (e = settle(c, o)))
			return e;
	return ERR_OK;
}

enum err imap_order_parts(
    struct imap *c, struct arena *a, struct imap_part_request *v, size_t n, struct imap_order **out)
{
	struct parts *ps = arena_alloc(a, sizeof(*ps));

	if (!ps)
		return ERR_LIMIT;
	*ps = (struct parts){ .order = { .arena = a, .take = take_part, .finish = finish_parts },
		.commands = arena_array(a, n, sizeof(*ps->commands)),
		.by_uid = arena_array(a, n, sizeof(*ps->by_uid)),
		.n = n };
	if (!ps->commands || !ps->by_uid)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		v[i].found = false;
		v[i].data = (struct bytes){ 0 };
		ps->commands[i] = ps->by_uid[i] = &v[i];
	}
	qsort(ps->commands, n, sizeof(*ps->commands), compare_commands);
	qsort(ps->by_uid, n, sizeof(*ps->by_uid), compare_answers);
	*out = &ps->order;
	return send_parts(c, ps);
}

enum err imap_fetch_parts(struct imap *c, struct arena *a, struct imap_part_request *v, size_t n)
{
	struct imap_order *o;
	enum err e = imap_order_parts(c, a, v, n, &o);

	return e ? e : imap_await(c, o);
}
