/* Fibers: their beginning and end, their stacks, and the tickets by which they wake each other. */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "unit/backends/many_fibers.h"

/* ---- life ---- */

static void append_a(void *arg)
{
	strcat(arg, "a");
	assert_int_equal(fiber_yield(), ERR_OK);
	strcat(arg, "A");
}

static void append_b(void *arg)
{
	strcat(arg, "b");
	assert_int_equal(fiber_sleep(0), ERR_OK);
	strcat(arg, "B");
}

static void starts_later_and_takes_turns(void **state)
{
	struct loop *l = loop_new();
	char log[16] = "";

	(void)state;
	start(l, append_a, log);
	start(l, append_b, log);
	strcat(log, "-");
	assert_false(fiber_is_running());
	run_all(l);
	assert_string_equal(log, "-abAB");
	loop_free(&l);
	assert_null(l);
	loop_free(&l);
}

static void ids_on_fiber(void *arg)
{
	uint64_t *last = arg, me = fiber_id();
	int nothing = 0;

	assert_true(fiber_is_running());
	assert_true(me > *last);
	*last = me;
	assert_null(fiber_slot());
	fiber_slot_set(&nothing);
	assert_ptr_equal(fiber_slot(), &nothing);
}

static void ids_are_never_used_again(void **state)
{
	struct loop *l = loop_new();
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		uint64_t id = start(l, ids_on_fiber, &last);

		run_all(l);
		assert_true(id == last);
	}
	loop_free(&l);
}

static void use_arena(void *arg)
{
	(void)arg;
	assert_non_null(arena_alloc(fiber_arena(), 4000));
	assert_int_equal(fiber_yield(), ERR_OK);
	assert_null(arena_alloc(fiber_arena(), 4000));
}

static void the_arena_has_its_budget(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	fiber_start(l, &(struct fiber_opts){ .name = "poor", .arena_budget = 6000 }, use_arena, NULL);
	run_all(l);
	loop_free(&l);
}

static void nap(void *arg)
{
	uint32_t *done = arg;

	assert_int_equal(fiber_sleep(20), ERR_OK);
	++*done;
}

static void ten_thousand_at_once(void **state)
{
	struct loop *l = loop_new();
	uint32_t done = 0, live, peak;

	(void)state;
	for (int round = 1; round <= 2; round++) { /* the second finds stacks of the first */
		for (int i = 0; i < 10000; i++)
			start(l, nap, &done);
		run_all(l);
		assert_int_equal(done, round * 10000);
	}
	fiber_counts(l, &live, &peak);
	assert_int_equal(live, 0);
	assert_int_equal(peak, 10000);
	loop_free(&l);
}

static void start_another(void *arg)
{
	int *left = arg;

	if (--*left)
		start(fiber_loop(), start_another, left);
}

static void fibers_start_fibers(void **state)
{
	struct loop *l = loop_new();
	int left = 1000;

	(void)state;
	start(l, start_another, &left);
	run_all(l);
	assert_int_equal(left, 0);
	loop_free(&l);
}

/* ---- registers and stacks ---- */

static void compute(void *arg)
{
	double x = 1, y = *(int *)arg;
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;

	for (int i = 0; i < 1000; i++) {
		x = x * 1.0001 + y;
		a += b ^ (uint64_t)i, b += c, c += d, d += e, e += f, f += a;
		if (i % 3 == 0)
			assert_int_equal(fiber_yield(), ERR_OK);
	}
	*(int *)arg = (int)((uint64_t)x + a + b + c + d + e + f) & 0xFFFF;
}

static void registers_survive(void **state)
{
	struct loop *l = loop_new();
	int values[3][2] = { { 1, 1 }, { 2, 2 }, { 3, 3 } };

	(void)state;
	for (int i = 0; i < 3; i++) { /* alone, then all of them mixed */
		start(l, compute, &values[i][0]);
		run_all(l);
	}
	for (int i = 0; i < 3; i++)
		start(l, compute, &values[i][1]);
	run_all(l);
	for (int i = 0; i < 3; i++)
		assert_int_equal(values[i][0], values[i][1]);
	loop_free(&l);
}

