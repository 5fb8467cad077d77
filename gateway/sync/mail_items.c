#include <stdlib.h>
#include <string.h>

#include "devices/policy.h"
#include "mail/header.h"
#include "mail/mime_text.h"
#include "mail/smime.h"
#include "sync/conversation_rules.h"
#include "sync/follow_ups.h"
#include "sync/mail_item.h"
#include "sync/mail_window.h"
#include "sync/verbs.h"

/* Fetching mails. Only what is shown is fetched: structure and header first, then of the text as much as the
 * phone wants. Each mail stands alone: one that can't be shown becomes a stub, and the folder goes on.
 *
 * Mails are prepared in strides, and always the next is asked for before the answer of this one is awaited: so the mail server
 * fetches the next while this one is planned, and its bodies are made. */

enum {
	PASSES_FROM = 256 * 1024, /* smaller MIME is held: reading it twice costs more */
	AHEAD = 4096,             /* a body up to here is written ahead */
	STRIDE = 50,              /* shorter ones cost more commands than they save time */
	STRIDES = 2,              /* in one call */
	MAX_ROUNDS = 12 /* three wishes of AllOrNone, four rounds each */,
	SECONDS_PER_DAY = 86400,
	LINE_ENDS = 4
};

/* What is asked for of the bodies, in one round. */
struct round {
	const struct collection *c;
	struct imap_part_request *parts;
	struct body_fetch **wanted; /* of each request */
	size_t n;
};

struct stride {
	struct change *v;
	size_t n;
	struct imap_order *order; /* under way: of its messages, then of each round; NULL: none */
	struct imap_messages messages;
	struct round round;
	bool is_cut; /* what stood behind is left for the next call, as is what is in the strides behind it */
	bool done;   /* all bodies are made */
};

/* ---- messages ---- */

static bool wants_message(const struct change *c)
{
	return c->kind == CHANGE_ADD || (c->kind == CHANGE_UPDATE && c->stale);
}

static int compare_messages(const void *a, const void *b)
{
	uint32_t x = ((const struct imap_message *)a)->flags.uid,
		 y = ((const struct imap_message *)b)->flags.uid;

	return (x > y) - (x < y);
}

static struct imap_message *find_message(const struct imap_messages *m, uint64_t id)
{
	struct imap_message key = { .flags = { .uid = (uint32_t)id } };

	return m->n ? bsearch(&key, m->v, m->n, sizeof(*m->v), compare_messages) : NULL;
}

/* One day's grace, since the server counts days in a time zone of its own. */
static bool is_before_window(const struct collection *c, const struct imap_message *m)
{
	uint32_t day = mail_first_day(c);

	return day && m->internal_date < ((int64_t)day - 1) * SECONDS_PER_DAY;
}

/* How the item stands now that it has been asked for. */
static void settle_kind(const struct collection *c, struct change *v, struct imap_message *m)
{
	if (v->kind == CHANGE_UPDATE && !m) {
		v->kind = CHANGE_DELETE;
	} else if (v->kind == CHANGE_UPDATE) {
		v->item = &m->flags;
		v->now = mail_digest(&m->flags);
		if (!mail_state_to_tell(c->rq->version, v->had, v->now))
			v->kind = CHANGE_NONE;
	} else if (!m) {
		v->kind = CHANGE_NONE;
	} else {
		v->now = mail_digest(&m->flags);
	}
}

static enum err order_messages(struct collection *c, struct stride *s)
{
	uint32_t *uids = arena_array(c->rq->arena, s->n, sizeof(*uids));
	size_t wanted = 0;
	enum err e;

	if (!uids)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->n; i++)
		if (wants_message(&s->v[i]))
			uids[wanted++] = (uint32_t)s->v[i].id;
	if (!wanted)
		return ERR_OK;
	if ((e = mail_select(c, NULL)))
		return e;
	return imap_order_messages(c->imap, c->rq->arena, uids, wanted, &s->messages, &s->order);
}

/* What was ordered for the stride, if anything was. */
static enum err await(struct collection *c, struct stride *s)
{
	struct imap_order *o = s->order;

