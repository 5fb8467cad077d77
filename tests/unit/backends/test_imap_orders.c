#include "unit/backends/imap_mock.h"

/* What is ordered ahead: several FETCHes under way at once, and what becomes of those that nobody awaits. */

enum { LATE_MS = 300, MANY = 600, CANCEL_MS = 50 };

struct scene {
	struct imap_mock mock;
	struct imap_pool *pool;
	struct imap *c;
	struct arena *a;
	void (*run)(struct scene *s);
	uint64_t fiber;
};

static void scene_main(void *arg)
{
	struct scene *s = arg;
	struct imap_config config = imap_mock_config(&s->mock);
	struct imap_status ignored;

	config.command_ms = LATE_MS;
	s->pool = imap_pool_new(fiber_loop(), &config);
	s->a = fiber_arena();
	s->fiber = fiber_id();
	s->c = imap_mock_open_for(s->pool, "ann", "");
	assert_int_equal(imap_select(s->c, BYTES("INBOX"), &ignored), ERR_OK);
	s->run(s);
	imap_close(&s->c);
	imap_pool_free(&s->pool);
}

/* Message 3 and part 1 of message 4, both under way. */
struct two {
	struct imap_messages messages;
	struct imap_part_request part;
	struct imap_order *first, *second;
};

static void order_two(struct scene *s, struct two *t)
{
	uint32_t uid = 3;

	*t = (struct two){ .part = { .uid = 4, .section = "1" } };
	assert_int_equal(imap_order_messages(s->c, s->a, &uid, 1, &t->messages, &t->first), ERR_OK);
	assert_int_equal(imap_order_parts(s->c, s->a, &t->part, 1, &t->second), ERR_OK);
}

static void check_two(const struct two *t)
{
	assert_int_equal(t->messages.n, 1);
	assert_int_equal(t->messages.v[0].flags.uid, 3);
	assert_bytes_str(t->messages.v[0].header, "A: b\r\n\r\n");
	assert_true(t->part.found);
	assert_bytes_str(t->part.data, "abc");
}

static void await_two(struct scene *s, struct two *t)
{
	assert_int_equal(imap_await(s->c, t->first), ERR_OK);
	assert_int_equal(imap_await(s->c, t->second), ERR_OK);
	check_two(t);
}

#define MESSAGE                                                                                        \
	"* 1 FETCH (UID 3 FLAGS () INTERNALDATE \"24-Nov-2026 10:00:00 +0000\" RFC822.SIZE 11 "        \
	"BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 3 1) BODY[HEADER] {8}\r\nA: b\r\n\r\n" \
	")\r\n"
#define PART "* 2 FETCH (UID 4 BODY[1] {3}\r\nabc)\r\n"
#define ASK_MESSAGE "UID FETCH 3 (UID FLAGS"
#define ASK_PART "UID FETCH 4 (UID BODY"

/* ---- what comes ---- */

static void in_turn(struct scene *s)
{
	uint32_t trips = imap_round_trips(s->c);
	struct two t;

	order_two(s, &t);
	await_two(s, &t);
	assert_int_equal(imap_round_trips(s->c) - trips, 1);
}

/* The later answers are there already. */
static void the_other_way_round(struct scene *s)
{
	struct two t;

	order_two(s, &t);
	assert_int_equal(imap_await(s->c, t.second), ERR_OK);
	assert_int_equal(imap_await(s->c, t.first), ERR_OK);
	check_two(&t);
}

static void another_call_between(struct scene *s)
{
	struct imap_status status;
	struct two t;

	order_two(s, &t);
	assert_int_equal(imap_status(s->c, BYTES("Sent"), &status), ERR_OK);
	assert_int_equal(status.messages, 2);
	await_two(s, &t);
}

/* All that is still missing once the others are done is asked for with less. */
static void asked_with_less(struct scene *s)
{
	struct two t;

	order_two(s, &t);
	await_two(s, &t);
	assert_null(t.messages.v[0].structure);
}

/* Neither side may wait for the other to read: what has no room is sent later. */
static void more_than_has_room(struct scene *s)
{
	struct imap_part_request *v = arena_array(s->a, MANY, sizeof(*v));
	struct imap_order *many;
	struct two t;
	unsigned found = 0;

	for (unsigned i = 0; i < MANY; i++)
		v[i] = (struct imap_part_request){ .uid = 4, .section = arena_printf(s->a, "%u", i + 1) };
	assert_int_equal(imap_order_parts(s->c, s->a, v, MANY, &many), ERR_OK);
	order_two(s, &t);
	assert_int_equal(imap_await(s->c, many), ERR_OK);
	await_two(s, &t);
	for (unsigned i = 0; i < MANY; i++)
		found += v[i].found;
	assert_int_equal(found, 1); /* the mock has the first only */
	assert_non_null(strstr(s->mock.seen->heard, "BODY.PEEK[600]"));
}

static void nothing(struct scene *s)
{
	struct imap_messages none;
	struct imap_order *o;

	assert_int_equal(imap_order_messages(s->c, s->a, NULL, 0, &none, &o), ERR_OK);
	assert_int_equal(imap_await(s->c, o), ERR_OK);
	assert_int_equal(none.n, 0);
}

/* ---- what is left alone ---- */

static unsigned connections_after_close(struct scene *s)
{
	struct imap_status ignored;

	imap_close(&s->c);
	s->c = imap_mock_open_for(s->pool, "ann", "");
	assert_int_equal(imap_status(s->c, BYTES("Sent"), &ignored), ERR_OK);
	return imap_mock_connections(&s->mock);
}