/* Touches about `kib` of stack. */
static unsigned descend(unsigned kib)
{
	volatile uint8_t frame[1024];

	for (size_t i = 0; i < sizeof(frame); i += 64)
		frame[i] = (uint8_t)kib;
	return kib ? descend(kib - 1) + frame[64] : 0;
}

static void go_deep(void *arg)
{
	unsigned before = descend(100);

	assert_int_equal(fiber_yield(), ERR_OK);
	assert_int_equal(descend(100), before);
	++*(uint32_t *)arg;
}

static void a_hundred_kib_of_stack(void **state)
{
	struct loop *l = loop_new();
	uint32_t done = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		start(l, go_deep, &done);
	run_all(l);
	assert_int_equal(done, 200);
	loop_free(&l);
}

static void go_too_deep(void *arg)
{
	(void)arg;
	descend(4096);
}

static void the_guard_page_ends_the_process(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct loop *l = loop_new();
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL); /* cmocka and sanitizers have one of their own */
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		start(l, go_too_deep, NULL);
		run_all(l);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

/* ---- tickets ---- */

static void tickets_on_fiber(void *arg)
{
	struct loop *l = fiber_loop();
	uint64_t one = fiber_ticket(), two = fiber_ticket(), three = fiber_ticket();

	(void)arg;
	assert_true(one && two > one && three > two);
	fiber_wake(l, two);
	fiber_wake(l, two);
	assert_int_equal(fiber_wait(one, 5), ERR_TIMEOUT); /* the other's wake is not its own */
	fiber_wake(l, one);                                /* too late */
	assert_int_equal(fiber_wait(two, 0), ERR_OK);      /* remembered */
	fiber_wake(l, two);
	fiber_wake(l, 0);
	fiber_wake(l, UINT64_MAX);
	for (int i = 0; i < 1000; i++) {
		uint64_t t = fiber_ticket();

		fiber_wake(l, t);
		assert_int_equal(fiber_wait(t, 0), ERR_OK);
	}
	assert_int_equal(fiber_yield(), ERR_OK); /* no stray wake */
	*(uint64_t *)arg = three;                /* left over */
}

static void tickets_serve_one_wait(void **state)
{
	struct loop *l = loop_new();
	uint64_t left_over;

	(void)state;
	start(l, tickets_on_fiber, &left_over);
	run_all(l);
	fiber_wake(l, left_over); /* its fiber has ended */
	loop_free(&l);
}

/* Two fibers that only wake each other leave the descriptors their turn. */
struct ping_pong {
	uint64_t tickets[2];
	int fds[2], turns, me;
	bool seen;
};

static void play(void *arg)
{
	struct ping_pong *p = arg;
	int me = p->me++;

	while (!p->seen) {
		p->tickets[me] = fiber_ticket();
		fiber_wake(fiber_loop(), p->tickets[!me]);
		assert_int_equal(fiber_wait(p->tickets[me], 1000), ERR_OK);
		if (++p->turns == 10)
			assert_int_equal(write(p->fds[1], "x", 1), 1);
		assert_in_range(p->turns, 1, 1000);
	}
	fiber_wake(fiber_loop(), p->tickets[!me]);
}

static void see(void *arg)
{
	struct ping_pong *p = arg;

	assert_int_equal(fiber_wait_fd(p->fds[0], EV_READ, 0), ERR_OK);
	p->seen = true;
}

static void wakes_do_not_starve_descriptors(void **state)
{
	struct loop *l = loop_new();
	struct ping_pong p = { 0 };

	(void)state;
	assert_int_equal(pipe2(p.fds, O_CLOEXEC), 0);
	start(l, see, &p);
	start(l, play, &p);
	start(l, play, &p);
	run_all(l);
	close(p.fds[0]);
	close(p.fds[1]);
	loop_free(&l);
}

int main(void)
{
	TEST_ADD(starts_later_and_takes_turns);
	TEST_ADD(ids_are_never_used_again);
	TEST_ADD(the_arena_has_its_budget);
	TEST_ADD(ten_thousand_at_once);
	TEST_ADD(fibers_start_fibers);
	TEST_ADD(registers_survive);
	TEST_ADD(a_hundred_kib_of_stack);
	TEST_ADD(the_guard_page_ends_the_process);
	TEST_ADD(tickets_serve_one_wait);
	TEST_ADD(wakes_do_not_starve_descriptors);
	return test_run("fiber");
}
