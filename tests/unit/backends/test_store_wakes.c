/* The store: wake-ups between workers. */
#include "unit/backends/redis_server.h"

#include "store/store.h"

static const struct bytes ann = { (const uint8_t *)"ann@example.org", 15 };

/* ---- wake-ups ---- */

struct sleeper {
	unsigned woken, missed;
	char account[32], what[32];
	struct store_wakes *w;
	bool leaves; /* when woken */
};

static void on_wake(void *arg, struct bytes account, struct bytes what)
{
	struct sleeper *s = arg;

	snprintf(s->account, sizeof(s->account), "%.*s", BYTES_ARG(account));
	snprintf(s->what, sizeof(s->what), "%.*s", BYTES_ARG(what));
	if (what.len)
		s->woken++;
	else
		s->missed++;
	if (what.len && s->leaves)
		store_wakes_remove(s->w, account);
}

static void until(const unsigned *count, unsigned want)
{
	for (int i = 0; i < 1000 && *count < want; i++)
		assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(*count, want);
}

static void wakes_main(struct redis_test *t)
{
	struct sleeper s = { 0 };
	struct redis *other;

	assert_int_equal(redis_new(t->loop, t->server.url, &other), ERR_OK);
	s.w = store_wakes_new(t->r, on_wake, &s);
	assert_int_equal(store_wakes_add(s.w, ann), ERR_OK);
	assert_int_equal(store_wakes_add(s.w, ann), ERR_OK);
	assert_int_equal(store_wakes_add(s.w, BYTES("bob {x}")), ERR_OK);
	until(&s.missed, 2);
	assert_int_equal(store_wake_publish(other, BYTES("carl"), BYTES("1")), ERR_OK);
	assert_int_equal(store_wake_publish(other, BYTES("bob {x}"), BYTES("3 17")), ERR_OK);
	until(&s.woken, 1);
	assert_string_equal(s.account, "bob {x}");
	assert_string_equal(s.what, "3 17");
	store_wakes_remove(s.w, ann);
	assert_int_equal(store_wake_publish(other, ann, BYTES("*")), ERR_OK);
	until(&s.woken, 2); /* still there once */
	s.leaves = true;
	assert_int_equal(store_wake_publish(other, ann, BYTES("*")), ERR_OK);
	until(&s.woken, 3);
	assert_int_equal(store_wake_publish(other, ann, BYTES("*")), ERR_OK);
	assert_int_equal(store_wake_publish(other, BYTES("bob {x}"), BYTES("4")), ERR_OK);
	until(&s.woken, 4);
	assert_string_equal(s.what, "4");
	redis_server_kill(&t->server);
	assert_int_equal(store_wakes_add(s.w, ann), ERR_OK);
	redis_server_run(&t->server);
	until(&s.missed, 3); /* bob left as well */
	store_wakes_free(&s.w);
	redis_free(&other);
}

static void wakes(void **state)
{
	(void)state;
	redis_test(wakes_main);
}

int main(void)
{
	TEST_ADD(wakes);
	return test_run("store wakes");
}
