#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <event2/event.h>

#include "dispatch.h"
#include "io/log.h"
#include "process.h"
#include "push/push.h"

/* One worker process, from start to the end of its drain. */

enum {
	DRAIN_LOOK_MS = 50,
	UNWIND_MS = 200,
	STORE_WAIT_MS = 5000, /* less than the master waits for us */
	ANSWERS_PER_MS = 5,
	TRIM_EVERY_MS = 10 * 1000,
	TRIM_WORTH = 16 * 1024 * 1024,
	LARGEST_KEPT = 1024 * 1024,
};

struct running {
	struct worker worker;
	struct event *on_term, *on_reopen, *on_ignored[2];
	struct timer *drain, *trim;
	uint64_t drain_ends_ms;
	uint64_t opening; /* the fiber that opens the doors */
	int ready_fd;
};

/* The arenas of requests come and go: as malloc is by default, each time it would get their pages from the kernel and give
 * them back, at more cost than the mails on them. What is free is kept until on_trim. */
static void keep_freed_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT);
	mallopt(M_TRIM_THRESHOLD, 2 * TRIM_WORTH);
}

/* When all phones come at once, after a restart or a network failure, their handshakes and first requests take several
 * times the memory of their waiting, and it lies scattered between what stays: malloc gives it back only when asked. */
static void on_trim(void *arg)
{
	struct running *r = arg;

	if (mallinfo2().fordblks > TRIM_WORTH)
		malloc_trim(0);
	timer_restart(r->trim, TRIM_EVERY_MS);
}

/* ---- ending ---- */

static void look_at_drain(void *arg)
{
	struct running *r = arg;
	uint32_t left = http_server_connections(r->worker.http);

	if (left && loop_now_ms() < r->drain_ends_ms) {
		timer_restart(r->drain, DRAIN_LOOK_MS);
		return;
	}
	if (left)
		log_warn("%u connections are cut off: they took longer than drain allows", left);
	loop_stop(r->worker.loop);
}

/* Phones that wait are answered "no change" and come back, to another worker. Many at once would make a burst of them. */
static void on_term(evutil_socket_t fd, short what, void *arg)
{
	struct running *r = arg;
	struct worker *w = &r->worker;
	uint32_t spread_ms = push_counts(w->push).parked / ANSWERS_PER_MS, most_ms = w->config->drain_s * 500;

	(void)fd, (void)what;
	if (w->draining)
		return;
	w->draining = true;
	fiber_cancel(w->loop, r->opening);
	http_server_drain(w->http);
	push_drain(w->push, spread_ms < most_ms ? spread_ms : most_ms);
	r->drain_ends_ms = loop_now_ms() + w->config->drain_s * 1000ull;
	r->drain = timer_start(w->loop, 0, look_at_drain, r);
}

static void on_reopen(evutil_socket_t fd, short what, void *arg)
{
	const struct running *r = arg;

	(void)fd, (void)what;
	process_reopen_logs(r->worker.config);
}

