#ifndef EASGATE_TESTS_MANY_FIBERS_H
#define EASGATE_TESTS_MANY_FIBERS_H

/* Several fibers of a loop that the test itself turns. */
#include <event2/event.h>

#include "unit/backends/on_fiber.h"

/* Runs all fibers of a loop to their end. */
static inline void run_all(struct loop *l)
{
	uint32_t live, peak;

	for (;;) {
		fiber_counts(l, &live, &peak);
		if (!live)
			return;
		event_base_loop(loop_base(l), EVLOOP_ONCE);
	}
}

/* A fiber of fn. */
static inline uint64_t start(struct loop *l, void (*fn)(void *), void *arg)
{
	return fiber_start(l, &(struct fiber_opts){ .name = "test", .deadline_ms = 20000 }, fn, arg);
}

#endif
