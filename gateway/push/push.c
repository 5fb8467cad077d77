#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "io/log.h"
#include "push/parked.h"
#include "store/store.h"

/* Parking and waking. A parked request belongs to the watcher of its account; what happens to a watcher is passed on to
 * those of its parked requests that wait for it. One look at a time for each: what happens during a look makes it look
 * once more. */

enum {
	BUCKETS = 1024,
	QUIET_MS = 20 * 1000, /* read marks and deletions are gathered that long before they wake a phone */
	MAX_PER_DEVICE = 8,   /* Gmail sends a Ping for each class; more is a fault of the client */
};

struct push {
	struct worker *worker;
	struct watcher *buckets[BUCKETS]; /* by account name */
	struct idmap watchers, parked;
	struct store_wakes *wakes; /* of the accounts that have a watcher here */
	struct push_write *writes; /* under way */
};

static void on_wake(void *arg, struct bytes account, struct bytes what);

struct push *push_new(struct worker *w)
{
	struct push *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->worker = w;
	p->wakes = store_wakes_new(w->redis, on_wake, p);
	return p;
}

struct worker *push_worker(const struct push *p)
{
	return p->worker;
}

struct push_counts push_counts(const struct push *p)
{
	return (struct push_counts){ (uint32_t)p->parked.count, (uint32_t)p->watchers.count };
}

/* ---- watchers ---- */

static struct watcher **bucket_of(struct push *p, const struct account *account)
{
	return &p->buckets[hash64(bytes_str(account->name), 0) % BUCKETS];
}

/* A changed password makes another watcher: the old one's connection would be refused when it next logs in. */
static struct watcher *watcher_of(struct push *p, const struct account *account)
{
	struct watcher *w = *bucket_of(p, account);

	while (w && (strcmp(w->account->name, account->name) != 0 ||
			!bytes_eq(w->account->imap.password, account->imap.password)))
		w = w->next;
	return w;
}

struct watcher *push_find_watcher(struct push *p, uint64_t number)
{
	return (struct watcher *)idmap_find(&p->watchers, number);
}

static struct watcher *make_watcher(struct push *p, struct account *account)
{
	struct watcher *w = watcher_new(p, account), **bucket = bucket_of(p, account);

	if (store_wakes_add(p->wakes, bytes_str(account->name)))
		log_warn("account %s: changes made through other workers are seen late", account->name);
	idmap_add(&p->watchers, &w->node);
	w->next = *bucket;
	*bucket = w;
	return w;
}

void push_remove_watcher(struct watcher *w)
{
	struct watcher **at = bucket_of(w->push, w->account);

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	idmap_remove(&w->push->watchers, &w->node);
	store_wakes_remove(w->push->wakes, bytes_str(w->account->name));
}

uint64_t push_mark(struct push *p, const struct account *account)
{
	const struct watcher *w = watcher_of(p, account);

	return w ? w->events : 0;
}

/* ---- the life of a parked request ---- */

static void look(struct parked *p, enum push_why why);

static void unlink_parked(struct parked *p)
{
	idmap_remove(&p->push->parked, &p->node);
	*p->link = p->next;
	if (p->next)
		p->next->link = p->link;
	watcher_release(p->watcher);
}

static void free_parked(void *p)
{
	parked_free(p);
}

/* It leaves at once; its memory goes when nobody up the stack can hold it any more. */
static void drop(struct parked *p)
{
	if (p->state == PARKED_GONE)
		return;
	p->state = PARKED_GONE;
	unlink_parked(p);
	loop_defer(p->push->worker->loop, free_parked, p);
}

static void client_gone(void *arg)
{
	drop(arg);
}

static void timer_fired(void *arg)
{
	struct parked *p = arg;
	bool due = p->quiet_ms && p->quiet_ms < p->ends_ms && !p->draining;

	p->quiet_ms = 0;
	look(p, due ? PUSH_DUE : PUSH_TIMEOUT);
}

static uint32_t left_ms(uint64_t until)
{
	uint64_t now = loop_now_ms();

	return until > now ? (uint32_t)(until - now) : 0;
}

static void set_timer(struct parked *p)
{
	uint32_t ms = left_ms(p->quiet_ms && p->quiet_ms < p->ends_ms ? p->quiet_ms : p->ends_ms);

	if (p->timer)
		timer_restart(p->timer, ms);
	else
		p->timer = timer_start(p->push->worker->loop, ms, timer_fired, p);
}

static void look_again(struct parked *p)
{
	if (!p->again)
		return;
	p->again = false;
	look(p, p->again_why);
}

static void looked(void *arg, bool held)
{
	struct parked *p = arg;

	if (!held)
		p->held = NULL;
	if (p->state == PARKED_GONE) { /* push has ended meanwhile */
		parked_free(p);
		return;
	}
	p->state = PARKED_WAITING;
	if (!held) {
		drop(p);
		return;
	}
	set_timer(p);
	look_again(p);
}

