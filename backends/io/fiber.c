#include "io/fiber.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "io/context.h"
#include "io/fiber_set.h"
#include "io/idmap.h"
#include "io/stack.h"

#if defined(IO_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif

enum { DEFAULT_DEADLINE_MS = 60 * 1000, DEFAULT_ARENA = 16 * 1024 * 1024 };

enum state {
	FIBER_READY,   /* in the queue, to start or to go on with `result` */
	FIBER_RUNNING, /* it is `current` */
	FIBER_WAITING, /* wait_event is pending, and ticket too if not NULL */
	FIBER_ENDED,   /* about to be freed by the loop's side of the switch */
};

struct ticket {
	struct id_node node; /* first: found by it */
	struct fiber *fiber;
	struct ticket *next; /* of this fiber's */
	bool woken;
};

struct fiber {
	struct id_node node; /* first: found by it */
	struct fiber_set *set;
	struct fiber *next_ready;
	enum state state;
	const char *name;

	void (*fn)(void *arg);
	void *arg;
	struct context context;
	struct stack stack;
	struct arena *arena;
	size_t arena_budget;
	const void *slot;
	struct fiber_tally tally;
	void *asan_stack;

	uint64_t deadline_ms; /* of loop_now_ms */
	bool cancelled;
	unsigned shields;
	uint64_t deadline_before_shield;

	/* the present wait */
	struct event wait_event; /* the descriptor, if there is one, and the time limit */
	struct ticket *ticket;
	enum err at_timeout, result;
	struct ticket *tickets; /* all that were not waited for yet */
};

struct fiber_set {
	struct loop *loop;
	struct idmap fibers, tickets;
	struct stack_pool *stacks;
	struct fiber *ready, **ready_end;
	struct event run_event;
	bool in_batch;
	bool closed;
	uint32_t peak;
	struct context loop_context;
	void *asan_stack; /* the loop's own */
	const void *loop_stack_low;
	size_t loop_stack_size;
};

/* The one that runs; NULL on the loop's own stack. */
static struct fiber *current;

static struct fiber *self(void)
{
	assert(current && current->state == FIBER_RUNNING);
	return current;
}

/* ---- switching, with notes for AddressSanitizer ---- */

static void switch_to_fiber(struct fiber *f)
{
	struct fiber_set *s = f->set;

#if defined(IO_ASAN)
	__sanitizer_start_switch_fiber(&s->asan_stack, f->stack.low, STACK_SIZE);
#endif
	context_switch(&s->loop_context, &f->context);
#if defined(IO_ASAN)
	__sanitizer_finish_switch_fiber(s->asan_stack, NULL, NULL);
#endif
}

/* On the fiber's stack, whenever it gets control. */
static void arrived_on_fiber(struct fiber *f)
{
#if defined(IO_ASAN)
	__sanitizer_finish_switch_fiber(f->asan_stack, &f->set->loop_stack_low, &f->set->loop_stack_size);
#else
	(void)f;
#endif
}

static void switch_to_loop(struct fiber *f)
{
#if defined(IO_ASAN)
	/* NULL at the last switch: its fake stack is then freed. */
	__sanitizer_start_switch_fiber(
	    f->state == FIBER_ENDED ? NULL : &f->asan_stack, f->set->loop_stack_low, f->set->loop_stack_size);
#endif
	context_switch(&f->context, &f->set->loop_context);
	arrived_on_fiber(f);
}

static void entry(void)
{
	struct fiber *f = current;

	arrived_on_fiber(f);
	f->fn(f->arg);
	assert(f->shields == 0);
	f->state = FIBER_ENDED;
	switch_to_loop(f);
	abort(); /* nobody switches to an ended fiber */
}

/* ---- life ---- */

static void drop_ticket(struct ticket *t)
{
	struct ticket **at = &t->fiber->tickets;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	idmap_remove(&t->fiber->set->tickets, &t->node);
	free(t);
}

static void fiber_free(struct fiber *f)
{
	while (f->tickets)
		drop_ticket(f->tickets);
	idmap_remove(&f->set->fibers, &f->node);
	arena_free(&f->arena);
	stack_give(f->set->stacks, f->stack);
	free(f);
}

/* Stack and arena are taken at the first run, not at the start: a burst of new fibers then queues cheaply. */
static void resume(struct fiber *f)
{
	assert(!current && f->state == FIBER_READY);
	if (!f->stack.low) {
		f->stack = stack_take(f->set->stacks);
		f->arena = arena_new(f->arena_budget);
		context_make(&f->context, f->stack.low, STACK_SIZE, entry);
	}
	f->state = FIBER_RUNNING;
	current = f;
	switch_to_fiber(f);
	current = NULL;
	if (f->state == FIBER_ENDED)
		fiber_free(f);
}