	s->order = NULL;
	return o ? imap_await(c->imap, o) : ERR_OK;
}

static enum err await_messages(struct collection *c, struct stride *s)
{
	enum err e = await(c, s);

	if (!e && s->messages.n)
		qsort(s->messages.v, s->messages.n, sizeof(*s->messages.v), compare_messages);
	return e;
}

/* ---- bodies ---- */

/* A body of any size would take the worker's memory: beyond this it is cut and marked as Truncated, and can be had whole by
 * ItemOperations. */
static uint32_t largest_body(const struct collection *c)
{
	return c->rq->worker->config->request_memory_bytes / 8;
}

struct mime_part *mail_structure(const struct imap_message *m)
{
	struct mime_part *root = m->structure;
	bool has_body = m->size > m->header.len + LINE_ENDS;

	if (header_block_len(m->header) < m->header.len && header_block_len(m->header))
		return NULL;
	return root && has_body && mime_is(root, "multipart", NULL) && mime_is_hollow(root) ? NULL : root;
}

/* What is there for its conversation's sake has a preview if that is wanted, and no text. Source: MS-ASCMD 2.2.3.36.2. */
static const struct sync_options *options_for(struct collection *c, const struct imap_message *m)
{
	struct sync_options *o;

	if (!is_before_window(c, m))
		return &c->options;
	o = arena_alloc(c->rq->arena, sizeof(*o));
	if (!o)
		return NULL;
	*o = c->options;
	o->truncation = o->mime_truncation = 0;
	for (size_t i = 0; i < o->body_count; i++)
		o->body[i] =
		    (struct body_preference){ .type = o->body[i].type, .preview = o->body[i].preview };
	o->body_part = (struct body_preference){ .type = o->body_part.type, .preview = o->body_part.preview };
	return o;
}

static enum err plan_part(struct collection *c, struct mail_item *item, const struct sync_options *options)
{
	struct imap_message *m = item->message;
	enum err e;

	item->part = arena_alloc(c->rq->arena, sizeof(*item->part));
	if (!item->part)
		return ERR_LIMIT;
	e = body_part_plan(
	    c->rq->arena, m->header, mail_structure(m), m->size, options, c->rq->version, item->part);
	if (!e)
		body_plan_cap(&item->part->plan, largest_body(c));
	return e;
}

/* Whether the whole MIME is wanted of a mail that is too large to be held for that. */
static bool wants_passing(const struct collection *c, const struct body_plan *plan)
{
	return c->passes_mime && plan->root && plan->type == BODY_MIME && plan->size > PASSES_FROM &&
	       plan->limit >= plan->size;
}

static enum err check_piece(void *arg, struct bytes piece)
{
	mime_text_check_put(arg, piece);
	return ERR_OK;
}

/* Its size stands before it, and so does what it is: so it is read once before it is sent. What isn't text as it is has to be
 * encoded anew for a string, for which it is held. Where the server hangs up in the midst of it, holding it won't do either, and that makes
 * it a stub. */
static enum err plan_passing(struct collection *c, struct mail_item *item)
{
	struct mime_text_check check = { 0 };
	struct imap_status status;
	enum err e;

	if ((e = mail_select(c, &status)))
		return e;
	if ((e = imap_stream_part(c->imap, item->message->flags.uid, "", 0, 0, check_piece, &check)))
		return e != ERR_NOT_FOUND && imap_goes_on(c->imap, e) ? ERR_OK : e;
	if (check.size > item->plan.limit || !(item->plan.raw_mime || mime_text_check_end(&check)))
		return ERR_OK;
	item->uid_validity = status.uid_validity;
	body_plan_pass(&item->plan, (uint32_t)check.size);
	return ERR_OK;
}

/* MIME brings all files with it: of a mail with files that the policy forbids it isn't given. What is sealed by S/MIME can't be had
 * otherwise. */
static bool brings_forbidden_files(const struct collection *c, const struct body_plan *plan)
{
	if (plan->type != BODY_MIME || !plan->root || smime_kind_of(plan->root))
		return false;
	for (size_t i = 0; i < plan->n_attachments; i++)
		if (policy_check_file(c->rq->worker->config, plan->attachments[i].size))
			return true;
	return false;
}

