#include "unit/backends/imap_mock.h"

/* Who gets which connection, and when: the pool against a mock that counts connections. */

enum { CLIENTS = 8 };

struct scene {
	struct imap_mock mock;
	struct imap_config config; /* 0s are the mock's own */
	void (*run)(struct scene *s);
	struct imap_pool *pool;
	char order[CLIENTS + 1]; /* names of clients, as they were served */
	unsigned at_once, most_at_once;
};

/* One borrower on a fiber of its own. */
struct client {
	struct scene *scene;
	const char *user;
	char name;
	uint32_t hold_ms;
	uint64_t fiber;
	bool ended;
	enum err e;
	char why[128];
};

static void scene_main(void *arg)
{
	struct scene *s = arg;

	s->pool = imap_pool_new(fiber_loop(), &s->config);
	s->run(s);
	imap_pool_free(&s->pool);
}

static void run(struct scene *s, void (*fn)(struct scene *s))
{
	struct imap_config usual;

	imap_mock_start(&s->mock);
	usual = imap_mock_config(&s->mock);
	s->config.server = usual.server;
	s->config.command_ms = usual.command_ms;
	if (!s->config.idle_close_s)
		s->config.idle_close_s = usual.idle_close_s;
	if (!s->config.max_per_account)
		s->config.max_per_account = usual.max_per_account;
	if (!s->config.max_total)
		s->config.max_total = usual.max_total;
	s->run = fn;
	on_fiber(scene_main, s);
	imap_mock_stop(&s->mock);
}

static struct imap *open_for(struct scene *s, const char *user, const char *prefer)
{
	return imap_mock_open_for(s->pool, user, prefer);
}

static void use(struct imap *c)
{
	struct imap_status status;

	assert_int_equal(imap_status(c, BYTES("INBOX"), &status), ERR_OK);
}

static void client_main(void *arg)
{
	struct client *x = arg;
	struct scene *s = x->scene;
	struct imap_login who = imap_mock_login(x->user);
	const char *why = NULL;
	struct imap_status status;
	struct imap *c;

	x->e = imap_open(s->pool, &who, BYTES(""), &c, &why);
	snprintf(x->why, sizeof(x->why), "%s", why ? why : "");
	if (!x->e) {
		strncat(s->order, &x->name, 1);
		if (++s->at_once > s->most_at_once)
			s->most_at_once = s->at_once;
		x->e = imap_status(c, BYTES("INBOX"), &status);
		if (!x->e)
			x->e = fiber_sleep(x->hold_ms);
		s->at_once--;
		imap_close(&c);
	}
	x->ended = true;
}

static void start(
    struct client *x, struct scene *s, char name, const char *user, uint32_t hold_ms, uint32_t deadline_ms)
{
	*x = (struct client){ .scene = s, .user = user, .name = name, .hold_ms = hold_ms };
	x->fiber = fiber_start(fiber_loop(),
	    &(struct fiber_opts){ .name = "client", .deadline_ms = deadline_ms }, client_main, x);
}

static void rest(uint32_t ms)
{
	assert_int_equal(fiber_sleep(ms), ERR_OK);
}

static void join(struct client *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		while (!v[i].ended)
			rest(5);
}

static void wait_for_open(struct scene *s, unsigned n)
{
	for (int i = 0; imap_mock_open(&s->mock) != n; i++) {
		assert_true(i < 1000);
		rest(5);
	}
}

/* ---- reuse ---- */

static void used_again(struct scene *s)
{
	struct imap *c = open_for(s, "ann", ""), *first = c;

	use(c);
	imap_close(&c);
	assert_null(c);
	imap_close(&c);
	c = open_for(s, "ann", "");
	assert_ptr_equal(c, first);
	use(c);
	imap_close(&c);
	c = open_for(s, "bob", ""); /* another account's is never taken */
	assert_ptr_not_equal(c, first);
	imap_close(&c);
	assert_int_equal(imap_mock_connections(&s->mock), 2);
}

