#include <stdlib.h>

#include "imap/order.h"
#include "imap/uid_set.h"
#include "io/log.h"

/* FETCH of whole messages, but for their bodies.
 *
 * All are asked for at once. Those that are missing then are asked for one by one, so that it is known on which the server fails: each
 * by a command of its own, which are sent together. One on which the connection breaks is suspect: it is asked for once more with
 * nothing beside it, and if that breaks the connection, too, with less and less. */
enum {
	BREAKS = 2, /* by which a message is known to be at fault */
	SHARE = 4,  /* of the arena's memory for the messages of an order: two are often under way at once */
	LEAST = 16 * 1024, /* of a header, or a structure, whatever the share: only odd mails have more */
};

struct wanted {
	uint32_t uid;
	size_t at; /* in the caller's array */
	uint8_t stage, breaks;
	bool long_header; /* of which the beginning must do */
	bool odd;         /* it came, but it wasn't whole */
	bool done;        /* it is there, or gone, or given up */
};

struct messages {
	struct imap_order order; /* the first, so that it can be taken for the whole */
	struct imap_messages *out;
	struct wanted *wanted;   /* ascending */
	struct wanted **by_turn; /* in the caller's order */
	struct imap_message *v;  /* the same; a uid is set when its message is whole */
	size_t n;
	uint32_t *uids; /* ascending; asked for at once as far as `at` */
	size_t at;
	struct wanted **asked; /* one by one, in the last run */
	size_t n_asked;
	bool strays; /* something came that doesn't say what it is of */
};

/* What is asked for, if all that is above was too much for the server, or for us. */
static const struct stage {
	const char *items;
	bool size, header; /* a message without isn't whole */
	const char *less;  /* what it means to go on to this stage */
} stages[] = {
	{ "UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE", true, true, NULL },
	{ "UID FLAGS INTERNALDATE RFC822.SIZE", true, true, "its structure, or the end of its header" },
	{ "UID FLAGS INTERNALDATE RFC822.SIZE", true, false, "its header" },
	{ "UID FLAGS", false, false, "all but its flags" },
};
enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

static int compare_wanted(const void *x, const void *y)
{
	const struct wanted *a = x, *b = y;

	return (a->uid > b->uid) - (a->uid < b->uid);
}

static struct wanted *find_wanted(const struct messages *m, uint32_t uid)
{
	return bsearch(&(struct wanted){ .uid = uid }, m->wanted, m->n, sizeof(*m->wanted), compare_wanted);
}

/* ---- answers ---- */

static bool is_whole(const struct imap_fetched *f, const struct stage *s)
{
	return (f->has_size || !s->size) && (f->body.p || !s->header);
}

static void take_message(struct imap_order *o, struct imap_fetched *f)
{
	struct messages *m = (struct messages *)o;
	struct wanted *w = find_wanted(m, f->flags.uid);
	struct imap_message *to = w ? &m->v[w->at] : NULL;

	m->strays |= !f->flags.uid && (f->has_size || f->has_body || f->structure);
	if (!w || !f->has_flags)
		return;
	if (to->flags.uid) {
		to->flags = f->flags; /* changed meanwhile */
		return;
	}
	if (f->structure)
		to->structure = f->structure; /* stays when the rest comes later */
	w->long_header |= f->header_too_long;
	w->done = is_whole(f, &stages[w->stage]);
	w->odd = !w->done;
	if (w->odd)
		return;
	to->flags = f->flags;
	to->internal_date = f->date;
	to->size = f->size;
	to->header = f->body;
	if (!to->problem && !stages[w->stage].header)
		to->problem = ERR_DENIED;
}

/* ---- all at once ---- */

static void put_header(struct imap *c, const struct messages *m, const struct wanted *w)
{
	imap_put(c, " BODY.PEEK[HEADER]");
	if (w && w->long_header)
		imap_put(c, "<0.%zu>", m->order.limits.header);
}

/* As many as there is room for. */
static enum err send_messages(struct imap *c, struct messages *m)
{
	enum err e = order_begin(c, &m->order);

	if (e)
		return e;
	while (m->at < m->n && order_has_room(c)) {
		imap_command(c, "UID FETCH ");
		uid_set_put(&c->out, m->uids, m->n, IMAP_SET_BYTES, &m->at);
		imap_put(c, " (%s", stages[0].items);
		put_header(c, m, NULL);
		imap_put(c, ")");
	}
	return order_send(c, &m->order);
}