static enum err plan_body(struct collection *c, const struct imap_message *m,
    const struct sync_options *options, struct body_plan *out)
{
	struct arena *a = c->rq->arena;
	struct sync_options *other;
	enum err e = body_plan(a, mail_structure(m), m->size, options, c->rq->version, out);

	if (e || !brings_forbidden_files(c, out))
		return e;
	if (!(other = arena_alloc(a, sizeof(*other))))
		return ERR_LIMIT;
	*other = *options;
	other->mime_support = MIME_NEVER;
	return body_plan(a, mail_structure(m), m->size, other, c->rq->version, out);
}

static enum err plan(struct collection *c, struct change *v, struct imap_message *m)
{
	struct mail_item *item = arena_alloc(c->rq->arena, sizeof(*item));
	const struct sync_options *options = options_for(c, m);
	enum err e;

	if (!item || !options)
		return ERR_LIMIT;
	item->message = m;
	item->problem = m->problem;
	v->item = item;
	if (item->problem)
		return ERR_OK;
	e = plan_body(c, m, options, &item->plan);
	item->plan.raw_mime =
	    c->multipart_number; /* a part of the answer may have any bytes, a string may not */
	if (e || (wants_passing(c, &item->plan) && (e = plan_passing(c, item))))
		return e;
	body_plan_cap(&item->plan, largest_body(c));
	return body_part_wanted(options, c->rq->version) ? plan_part(c, item, options) : ERR_OK;
}

static uint32_t fetch_count(const struct collection *c, const struct body_fetch *f)
{
	uint32_t most = largest_body(c);

	return f->count == 0 || f->count > most ? most : f->count;
}

/* About how many octets the plan takes. */
static size_t plan_size(const struct collection *c, const struct body_plan *plan)
{
	size_t size = 0;

	for (size_t i = 0; i < plan->n_fetch; i++) {
		const struct body_fetch *f = &plan->fetch[i];
		size_t whole = f->part ? f->part->size : plan->size;
		size_t count = fetch_count(c, f);

		size += count < whole ? count : whole;
	}
	return size;
}

/* The change's mail; NULL if it isn't shown whole. */
static struct mail_item *item_of(const struct change *c)
{
	return c->kind == CHANGE_ADD ? c->item : NULL;
}

static size_t count_fetches(const struct change *v, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (item_of(&v[i]))
			count += item_of(&v[i])->plan.n_fetch +
				 (item_of(&v[i])->part ? item_of(&v[i])->part->plan.n_fetch : 0);
	return count;
}

static void ask_for(struct round *r, const struct change *v, struct body_plan *plan)
{
	for (size_t k = 0; k < plan->n_fetch; k++) {
		struct body_fetch *f = &plan->fetch[k];

		if (f->fetched)
			continue;
		r->wanted[r->n] = f;
		r->parts[r->n++] = (struct imap_part_request){ .uid = (uint32_t)v->id,
			.section = f->section,
			.from = f->from + (uint32_t)f->data.len,
			.count = fetch_count(r->c, f) - (uint32_t)f->data.len };
	}
}

/* What has come stands behind what was there already. */
static enum err take(struct arena *a, struct body_fetch *f, struct bytes more)
{
	struct buf b;

	f->fetched = true;
	if (!f->data.len) {
		f->data = more;
		return ERR_OK;
	}
	buf_init(&b, a, 0);
	buf_put(&b, f->data);
	buf_put(&b, more);
	return buf_done(&b, &f->data);
}

/* Body and body part are mostly made of the same text: what the body fetches is taken from there, once it is there. */
static void take_from_body(struct mail_item *item)
{
	for (size_t i = 0; i < item->part->plan.n_fetch; i++)
		for (size_t k = 0; k < item->plan.n_fetch; k++) {
			struct body_fetch *to = &item->part->plan.fetch[i];
			const struct body_fetch *from = &item->plan.fetch[k];

			if (to->fetched || !from->fetched || from->from ||
			    strcmp(to->section, from->section) != 0 ||
			    (from->count && (!to->count || from->count < to->count)))
				continue;
			to->data = from->data;
			to->count = from->count;
			to->fetched = true;
		}
}

