/* The store: keys, devices, mails sent, memos, counters. */
#include "unit/backends/redis_server.h"

#include "store/key.h"
#include "store/store.h"

static const struct bytes ann = { (const uint8_t *)"ann@example.org", 15 };
static const struct bytes phone = { (const uint8_t *)"ApplDMQX", 8 };

/* ---- keys ---- */

static const struct name_case {
	const char *name, *in, *want;
} name_cases[] = {
	{ "plain", "ann+x@Example.org_1-~", "ann+x@Example.org_1-~" },
	{ "separators", "a:b{c}d", "a%3Ab%7Bc%7Dd" },
	{ "percent", "%3A", "%253A" },
	{ "control, space", "a\n b", "a%0A%20b" },
	{ "eight bits", "\xC3\xBC", "%C3%BC" },
	{ "nothing", "", "%" },
};

static void name_in_key(const struct name_case *c)
{
	struct buf b;
	struct bytes got;

	buf_init(&b, test_arena(), 0);
	key_put_name(&b, bytes_str(c->in));
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(name_in_key)

static void long_names(void **state)
{
	char text[KEY_NAME_MOST + 1];
	struct buf b;
	struct bytes got;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&b, test_arena(), 0);
	key_put(&b, "sent", bytes_of(text, KEY_NAME_MOST),
	    &(struct bytes){ (uint8_t *)text, KEY_NAME_MOST + 1 }, 1);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_int_equal(got.len, strlen("eas:sent:{}:") + KEY_NAME_MOST + 2 + 64);
}

/* ---- devices ---- */

static void device_main(struct redis_test *t)
{
	struct store_device d = { .type = BYTES("iPhone"),
		.user_agent = BYTES("Apple-iPhone"),
		.model = BYTES("iPhone 15"),
		.outbound_sms = true,
		.policy_key = UINT32_MAX,
		.policy_key_pending = 7,
		.policy_hash = BYTES("\x01\x00\xFF"),
		.version = BYTES("16.1"),
		.last_seen = 1700000000,
		.ping = BYTES("p"),
		.sync_request = BYTES("s") };
	const unsigned all = STORE_DEVICE_TYPE | STORE_DEVICE_USER_AGENT | STORE_DEVICE_INFORMATION |
			     STORE_DEVICE_POLICY | STORE_DEVICE_VERSION | STORE_DEVICE_LAST_SEEN |
			     STORE_DEVICE_PING | STORE_DEVICE_SYNC_REQUEST;
	struct store_device got;
	uint64_t trips;

	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_false(got.exists);
	trips = redis_round_trips(t->r);
	assert_int_equal(store_device_save(t->r, ann, phone, &d, all), ERR_OK);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_int_equal(redis_round_trips(t->r) - trips, 2);
	assert_true(got.exists && got.outbound_sms);
	assert_bytes_equal(got.type, d.type);
	assert_bytes_equal(got.user_agent, d.user_agent);
	assert_bytes_equal(got.model, d.model);
	assert_bytes_equal(got.policy_hash, d.policy_hash);
	assert_int_equal(got.policy_key, UINT32_MAX);
	assert_int_equal(got.policy_key_pending, 7);
	assert_bytes_equal(got.version, d.version);
	assert_bytes_equal(got.ping, d.ping);
	assert_bytes_equal(got.sync_request, d.sync_request);
	assert_int_equal(got.first_seen, 1700000000);
	assert_int_equal(got.last_seen, 1700000000);
	assert_int_equal(got.hierarchy_generation, 0);
	assert_int_equal(got.imei.len, 0);
	/* Some fields, and some of them to nothing. */
	d = (struct store_device){ .last_seen = 1700000100, .policy_key = 9, .imei = BYTES("123") };
	assert_int_equal(store_device_save(t->r, ann, phone, &d,
			     STORE_DEVICE_POLICY | STORE_DEVICE_LAST_SEEN | STORE_DEVICE_PING),
	    ERR_OK);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_bytes_str(got.type, "iPhone");
	assert_int_equal(got.policy_key, 9);
	assert_int_equal(got.policy_key_pending, 0);
	assert_int_equal(got.policy_hash.len + got.ping.len + got.imei.len, 0);
	assert_int_equal(got.first_seen, 1700000000);
	assert_int_equal(got.last_seen, 1700000100);
	/* Both indexes know it. */
	assert_int_equal(REDIS_SAY_INTEGER(t->r, "SISMEMBER", "eas:devs:{ann@example.org}", "ApplDMQX"), 1);
	assert_int_equal(REDIS_SAY_INTEGER(t->r, "ZCOUNT", "eas:devices", "1700000100", "1700000100"), 1);
	/* A save that says nothing of the time doesn't set it back. */
	assert_int_equal(
	    store_device_save(t->r, ann, phone, &(struct store_device){ .last_seen = 1 }, STORE_DEVICE_PING),
	    ERR_OK);
	assert_int_equal(REDIS_SAY_INTEGER(t->r, "ZCOUNT", "eas:devices", "1700000100", "1700000100"), 1);
}

