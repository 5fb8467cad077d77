#include "push/watcher.h"

#include <stdlib.h>
#include <string.h>

#include "io/log.h"

enum {
	LINGER_MS = 90 * 1000, /* a phone's next Ping comes well within that */
	FIRST_RETRY_MS = 1000,
	LAST_RETRY_MS = 5 * 60 * 1000,
	START_DEADLINE_MS = 60 * 1000,
	RENEW_S = 25 * 60, /* RFC 2177 wants IDLE renewed before 29 minutes */
};

struct start_job {
	struct push *push;
	uint64_t number;
};

static void set_state(struct watcher *w, enum watcher_state to)
{
	static const char *const names[] = { "idle", "starting", "running", "broken" };

	if (w->state != to)
		log_event(LOG_LEVEL_DEBUG, "watcher", LOG_STR("account", w->account->name),
		    LOG_STR("from", names[w->state]), LOG_STR("to", names[to]));
	w->state = to;
}

struct watcher *watcher_new(struct push *p, struct account *account)
{
	struct watcher *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->push = p;
	w->account = account_ref(account);
	return w;
}

void watcher_free(struct watcher *w)
{
	imap_watch_free(&w->watch);
	timer_cancel(&w->timer);
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].mailbox);
	free(w->v);
	account_unref(&w->account);
	free(w);
}

static struct watched *find(const struct watcher *w, struct bytes mailbox)
{
	for (size_t i = 0; i < w->n; i++)
		if (bytes_eq_str(mailbox, w->v[i].mailbox))
			return &w->v[i];
	return NULL;
}

static struct watched *add(struct watcher *w, struct bytes mailbox)
{
	struct watched *one;

	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 4;
		struct watched *v = realloc(w->v, cap * sizeof(*v));

		if (!v)
			abort();
		w->v = v;
		w->cap = cap;
	}
	one = &w->v[w->n++];
	*one = (struct watched){ .mailbox = strndup((const char *)mailbox.p, mailbox.len) };
	if (!one->mailbox)
		abort();
	return one;
}

uint64_t watcher_last_event(const struct watcher *w, struct bytes mailbox)
{
	const struct watched *one = find(w, mailbox);

	return one ? one->event : 0;
}

/* ---- events ---- */

static void start(struct watcher *w);

static void retry(void *arg)
{
	struct watcher *w = arg;

	timer_cancel(&w->timer);
	if (w->state == WATCHER_BROKEN)
		start(w);
}

static void broke(struct watcher *w, const char *why)
{
	uint32_t wait_ms = FIRST_RETRY_MS;

	for (uint32_t i = 0; i < w->failures && wait_ms < LAST_RETRY_MS; i++)
		wait_ms *= 2;
	if (wait_ms > LAST_RETRY_MS)
		wait_ms = LAST_RETRY_MS;
	w->failures++;
	log_event(LOG_LEVEL_WARN, "watch of an account is interrupted: push waits until it stands again",
	    LOG_STR("account", w->account->name), LOG_STR("why", why), LOG_U64("retry_ms", wait_ms));
	imap_watch_free(&w->watch);
	for (size_t i = 0; i < w->n; i++)
		w->v[i].active = false;
	set_state(w, WATCHER_BROKEN);
	timer_cancel(&w->timer);
	w->timer = timer_start(push_worker(w->push)->loop, wait_ms, retry, w);
}

static void note_event(struct watcher *w, struct bytes mailbox)
{
	struct watched *one = find(w, mailbox);

	w->events++;
	if (one)
		one->event = w->events;
}

static void on_watch(void *arg, enum imap_watch_event what, struct bytes mailbox)
{
	struct watcher *w = arg;

	switch (what) {
	case IMAP_WATCH_NEW:
		note_event(w, mailbox);
		push_on_event(w, PUSH_NEW, mailbox, imap_watch_uid_next(w->watch, mailbox));
		break;
	case IMAP_WATCH_CHANGED:
		note_event(w, mailbox);
		push_on_event(w, PUSH_CHANGED, mailbox, 0);
		break;
	case IMAP_WATCH_FOLDERS:
		w->folders_event = ++w->events;
		push_on_event(w, PUSH_FOLDERS, bytes_of(NULL, 0), 0);
		break;
	case IMAP_WATCH_LOST:
		broke(w, imap_watch_problem(w->watch));
		break;
	}
}

