/* How failed sign-ins are counted, on a Redis of its own. What phones see of it: tests/integration/test_auth.c. */
#include "unit/backends/redis_server.h"

#include "auth/failures.h"

static const struct config config = {
	.auth_fail_window_s = 100, .auth_fails_per_address = 10, .auth_fails_per_account = 3
};
static const struct bytes ann = { (const uint8_t *)"ann@example.org", 15 };
static const struct bytes home = { (const uint8_t *)"192.0.2.1", 9 };
static const struct bytes elsewhere = { (const uint8_t *)"198.51.100.1", 12 };

static void fail_at(struct redis_test *t, struct bytes address, unsigned times)
{
	for (; times; times--)
		failures_add(t->r, &config, ann, address);
}

static enum err check_at(struct redis_test *t, struct bytes address)
{
	uint32_t retry_after_s = 0;
	enum err e = failures_check(t->r, &config, ann, address, &retry_after_s);

	assert_int_equal(e == ERR_DENIED, retry_after_s > 0);
	return e;
}

static void home_main(struct redis_test *t)
{
	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	failures_note_sign_in(t->r, ann, home);
	fail_at(t, elsewhere, 3);
	assert_int_equal(check_at(t, elsewhere), ERR_DENIED);
	assert_int_equal(check_at(t, home), ERR_OK);
	fail_at(t, home, 3);
	assert_int_equal(check_at(t, home), ERR_DENIED);
}

static void at_home_failures_are_counted_apart(void **state)
{
	(void)state;
	redis_test(home_main);
}

static void forgiven_main(struct redis_test *t)
{
	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	fail_at(t, home, 2);
	failures_note_sign_in(t->r, ann, home);
	fail_at(t, home, 2);
	assert_int_equal(check_at(t, elsewhere), ERR_DENIED); /* the account's own count stays: 4 */
	assert_int_equal(check_at(t, home), ERR_OK);
	fail_at(t, home, 1);
	assert_int_equal(check_at(t, home), ERR_DENIED);
}

static void a_good_sign_in_forgives_those_at_its_place(void **state)
{
	(void)state;
	redis_test(forgiven_main);
}

/* Whoever guesses from the owner's own place doesn't get to guess for ever because the owner signs in meanwhile. */
static void address_main(struct redis_test *t)
{
	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	for (unsigned i = 0; i < 5; i++) {
		failures_note_sign_in(t->r, ann, home);
		assert_int_equal(check_at(t, home), ERR_OK);
		fail_at(t, home, 2);
	}
	failures_note_sign_in(t->r, ann, home);
	assert_int_equal(check_at(t, home), ERR_DENIED);
}

static void an_address_is_not_forgiven(void **state)
{
	(void)state;
	redis_test(address_main);
}

int main(void)
{
	TEST_ADD(at_home_failures_are_counted_apart);
	TEST_ADD(a_good_sign_in_forgives_those_at_its_place);
	TEST_ADD(an_address_is_not_forgiven);
	return test_run("failures");
}