/* The next borrower must not get the answers. */
static void closed_while_under_way(struct scene *s)
{
	struct two t;

	order_two(s, &t);
	assert_int_equal(connections_after_close(s), 2);
}

static void closed_half_awaited(struct scene *s)
{
	struct two t;

	order_two(s, &t);
	assert_int_equal(imap_await(s->c, t.first), ERR_OK);
	assert_int_equal(connections_after_close(s), 2);
}

static void closed_when_all_is_there(struct scene *s)
{
	struct two t;

	order_two(s, &t);
	await_two(s, &t);
	assert_int_equal(connections_after_close(s), 1);
}

static void both_fail(struct scene *s, enum err first)
{
	struct imap_status ignored;
	struct two t;

	order_two(s, &t);
	assert_int_equal(imap_await(s->c, t.first), first);
	assert_int_equal(imap_await(s->c, t.second), ERR_UNAVAILABLE);
	assert_int_equal(t.messages.n, 0);
	assert_int_equal(imap_status(s->c, BYTES("Sent"), &ignored), ERR_UNAVAILABLE);
	assert_true(imap_problem(s->c)[0]);
}

static void cut_in_the_first(struct scene *s)
{
	both_fail(s, ERR_UNAVAILABLE);
	assert_int_equal(connections_after_close(s), 2);
}

static void cut_in_the_second(struct scene *s)
{
	struct two t;

	order_two(s, &t);
	assert_int_equal(imap_await(s->c, t.first), ERR_OK);
	assert_int_equal(imap_await(s->c, t.second), ERR_UNAVAILABLE);
	assert_int_equal(connections_after_close(s), 2);
}

static void no_answer(struct scene *s)
{
	both_fail(s, ERR_TIMEOUT);
	assert_int_equal(connections_after_close(s), 2);
}

static void cancel(void *arg)
{
	struct scene *s = arg;

	assert_int_equal(fiber_sleep(CANCEL_MS), ERR_OK);
	fiber_cancel(fiber_loop(), s->fiber);
}

static void cancelled(struct scene *s)
{
	fiber_start(fiber_loop(), &(struct fiber_opts){ .name = "cancel" }, cancel, s);
	both_fail(s, ERR_CANCELLED);
}

/* ---- */

static const struct order_case {
	const char *name;
	void (*run)(struct scene *s);
	struct imap_mock_rule rules[3];
} order_cases[] = {
	{ "in turn", in_turn,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART, .say = PART "$ OK x\r\n" } } },
	{ "awaited the other way round", the_other_way_round,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART, .say = PART "$ OK x\r\n" } } },
	{ "the server works on both at once", in_turn,
	    { { .at = ASK_MESSAGE, .say = PART MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART, .say = "$ OK x\r\n" } } },
	{ "with flags that change meanwhile", in_turn,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART, .say = "* 1 FETCH (UID 3 FLAGS (\\Seen))\r\n" PART "$ OK x\r\n" } } },
	{ "another call in between", another_call_between,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART, .say = PART "$ OK x\r\n" } } },
	{ "refused, and asked with less", asked_with_less,
	    { { .at = ASK_MESSAGE " INTERNALDATE RFC822.SIZE BODYSTRUCTURE", .say = "$ NO can't\r\n" },
		{ .at = ASK_MESSAGE,
		    .say = "* 1 FETCH (UID 3 FLAGS () INTERNALDATE \"24-Nov-2026 10:00:00 +0000\" "
			   "RFC822.SIZE 11 "
			   "BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\n$ OK x\r\n" },
		{ .at = ASK_PART, .say = PART "$ OK x\r\n" } } },
	{ "more than has room", more_than_has_room,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART ".PEEK[1])", .say = PART "$ OK x\r\n" },
		{ .at = ASK_PART, .say = "$ OK x\r\n" } } },
	{ "nothing", nothing, { { 0 } } },
	{ "closed while under way", closed_while_under_way, { { 0 } } },
	{ "closed half awaited", closed_half_awaited,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART, .say = IMAP_MOCK_HANG } } },
	{ "closed when all is there", closed_when_all_is_there,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART, .say = PART "$ OK x\r\n" } } },
	{ "cut in the first", cut_in_the_first,
	    { { .at = ASK_MESSAGE,
		.say = "* 1 FETCH (UID 3 BODY[HEADER] {1000}\r\n",
		.flood = 500,
		.cut = true } } },
	{ "cut in the second", cut_in_the_second,
	    { { .at = ASK_MESSAGE, .say = MESSAGE "$ OK x\r\n" },
		{ .at = ASK_PART,
		    .say = "* 2 FETCH (UID 4 BODY[1] {1000}\r\n",
		    .flood = 500,
		    .cut = true } } },
	{ "a goodbye", cut_in_the_first, { { .at = ASK_MESSAGE, .say = "* BYE x\r\n", .cut = true } } },
	{ "no answer", no_answer, { { .at = ASK_MESSAGE, .say = IMAP_MOCK_HANG } } },
	{ "cancelled", cancelled, { { .at = ASK_MESSAGE, .say = IMAP_MOCK_HANG } } },
};

static void order(const struct order_case *c)
{
	struct scene s = { .run = c->run };

	memcpy(s.mock.rules, c->rules, sizeof(c->rules));
	imap_mock_start(&s.mock);
	on_fiber(scene_main, &s);
	imap_mock_stop(&s.mock);
}
TEST_ROW(order)

int main(void)
{
	TEST_ADD_ROWS(order, order_cases);
	return test_run("imap_orders");
}