static void device(void **state)
{
	(void)state;
	redis_test(device_main);
}

static void hierarchy_main(struct redis_test *t)
{
	struct store_device got;

	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 1, 2, BYTES("no")), ERR_CONFLICT);
	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 0, 1, BYTES("one")), ERR_OK);
	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 0, 1, BYTES("again")), ERR_CONFLICT);
	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 1, UINT64_MAX - 1, BYTES("two")), ERR_OK);
	/* beyond the 53 bits of Lua's numbers */
	assert_int_equal(
	    store_hierarchy_commit(t->r, ann, phone, UINT64_MAX, 3, BYTES("three")), ERR_CONFLICT);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_bytes_str(got.hierarchy, "two");
	assert_true(got.hierarchy_generation == UINT64_MAX - 1);
}

static void hierarchy(void **state)
{
	(void)state;
	redis_test(hierarchy_main);
}

/* ---- mails sent, memos ---- */

static enum store_sent claim(struct redis_test *t, struct bytes id, uint32_t lease_s)
{
	struct store_sent_note had;

	assert_int_equal(store_sent_claim(t->r, fiber_arena(),
			     &(struct store_sent_id){ ann, phone, id, BYTES("") }, lease_s, &had),
	    ERR_OK);
	assert_bytes_str(had.message_id,
	    had.state == STORE_SENT_GIVEN || had.state == STORE_SENT_UNSAVED ? "<a b@c>" : "");
	return had.state;
}

static void settle(struct redis_test *t, struct bytes id, enum store_sent state, uint32_t lease_s)
{
	const struct store_sent_note note = { state, BYTES("<a b@c>") };

	assert_int_equal(
	    store_sent_settle(t->r, &(struct store_sent_id){ ann, phone, id, BYTES("") }, &note, lease_s, 60),
	    ERR_OK);
}

static enum store_sent claim_by_names(struct redis_test *t, struct bytes id, struct bytes other)
{
	struct store_sent_note had;

	assert_int_equal(
	    store_sent_claim(t->r, fiber_arena(), &(struct store_sent_id){ ann, phone, id, other }, 60, &had),
	    ERR_OK);
	return had.state;
}

/* The phone calls it otherwise when it tries again. */
static void sent_by_names(struct redis_test *t)
{
	static const struct store_sent_note done = { STORE_SENT_DONE, { 0 } },
					    new = { STORE_SENT_NEW, { 0 } };
	const struct store_sent_id id = { ann, phone, BYTES("a"), BYTES("mail") };

	assert_int_equal(claim_by_names(t, BYTES("a"), BYTES("mail")), STORE_SENT_NEW);
	assert_int_equal(claim_by_names(t, BYTES("b"), BYTES("mail")), STORE_SENT_UNDER_WAY);
	assert_int_equal(claim_by_names(t, BYTES("a"), BYTES("other")), STORE_SENT_UNDER_WAY);
	assert_int_equal(store_sent_settle(t->r, &id, &new, 0, 60), ERR_OK);
	assert_int_equal(claim_by_names(t, BYTES("b"), BYTES("mail")), STORE_SENT_NEW);
	assert_int_equal(claim_by_names(t, BYTES("a"), BYTES("mail")), STORE_SENT_UNDER_WAY);
	assert_int_equal(store_sent_settle(t->r, &id, &done, 0, 60), ERR_OK);
	assert_int_equal(claim_by_names(t, BYTES("c"), BYTES("mail")), STORE_SENT_DONE);
	assert_int_equal(claim_by_names(t, BYTES("a"), BYTES("third")), STORE_SENT_DONE);
}

static void sent_main(struct redis_test *t)
{
	sent_by_names(t);
	assert_int_equal(claim(t, BYTES("1"), 60), STORE_SENT_NEW);
	assert_int_equal(claim(t, BYTES("1"), 60), STORE_SENT_UNDER_WAY);
	assert_int_equal(claim(t, BYTES("2"), 60), STORE_SENT_NEW);
	settle(t, BYTES("1"), STORE_SENT_DONE, 0);
	assert_int_equal(claim(t, BYTES("1"), 60), STORE_SENT_DONE);
	settle(t, BYTES("2"), STORE_SENT_NEW, 0);
	assert_int_equal(claim(t, BYTES("2"), 1), STORE_SENT_NEW);
	assert_int_equal(fiber_sleep(1100), ERR_OK);
	assert_int_equal(claim(t, BYTES("2"), 60), STORE_SENT_NEW); /* whoever had claimed it died */
}