static void another_password(struct scene *s)
{
	struct imap_login who = imap_mock_login("ann");
	struct imap *c = open_for(s, "ann", "");

	imap_close(&c);
	who.password = BYTES("another");
	assert_int_equal(imap_open(s->pool, &who, BYTES(""), &c, NULL), ERR_OK);
	imap_close(&c);
	/* nor one whose name and password only join to the same text */
	who = (struct imap_login){ BYTES("an"), BYTES("nsecret-of-user"), { 0 } };
	assert_int_equal(imap_open(s->pool, &who, BYTES(""), &c, NULL), ERR_OK);
	imap_close(&c);
	assert_int_equal(imap_mock_connections(&s->mock), 3);
}

static void the_one_that_has_it_selected(struct scene *s)
{
	struct imap *a = open_for(s, "ann", ""), *b = open_for(s, "ann", ""), *c, *with_sent = a;
	struct imap_status status;

	assert_int_equal(imap_select(a, BYTES("Sent"), &status), ERR_OK);
	assert_int_equal(imap_select(b, BYTES("INBOX"), &status), ERR_OK);
	imap_close(&a);
	imap_close(&b); /* the last used */
	c = open_for(s, "ann", "Sent");
	assert_ptr_equal(c, with_sent);
	assert_int_equal(imap_select(c, BYTES("Sent"), &status), ERR_OK);
	assert_true(status.known); /* asked again: it may be old */
	imap_close(&c);
	c = open_for(s, "ann", "Trash");
	assert_ptr_equal(c, with_sent); /* the last used, else */
	imap_close(&c);
}

static void deleted_mailbox_is_forgotten(struct scene *s)
{
	struct imap *a = open_for(s, "ann", ""), *b = open_for(s, "ann", ""), *with_sent = a;
	struct imap_status status;

	assert_int_equal(imap_select(a, BYTES("Sent"), &status), ERR_OK);
	imap_close(&a);
	assert_int_equal(imap_delete(b, BYTES("Sent")), ERR_OK);
	imap_close(&b);
	a = open_for(s, "ann", "Sent");
	assert_ptr_not_equal(a, with_sent);
	imap_close(&a);
}

/* ---- bounds ---- */