/* Queues a fiber. What callbacks wake runs in the same loop turn; what fibers wake runs in the next one, so
 * that they can't keep the descriptors from being looked at by waking each other. */
static void make_ready(struct fiber *f, enum err result)
{
	static const struct timeval at_once = { 0 };
	struct fiber_set *s = f->set;

	if (!s->ready) {
		if (s->in_batch)
			event_add(&s->run_event, &at_once);
		else
			event_active(&s->run_event, EV_TIMEOUT, 0);
	}
	f->result = result;
	f->state = FIBER_READY;
	f->next_ready = NULL;
	*s->ready_end = f;
	s->ready_end = &f->next_ready;
}

static void run_batch(evutil_socket_t fd, short what, void *arg)
{
	struct fiber_set *s = arg;
	struct fiber *batch = s->ready;

	(void)fd, (void)what;
	s->ready = NULL;
	s->ready_end = &s->ready;
	s->in_batch = true;
	while (batch) {
		struct fiber *f = batch;

		batch = f->next_ready;
		resume(f);
	}
	s->in_batch = false;
}

/* Ends the present wait. The first reason wins: a wait that is over keeps its result. */
static void end_wait(struct fiber *f, enum err result)
{
	if (f->state != FIBER_WAITING)
		return;
	event_del(&f->wait_event);
	f->ticket = NULL;
	make_ready(f, result);
}

static void on_wait_event(evutil_socket_t fd, short what, void *arg)
{
	struct fiber *f = arg;

	(void)fd;
	end_wait(f, (what & (EV_READ | EV_WRITE)) ? ERR_OK : f->at_timeout);
}

uint64_t fiber_start(struct loop *l, const struct fiber_opts *opts, void (*fn)(void *arg), void *arg)
{
	struct fiber_set *s = loop_fibers(l);
	struct fiber *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->set = s;
	f->name = opts->name;
	f->fn = fn;
	f->arg = arg;
	f->arena_budget = opts->arena_budget ? opts->arena_budget : DEFAULT_ARENA;
	f->deadline_ms = loop_now_ms() + (opts->deadline_ms ? opts->deadline_ms : DEFAULT_DEADLINE_MS);
	f->cancelled = s->closed;
	idmap_add(&s->fibers, &f->node);
	if (s->fibers.count > s->peak)
		s->peak = (uint32_t)s->fibers.count;
	make_ready(f, ERR_OK);
	return f->node.id;
}

static void cancel(struct fiber *f)
{
	f->cancelled = true;
	if (!f->shields)
		end_wait(f, ERR_CANCELLED);
}

void fiber_cancel(struct loop *l, uint64_t id)
{
	struct fiber *f = (struct fiber *)(void *)idmap_find(&loop_fibers(l)->fibers, id);

	if (f)
		cancel(f);
}

void fiber_counts(const struct loop *l, uint32_t *live, uint32_t *peak)
{
	const struct fiber_set *s = loop_fibers(l);

	*live = (uint32_t)s->fibers.count;
	*peak = s->peak;
}

/* ---- on a fiber ---- */

uint64_t fiber_id(void)
{
	return self()->node.id;
}

struct loop *fiber_loop(void)
{
	return self()->set->loop;
}

struct arena *fiber_arena(void)
{
	return self()->arena;
}

bool fiber_is_running(void)
{
	return current != NULL;
}

struct fiber_tally *fiber_tally(void)
{
	return &self()->tally;
}

const void *fiber_slot(void)
{
	return self()->slot;
}

void fiber_slot_set(const void *p)
{
	self()->slot = p;
}

bool fiber_cancelled(void)
{
	return self()->cancelled && !self()->shields;
}

void fiber_set_deadline(uint32_t ms_from_now)
{
	self()->deadline_ms = loop_now_ms() + ms_from_now;
}

uint32_t fiber_time_left_ms(void)
{
	uint64_t now = loop_now_ms(), deadline = self()->deadline_ms;

	if (deadline <= now)
		return 0;
	return deadline - now > UINT32_MAX ? UINT32_MAX : (uint32_t)(deadline - now);
}

enum err fiber_check(void)
{
	if (fiber_cancelled())
		return ERR_CANCELLED;
	return fiber_time_left_ms() ? ERR_OK : ERR_TIMEOUT;
}

