#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imap/order.h"
#include "imap/uid_set.h"

/* FETCH of parts of messages. Those that share a command are asked for together. When the connection breaks, what is missing is
 * asked for one by one, as in messages.c; there is nothing less to be asked for then. */
enum { BREAKS = 2 /* by which a message is known to be at fault */ };

struct part_state {
	uint8_t breaks;
	bool done; /* asked for by itself, or given up */
};

struct parts {
	struct imap_order order;     /* the first, as in struct messages */
	struct imap_part_request *v; /* the caller's */
	struct imap_part_request *
	    *commands; /* in the order in which they are asked for, as far as `at` done so */
	struct imap_part_request **by_uid; /* to find them when answers come */
	size_t n, at;
	uint32_t patience;         /* through so many connections; those that are left are unasked then */
	struct part_state *states; /* as v */
	struct imap_part_request **asked; /* one by one, in the last run */
	size_t n_asked;
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
	enum err e = order_begin(c, &ps->order);

	if (e)
		return e;
	while (ps->at < ps->n && order_has_room(c))
		ps->at += put_part_command(c, ps->commands + ps->at, ps->n - ps->at);
	return order_send(c, &ps->order);
}

/* ---- one by one ---- */

static struct part_state *state_of(const struct parts *ps, const struct imap_part_request *q)
{
	return &ps->states[q - ps->v];
}

static bool is_open(const struct parts *ps, const struct imap_part_request *q)
{
	return !q->found && !state_of(ps, q)->done;
}

static struct imap_part_request *find_suspect(const struct parts *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (is_open(ps, &ps->v[i]) && ps->states[i].breaks)
			return &ps->v[i];
	return NULL;
}

/* A suspect, or as many as there is room for: the caller's first ones first. */
static enum err send_some(struct imap *c, struct parts *ps)
{
	struct imap_part_request *suspect = find_suspect(ps);
	enum err e;

	ps->n_asked = 0;
	if ((e = imap_settle_orders(c)) || (e = order_begin(c, &ps->order)))
		return e;
	for (size_t i = 0; i < ps->n && order_has_room(c); i++) {
		struct imap_part_request *q = &ps->v[i];

		if (!is_open(ps, q) || (suspect && q != suspect))
			continue;
		(void)put_part_command(c, &q, 1);
		ps->asked[ps->n_asked++] = q;
	}
	return order_send(c, &ps->order);
}

/* What is still wanted of that message isn't asked for any more. */
static void give_up(const struct imap *c, struct parts *ps, const struct imap_part_request *q)
{
	imap_log_unreadable(c, q->uid, *q->section ? q->section : "all", ps->order.why);
	for (size_t i = 0; i < ps->n; i++) {
		if (ps->v[i].uid != q->uid || !is_open(ps, &ps->v[i]))
			continue;
		ps->v[i].problem = ps->order.why;
		ps->states[i].done = true;
	}
}

static void note_run(const struct imap *c, struct parts *ps)
{
	size_t answered = ps->order.lost ? ps->order.answered : ps->n_asked;

	for (size_t i = 0; i < answered; i++) {
		struct imap_part_request *q = ps->asked[i];

		state_of(ps, q)->done = true;
		if (!ps->order.lost && !q->found && imap_is_refusal(&c->answers[ps->order.from + i]))
			q->problem = ERR_DENIED; /* it is there, but can't be read */
	}
	if (answered < ps->n_asked && ++state_of(ps, ps->asked[answered])->breaks >= BREAKS)
		give_up(c, ps, ps->asked[answered]);
}

static bool is_suspect(const void *arg, uint32_t uid)
{
	const struct parts *ps = arg;

	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].uid == uid && ps->states[i].breaks)
			return true;
	return false;
}

/* Who can't be read must not be alone in that. */
static enum err check_problems(struct imap *c, const struct parts *ps)
{
	bool problems = false, others = false;

	for (size_t i = 0; i < ps->n; i++) {
		problems |= ps->v[i].problem && !ps->v[i].unasked;
		others |= ps->v[i].found && !is_suspect(ps, ps->v[i].uid);
	}
	return problems && !others ? imap_find_witness(c, ps->order.arena, is_suspect, ps) : ERR_OK;
}