static void bound_per_account(struct scene *s)
{
	struct client v[6];

	for (int i = 0; i < 6; i++)
		start(&v[i], s, (char)('a' + i), "ann", 20, 5000);
	join(v, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(v[i].e, ERR_OK);
	assert_int_equal(s->most_at_once, 2);
	assert_int_equal(imap_mock_connections(&s->mock), 2);
	assert_memory_equal(s->order + 2, "cdef", 4); /* a and b log in at the same time */
}

static void bound_in_total(struct scene *s)
{
	static const char *const users[] = { "ann", "bob", "cay", "dan", "eve" };
	struct client v[5];

	for (int i = 0; i < 5; i++)
		start(&v[i], s, (char)('a' + i), users[i], 30, 5000);
	join(v, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(v[i].e, ERR_OK);
	assert_int_equal(s->most_at_once, 2);
	wait_for_open(s, 2); /* the last two idle; the others had to make room */
	assert_int_equal(imap_mock_connections(&s->mock), 5);
}

static void idle_one_makes_room(struct scene *s)
{
	struct imap *ann = open_for(s, "ann", ""), *bob = open_for(s, "bob", ""), *cay;

	imap_close(&ann);
	imap_close(&bob);
	cay = open_for(s, "cay", "");
	wait_for_open(s, 2);
	bob = open_for(s, "bob", ""); /* it was ann's, unused for longest, that had to go */
	assert_int_equal(imap_mock_connections(&s->mock), 3);
	imap_close(&bob);
	imap_close(&cay);
}

/* Who has to wait in any case closes nobody's connection. */
static void full_account_spares_idle_ones(struct scene *s)
{
	struct imap *ann = open_for(s, "ann", ""), *bob = open_for(s, "bob", "");
	struct client v[1];

	imap_close(&bob);
	start(&v[0], s, 'a', "ann", 0, 5000);
	rest(20);
	bob = open_for(s, "bob", "");
	assert_int_equal(imap_mock_connections(&s->mock), 2);
	imap_close(&ann);
	join(v, 1);
	imap_close(&bob);
}

/* An account that always has somebody waiting keeps its connections, but not for ever. */
static void waiters_of_all_in_order(struct scene *s)
{
	struct imap *ann = open_for(s, "ann", "");
	struct client v[3];

	start(&v[0], s, 'a', "bob", 0, 5000);
	rest(20);
	start(&v[1], s, 'b', "ann", 0, 5000);
	start(&v[2], s, 'c', "ann", 0, 5000);
	rest(20);
	imap_close(&ann);
	join(v, 3);
	assert_string_equal(s->order, "abc");
}

/* ---- waiting ---- */

static void waiter_is_cancelled(struct scene *s)
{
	struct imap *c = open_for(s, "ann", "");
	struct client v[3];

	for (int i = 0; i < 3; i++)
		start(&v[i], s, (char)('a' + i), "ann", 0, 5000);
	rest(20);
	fiber_cancel(fiber_loop(), v[0].fiber);
	rest(20);
	assert_true(v[0].ended && !v[1].ended && !v[2].ended);
	assert_int_equal(v[0].e, ERR_CANCELLED);
	assert_string_equal(v[0].why, "no free IMAP connection");
	imap_close(&c);
	join(v, 3);
	assert_string_equal(s->order, "bc");
	assert_int_equal(imap_mock_connections(&s->mock), 1);
}

/* Cancelled while what it waited for is on its way: the next one gets it. */
static void cancelled_when_served(struct scene *s)
{
	struct imap *c = open_for(s, "ann", "");
	struct client v[2];

	start(&v[0], s, 'a', "ann", 0, 5000);
	start(&v[1], s, 'b', "ann", 0, 5000);
	rest(20);
	imap_close(&c);
	fiber_cancel(fiber_loop(), v[0].fiber);
	join(v, 2);
	assert_int_equal(v[0].e, ERR_CANCELLED);
	assert_int_equal(v[1].e, ERR_OK);
	c = open_for(s, "ann", "");
	use(c);
	imap_close(&c);
}

static void waiter_is_late(struct scene *s)
{
	struct imap *c = open_for(s, "ann", "");
	struct client v[1];

	start(&v[0], s, 'a', "ann", 0, 100);
	join(v, 1);
	assert_int_equal(v[0].e, ERR_TIMEOUT);
	imap_close(&c);
	c = open_for(s, "ann", "");
	imap_close(&c);
	assert_int_equal(imap_mock_connections(&s->mock), 1);
}

/* Cancelled in the middle of an answer: nobody could tell what comes next on that connection. */
static void borrower_is_cancelled(struct scene *s)
{
	struct client v[2];

	start(&v[0], s, 'a', "ann", 0, 5000);
	start(&v[1], s, 'b', "ann", 0, 5000);
	rest(100); /* the server doesn't answer the first one */
	assert_false(v[0].ended);
	fiber_cancel(fiber_loop(), v[0].fiber);
	join(v, 2);
	assert_int_equal(v[1].e, ERR_OK);
	assert_int_equal(imap_mock_connections(&s->mock), 2);
}

static void refused_login_frees_its_slot(struct scene *s)
{
	struct client v[2];

	for (int i = 0; i < 2; i++)
		start(&v[i], s, (char)('a' + i), "ann", 0, 5000);
	join(v, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(v[i].e, ERR_AUTH);
		assert_string_equal(v[i].why, "no");
	}
	assert_int_equal(imap_mock_connections(&s->mock), 2);
}

/* ---- connections that end ---- */

static void logged_out_after_idling(struct scene *s)
{
	struct imap *c = open_for(s, "ann", "");

	imap_close(&c);
	rest(500);
	assert_int_equal(imap_mock_open(&s->mock), 1);
	wait_for_open(s, 0);
	assert_non_null(strstr(s->mock.seen->heard, "LOGOUT\r\n"));
	c = open_for(s, "ann", "");
	imap_close(&c);
	assert_int_equal(imap_mock_connections(&s->mock), 2);
}

/* Whatever ends it while it idles, the next borrower gets one that works. */
static void replaced(struct scene *s)
{
	struct imap *c = open_for(s, "ann", "");

	use(c);
	imap_close(&c);
	for (int i = 0; i < 4; i++) { /* each connection bears two */
		c = open_for(s, "ann", "");
		use(c);
		imap_close(&c);
		rest(20);
	}
	assert_int_equal(imap_mock_connections(&s->mock), 3);
	wait_for_open(s, 1);
}

static const struct pool_case {
	const char *name;
	void (*run)(struct scene *s);
	uint16_t max_per_account, max_total;
	uint32_t idle_close_s;
	struct imap_mock_rule rule;
} pool_cases[] = {
	{ "used again", used_again, 0, 0, 0, { 0 } },
	{ "another password", another_password, 3, 0, 0, { 0 } },
	{ "the one that has it selected", the_one_that_has_it_selected, 0, 0, 0, { 0 } },
	{ "deleted mailbox is forgotten", deleted_mailbox_is_forgotten, 0, 0, 0, { 0 } },
	{ "bound per account, served in order", bound_per_account, 2, 0, 0, { 0 } },
	{ "bound in total", bound_in_total, 2, 2, 0, { 0 } },
	{ "idle one makes room", idle_one_makes_room, 2, 2, 0, { 0 } },
	{ "full account spares idle ones", full_account_spares_idle_ones, 1, 2, 0, { 0 } },
	{ "waiters of all in order", waiters_of_all_in_order, 1, 1, 0, { 0 } },
	{ "waiter is cancelled", waiter_is_cancelled, 1, 0, 0, { 0 } },
	{ "cancelled when served", cancelled_when_served, 1, 0, 0, { 0 } },
	{ "waiter is late", waiter_is_late, 1, 0, 0, { 0 } },
	{ "borrower is cancelled", borrower_is_cancelled, 1, 0, 0,
	    { .at = "STATUS", .say = IMAP_MOCK_HANG, .connection = 1 } },
	{ "refused login frees its slot", refused_login_frees_its_slot, 1, 0, 0,
	    { .at = "AUTH", .say = "$ NO no\r\n" } },
	{ "logged out after idling", logged_out_after_idling, 0, 0, 1, { 0 } },
	{ "closed after the answer", replaced, 0, 0, 0,
	    { .at = "STATUS", .skip = 1, .cut = true, .say = "* STATUS INBOX (MESSAGES 1)\r\n$ OK x\r\n" } },
	{ "goodbye after the answer", replaced, 0, 0, 0,
	    { .at = "STATUS",
		.skip = 1,
		.cut = true,
		.say = "* STATUS INBOX (MESSAGES 1)\r\n$ OK x\r\n* BYE idle for too long\r\n" } },
	{ "goodbye behind the answer, not closed", replaced, 0, 0, 0,
	    { .at = "STATUS",
		.skip = 1,
		.say = "* STATUS INBOX (MESSAGES 1)\r\n$ OK x\r\n* BYE idle for too long\r\n" } },
	{ "goodbye before the answer, not closed", replaced, 0, 0, 0,
	    { .at = "STATUS",
		.skip = 1,
		.say = "* STATUS INBOX (MESSAGES 1)\r\n* BYE shutting down\r\n$ OK x\r\n" } },
};

static void pool(const struct pool_case *c)
{
	struct scene s = { .mock.rules[0] = c->rule,
		.config = { .max_per_account = c->max_per_account,
		    .max_total = c->max_total,
		    .idle_close_s = c->idle_close_s } };

	run(&s, c->run);
}
TEST_ROW(pool)

int main(void)
{
	TEST_ADD_ROWS(pool, pool_cases);
	return test_run("imap_pool");
}