/* ---- starting, on a fiber ---- */

struct wanted {
	struct bytes *names;
	struct imap_status *status;
	size_t n;
};

/* Copies, since the watcher may change while the fiber waits. */
static enum err collect(struct watcher *w, struct arena *a, struct wanted *out)
{
	*out = (struct wanted){ arena_array(a, w->n, sizeof(struct bytes)),
		arena_array(a, w->n, sizeof(struct imap_status)), 0 };
	if (!out->names || !out->status)
		return ERR_LIMIT;
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].active)
			continue;
		if (arena_dup(a, bytes_str(w->v[i].mailbox), &out->names[out->n]))
			return ERR_LIMIT;
		out->status[out->n++] = w->v[i].seen;
		w->v[i].active = true;
	}
	w->dirty = false;
	return ERR_OK;
}

static enum err connect_watch(struct watcher *w, const struct wanted *want, const char **why)
{
	struct imap_watch_opts opts = { push_worker(w->push)->config->poll_s, RENEW_S };
	struct account *account = account_ref(w->account); /* the watcher may go while we wait */
	struct push *push = w->push;
	struct imap_watch *watch = NULL;
	uint64_t number = w->node.id;
	enum err e;

	e = imap_watch_start(push_worker(push)->imap, &account->imap, want->names, want->status, want->n,
	    &opts, on_watch, w, &watch, why);
	account_unref(&account);
	if (push_find_watcher(push, number) != w) {
		imap_watch_free(&watch);
		return ERR_CANCELLED;
	}
	w->watch = watch;
	return e;
}

static void start_fiber(void *arg)
{
	struct start_job job = *(struct start_job *)arg;
	struct watcher *w = push_find_watcher(job.push, job.number);
	struct wanted want;
	const char *why = "no reason known";
	enum err e = ERR_OK;

	free(arg);
	while (w && !e && (w->dirty || !w->watch)) {
		if (!(e = collect(w, fiber_arena(), &want))) {
			if (w->watch)
				e = imap_watch_add(w->watch, want.names, want.status, want.n);
			else
				e = connect_watch(w, &want, &why);
		}
		w = push_find_watcher(job.push, job.number);
		if (w && w->state != WATCHER_STARTING)
			return; /* it broke while we waited: tried again by its timer */
	}
	if (!w)
		return;
	if (e) {
		broke(w, why);
		return;
	}
	w->failures = 0;
	set_state(w, WATCHER_RUNNING);
}

static void start(struct watcher *w)
{
	struct fiber_opts opts = { "watcher", 0, START_DEADLINE_MS };
	struct start_job *job = malloc(sizeof(*job));

	if (!job)
		abort();
	*job = (struct start_job){ w->push, w->node.id };
	set_state(w, WATCHER_STARTING);
	fiber_start(push_worker(w->push)->loop, &opts, start_fiber, job);
}

void watcher_want(struct watcher *w, const struct push_folder *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct watched *one;

		if (!v[i].mailbox.len)
			continue;
		one = find(w, v[i].mailbox);
		if (!one) {
			one = add(w, v[i].mailbox);
			w->dirty = true;
		}
		if (!one->active)
			one->seen = v[i].seen;
	}
	if (w->state == WATCHER_IDLE || w->state == WATCHER_RUNNING) {
		timer_cancel(&w->timer); /* it was about to end */
		if (w->dirty)
			start(w);
	}
}

static void end(void *arg)
{
	struct watcher *w = arg;

	if (w->n_parked)
		return;
	push_remove_watcher(w);
	watcher_free(w);
}

void watcher_release(struct watcher *w)
{
	w->n_parked--;
	if (w->n_parked)
		return;
	timer_cancel(&w->timer);
	w->timer = timer_start(push_worker(w->push)->loop, LINGER_MS, end, w);
}