/* What matters more wins, should two things happen at once. */
static unsigned weight(enum push_why why)
{
	static const unsigned char weights[] = {
		[PUSH_DUE] = 1, [PUSH_CHANGED] = 2, [PUSH_FOLDERS] = 3, [PUSH_NEW] = 4, [PUSH_TIMEOUT] = 5
	};

	return weights[why];
}

static void want_again(struct parked *p, enum push_why why)
{
	if (!p->again || weight(why) > weight(p->again_why))
		p->again_why = why;
	p->again = true;
}

/* Whether a request of the same device is just changing things. */
static bool is_writing(const struct parked *p)
{
	for (const struct push_write *w = p->push->writes; w; w = w->next)
		if (bytes_eq(w->rq->device_id, p->device_id) &&
		    strcmp(w->rq->account->name, p->account->name) == 0)
			return true;
	return false;
}

static void look(struct parked *p, enum push_why why)
{
	if (p->state == PARKED_GONE)
		return;
	if (p->state == PARKED_LOOKING || (why != PUSH_TIMEOUT && is_writing(p))) {
		want_again(p, why);
		return;
	}
	p->state = PARKED_LOOKING;
	p->why = why;
	p->doubtful = false;
	dispatch_resume(p->held, p, looked, p);
}

void parked_wait_on(struct request *rq)
{
	rq->reply.kind = REPLY_PARKED;
}

void parked_wait_quietly(struct request *rq)
{
	parked_wait_on(rq);
	if (!rq->parked->quiet_ms)
		rq->parked->quiet_ms = loop_now_ms() + QUIET_MS;
}

/* ---- the phone's own changes ---- */

static bool is_of_device(const struct parked *p, const struct request *rq)
{
	return bytes_eq(rq->device_id, p->device_id);
}

/* Who looks just now has read what the phone has, and may see on the server what it hasn't yet. */
void push_write_begin(struct push_write *w, const struct request *rq)
{
	struct push *push = rq->worker->push;
	struct watcher *watcher = watcher_of(push, rq->account);

	*w = (struct push_write){ .rq = rq, .next = push->writes };
	push->writes = w;
	for (struct parked *p = watcher ? watcher->parked : NULL; p; p = p->next) {
		if (p->state != PARKED_LOOKING || !is_of_device(p, rq))
			continue;
		p->doubtful = true;
		for (size_t i = 0; i < p->n_folders; i++)
			p->folders[i].changed = true;
		want_again(p, PUSH_CHANGED);
	}
}

void push_write_end(struct push_write *w)
{
	struct push *push = w->rq->worker->push;
	struct push_write **at = &push->writes;
	struct watcher *watcher = watcher_of(push, w->rq->account);

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	for (struct parked *p = watcher ? watcher->parked : NULL, *next; p; p = next) {
		next = p->next;
		if (p->state == PARKED_WAITING && is_of_device(p, w->rq))
			look_again(p);
	}
}

/* ---- events ---- */

/* The watch may tell of a mail later than its phone's own Sync has fetched it, by Dovecot's half a second or by all the time that
 * a lost connection took: a mail that the last look saw is no news for certain. */
static bool concerns(struct parked *p, struct bytes mailbox, uint32_t uid_next, enum push_why *why)
{
	bool any = mailbox.len == 0;

	for (size_t i = 0; i < p->n_folders; i++) {
		struct push_folder *f = &p->folders[i];

		if (!mailbox.len || !bytes_eq(f->mailbox, mailbox))
			continue;
		if (*why == PUSH_NEW && (f->look_first || uid_next <= f->seen.uid_next))
			*why = PUSH_CHANGED;
		f->has_new |= *why == PUSH_NEW;
		f->changed = true;
		any = true;
	}
	return any;
}

void push_on_event(struct watcher *w, enum push_why why, struct bytes mailbox, uint32_t uid_next)
{
	struct parked *next;

	for (struct parked *p = w->parked; p; p = next) {
		enum push_why its_own = why;

		next = p->next;
		if (concerns(p, mailbox, uid_next, &its_own))
			look(p, its_own);
	}
}

/* ---- wake-ups from other workers ---- */

static bool concerns_id(struct parked *p, uint32_t id)
{
	bool any = false;

	for (size_t i = 0; i < p->n_folders; i++)
		if (p->folders[i].id == id)
			any = p->folders[i].changed = true;
	return any;
}

/* "3 17": these folders; "*": the folder list; empty: something may have been missed. */
static void wake(struct watcher *w, struct bytes what)
{
	bool all = !what.len, list = bytes_eq_str(what, "*");
	struct bytes word;
	uint32_t id;

	w->events++;
	*(list ? &w->folders_event : &w->wake_event) = w->events;
	for (struct parked *p = w->parked, *next; p; p = next) {
		struct bytes rest = what;
		bool any = all || list;

		next = p->next;
		for (size_t i = 0; all && i < p->n_folders; i++)
			p->folders[i].changed = true;
		while (!all && !list && bytes_split(&rest, ' ', &word))
			any |= !bytes_to_u32(word, UINT32_MAX, &id) && concerns_id(p, id);
		if (any)
			look(p, list ? PUSH_FOLDERS : PUSH_CHANGED);
	}
}

