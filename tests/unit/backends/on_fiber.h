#ifndef EASGATE_TESTS_ON_FIBER_H
#define EASGATE_TESTS_ON_FIBER_H

#include "testing.h"

#include "io/fiber.h"

/* A test that waits: it runs on a fiber of a loop of its own. */
struct on_fiber {
	void (*fn)(void *arg);
	void *arg;
};

static inline void on_fiber_main(void *arg)
{
	struct on_fiber *o = arg;

	o->fn(o->arg);
	loop_stop(fiber_loop());
}

/* Runs fn(arg) on a fiber and comes back when it has ended. */
static inline void on_fiber(void (*fn)(void *arg), void *arg)
{
	struct on_fiber o = { fn, arg };
	struct loop *l = loop_new();

	fiber_start(l, &(struct fiber_opts){ .name = "test", .deadline_ms = 60000 }, on_fiber_main, &o);
	loop_run(l);
	loop_free(&l);
}

#endif