/* One round: all octets that the plans still want, in one go. */
static enum err order_parts(struct collection *c, struct stride *s)
{
	size_t room = count_fetches(s->v, s->n);
	struct round *r = &s->round;
	enum err e;

	*r = (struct round){ .c = c,
		.parts = arena_array(c->rq->arena, room, sizeof(*r->parts)),
		.wanted = arena_array(c->rq->arena, room, sizeof(struct body_fetch *)) };
	if (!r->parts || !r->wanted)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->n; i++) {
		struct mail_item *item = item_of(&s->v[i]);

		if (item && !item->enough)
			ask_for(r, &s->v[i], &item->plan);
		else if (item && item->part && !item->part_enough)
			ask_for(r, &s->v[i], &item->part->plan);
	}
	if (!r->n)
		return ERR_OK;
	if ((e = mail_select(c, NULL)))
		return e;
	return imap_order_parts(c->imap, c->rq->arena, r->parts, r->n, &s->order);
}

/* Of whom the server can't read what was asked for. */
static void note_problems(struct stride *s)
{
	for (size_t i = 0; i < s->round.n; i++) {
		const struct imap_part_request *q = &s->round.parts[i];

		for (size_t k = 0; q->problem && k < s->n; k++)
			if (s->v[k].id == q->uid && item_of(&s->v[k]))
				item_of(&s->v[k])->problem = q->problem;
	}
}

/* The stride ends before what the server wasn't asked for any more. */
static void cut_unasked(struct stride *s)
{
	for (size_t i = 0; i < s->round.n; i++)
		for (size_t k = 0; s->round.parts[i].unasked && k < s->n; k++)
			if (s->v[k].id == s->round.parts[i].uid) {
				s->n = k;
				s->is_cut = true;
			}
}

static enum err await_parts(struct collection *c, struct stride *s)
{
	const struct round *r = &s->round;
	enum err e = await(c, s);

	if (!e)
		cut_unasked(s);
	for (size_t i = 0; i < r->n && !e; i++)
		e = take(c->rq->arena, r->wanted[i], r->parts[i].data);
	if (!e)
		note_problems(s);
	return e;
}

static bool is_fetched(const struct body_plan *plan)
{
	for (size_t i = 0; i < plan->n_fetch; i++)
		if (!plan->fetch[i].fetched)
			return false;
	return true;
}

static void make_part(struct collection *c, struct mail_item *item)
{
	take_from_body(item);
	if (is_fetched(&item->part->plan))
		item->problem = body_part_make(c->rq->arena, item->part, &item->part_enough);
}

/* A Sync's mails are written as soon as they are made, while the mail server is at work on the next ones. Not those whose text is
 * long: it would be in memory twice. What fails here is tried again when it is its turn, and seen to then. */
static void write_ahead(struct collection *c, const struct change *change)
{
	struct mail_item *item = change->item;
	struct wbxml_fragment done;
	struct wbxml_writer w;
	struct buf out;

	if (!c->is_sync || item->problem || item->part || item->body.data.len > AHEAD)
		return;
	buf_init(&out, c->rq->arena, 0);
	(void)buf_room(&out, item->body.data.len + AHEAD / 4); /* at once what most take */
	wbxml_fragment_init(&w, &out);
	if (!mail_write_properties(c, &w, change) && !wbxml_fragment_done(&w, &done))
		item->written = done;
}

/* False while there is still something to be fetched. */
static bool make_bodies(struct collection *c, struct change *v, size_t n, bool last_round)
{
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		struct mail_item *item = item_of(&v[i]);

		if (!item || item->problem || item->written.bytes.len)
			continue;
		if (!item->enough)
			item->problem = body_make(c->rq->arena, &item->plan, &item->body, &item->enough);
		if (last_round && !item->problem)
			item->enough = true; /* what has come must do */
		if (item->part && item->enough && !item->part_enough && !item->problem)
			make_part(c, item);
		if (item->enough)
			write_ahead(c, &v[i]);
		all = all && (item->problem || (item->enough && (!item->part || item->part_enough)));
	}
	return all;
}

