#include "io/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "io/fiber.h"
#include "io/fiber_set.h"

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct evdns_base *dns; /* NULL until asked for */
	struct fiber_set *fibers;
	struct deferred *deferred, **deferred_end;
	struct event defer_event;
	bool in_deferred, stop;
};

struct timer {
	struct event event;
	void (*fn)(void *);
	void *arg;
};

uint64_t loop_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- life ---- */

static struct event_base *new_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *b;

	/* A callback that computes for long must not shorten the time limits that it sets. */
	if (!c || event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_NO_CACHE_TIME) != 0)
		abort();
	b = event_base_new_with_config(c);
	if (!b)
		abort();
	event_config_free(c);
	return b;
}

/* In the order in which they came. What is deferred meanwhile waits for the next turn: two that defer each
 * other can't keep the loop from its descriptors. */
static void run_deferred(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	struct deferred *batch = l->deferred;

	(void)fd, (void)what;
	l->deferred = NULL;
	l->deferred_end = &l->deferred;
	l->in_deferred = true;
	while (batch) {
		struct deferred *d = batch;

		batch = d->next;
		d->fn(d->arg);
		free(d);
	}
	l->in_deferred = false;
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	/* Libraries write to sockets without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	l->base = new_base();
	l->fibers = fiber_set_new(l);
	l->deferred_end = &l->deferred;
	event_assign(&l->defer_event, l->base, -1, 0, run_deferred, l);
	return l;
}

/* Until no fiber and nothing deferred is left, and at least one turn. */
static void run_out(struct loop *l)
{
	do
		event_base_loop(l->base, fiber_set_is_empty(l->fibers) ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	while (l->deferred || !fiber_set_is_empty(l->fibers));
}

void loop_free(struct loop **l)
{
	struct loop *x = *l;

	if (!x)
		return;
	assert(!fiber_is_running());
	fiber_set_close(x->fibers);
	run_out(x);
	if (x->dns)
		evdns_base_free(x->dns, 1);
	run_out(x); /* what was cancelled there reports so to its callback */
	fiber_set_free(&x->fibers);
	event_base_free(x->base);
	free(x);
	*l = NULL;
}

void loop_run(struct loop *l)
{
	assert(!fiber_is_running());
	while (!l->stop)
		event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	l->stop = false;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
	event_base_loopbreak(l->base);
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

struct fiber_set *loop_fibers(const struct loop *l)
{
	return l->fibers;
}

struct evdns_base *loop_dns(struct loop *l)
{
	if (l->dns)
		return l->dns;
	l->dns = evdns_base_new(l->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!l->dns)
		abort();
	/* evdns waits five seconds for a name server, but gives up a name when the IPv6 answer, be it that there is none, is three
	 * seconds older than the IPv4 one: with a first server that is down nothing was ever found, nor was the server ever
	 * known to be down. resolv.conf may say otherwise. */
	evdns_base_set_option(l->dns, "timeout:", "1");
	evdns_base_set_option(l->dns, "attempts:", "4");
	evdns_base_set_option(l->dns, "max-timeouts:", "1");
	evdns_base_set_option(l->dns, "getaddrinfo-allow-skew:", "4");
	/* Reads /etc/hosts too. Without servers, or without the file, names from there still resolve. */
	evdns_base_resolv_conf_parse(l->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	return l->dns;
}

void loop_defer(struct loop *l, void (*fn)(void *), void *arg)
{
	static const struct timeval at_once = { 0 };
	struct deferred *d = malloc(sizeof(*d));

	if (!d)
		abort();
	*d = (struct deferred){ .fn = fn, .arg = arg };
	if (!l->deferred) {
		if (l->in_deferred)
			event_add(&l->defer_event, &at_once);
		else
			event_active(&l->defer_event, EV_TIMEOUT, 0);
	}
	*l->deferred_end = d;
	l->deferred_end = &d->next;
}

/* ---- timers ---- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;

	(void)fd, (void)what;
	t->fn(t->arg); /* may free t */
}

struct timer *timer_start(struct loop *l, uint32_t after_ms, void (*fn)(void *), void *arg)
{
	struct timer *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->fn = fn;
	t->arg = arg;
	event_assign(&t->event, l->base, -1, 0, on_timer, t);
	timer_restart(t, after_ms);
	return t;
}

void timer_cancel(struct timer **t)
{
	if (!*t)
		return;
	event_del(&(*t)->event);
	free(*t);
	*t = NULL;
}

void timer_restart(struct timer *t, uint32_t after_ms)
{
	struct timeval after = { .tv_sec = after_ms / 1000, .tv_usec = (long)(after_ms % 1000) * 1000 };

	event_add(&t->event, &after);
}
