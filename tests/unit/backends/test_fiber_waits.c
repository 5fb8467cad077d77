/* How a wait ends: by itself, by its deadline, by a cancel, or with the loop. */
#include <event2/event.h>
#include <fcntl.h>

#include "unit/backends/many_fibers.h"

/* ---- time ---- */

static void sleep_on_fiber(void *arg)
{
	uint64_t began = loop_now_ms();

	(void)arg;
	assert_int_equal(fiber_sleep(50), ERR_OK);
	assert_in_range(loop_now_ms() - began, 45, 2000);
}

static void sleep_takes_its_time(void **state)
{
	(void)state;
	on_fiber(sleep_on_fiber, NULL);
}

static void default_deadline_on_fiber(void *arg)
{
	(void)arg;
	assert_in_range(fiber_time_left_ms(), 59000, 60000);
	fiber_set_deadline(UINT32_MAX);
	assert_true(fiber_time_left_ms() > UINT32_MAX - 1000);
}

static void the_default_deadline(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	fiber_start(l, &(struct fiber_opts){ .name = "plain" }, default_deadline_on_fiber, NULL);
	run_all(l);
	loop_free(&l);
}

/* Every kind of wait, for the rows below. */
enum wait_kind { WAIT_SLEEP, WAIT_YIELD, WAIT_TICKET, WAIT_WOKEN, WAIT_FD };

static enum err wait_once(enum wait_kind kind, int silent_fd)
{
	uint64_t t;

	switch (kind) {
	case WAIT_SLEEP:
		return fiber_sleep(10000);
	case WAIT_YIELD:
		return fiber_yield();
	case WAIT_TICKET:
		return fiber_wait(fiber_ticket(), 10000);
	case WAIT_WOKEN:
		t = fiber_ticket();
		fiber_wake(fiber_loop(), t);
		return fiber_wait(t, 0);
	case WAIT_FD:
		return fiber_wait_fd(silent_fd, EV_READ, 0);
	}
	return ERR_PROTO;
}

static const struct wait_case {
	const char *name;
	enum wait_kind kind;
	bool waits;          /* or gives a result at once */
	enum err when_ready; /* cancelled after it was queued to go on */
} wait_cases[] = {
	{ "sleep", WAIT_SLEEP, true, ERR_CANCELLED },
	{ "yield", WAIT_YIELD, false, ERR_OK },
	{ "ticket", WAIT_TICKET, true, ERR_CANCELLED },
	{ "woken ticket", WAIT_WOKEN, false, ERR_OK },
	{ "descriptor", WAIT_FD, true, ERR_CANCELLED },
};

struct wait_run {
	const struct wait_case *c;
	int pipe[2];
	enum err results[2];
	bool late;
	uint64_t id;
};

static struct wait_run wait_run(const struct wait_case *c)
{
	struct wait_run r = { .c = c, .results = { ERR_COUNT, ERR_COUNT } };

	assert_int_equal(pipe2(r.pipe, O_CLOEXEC), 0);
	return r;
}

static void wait_run_end(struct wait_run *r)
{
	close(r->pipe[0]);
	close(r->pipe[1]);
}

static void wait_twice(void *arg)
{
	struct wait_run *r = arg;

	if (r->late) {
		fiber_set_deadline(0);
		assert_int_equal(fiber_time_left_ms(), 0);
		assert_int_equal(fiber_check(), ERR_TIMEOUT);
	}
	r->results[0] = wait_once(r->c->kind, r->pipe[0]);
	r->results[1] = wait_once(r->c->kind, r->pipe[0]);
}

static void late(const struct wait_case *c)
{
	struct wait_run r = wait_run(c);

	r.late = true;
	on_fiber(wait_twice, &r);
	assert_int_equal(r.results[0], ERR_TIMEOUT);
	assert_int_equal(r.results[1], ERR_TIMEOUT);
	wait_run_end(&r);
}
TEST_ROW(late)

static void deadline_passes(const struct wait_case *c)
{
	struct loop *l = loop_new();
	struct wait_run r = wait_run(c);
	uint64_t began = loop_now_ms();

	fiber_start(l, &(struct fiber_opts){ .name = "short", .deadline_ms = 30 }, wait_twice, &r);
	run_all(l);
	assert_int_equal(r.results[0], c->waits ? ERR_TIMEOUT : ERR_OK);
	assert_int_equal(r.results[1], c->waits ? ERR_TIMEOUT : ERR_OK);
	assert_in_range(loop_now_ms() - began, c->waits ? 25 : 0, 2000);
	loop_free(&l);
	wait_run_end(&r);
}
TEST_ROW(deadline_passes)

