#include "unit/backends/redis_server.h"

#include "store/redis_address.h"

/* ---- addresses ---- */

static const struct address_case {
	const char *name, *url;
	enum err want;
	const char *path, *host, *user, *password;
	uint16_t port;
	uint32_t db;
} address_cases[] = {
	{ "host alone", "redis://r.example.org", ERR_OK, NULL, "r.example.org", NULL, NULL, 6379, 0 },
	{ "all of it", "redis://ann:s%40cret@[::1]:7000/3", ERR_OK, NULL, "::1", "ann", "s@cret", 7000, 3 },
	{ "password alone", "redis://:pa:ss@h/0", ERR_OK, NULL, "h", NULL, "pa:ss", 6379, 0 },
	{ "a bare at sign in the password", "redis://:p@ss@h", ERR_OK, NULL, "h", NULL, "p@ss", 6379, 0 },
	{ "unix socket", "unix:///run/r.sock", ERR_OK, "/run/r.sock", NULL, NULL, NULL, 0, 0 },
	{ "unix socket, database", "unix:///r@x.sock?db=12", ERR_OK, "/r@x.sock", NULL, NULL, NULL, 0, 12 },
	{ "unix socket, login", "unix://u:p@/r.sock", ERR_OK, "/r.sock", NULL, "u", "p", 0, 0 },
	{ "another scheme", "http://h", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "no host", "redis://", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "no path", "unix://", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "user without password", "redis://ann@h", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "user with an empty password", "redis://ann:@h", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "port too large", "redis://h:65536", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "port zero", "redis://h:0", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "no number as database", "redis://h/x", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "bracket left open", "redis://[::1", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "NUL in the password", "redis://:a%00b@h", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
	{ "unknown option", "unix:///r?x=1", ERR_PROTO, NULL, NULL, NULL, NULL, 0, 0 },
};

static void assert_text(const char *got, const char *want)
{
	assert_int_equal(got != NULL, want != NULL);
	if (want)
		assert_string_equal(got, want);
}

static void address(const struct address_case *c)
{
	struct redis_address a;

	assert_int_equal(redis_address_parse(c->url, &a), c->want);
	assert_text(a.path, c->path);
	assert_text(a.host, c->host);
	assert_text(a.user, c->user);
	assert_text(a.password, c->password);
	assert_int_equal(a.port, c->port);
	assert_int_equal(a.db, c->db);
	redis_address_deinit(&a);
}
TEST_ROW(address)

/* ---- calls ---- */

static void kinds_main(struct redis_test *t)
{
	struct redis_reply r;

	/* without waiting for the connection first */
	assert_int_equal(REDIS_SAY(t->r, &r, "SET", "k", "v"), ERR_OK);
	assert_int_equal(r.kind, REDIS_STATUS);
	assert_bytes_str(r.text, "OK");
	assert_true(redis_is_up(t->r));
	assert_int_equal(REDIS_SAY(t->r, &r, "GET", "k"), ERR_OK);
	assert_int_equal(r.kind, REDIS_TEXT);
	assert_bytes_str(r.text, "v");
	assert_int_equal(REDIS_SAY(t->r, &r, "GET", "none"), ERR_OK);
	assert_int_equal(r.kind, REDIS_NIL);
	assert_int_equal(REDIS_SAY(t->r, &r, "INCR", "n"), ERR_OK);
	assert_int_equal(r.kind, REDIS_INTEGER);
	assert_int_equal(r.integer, 1);
	assert_int_equal(REDIS_SAY(t->r, &r, "MGET", "k", "none", "n"), ERR_OK);
	assert_int_equal(r.kind, REDIS_ARRAY);
	assert_int_equal(r.n, 3);
	assert_bytes_str(r.items[0].text, "v");
	assert_int_equal(r.items[1].kind, REDIS_NIL);
	assert_bytes_str(r.items[2].text, "1");
	assert_int_equal(REDIS_SAY(t->r, &r, "INCR", "k"), ERR_OK);
	assert_int_equal(r.kind, REDIS_ERROR);
	assert_int_equal(redis_round_trips(t->r), 6);
}

static void kinds(void **state)
{
	(void)state;
	redis_test(kinds_main);
}

static void batch_main(struct redis_test *t)
{
	struct redis_command c[100];
	struct bytes argv[2] = { BYTES("INCR"), BYTES("n") };
	struct redis_reply r[100];

	for (size_t i = 0; i < 100; i++)
		c[i] = (struct redis_command){ argv, 2 };
	assert_int_equal(redis_call(t->r, fiber_arena(), c, 100, r), ERR_OK);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(r[i].integer, i + 1);
	assert_int_equal(redis_round_trips(t->r), 1);
}

static void batch(void **state)
{
	(void)state;
	redis_test(batch_main);
}

/* ---- many fibers on one connection ---- */

struct crowd {
	struct redis *r;
	unsigned left, ok, unavailable, cancelled, other;
	uint64_t ticket;
	const char *command; /* said by each */
};

static void crowd_main(void *arg)
{
	struct crowd *c = arg;
	struct redis_reply r;

	switch (REDIS_SAY(c->r, &r, c->command, "list", "0")) {
	case ERR_OK:
		c->ok++;
		break;
	case ERR_UNAVAILABLE:
		c->unavailable++;
		break;
	case ERR_CANCELLED:
		c->cancelled++;
		break;
	default:
		c->other++;
		break;
	}
	if (--c->left == 0)
		fiber_wake(fiber_loop(), c->ticket);
}

static uint64_t crowd_start(struct crowd *c, unsigned n)
{
	uint64_t first = 0;

	c->left = n;
	c->ticket = fiber_ticket();
	for (unsigned i = 0; i < n; i++) {
		uint64_t id =
		    fiber_start(fiber_loop(), &(struct fiber_opts){ .name = "crowd" }, crowd_main, c);

		first = i ? first : id;
	}
	return first;
}

static void killed_main(struct redis_test *t)
{
	struct crowd c = { .r = t->r, .command = "BLPOP" }; /* never answers */
	struct redis_reply r;
	uint64_t since;

	assert_int_equal(REDIS_SAY(t->r, &r, "SET", "k", "kept"), ERR_OK);
	crowd_start(&c, 50);
	assert_int_equal(fiber_sleep(50), ERR_OK);
	redis_server_kill(&t->server);
	since = loop_now_ms();
	assert_int_equal(fiber_wait(c.ticket, 1000), ERR_OK);
	assert_int_equal(c.unavailable, 50);
	assert_int_equal(REDIS_SAY(t->r, &r, "GET", "k"), ERR_UNAVAILABLE);
	assert_int_equal(redis_wait_up(t->r, 100), ERR_UNAVAILABLE);
	assert_true(loop_now_ms() - since < 1000);
	redis_server_run(&t->server);
	assert_int_equal(redis_wait_up(t->r, 10000), ERR_OK);
	assert_int_equal(REDIS_SAY(t->r, &r, "GET", "k"), ERR_OK);
	assert_bytes_str(r.text, "kept");
}

static void killed_and_back(void **state)
{
	(void)state;
	redis_test(killed_main);
}

/* Answers for fibers that have gone must not be given to anybody. */
static void cancelled_main(struct redis_test *t)
{
	struct crowd c = { .r = t->r, .command = "BLPOP" };
	struct redis_reply r;
	uint64_t first;

	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	first = crowd_start(&c, 2);
	assert_int_equal(fiber_sleep(20), ERR_OK);
	fiber_cancel(t->loop, first);
	assert_int_equal(fiber_sleep(20), ERR_OK);
	assert_int_equal(c.cancelled, 1);
	assert_int_equal(c.left, 1);
	fiber_cancel(t->loop, first + 1);
	assert_int_equal(fiber_wait(c.ticket, 1000), ERR_OK);
	assert_int_equal(c.cancelled, 2);
	/* The connection still waits for the first BLPOP: somebody else feeds it. */
	struct redis *other;

	assert_int_equal(redis_new(t->loop, t->server.url, &other), ERR_OK);
	assert_int_equal(REDIS_SAY(other, &r, "RPUSH", "list", "a", "b"), ERR_OK);
	redis_free(&other);
	assert_int_equal(REDIS_SAY(t->r, &r, "ECHO", "mine"), ERR_OK);
	assert_bytes_str(r.text, "mine");
}

static void cancelled(void **state)
{
	(void)state;
	redis_test(cancelled_main);
}

static void stopped_main(struct redis_test *t)
{
	struct redis_reply r;

	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	kill(t->server.pid, SIGSTOP);
	fiber_set_deadline(20000);
	assert_int_equal(REDIS_SAY(t->r, &r, "PING"), ERR_UNAVAILABLE);
	assert_in_range(fiber_time_left_ms(), 13000, 16000);
	assert_false(redis_is_up(t->r));
	kill(t->server.pid, SIGCONT);
	assert_int_equal(redis_wait_up(t->r, 10000), ERR_OK);
	assert_int_equal(REDIS_SAY(t->r, &r, "PING"), ERR_OK);
}

/* It accepts and says nothing: no fiber waits for its own, much later, deadline. */
static void stopped(void **state)
{
	(void)state;
	redis_test(stopped_main);
}

static void deadline_main(struct redis_test *t)
{
	struct redis_reply r;

	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	fiber_set_deadline(50);
	assert_int_equal(REDIS_SAY(t->r, &r, "BLPOP", "list", "0"), ERR_TIMEOUT);
	assert_true(redis_is_up(t->r)); /* others may be well served */
}

static void own_deadline(void **state)
{
	(void)state;
	redis_test(deadline_main);
}

/* ---- connecting ---- */

static void nobody_main(struct redis_test *t)
{
	struct redis_reply r;
	uint64_t since = loop_now_ms();

	assert_int_equal(REDIS_SAY(t->r, &r, "PING"), ERR_UNAVAILABLE);
	assert_int_equal(REDIS_SAY(t->r, &r, "PING"), ERR_UNAVAILABLE);
	assert_true(loop_now_ms() - since < 500);
	assert_int_equal(redis_round_trips(t->r), 0);
}

static void nobody_there(void **state)
{
	struct redis_test t = { .fn = nobody_main };

	(void)state;
	redis_test_on(&t, "unix:///tmp/easgate-there-is-no-such-socket");
	redis_test_on(&t, "redis://127.0.0.1:1");
	redis_test_on(&t, "redis://localhost:1");
}

static void freed_main(struct redis_test *t)
{
	struct crowd c = { .r = t->r, .command = "BLPOP" };
	struct redis *second;
	struct crowd early = { .command = "PING" };

	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	crowd_start(&c, 3);
	assert_int_equal(redis_new(t->loop, t->server.url, &second), ERR_OK);
	early.r = second;
	crowd_start(&early, 3);
	assert_int_equal(fiber_yield(), ERR_OK); /* they wait for an answer, and for the first connection */
	redis_free(&second);
	redis_free(&t->r);
	assert_int_equal(fiber_wait(c.ticket, 1000), ERR_OK);
	assert_int_equal(c.unavailable, 3);
	if (early.left)
		assert_int_equal(fiber_wait(early.ticket, 1000), ERR_OK);
	assert_int_equal(early.unavailable, 3);
}

static void freed_while_waiting(void **state)
{
	(void)state;
	redis_test(freed_main);
}

static void ping_ok(struct redis_test *t)
{
	struct redis_reply r;

	assert_int_equal(REDIS_SAY(t->r, &r, "SET", "k", "v"), ERR_OK);
	assert_int_equal(r.kind, REDIS_STATUS);
}

static void ping_refused(struct redis_test *t)
{
	struct redis_reply r;

	assert_int_equal(REDIS_SAY(t->r, &r, "SET", "k", "v"), ERR_UNAVAILABLE);
}

static const struct login_case {
	const char *name, *login, *db;
	bool ok;
} login_cases[] = {
	{ "right password", ":s3cret@", "", true },
	{ "right password and database", ":s3cret@", "?db=15", true },
	{ "default user by name", "default:s3cret@", "", true },
	{ "wrong password", ":wrong@", "", false },
	{ "no password", "", "", false },
	{ "unknown user", "ann:s3cret@", "", false },
	{ "no such database", ":s3cret@", "?db=16", false },
};

static void login(const struct login_case *c)
{
	struct redis_test t = { .server.extra = { "--requirepass", "s3cret" },
		.fn = c->ok ? ping_ok : ping_refused };
	char url[192];

	redis_server_start(&t.server);
	snprintf(url, sizeof(url), "unix://%s%s%s", c->login, t.server.socket, c->db);
	redis_test_on(&t, url);
	redis_server_stop(&t.server);
}
TEST_ROW(login)

/* ---- scripts ---- */

static void script_main(struct redis_test *t)
{
	static struct redis_script s = { .text = "return {KEYS[1], ARGV[1], #ARGV}" };
	const struct bytes keys[] = { BYTES("k") }, args[] = { BYTES("a"), { NULL, 0 } };
	struct redis_reply r;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(redis_eval(t->r, fiber_arena(), &s, keys, 1, args, 2, &r), ERR_OK);
		assert_int_equal(r.n, 3);
		assert_bytes_str(r.items[0].text, "k");
		assert_bytes_str(r.items[1].text, "a");
		assert_int_equal(r.items[2].integer, 2);
	}
	assert_int_equal(redis_round_trips(t->r), 3); /* it had to be loaded once */
	assert_int_equal(REDIS_SAY(t->r, &r, "SCRIPT", "FLUSH"), ERR_OK);
	assert_int_equal(redis_eval(t->r, fiber_arena(), &s, keys, 1, args, 2, &r), ERR_OK);
	assert_bytes_str(r.items[0].text, "k");
}

