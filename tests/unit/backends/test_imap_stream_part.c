#include "unit/backends/imap_mock.h"

/* A body section that passes through: what comes of it in each form that a server may choose, and when it breaks off. */

struct run {
	struct imap_mock mock;
	struct imap_pool *pool;
	struct imap *c;
	enum err give_up; /* what put says to the second piece */
	unsigned pieces;
	char got[64];
	size_t len, max;
	enum err want;
	enum err after; /* what the connection says then */
};

static enum err put(void *arg, struct bytes piece)
{
	struct run *r = arg;

	if (++r->pieces > 1 && r->give_up)
		return r->give_up;
	if (r->len + piece.len < sizeof(r->got))
		memcpy(r->got + r->len, piece.p, piece.len);
	r->len += piece.len;
	r->max = piece.len > r->max ? piece.len : r->max;
	return ERR_OK;
}

static void run_main(void *arg)
{
	struct run *r = arg;
	struct imap_config config = imap_mock_config(&r->mock);
	struct imap_status ignored;

	config.command_ms = 300;
	r->pool = imap_pool_new(fiber_loop(), &config);
	r->c = imap_mock_open_for(r->pool, "ann", "");
	assert_int_equal(imap_select(r->c, BYTES("INBOX"), &ignored), ERR_OK);
	assert_int_equal(imap_stream_part(r->c, 3, "1.2", 0, 0, put, r), r->want);
	if (r->want)
		assert_true(*imap_problem(r->c));
	assert_int_equal(imap_status(r->c, BYTES("INBOX"), &ignored), r->after);
	imap_close(&r->c);
	imap_pool_free(&r->pool);
}

static void run(struct run *r)
{
	imap_mock_start(&r->mock);
	on_fiber(run_main, r);
	imap_mock_stop(&r->mock);
}

#define FETCH "UID FETCH 3 (BODY.PEEK[1.2])"

static const struct form_case {
	const char *name;
	struct imap_mock_rule rule;
	enum err want, after;
	const char *got;
} form_cases[] = {
	{ "a literal", { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1.2] {5}\r\nhe)\r\n)\r\n$ OK x\r\n" },
	    ERR_OK, ERR_OK, "he)\r\n" },
	{ "the uid behind it", { .at = FETCH, .say = "* 1 FETCH (BODY[1.2] {2}\r\nab UID 3)\r\n$ OK x\r\n" },
	    ERR_OK, ERR_OK, "ab" },
	{ "letter case", { .at = FETCH, .say = "* 1 fetch (uid 3 body[1.2] {2}\r\nab)\r\n$ OK x\r\n" },
	    ERR_OK, ERR_OK, "ab" },
	{ "a quoted string", { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1.2] \"a\\\"b\")\r\n$ OK x\r\n" },
	    ERR_OK, ERR_OK, "a\"b" },
	{ "an empty literal", { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1.2] {0}\r\n)\r\n$ OK x\r\n" },
	    ERR_OK, ERR_OK, "" },
	{ "an empty string", { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1.2] \"\")\r\n$ OK x\r\n" }, ERR_OK,
	    ERR_OK, "" },
	{ "flags of another message, and then of this",
	    { .at = FETCH,
		.say = "* 2 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (BODY[1.2] {2}\r\nab)\r\n"
		       "* 1 FETCH (UID 3 FLAGS ())\r\n$ OK x\r\n" },
	    ERR_OK, ERR_OK, "ab" },
	{ "NIL", { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1.2] NIL)\r\n$ OK x\r\n" }, ERR_NOT_FOUND,
	    ERR_OK, "" },
	{ "another section", { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1] {2}\r\nab)\r\n$ OK x\r\n" },
	    ERR_NOT_FOUND, ERR_OK, "" },
	{ "no such message", { .at = FETCH, .say = "$ OK x\r\n" }, ERR_NOT_FOUND, ERR_OK, "" },
	{ "refused", { .at = FETCH, .say = "$ NO [NOPERM] not for you\r\n" }, ERR_DENIED, ERR_OK, "" },
	{ "refused after the half",
	    { .at = FETCH, .say = "* 1 FETCH (BODY[1.2] {2}\r\nab)\r\n$ NO [SERVERBUG] sorry\r\n" },
	    ERR_UNAVAILABLE, ERR_OK, "ab" },
	{ "told twice",
	    { .at = FETCH, .say = "* 1 FETCH (BODY[1.2] {2}\r\nab BODY[1.2] {2}\r\nab)\r\n$ OK x\r\n" },
	    ERR_UNAVAILABLE, ERR_UNAVAILABLE, "ab" },
	{ "cut in the literal", { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1.2] {9}\r\nabc", .cut = true },
	    ERR_UNAVAILABLE, ERR_UNAVAILABLE, "abc" },
	{ "cut behind the literal",
	    { .at = FETCH, .say = "* 1 FETCH (UID 3 BODY[1.2] {3}\r\nabc)\r\n", .cut = true },
	    ERR_UNAVAILABLE, ERR_UNAVAILABLE, "abc" },
	{ "silent", { .at = FETCH, .say = IMAP_MOCK_HANG }, ERR_TIMEOUT, ERR_UNAVAILABLE, "" },
};

static void form(const struct form_case *c)
{
	struct run r = { .mock.rules[0] = c->rule, .want = c->want, .after = c->after };

	run(&r);
	assert_string_equal(r.got, c->got);
}
TEST_ROW(form)

/* No piece is larger than what is read at once, and the first comes long before the last. */
static void pieces_are_small(void **state)
{
	struct run r = { .want = ERR_UNAVAILABLE, .after = ERR_UNAVAILABLE };

	(void)state;
	r.mock.rules[0] = (struct imap_mock_rule){
		.at = FETCH, .say = "* 1 FETCH (BODY[1.2] {9000000}\r\n", .flood = 8 << 20, .cut = true
	};
	run(&r);
	assert_int_equal(r.len, 8 << 20);
	assert_in_range(r.max, 1, 64 * 1024);
}

/* Whoever reads it may stop: then the connection goes, for the rest would follow. */
static void the_reader_gives_up(void **state)
{
	struct run r = { .want = ERR_CANCELLED, .after = ERR_UNAVAILABLE, .give_up = ERR_CANCELLED };

	(void)state;
	r.mock.rules[0] = (struct imap_mock_rule){
		.at = FETCH, .say = "* 1 FETCH (BODY[1.2] {9000000}\r\n", .flood = 9000000
	};
	run(&r);
	assert_int_equal(r.pieces, 2);
}

int main(void)
{
	TEST_ADD_ROWS(form, form_cases);
	TEST_ADD(pieces_are_small);
	TEST_ADD(the_reader_gives_up);
	return test_run("imap_stream_part");
}