/* ---- one by one ---- */

static const char *stage_name(const struct wanted *w)
{
	return w->stage ? stages[w->stage].items : "all";
}

/* Less of it is asked for; when there is no less, it is left out. */
static void ask_for_less(struct wanted *w)
{
	if (w->stage + 1 == STAGES)
		w->done = true;
	else
		w->stage++;
}

static void put_one(struct imap *c, const struct messages *m, const struct wanted *w)
{
	imap_command(c, "UID FETCH %u (%s", w->uid, stages[w->stage].items);
	if (stages[w->stage].header)
		put_header(c, m, w);
	imap_put(c, ")");
}

static struct wanted *find_suspect(const struct messages *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->by_turn[i]->done && m->by_turn[i]->breaks)
			return m->by_turn[i];
	return NULL;
}

/* A suspect, or as many as there is room for. */
static enum err send_some(struct imap *c, struct messages *m)
{
	struct wanted *suspect = find_suspect(m);
	enum err e;

	m->n_asked = 0;
	m->strays = false;
	if ((e = imap_settle_orders(c)) || (e = order_begin(c, &m->order)))
		return e;
	for (size_t i = 0; i < m->n && order_has_room(c); i++) {
		struct wanted *w = m->by_turn[i];

		if (w->done || (suspect && w != suspect))
			continue;
		w->odd = false;
		put_one(c, m, w);
		m->asked[m->n_asked++] = w;
	}
	return order_send(c, &m->order);
}

/* Even its flags were refused: it is there, but can't be read. */
static void give_up(const struct imap *c, struct messages *m, struct wanted *w)
{
	struct imap_message *to = &m->v[w->at];

	imap_log_unreadable(c, w->uid, stage_name(w), ERR_DENIED);
	to->problem = ERR_DENIED;
	to->flags.uid = w->uid;
	w->done = true;
}

/* All have their answers: whoever is still missing has gone, or must be asked for with less. */
static void judge(const struct imap *c, struct messages *m)
{
	for (size_t i = 0; i < m->n_asked; i++) {
		struct wanted *w = m->asked[i];
		const struct imap_answer *a = &c->answers[m->order.from + i];

		if (w->done)
			continue;
		if (imap_is_refusal(a) && w->stage + 1 == STAGES)
			give_up(c, m, w);
		else if (w->odd || m->strays || imap_is_refusal(a))
			ask_for_less(w);
		else
			w->done = true;
	}
}

/* The connection broke while the server was busy with that. */
static void strike(const struct imap *c, struct messages *m, struct wanted *w)
{
	struct imap_message *to = &m->v[w->at];

	if (w->done || ++w->breaks < BREAKS)
		return;
	if (!to->problem)
		imap_log_unreadable(c, w->uid, stage_name(w), m->order.why);
	to->problem = m->order.why;
	if (w->stage + 1 < STAGES) {
		w->stage++;
		return;
	}
	to->flags.uid = w->uid;
	w->done = true;
}

static bool is_done(const struct messages *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->wanted[i].done)
			return false;
	return true;
}

static bool is_suspect(const void *arg, uint32_t uid)
{
	const struct wanted *w = find_wanted(arg, uid);

	return w && w->breaks;
}

/* Who can't be read must not be alone in that. */
static enum err check_problems(struct imap *c, const struct messages *m)
{
	bool problems = false, others = false;

	for (size_t i = 0; i < m->n; i++) {
		const struct imap_message *one = &m->v[m->wanted[i].at];

		problems |= one->problem != ERR_OK;
		others |= one->flags.uid && !one->problem && one->header.len;
	}
	return problems && !others ? imap_find_witness(c, m->order.arena, is_suspect, m) : ERR_OK;
}

/* The rest must wait: at least the first has been seen to. */
static enum err leave_rest(struct messages *m)
{
	if (!m->by_turn[0]->done)
		return ERR_UNAVAILABLE;
	for (size_t i = 0; i < m->n; i++)
		if (!m->wanted[i].done)
			m->v[m->wanted[i].at] =
			    (struct imap_message){ .flags.uid = m->wanted[i].uid, .unasked = true };
	return ERR_OK;
}