static void script(void **state)
{
	(void)state;
	redis_test(script_main);
}

/* ---- subscriptions ---- */

struct ear {
	unsigned messages, empty;
	char last[16];
	struct redis_subscription *end_at_message; /* of itself */
};

static void hear(void *arg, struct bytes message)
{
	struct ear *e = arg;

	if (!message.len) {
		e->empty++;
		return;
	}
	e->messages++;
	snprintf(e->last, sizeof(e->last), "%.*s", BYTES_ARG(message));
	redis_unsubscribe(&e->end_at_message);
}

static void until(const unsigned *count, unsigned want)
{
	for (int i = 0; i < 1000 && *count < want; i++)
		assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(*count, want);
}

static void publish(struct redis_test *t, const char *channel, const char *text)
{
	struct redis_reply r;

	assert_int_equal(REDIS_SAY(t->r, &r, "PUBLISH", channel, text), ERR_OK);
}

static void subscribe_main(struct redis_test *t)
{
	struct ear a = { 0 }, b = { 0 }, a2 = { 0 };
	struct redis_subscription *sa = redis_subscribe(t->r, "a", hear, &a),
				  *sb = redis_subscribe(t->r, "b", hear, &b), *sa2;

	/* Not connected when it was asked for: something may have been missed. */
	until(&a.empty, 1);
	until(&b.empty, 1);
	publish(t, "a", "one");
	until(&a.messages, 1);
	assert_string_equal(a.last, "one");
	assert_int_equal(b.messages, 0);
	/* Two for one channel, of which one ends itself when it hears. */
	sa2 = redis_subscribe(t->r, "a", hear, &a2);
	a2.end_at_message = sa2;
	publish(t, "a", "two");
	until(&a.messages, 2);
	until(&a2.messages, 1);
	publish(t, "a", "three");
	until(&a.messages, 3);
	assert_int_equal(a2.messages, 1);
	redis_unsubscribe(&sa);
	publish(t, "a", "four");
	publish(t, "b", "five");
	until(&b.messages, 1);
	assert_int_equal(a.messages, 3);
	/* Ended and asked for again in one go. */
	redis_unsubscribe(&sb);
	sb = redis_subscribe(t->r, "b", hear, &b);
	assert_int_equal(fiber_sleep(20), ERR_OK);
	publish(t, "b", "six");
	until(&b.messages, 2);
	redis_unsubscribe(&sb);
	assert_int_equal(a.empty + b.empty, 2);
}