static void limits_on_fiber(void *arg)
{
	int *fds = arg;
	uint64_t began = loop_now_ms();

	assert_int_equal(fiber_wait(fiber_ticket(), 10), ERR_TIMEOUT);
	assert_int_equal(fiber_wait_fd(fds[0], EV_READ, 10), ERR_TIMEOUT);
	assert_in_range(loop_now_ms() - began, 10, 2000);
	assert_int_equal(fiber_check(), ERR_OK); /* the fiber itself is not late */
	assert_int_equal(fiber_wait_fd(fds[1], EV_WRITE, 10), ERR_OK);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(fiber_wait_fd(fds[0], EV_READ, 10), ERR_OK);
	assert_int_equal(fiber_wait_fd(fds[0], EV_READ, 0), ERR_OK);
}

static void a_limit_ends_one_wait_only(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	on_fiber(limits_on_fiber, fds);
	close(fds[0]);
	close(fds[1]);
}

/* ---- cancelling ---- */

static void cancel_before_start(const struct wait_case *c)
{
	struct loop *l = loop_new();
	struct wait_run r = wait_run(c);
	uint64_t id = start(l, wait_twice, &r);

	fiber_cancel(l, id);
	run_all(l);
	assert_int_equal(r.results[0], ERR_CANCELLED);
	assert_int_equal(r.results[1], ERR_CANCELLED);
	fiber_cancel(l, id); /* has ended */
	fiber_cancel(l, 0);
	fiber_cancel(l, UINT64_MAX);
	loop_free(&l);
	wait_run_end(&r);
}
TEST_ROW(cancel_before_start)

static void cancel_it(void *arg)
{
	struct wait_run *r = arg;

	fiber_cancel(fiber_loop(), r->id);
	fiber_cancel(fiber_loop(), r->id);
}

static void cancel_while_waiting(const struct wait_case *c)
{
	struct loop *l = loop_new();
	struct wait_run r = wait_run(c);

	r.id = start(l, wait_twice, &r);
	start(l, cancel_it, &r);
	run_all(l);
	/* A woken ticket never waited, so it was all over before the cancel. */
	assert_int_equal(r.results[0], c->when_ready);
	assert_int_equal(r.results[1], c->kind == WAIT_WOKEN ? ERR_OK : ERR_CANCELLED);
	loop_free(&l);
	wait_run_end(&r);
}
TEST_ROW(cancel_while_waiting)

static void cancel_self(void *arg)
{
	(void)arg;
	assert_false(fiber_cancelled());
	fiber_cancel(fiber_loop(), fiber_id());
	assert_true(fiber_cancelled());
	assert_int_equal(fiber_check(), ERR_CANCELLED);
	assert_int_equal(fiber_sleep(1), ERR_CANCELLED);
	assert_int_equal(fiber_yield(), ERR_CANCELLED);
}

static void a_fiber_cancels_itself(void **state)
{
	(void)state;
	on_fiber(cancel_self, NULL);
}

/* A wait that is over keeps its result: who was given something learns of it. */
struct handover {
	uint64_t ticket, id;
	enum err first, second;
};

static void take_over(void *arg)
{
	struct handover *h = arg;

	h->ticket = fiber_ticket();
	h->first = fiber_wait(h->ticket, 0);
	h->second = fiber_yield();
}

static void wake_then_cancel(void *arg)
{
	struct handover *h = arg;

	fiber_wake(fiber_loop(), h->ticket);
	fiber_cancel(fiber_loop(), h->id);
}

static void the_wake_came_before_the_cancel(void **state)
{
	struct loop *l = loop_new();
	struct handover h = { 0 };

	(void)state;
	h.id = start(l, take_over, &h);
	start(l, wake_then_cancel, &h);
	run_all(l);
	assert_int_equal(h.first, ERR_OK);
	assert_int_equal(h.second, ERR_CANCELLED);
	loop_free(&l);
}