/* The first round of each is under way. *done: how many are made, from the first on. */
static enum err make_all(struct collection *c, struct stride *s, size_t n, size_t *done)
{
	bool more = true;

	*done = 0;

	for (int round = 1; round <= MAX_ROUNDS && more; round++) {
		bool last = round == MAX_ROUNDS;

		more = false;
		for (size_t i = 0; i < n; i++) {
			enum err e = s[i].done ? ERR_OK : await_parts(c, &s[i]);

			if (!e && !s[i].done) {
				s[i].done = make_bodies(c, s[i].v, s[i].n, last);
				e = s[i].done || last ? ERR_OK : order_parts(c, &s[i]);
			}
			if (e)
				return e;
			more |= !s[i].done;
		}
	}
	for (size_t i = 0; i < n && (!i || !s[i - 1].is_cut); i++)
		*done += s[i].n;
	return ERR_OK;
}

/* ---- strides ---- */

static size_t divide(struct change *v, size_t n, struct stride s[STRIDES])
{
	size_t used = 0;

	for (size_t at = 0; at < n && used < STRIDES; at += STRIDE)
		s[used++] = (struct stride){ .v = v + at, .n = n - at < STRIDE ? n - at : STRIDE };
	return used;
}

/* Rules of the account for new mails need all that came; most accounts have none. */
static enum err order_all(struct collection *c, struct stride *s, size_t n, bool *rules)
{
	bool any = false;

	*rules = false;
	for (size_t i = 0; i < n; i++) {
		enum err e = order_messages(c, &s[i]);

		if (e)
			return e;
		any |= s[i].order != NULL;
	}
	return any && c->is_sync ? conversation_rules_exist(c, rules) : ERR_OK;
}

/* How the stride's items are shown; it ends where the budget does, but has one, and where the server has had enough. */
static enum err plan_all(struct collection *c, struct stride *s, size_t budget, size_t *size)
{
	for (size_t i = 0; i < s->n; i++) {
		struct imap_message *m = find_message(&s->messages, s->v[i].id);
		bool wanted = wants_message(&s->v[i]);
		enum err e;

		if ((i && *size > budget) || (wanted && m && m->unasked)) {
			s->n = i;
			s->is_cut = true;
			break;
		}
		if (wanted)
			settle_kind(c, &s->v[i], m);
		if (s->v[i].kind != CHANGE_ADD)
			continue;
		if ((e = plan(c, &s->v[i], m)))
			return e;
		*size += plan_size(c, &item_of(&s->v[i])->plan);
		if (item_of(&s->v[i])->part)
			*size += plan_size(c, &item_of(&s->v[i])->part->plan);
	}
	return ERR_OK;
}

/* What the server can't read today; not what is too much for us, which it will always be. */
static void note_stubs(struct change *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mail_item *item = item_of(&v[i]);

		v[i].is_stub = item && (item->problem == ERR_UNAVAILABLE || item->problem == ERR_DENIED);
	}
}

enum err mail_prepare(struct collection *c, struct change *v, size_t n, size_t budget, size_t *done)
{
	struct stride s[STRIDES];
	size_t all = divide(v, n, s), size = 0, used = 0;
	uint32_t mends = c->imap ? imap_mends(c->imap) : 0;
	bool rules;
	enum err e;

	*done = 0;
	if ((e = order_all(c, s, all, &rules)))
		return e;
	for (; used < all && (!used || (size <= budget && !s[used - 1].is_cut)); used++) {
		struct stride *one = &s[used];

		if ((e = await_messages(c, one)) ||
		    (rules && (e = conversation_rules_follow(c, one->v, one->n, &one->messages))) ||
		    (e = plan_all(c, one, budget, &size)) || (e = order_parts(c, one)))
			return e;
		*done += one->n;
	}
	if ((e = follow_ups_load(c, v, *done)) || (e = verbs_load(c, v, *done)))
		return e;
	e = make_all(c, s, used, done);
	note_stubs(v, *done);
	c->enough |= c->imap && imap_mends(c->imap) != mends;
	return e;
}