static enum err fetch_singly(struct imap *c, struct messages *m)
{
	uint64_t until = loop_now_ms() + ORDER_MENDING_MS;
	uint32_t before = imap_mends(c);
	enum err e = ERR_OK;

	while (!e && !is_done(m)) {
		if (imap_mends(c) - before >= ORDER_MENDS || loop_now_ms() > until) {
			e = leave_rest(m);
			break;
		}
		if ((e = send_some(c, m)) || (e = order_settle(c, &m->order)))
			return e;
		if (!m->order.lost)
			judge(c, m);
		else if (m->order.answered < m->n_asked)
			strike(c, m, m->asked[m->order.answered]);
	}
	return e ? e : check_problems(c, m);
}

/* What is known of those that are missing after all were asked for at once. */
static void prepare_singly(struct messages *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct wanted *w = &m->wanted[i];

		if (w->done)
			continue;
		if (w->odd || (m->n == 1 && m->order.refused))
			ask_for_less(w);
		else if (m->n == 1 && m->order.lost)
			w->breaks = 1;
	}
}

static bool some_must_be_missing(const struct messages *m)
{
	bool odd = m->order.lost || m->order.refused || m->strays;

	for (size_t i = 0; i < m->n && !odd; i++)
		odd = m->wanted[i].odd;
	return odd && !is_done(m);
}

/* What it is shown without, for the administrator. Who breaks connections has been told of. */
static void log_less(const struct imap *c, const struct messages *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct wanted *w = &m->wanted[i];

		if (w->stage && w->breaks < BREAKS && m->v[w->at].flags.uid && !m->v[w->at].unasked)
			log_event(LOG_LEVEL_WARN,
			    "a mail is shown without something that can't be had of the IMAP server, or is "
			    "too much: look at the "
			    "mail there",
			    LOG_BYTES("mailbox", bytes_of(c->selected.name, c->selected.len)),
			    LOG_U64("uid", w->uid), LOG_STR("without", stages[w->stage].less));
	}
}

/* ---- orders ---- */

static enum err finish_messages(struct imap *c, struct imap_order *o)
{
	struct messages *m = (struct messages *)o;
	enum err e;

	while (m->at < m->n && !o->lost)
		if ((e = imap_settle_orders(c)) || (e = send_messages(c, m)) || (e = order_settle(c, o)))
			return e;
	if (some_must_be_missing(m)) {
		prepare_singly(m);
		if ((e = fetch_singly(c, m)))
			return e;
		log_less(c, m);
	}
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].flags.uid)
			m->v[m->out->n++] = m->v[i];
	m->out->v = m->v;
	return ERR_OK;
}

static bool alloc(struct messages *m, struct arena *a)
{
	m->wanted = arena_array(a, m->n, sizeof(*m->wanted));
	m->by_turn = arena_array(a, m->n, sizeof(struct wanted *));
	m->asked = arena_array(a, m->n, sizeof(struct wanted *));
	m->v = arena_array(a, m->n, sizeof(*m->v));
	m->uids = arena_array(a, m->n, sizeof(*m->uids));
	return m->wanted && m->by_turn && m->asked && m->v && m->uids;
}

/* Of what there is for one header, and for one structure, of an order for n messages. */
static size_t share_of(const struct arena *a, size_t n)
{
	size_t share = arena_left(a) / SHARE / (n ? n : 1) / 2;

	return share < LEAST ? LEAST : share;
}

enum err imap_order_messages(struct imap *c, struct arena *a, const uint32_t *uids, size_t n,
    struct imap_messages *to, struct imap_order **out)
{
	struct messages *m = arena_alloc(a, sizeof(*m));
	size_t share = share_of(a, n);

	*to = (struct imap_messages){ 0 };
	if (!m)
		return ERR_LIMIT;
	*m = (struct messages){ .order = { .arena = a,
				    .take = take_message,
				    .finish = finish_messages,
				    .limits = { share, share } },
		.out = to,
		.n = n };
	if (!alloc(m, a))
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		m->wanted[i] = (struct wanted){ .uid = uids[i], .at = i };
	qsort(m->wanted, n, sizeof(*m->wanted), compare_wanted);
	for (size_t i = 0; i < n; i++) {
		m->uids[i] = m->wanted[i].uid;
		m->by_turn[m->wanted[i].at] = &m->wanted[i];
	}
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
