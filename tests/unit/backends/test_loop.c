#include <event2/event.h>
#include <signal.h>

#include "unit/backends/on_fiber.h"

struct log {
	struct loop *loop;
	char text[64];
	int count;
};

static void append(struct log *g, const char *text)
{
	assert_true(strlen(g->text) + strlen(text) < sizeof(g->text));
	strcat(g->text, text);
}

static void stop(void *arg)
{
	struct log *g = arg;

	append(g, "stop ");
	loop_stop(g->loop);
}

/* ---- running and stopping ---- */

static void stop_before_run(void **state)
{
	struct log g = { .loop = loop_new() };
	struct timer *t;

	(void)state;
	loop_stop(g.loop);
	loop_run(g.loop);
	t = timer_start(g.loop, 1, stop, &g); /* a second run waits for its own stop */
	loop_run(g.loop);
	assert_string_equal(g.text, "stop ");
	timer_cancel(&t);
	loop_free(&g.loop);
}

static void sigpipe_is_ignored(void **state)
{
	struct loop *l;
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	l = loop_new();
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write(fds[1], "x", 1), -1);
	close(fds[1]);
	loop_free(&l);
}

static void the_resolver_is_made_once(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	assert_non_null(loop_dns(l));
	assert_ptr_equal(loop_dns(l), loop_dns(l));
	loop_free(&l);
}

/* ---- deferring ---- */

static void defer_a(void *arg)
{
	append(arg, "a ");
}

static void defer_b(void *arg)
{
	struct log *g = arg;

	append(g, "b ");
	loop_defer(g->loop, defer_a, g);
	loop_defer(g->loop, stop, g);
}

static void work(void *arg)
{
	struct log *g = arg;

	loop_defer(g->loop, defer_a, g);
	loop_defer(g->loop, defer_b, g);
	append(g, "work ");
}

static void deferred_runs_after_the_caller(void **state)
{
	struct log g = { .loop = loop_new() };
	struct timer *t = timer_start(g.loop, 0, work, &g);

	(void)state;
	loop_run(g.loop);
	assert_string_equal(g.text, "work a b a stop ");
	timer_cancel(&t);
	loop_free(&g.loop);
}

static void defer_for_ever(void *arg)
{
	struct log *g = arg;

	if (g->count++ < 200000)
		loop_defer(g->loop, defer_for_ever, g);
}

static void deferring_does_not_starve_the_rest(void **state)
{
	struct log g = { .loop = loop_new() };
	struct timer *t = timer_start(g.loop, 1, stop, &g);

	(void)state;
	loop_defer(g.loop, defer_for_ever, &g);
	loop_run(g.loop);
	assert_in_range(g.count, 2, 199999);
	timer_cancel(&t);
	loop_free(&g.loop);
	assert_int_equal(g.count, 200001); /* the end runs what was deferred */
}

/* ---- timers ---- */

static void tick(void *arg)
{
	append(arg, "tick ");
}

static void timers_fire_in_time(void **state)
{
	struct log g = { .loop = loop_new() };
	uint64_t began = loop_now_ms();
	struct timer *late = timer_start(g.loop, 40, stop, &g), *early = timer_start(g.loop, 10, tick, &g),
		     *never = timer_start(g.loop, 1, tick, &g);

	(void)state;
	timer_cancel(&never);
	assert_null(never);
	timer_cancel(&never);
	loop_run(g.loop);
	assert_string_equal(g.text, "tick stop ");
	assert_in_range(loop_now_ms() - began, 35, 2000);
	timer_cancel(&late);
	timer_cancel(&early);
	loop_free(&g.loop);
}

struct again {
	struct log g;
	struct timer *timer;
};

static void again(void *arg)
{
	struct again *a = arg;

	append(&a->g, "again ");
	if (++a->g.count < 3)
		timer_restart(a->timer, 1);
	else
		timer_cancel(&a->timer); /* inside its own call */
}

static void a_timer_restarts_and_frees_itself(void **state)
{
	struct again a = { .g.loop = loop_new() };
	struct timer *t = timer_start(a.g.loop, 100, stop, &a.g);

	(void)state;
	a.timer = timer_start(a.g.loop, 10000, again, &a);
	timer_restart(a.timer, 1); /* sooner */
	timer_restart(t, 50);
	loop_run(a.g.loop);
	assert_string_equal(a.g.text, "again again again stop ");
	assert_null(a.timer);
	timer_cancel(&t);
	loop_free(&a.g.loop);
}

static void wake_fiber(void *arg)
{
	uint64_t *both = arg; /* loop and ticket */

	fiber_wake((struct loop *)(uintptr_t)both[0], both[1]);
}

static void wait_for_timer(void *arg)
{
	uint64_t both[2] = { (uintptr_t)fiber_loop(), fiber_ticket() };
	struct timer *t = timer_start(fiber_loop(), 5, wake_fiber, both);

	(void)arg;
	assert_int_equal(fiber_wait(both[1], 0), ERR_OK);
	timer_cancel(&t);
}

static void a_timer_wakes_a_fiber(void **state)
{
	(void)state;
	on_fiber(wait_for_timer, NULL);
}

int main(void)
{
	TEST_ADD(stop_before_run);
	TEST_ADD(sigpipe_is_ignored);
	TEST_ADD(the_resolver_is_made_once);
	TEST_ADD(deferred_runs_after_the_caller);
	TEST_ADD(deferring_does_not_starve_the_rest);
	TEST_ADD(timers_fire_in_time);
	TEST_ADD(a_timer_restarts_and_frees_itself);
	TEST_ADD(a_timer_wakes_a_fiber);
	return test_run("loop");
}