static bool is_done(const struct parts *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (is_open(ps, &ps->v[i]))
			return false;
	return true;
}

/* All that is wanted of the first message has been seen to. */
static bool has_progress(const struct parts *ps)
{
	for (size_t i = 0; i < ps->n && ps->v[i].uid == ps->v[0].uid; i++)
		if (is_open(ps, &ps->v[i]))
			return false;
	return true;
}

static void leave_rest(struct parts *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		if (!is_open(ps, &ps->v[i]))
			continue;
		ps->v[i].problem = ERR_UNAVAILABLE;
		ps->v[i].unasked = true;
		ps->states[i].done = true;
	}
}

static enum err fetch_singly(struct imap *c, struct parts *ps)
{
	uint64_t until = loop_now_ms() + ORDER_MENDING_MS;
	uint32_t before = imap_mends(c);
	enum err e;

	ps->states = arena_array(ps->order.arena, ps->n, sizeof(*ps->states));
	ps->asked = arena_array(ps->order.arena, ps->n, sizeof(struct imap_part_request *));
	if (!ps->states || !ps->asked)
		return ERR_LIMIT;
	if (ps->n == 1 && ps->order.lost)
		ps->states[0].breaks = 1;
	while (!is_done(ps)) {
		bool late = loop_now_ms() > until;

		if (late && !has_progress(ps))
			return ERR_UNAVAILABLE;
		if (late || (imap_mends(c) - before >= ps->patience && has_progress(ps))) {
			leave_rest(ps);
			break;
		}
		if ((e = send_some(c, ps)) || (e = order_settle(c, &ps->order)))
			return e;
		note_run(c, ps);
	}
	return check_problems(c, ps);
}

/* ---- orders ---- */

static bool is_all_found(const struct parts *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (!ps->v[i].found)
			return false;
	return true;
}

static enum err finish_parts(struct imap *c, struct imap_order *o)
{
	struct parts *ps = (struct parts *)o;
	enum err e;

	while (ps->at < ps->n && !o->lost)
		if ((e = imap_settle_orders(c)) || (e = send_parts(c, ps)) || (e = order_settle(c, o)))
			return e;
	return o->lost || (o->refused && !is_all_found(ps)) ? fetch_singly(c, ps) : ERR_OK;
}

static enum err order_parts(struct imap *c, struct arena *a, struct imap_part_request *v, size_t n,
    uint32_t patience, struct imap_order **out)
{
	struct parts *ps = arena_alloc(a, sizeof(*ps));

	if (!ps)
		return ERR_LIMIT;
	*ps = (struct parts){
		.order = { .arena = a, .take = take_part, .finish = finish_parts, .limits = IMAP_NO_LIMITS },
		.v = v,
		.commands = arena_array(a, n, sizeof(*ps->commands)),
		.by_uid = arena_array(a, n, sizeof(*ps->by_uid)),
		.n = n,
		.patience = patience
	};
	if (!ps->commands || !ps->by_uid)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		v[i].found = v[i].unasked = false;
		v[i].problem = ERR_OK;
		v[i].data = (struct bytes){ 0 };
		ps->commands[i] = ps->by_uid[i] = &v[i];
	}
	qsort(ps->commands, n, sizeof(*ps->commands), compare_commands);
	qsort(ps->by_uid, n, sizeof(*ps->by_uid), compare_answers);
	*out = &ps->order;
	return send_parts(c, ps);
}

enum err imap_order_parts(
    struct imap *c, struct arena *a, struct imap_part_request *v, size_t n, struct imap_order **out)
{
	return order_parts(c, a, v, n, ORDER_MENDS, out);
}

enum err imap_fetch_parts(struct imap *c, struct arena *a, struct imap_part_request *v, size_t n)
{
	struct imap_order *o;
	enum err e = order_parts(c, a, v, n, UINT32_MAX, &o);

	return e ? e : imap_await(c, o);
}