static void on_ignored(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

static struct event *signal_event(struct running *r, int number, event_callback_fn fn)
{
	struct event *e = evsignal_new(loop_base(r->worker.loop), number, fn, r);

	if (!e || event_add(e, NULL) != 0)
		abort();
	return e;
}

/* What the master blocked for itself comes to us as events. A terminal sends SIGINT and SIGHUP to all: that's the
 * master's to act on. */
static void take_signals(struct running *r)
{
	sigset_t none;

	r->on_term = signal_event(r, SIGTERM, on_term);
	r->on_reopen = signal_event(r, SIGUSR1, on_reopen);
	r->on_ignored[0] = signal_event(r, SIGINT, on_ignored);
	r->on_ignored[1] = signal_event(r, SIGHUP, on_ignored);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- starting ---- */

static enum err become(const char *user)
{
	const struct passwd *pw;

	if (!*user || geteuid() != 0)
		return ERR_OK;
	errno = 0;
	pw = getpwnam(user);
	if (!pw || initgroups(user, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0) {
		log_error("cannot become the user \"%s\": %s", user,
		    pw || errno ? strerror(errno) : "there is no such user");
		return ERR_DENIED;
	}
	return ERR_OK;
}

/* Should the master be killed, we go too: nobody else would stop us. After become(), which clears this. */
static void follow_master(pid_t master)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != master)
		raise(SIGTERM);
}

static enum err start_worker(struct worker *w, const struct worker_start *start)
{
	struct http_server_opts opts = { .config = start->config,
		.fds = start->fds,
		.n_fds = start->n_fds,
		.ticket_keys = start->ticket_keys,
		.handler = dispatch_exchange,
		.arg = w };
	enum err e = redis_new(w->loop, start->store_url, &w->redis);

	if (e) {
		log_error("store: this is no address of a Redis server"); /* it may hold a password */
		return e;
	}
	w->imap = imap_pool_new(w->loop, &w->config->imap);
	w->auth = auth_new(w->loop, w->config, w->redis, w->imap);
	w->push = push_new(w);
	return http_server_new(w->loop, &opts, &w->http);
}

static void tell_master(int ready_fd)
{
	ssize_t told = write(ready_fd, "", 1);

	(void)told; /* a master that has died needs no word */
	close(ready_fd);
}

/* On a fiber. During a reload the old workers serve until we say that we do: a health check that came to us while we haven't
 * reached Redis yet would be told that it is down. */
static void open_doors(void *arg)
{
	struct running *r = arg;
	enum err e = redis_wait_up(r->worker.redis, STORE_WAIT_MS);

	if (r->worker.draining)
		return;
	if (e)
		log_warn("Redis can't be reached: phones are told to come back later until it can");
	http_server_accept(r->worker.http);
	tell_master(r->ready_fd);
}

static void stop_loop(void *arg)
{
	loop_stop(arg);
}

/* From the top down. Fibers that are cancelled now still need what stands below them until they have unwound; if one
 * doesn't within UNWIND_MS, the end of the process frees the rest. */
static void stop_worker(struct worker *w)
{
	struct timer *t = timer_start(w->loop, UNWIND_MS, stop_loop, w->loop);
	uint32_t live = 0, peak;

	push_free(&w->push);
	http_server_free(&w->http);
	fiber_counts(w->loop, &live, &peak);
	if (live)
		loop_run(w->loop);
	timer_cancel(&t);
	fiber_counts(w->loop, &live, &peak);
	if (live) {
		log_warn("%u requests did not end in time", live);
		return;
	}
	auth_free(&w->auth);
	imap_pool_free(&w->imap);
	redis_free(&w->redis);
	loop_free(&w->loop);
}

int worker_run(const struct worker_start *start)
{
	static const struct fiber_opts opening = { .name = "opening" };
	struct running r = { .worker = { .loop = loop_new() }, .ready_fd = start->ready_fd };
	pid_t master = getppid();
	enum err e;

	keep_freed_memory();
	process_open_logs(start->config); /* after a reload they may be others than the master's */
	r.worker.config = start->config;
	take_signals(&r);
	e = start_worker(&r.worker, start);
	if (!e)
		e = become(start->config->user);
	if (e)
		return EXIT_FAILURE;
	follow_master(master);
	r.opening = fiber_start(r.worker.loop, &opening, open_doors, &r);
	r.trim = timer_start(r.worker.loop, TRIM_EVERY_MS, on_trim, &r);
	loop_run(r.worker.loop);
	timer_cancel(&r.trim);
	timer_cancel(&r.drain);
	event_free(r.on_term);
	event_free(r.on_reopen);
	event_free(r.on_ignored[0]);
	event_free(r.on_ignored[1]);
	stop_worker(&r.worker);
	return EXIT_SUCCESS;
}