/* Between the last byte and the copy in Sent, with the Message-ID: one takes it over, and only when the one before must be gone. */
static void taken_over_main(struct redis_test *t)
{
	settle(t, BYTES("3"), STORE_SENT_GIVEN, 60);
	assert_int_equal(claim(t, BYTES("3"), 60), STORE_SENT_UNDER_WAY);
	settle(t, BYTES("3"), STORE_SENT_GIVEN, 0);
	assert_int_equal(claim(t, BYTES("3"), 60), STORE_SENT_GIVEN);
	assert_int_equal(claim(t, BYTES("3"), 60), STORE_SENT_UNDER_WAY);
	settle(t, BYTES("4"), STORE_SENT_UNSAVED, 0);
	assert_int_equal(claim(t, BYTES("4"), 1), STORE_SENT_UNSAVED);
	assert_int_equal(claim(t, BYTES("4"), 1), STORE_SENT_UNDER_WAY);
	assert_int_equal(fiber_sleep(2100), ERR_OK);
	assert_int_equal(claim(t, BYTES("4"), 60), STORE_SENT_UNSAVED); /* that one died, too */
	settle(t, BYTES("4"), STORE_SENT_DONE, 0);
	assert_int_equal(claim(t, BYTES("4"), 60), STORE_SENT_DONE);
}

static void sent_taken_over(void **state)
{
	(void)state;
	redis_test(taken_over_main);
}

static void sent(void **state)
{
	(void)state;
	redis_test(sent_main);
}

static void memo_main(struct redis_test *t)
{
	struct bytes got;

	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "move", BYTES("x"), &got), ERR_NOT_FOUND);
	assert_int_equal(store_memo_set(t->r, ann, "move", BYTES("x"), BYTES("a\0b"), 1), ERR_OK);
	assert_int_equal(store_memo_set(t->r, ann, "add", BYTES("x"), BYTES(""), 60), ERR_OK);
	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "move", BYTES("x"), &got), ERR_OK);
	assert_bytes_equal(got, BYTES("a\0b"));
	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "add", BYTES("x"), &got), ERR_OK);
	assert_int_equal(got.len, 0);
	assert_int_equal(fiber_sleep(1100), ERR_OK);
	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "move", BYTES("x"), &got), ERR_NOT_FOUND);
}

static void claim_main(struct redis_test *t)
{
	struct bytes got;

	for (int n = 0; n < 2; n++) { /* the first has it */
		assert_int_equal(store_memo_claim(t->r, fiber_arena(), ann, "sms", BYTES("1:2"),
				     n ? BYTES("two") : BYTES("one"), 60, &got),
		    ERR_OK);
		assert_bytes_str(got, "one");
	}
	assert_int_equal(
	    store_memo_claim(t->r, fiber_arena(), ann, "sms", BYTES("1:3"), BYTES("two"), 60, &got), ERR_OK);
	assert_bytes_str(got, "two");
}

static void a_claimed_memo(void **state)
{
	(void)state;
	redis_test(claim_main);
}

static void memo(void **state)
{
	(void)state;
	redis_test(memo_main);
}

/* ---- rates ---- */

static void rate_main(struct redis_test *t)
{
	struct bytes from = BYTES("2001:db8::1");
	struct store_rate s;

	assert_int_equal(store_rate_add(t->r, "auth-address", from, 0, 2, &s), ERR_OK);
	assert_int_equal(s.count + s.window_left_s, 0);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 1, 100, &s), ERR_OK);
	assert_int_equal(s.count, 1);
	assert_in_range(s.window_left_s, 98, 100);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 3, 500, &s), ERR_OK);
	assert_int_equal(s.count, 4);
	assert_in_range(s.window_left_s, 90, 100); /* it starts with the first failure */
	assert_int_equal(store_rate_add(t->r, "auth-account", from, 0, 100, &s), ERR_OK);
	assert_int_equal(s.count, 0);
	assert_int_equal(store_rate_clear(t->r, "auth-address", from), ERR_OK);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 1, 1, &s), ERR_OK);
	assert_int_equal(s.count, 1);
	assert_int_equal(fiber_sleep(1100), ERR_OK);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 0, 1, &s), ERR_OK);
	assert_int_equal(s.count, 0);
}

static void rate(void **state)
{
	(void)state;
	redis_test(rate_main);
}

/* ---- not the Redis it should be ---- */

static void refused_main(struct redis_test *t)
{
	struct redis_reply r;
	struct store_device d;
	struct store_rate rate;

	assert_int_equal(REDIS_SAY(t->r, &r, "SET", "eas:dev:{ann@example.org}:ApplDMQX", "x"), ERR_OK);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &d), ERR_UNAVAILABLE);
	assert_int_equal(REDIS_SAY(t->r, &r, "CONFIG", "SET", "maxmemory", "1"), ERR_OK);
	assert_int_equal(store_memo_set(t->r, ann, "k", BYTES("n"), BYTES("v"), 9), ERR_UNAVAILABLE);
	assert_int_equal(store_rate_add(t->r, "auth-account", ann, 1, 9, &rate), ERR_UNAVAILABLE);
}

static void refused(void **state)
{
	(void)state;
	redis_test(refused_main);
}

int main(void)
{
	TEST_ADD_ROWS(name_in_key, name_cases);
	TEST_ADD(long_names);
	TEST_ADD(device);
	TEST_ADD(hierarchy);
	TEST_ADD(sent);
	TEST_ADD(sent_taken_over);
	TEST_ADD(memo);
	TEST_ADD(a_claimed_memo);
	TEST_ADD(rate);
	TEST_ADD(refused);
	return test_run("store");
}
