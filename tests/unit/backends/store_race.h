#ifndef EASGATE_TESTS_STORE_RACE_H
#define EASGATE_TESTS_STORE_RACE_H

/* Several fibers that want the same of the store, on two connections as two workers have them. */
#include "unit/backends/redis_server.h"

struct racer {
	struct race *race;
	struct redis *r;
	unsigned i;
};

struct race {
	void (*fn)(struct racer *me);
	struct redis *other;
	struct redis_server *server; /* for one that kills it */
	unsigned left, won, lost;
	uint32_t ids[64];
	uint64_t ticket;
	struct racer racers[64];
};

static inline void racer_main(void *arg)
{
	struct racer *me = arg;

	me->race->fn(me);
	if (--me->race->left == 0)
		fiber_wake(fiber_loop(), me->race->ticket);
}

static inline void race_run(struct redis_test *t, struct race *race, unsigned n)
{
	assert_int_equal(redis_new(t->loop, t->server.url, &race->other), ERR_OK);
	assert_int_equal(redis_wait_up(race->other, 5000), ERR_OK);
	race->left = n;
	race->ticket = fiber_ticket();
	for (unsigned i = 0; i < n; i++) {
		race->racers[i] = (struct racer){ race, i % 2 ? race->other : t->r, i };
		fiber_start(t->loop, &(struct fiber_opts){ .name = "racer" }, racer_main, &race->racers[i]);
	}
	assert_int_equal(fiber_wait(race->ticket, 20000), ERR_OK);
	redis_free(&race->other);
}

#endif