static void the_cancel_came_before_the_wake(void **state)
{
	struct loop *l = loop_new();
	struct handover h = { 0 };

	(void)state;
	h.id = start(l, take_over, &h);
	event_base_loop(loop_base(l), EVLOOP_NONBLOCK);
	fiber_cancel(l, h.id);
	fiber_wake(l, h.ticket);
	run_all(l);
	assert_int_equal(h.first, ERR_CANCELLED);
	loop_free(&l);
}

/* ---- shield ---- */

static void shield_on_fiber(void *arg)
{
	(void)arg;
	fiber_cancel(fiber_loop(), fiber_id());
	fiber_set_deadline(0);
	fiber_shield(5000);
	assert_false(fiber_cancelled());
	assert_in_range(fiber_time_left_ms(), 4000, 5000);
	assert_int_equal(fiber_sleep(5), ERR_OK);
	fiber_shield(1);
	assert_int_equal(fiber_sleep(5), ERR_OK); /* the outer one's time counts */
	fiber_unshield();
	assert_int_equal(fiber_yield(), ERR_OK);
	fiber_unshield();
	assert_true(fiber_cancelled());
	assert_int_equal(fiber_time_left_ms(), 0);
	assert_int_equal(fiber_sleep(5), ERR_CANCELLED);
	fiber_shield(10);
	assert_int_equal(fiber_sleep(1000), ERR_TIMEOUT);
	fiber_unshield();
}

static void a_shield_has_its_own_time(void **state)
{
	(void)state;
	on_fiber(shield_on_fiber, NULL);
}

static void shielded_sleep(void *arg)
{
	struct wait_run *r = arg;

	fiber_shield(1000);
	r->results[0] = fiber_sleep(20);
	fiber_unshield();
	r->results[1] = fiber_sleep(20);
}

static void a_cancel_waits_for_the_shield(void **state)
{
	struct loop *l = loop_new();
	struct wait_run r = { 0 };

	(void)state;
	r.id = start(l, shielded_sleep, &r);
	start(l, cancel_it, &r);
	run_all(l);
	assert_int_equal(r.results[0], ERR_OK);
	assert_int_equal(r.results[1], ERR_CANCELLED);
	loop_free(&l);
}

/* ---- the loop's end ---- */

static void free_while(const struct wait_case *c)
{
	struct loop *l = loop_new();
	struct wait_run never_ran = wait_run(c), waits = wait_run(c);

	start(l, wait_twice, &waits);
	event_base_loop(loop_base(l), EVLOOP_ONCE);
	start(l, wait_twice, &never_ran);
	loop_free(&l);
	assert_int_equal(never_ran.results[0], ERR_CANCELLED);
	assert_int_equal(never_ran.results[1], ERR_CANCELLED);
	assert_int_equal(waits.results[1], c->kind == WAIT_WOKEN ? ERR_OK : ERR_CANCELLED);
	wait_run_end(&never_ran);
	wait_run_end(&waits);
}
TEST_ROW(free_while)

static void start_late(void *arg)
{
	int *generations = arg;

	assert_int_equal(fiber_sleep(10000), ERR_CANCELLED);
	if (++*generations < 5)
		start(fiber_loop(), start_late, arg);
}

static void the_last_fibers_start_others(void **state)
{
	struct loop *l = loop_new();
	int generations = 0;

	(void)state;
	start(l, start_late, &generations);
	event_base_loop(loop_base(l), EVLOOP_NONBLOCK);
	loop_free(&l);
	assert_int_equal(generations, 5);
}

int main(void)
{
	TEST_ADD(sleep_takes_its_time);
	TEST_ADD(the_default_deadline);
	TEST_ADD_ROWS(late, wait_cases);
	TEST_ADD_ROWS(deadline_passes, wait_cases);
	TEST_ADD(a_limit_ends_one_wait_only);
	TEST_ADD_ROWS(cancel_before_start, wait_cases);
	TEST_ADD_ROWS(cancel_while_waiting, wait_cases);
	TEST_ADD(a_fiber_cancels_itself);
	TEST_ADD(the_wake_came_before_the_cancel);
	TEST_ADD(the_cancel_came_before_the_wake);
	TEST_ADD(a_shield_has_its_own_time);
	TEST_ADD(a_cancel_waits_for_the_shield);
	TEST_ADD_ROWS(free_while, wait_cases);
	TEST_ADD(the_last_fibers_start_others);
	return test_run("fiber waits");
}