static void on_wake(void *arg, struct bytes account, struct bytes what)
{
	struct push *p = arg;

	for (struct watcher *w = p->buckets[hash64(account, 0) % BUCKETS]; w; w = w->next)
		if (bytes_eq_str(account, w->account->name))
			wake(w, what);
}

void push_publish(struct request *rq, const uint32_t *folders, size_t n)
{
	struct bytes what = BYTES("*");
	struct buf b;

	buf_init(&b, rq->arena, 0);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, i ? " %u" : "%u", folders[i]);
	if ((n && buf_done(&b, &what)) ||
	    store_wake_publish(rq->worker->redis, bytes_str(rq->account->name), what))
		log_info(
		    "other workers could not be told of this change: phones that wait there see it later");
}

/* ---- parking ---- */

/* The phone asks again for the same: the older request's connection is likely dead, or the phone has forgotten it. Pings for
 * other folders live on beside it. */
static void end_older(
    struct watcher *w, const struct request *rq, const struct push_wait *wait, uint32_t *of_device)
{
	struct parked *next;

	*of_device = 0;
	for (struct parked *p = w->parked; p; p = next) {
		next = p->next;
		if (p->command != rq->command || !bytes_eq(p->device_id, rq->device_id))
			continue;
		if (parked_same_folders(p, wait->folders, wait->n_folders))
			look(p, PUSH_TIMEOUT);
		else
			++*of_device;
	}
}

/* What happened between the command's look at the backends and now: it must look again. A wake-up from elsewhere names folders by
 * ids that the watcher doesn't know, so it stands for all. */
static bool missed_something(const struct watcher *w, struct parked *p, uint64_t mark, enum push_why *why)
{
	bool all = w->folders_event > mark || w->wake_event > mark, any = all;

	for (size_t i = 0; i < p->n_folders; i++) {
		p->folders[i].changed = all || watcher_last_event(w, p->folders[i].mailbox) > mark;
		any |= p->folders[i].changed;
	}
	*why = w->folders_event > mark ? PUSH_FOLDERS : PUSH_CHANGED;
	return any;
}

static void link_parked(struct watcher *w, struct parked *p)
{
	idmap_add(&p->push->parked, &p->node);
	p->watcher = w;
	p->next = w->parked;
	if (p->next)
		p->next->link = &p->next;
	w->parked = p;
	p->link = &w->parked;
	w->n_parked++;
}

enum err push_park(struct request *rq, const struct push_wait *wait)
{
	struct push *push = rq->worker->push;
	const struct config *config = rq->worker->config;
	struct watcher *w = watcher_of(push, rq->account);
	enum push_why missed;
	struct parked *p;
	uint32_t of_device;

	if (!w)
		w = make_watcher(push, rq->account);
	end_older(w, rq, wait, &of_device);
	if (push->parked.count >= config->max_parked || w->n_parked >= config->max_parked_per_account ||
	    of_device >= MAX_PER_DEVICE) {
		log_warn(
		    "too many waiting requests: %zu in this worker, %u of this account, %u of this device",
		    push->parked.count, w->n_parked, of_device);
		return ERR_LIMIT;
	}
	p = parked_dup(push, rq, wait);
	link_parked(w, p);
	p->held = dispatch_hold(rq, client_gone, p);
	watcher_want(w, wait->folders, wait->n_folders);
	set_timer(p);
	if (rq->worker->draining)
		look(p, PUSH_TIMEOUT);
	else if (missed_something(w, p, wait->mark, &missed))
		look(p, missed);
	return ERR_OK;
}

/* ---- the end ---- */

void push_drain(struct push *push, uint32_t spread_ms)
{
	uint32_t i = 0;

	for (size_t b = 0; b < BUCKETS; b++)
		for (struct watcher *w = push->buckets[b]; w; w = w->next)
			for (struct parked *p = w->parked; p; p = p->next, i++) {
				p->draining = true;
				timer_restart(
				    p->timer, (uint32_t)((uint64_t)spread_ms * i / (push->parked.count + 1)));
			}
}

void push_free(struct push **push)
{
	if (!*push)
		return;
	for (size_t b = 0; b < BUCKETS; b++)
		while ((*push)->buckets[b]) {
			struct watcher *w = (*push)->buckets[b];

			while (w->parked) {
				struct parked *p = w->parked;

				unlink_parked(p);
				if (p->state == PARKED_LOOKING)
					p->state = PARKED_GONE; /* its fiber unwinds and then frees it */
				else
					parked_free(p);
			}
			push_remove_watcher(w);
			watcher_free(w);
		}
	store_wakes_free(&(*push)->wakes);
	idmap_deinit(&(*push)->watchers);
	idmap_deinit(&(*push)->parked);
	free(*push);
	*push = NULL;
}