void fiber_shield(uint32_t ms)
{
	struct fiber *f = self();

	if (f->shields++)
		return;
	f->deadline_before_shield = f->deadline_ms;
	f->deadline_ms = loop_now_ms() + ms;
}

void fiber_unshield(void)
{
	struct fiber *f = self();

	assert(f->shields);
	if (--f->shields == 0)
		f->deadline_ms = f->deadline_before_shield;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The one place where a fiber waits. fd -1 = for time or a ticket; limit_ms 0 = until the fiber's deadline;
 * at_limit is the result if the limit, not the deadline, ends the wait. */
static enum err wait_for(int fd, short events, struct ticket *t, uint32_t limit_ms, enum err at_limit)
{
	struct fiber *f = self();
	uint32_t left = fiber_time_left_ms();
	struct timeval limit;
	enum err e = fiber_check();
	uint64_t from;

	if (e)
		return e;
	f->at_timeout = limit_ms && limit_ms < left ? at_limit : ERR_TIMEOUT;
	if (limit_ms && limit_ms < left)
		left = limit_ms;
	limit = (struct timeval){ .tv_sec = left / 1000, .tv_usec = (long)(left % 1000) * 1000 };
	event_assign(&f->wait_event, loop_base(f->set->loop), fd, events, on_wait_event, f);
	if (event_add(&f->wait_event, &limit) != 0)
		abort(); /* no descriptor that can be waited for */
	f->ticket = t;
	f->state = FIBER_WAITING;
	from = now_us();
	switch_to_loop(f);
	f->tally.waited_us += now_us() - from;
	return f->result;
}

enum err fiber_sleep(uint32_t ms)
{
	return ms ? wait_for(-1, 0, NULL, ms, ERR_OK) : fiber_yield();
}

enum err fiber_yield(void)
{
	struct fiber *f = self();
	enum err e = fiber_check();

	if (e)
		return e;
	make_ready(f, ERR_OK);
	switch_to_loop(f);
	return f->result;
}

enum err fiber_wait_fd(int fd, short events, uint32_t timeout_ms)
{
	assert(fd >= 0 && (events & (EV_READ | EV_WRITE)));
	return wait_for(fd, events, NULL, timeout_ms, ERR_TIMEOUT);
}

uint64_t fiber_ticket(void)
{
	struct fiber *f = self();
	struct ticket *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->fiber = f;
	t->next = f->tickets;
	f->tickets = t;
	idmap_add(&f->set->tickets, &t->node);
	return t->node.id;
}

static struct ticket *find_ticket(struct loop *l, uint64_t ticket)
{
	return (struct ticket *)(void *)idmap_find(&loop_fibers(l)->tickets, ticket);
}

enum err fiber_wait(uint64_t ticket, uint32_t timeout_ms)
{
	struct fiber *f = self();
	struct ticket *t = find_ticket(f->set->loop, ticket);
	enum err e;

	assert(t && t->fiber == f);
	e = t->woken ? fiber_check() : wait_for(-1, 0, t, timeout_ms, ERR_TIMEOUT);
	drop_ticket(t);
	return e;
}

void fiber_wake(struct loop *l, uint64_t ticket)
{
	struct ticket *t = find_ticket(l, ticket);

	if (!t)
		return;
	t->woken = true;
	if (t->fiber->ticket == t)
		end_wait(t->fiber, ERR_OK);
}

/* ---- for loop.c ---- */

struct fiber_set *fiber_set_new(struct loop *l)
{
	struct fiber_set *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->loop = l;
	s->stacks = stack_pool_new();
	s->ready_end = &s->ready;
	event_assign(&s->run_event, loop_base(l), -1, 0, run_batch, s);
	return s;
}

void fiber_set_free(struct fiber_set **s)
{
	if (!*s)
		return;
	assert(!current && fiber_set_is_empty(*s));
	event_del(&(*s)->run_event);
	idmap_deinit(&(*s)->fibers);
	idmap_deinit(&(*s)->tickets);
	stack_pool_free(&(*s)->stacks);
	free(*s);
	*s = NULL;
}

static void cancel_node(struct id_node *n)
{
	cancel((struct fiber *)(void *)n);
}

void fiber_set_close(struct fiber_set *s)
{
	s->closed = true;
	idmap_each(&s->fibers, cancel_node);
}

bool fiber_set_is_empty(const struct fiber_set *s)
{
	return s->fibers.count == 0;
}