static void subscribe(void **state)
{
	(void)state;
	redis_test(subscribe_main);
}

static void resubscribe_main(struct redis_test *t)
{
	struct ear e[50] = { 0 };
	struct redis_subscription *s[50];
	char channel[16];

	for (unsigned i = 0; i < 50; i++) {
		snprintf(channel, sizeof(channel), "c%u", i);
		s[i] = redis_subscribe(t->r, channel, hear, &e[i]);
	}
	until(&e[49].empty, 1);
	redis_server_kill(&t->server);
	assert_int_equal(fiber_sleep(50), ERR_OK);
	redis_server_run(&t->server);
	for (unsigned i = 0; i < 50; i++)
		until(&e[i].empty, 2);
	assert_int_equal(redis_wait_up(t->r, 10000), ERR_OK);
	publish(t, "c17", "x");
	until(&e[17].messages, 1);
	for (unsigned i = 0; i < 25; i++)
		redis_unsubscribe(&s[i]);
	redis_free(&t->r); /* the others hear nothing any more, but may still be ended */
	for (unsigned i = 25; i < 50; i++)
		redis_unsubscribe(&s[i]);
}

static void resubscribe(void **state)
{
	(void)state;
	redis_test(resubscribe_main);
}

int main(void)
{
	TEST_ADD_ROWS(address, address_cases);
	TEST_ADD(kinds);
	TEST_ADD(batch);
	TEST_ADD(killed_and_back);
	TEST_ADD(cancelled);
	TEST_ADD(stopped);
	TEST_ADD(own_deadline);
	TEST_ADD(nobody_there);
	TEST_ADD(freed_while_waiting);
	TEST_ADD_ROWS(login, login_cases);
	TEST_ADD(script);
	TEST_ADD(subscribe);
	TEST_ADD(resubscribe);
	return test_run("redis");
}
