#include "unit/backends/imap_mock.h"

/* Mails that are too much: for us, or for the server, which refuses, or hangs up whenever it is asked for them. The others come all
 * the same; and a server that is down is never taken for a mail that can't be read. */

enum { USUAL = 12000, LONG = 300 * 1000, LONG_LINE = 9 << 20 };

struct scene {
	struct imap_mock mock;
	struct imap_pool *pool;
	struct imap_login who;
	struct imap *c;
	struct arena *a;
	void (*run)(struct scene *s);
};

static void scene_main(void *arg)
{
	struct scene *s = arg;
	struct imap_config config = imap_mock_config(&s->mock);
	struct imap_status ignored;

	s->pool = imap_pool_new(fiber_loop(), &config);
	s->a = fiber_arena();
	s->who = imap_mock_login("ann");
	s->c = imap_mock_open_for(s->pool, "ann", "");
	imap_keep_login(s->c, &s->who);
	assert_int_equal(imap_select(s->c, BYTES("INBOX"), &ignored), ERR_OK);
	s->run(s);
	imap_close(&s->c);
	imap_pool_free(&s->pool);
}

static bool heard(const struct scene *s, const char *text)
{
	return strstr(s->mock.seen->heard, text) != NULL;
}

#define HEAD "FLAGS () INTERNALDATE \"24-Nov-2026 10:00:00 +0000\" RFC822.SIZE 11"
#define STRUCTURE "BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 3 1)"
#define HEADER "BODY[HEADER] {8}\r\nA: b\r\n\r\n"
#define WHOLE(uid) "* 1 FETCH (UID " uid " " HEAD " " STRUCTURE " " HEADER ")\r\n$ OK x\r\n"
#define ALL_ITEMS "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE"
#define SELECTED(exists, validity)                                                              \
	{                                                                                       \
		.at = "SELECT",                                                                 \
		.say = "* " exists " EXISTS\r\n* OK [UIDVALIDITY " validity "] x\r\n$ OK x\r\n" \
	}

/* ---- messages ---- */

static struct imap_message fetch_three(struct scene *s)
{
	static const uint32_t uids[] = { 5, 4, 3 };
	struct imap_messages m;

	assert_int_equal(imap_fetch_messages(s->c, s->a, uids, 3, &m), ERR_OK);
	assert_int_equal(m.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(m.v[i].flags.uid, uids[i]);
	for (size_t i = 0; i < 3; i += 2) {
		assert_int_equal(m.v[i].problem, ERR_OK);
		assert_non_null(m.v[i].structure);
		assert_bytes_str(m.v[i].header, "A: b\r\n\r\n");
	}
	return m.v[1];
}

/* At once, by itself among others, alone, and twice with less: then it is known that its flags alone can be had. */
static void hangs_up_on_one(struct scene *s)
{
	struct imap_message m = fetch_three(s);

	assert_int_equal(m.problem, ERR_UNAVAILABLE);
	assert_int_equal(m.flags.flags, IMAP_SEEN);
	assert_int_equal(m.header.len, 0);
	assert_int_equal(imap_mends(s->c), 5);
	assert_int_equal(imap_mock_connections(&s->mock), 6);
}

static void hangs_up_on_its_structure(struct scene *s)
{
	struct imap_message m = fetch_three(s);

	assert_int_equal(m.problem, ERR_UNAVAILABLE);
	assert_bytes_str(m.header, "A: b\r\n\r\n");
	assert_int_equal(imap_mends(s->c), 3);
}

static void hangs_up_once(struct scene *s)
{
	struct imap_message m = fetch_three(s);

	assert_int_equal(m.problem, ERR_OK);
	assert_non_null(m.structure);
	assert_int_equal(imap_mends(s->c), 1);
}

static void refuses_one(struct scene *s)
{
	struct imap_message m = fetch_three(s);

	assert_int_equal(m.problem, ERR_OK);
	assert_null(m.structure);
	assert_bytes_str(m.header, "A: b\r\n\r\n");
	assert_int_equal(imap_mends(s->c), 0);
}

/* Not even its flags: it is there all the same. */
static void refuses_all_of_one(struct scene *s)
{
	struct imap_message m = fetch_three(s);

	assert_int_equal(m.problem, ERR_DENIED);
	assert_int_equal(imap_mends(s->c), 0);
}

static enum err fetch_one(struct scene *s, struct imap_message *out)
{
	uint32_t uid = 4;
	struct imap_messages m;
	enum err e = imap_fetch_messages(s->c, s->a, &uid, 1, &m);

	if (!e) {
		assert_int_equal(m.n, 1);
		*out = m.v[0];
	}
	return e;
}

static void fails(struct scene *s, enum err want)
{
	struct imap_message m;

	assert_int_equal(fetch_one(s, &m), want);
}

static void is_down(struct scene *s)
{
	fails(s, ERR_UNAVAILABLE);
	assert_true(imap_problem(s->c)[0]);
	assert_int_equal(imap_mends(s->c), 0);
}

static void is_replaced(struct scene *s)
{
	fails(s, ERR_NOT_FOUND);
}

static void can_read_nothing(struct scene *s)
{
	struct imap_status ignored;

	fails(s, ERR_UNAVAILABLE);
	assert_true(heard(s, " FETCH 1 (UID") && heard(s, " FETCH 9 (UID"));
	assert_int_equal(imap_status(s->c, BYTES("INBOX"), &ignored), ERR_UNAVAILABLE);
}

static void can_read_another(struct scene *s)
{
	struct imap_message m;

	assert_int_equal(fetch_one(s, &m), ERR_OK);
	assert_int_equal(m.problem, ERR_UNAVAILABLE);
}

/* And is back where it was then. */
static void can_read_another_mailbox(struct scene *s)
{
	struct imap_status inbox;

	can_read_another(s);
	assert_int_equal(imap_select(s->c, BYTES("INBOX"), &inbox), ERR_OK);
	assert_int_equal(inbox.messages, 9);
}

static void is_alone_and_can_read_nothing(struct scene *s)
{
	fails(s, ERR_UNAVAILABLE);
}

/* The first are seen to, the others left for another call. */
static void hangs_up_on_all(struct scene *s)
{
	uint32_t uids[20];
	struct imap_messages m;
	size_t seen = 0;

	for (uint32_t i = 0; i < 20; i++)
		uids[i] = 40 - i;
	assert_int_equal(imap_fetch_messages(s->c, s->a, uids, 20, &m), ERR_OK);
	assert_int_equal(m.n, 20);
	while (seen < m.n && !m.v[seen].unasked)
		assert_int_equal(m.v[seen++].problem, ERR_UNAVAILABLE);
	assert_in_range(seen, 1, 19);
	for (size_t i = seen; i < m.n; i++)
		assert_true(m.v[i].unasked);
	assert_in_range(imap_mends(s->c), 10, 20);
}

/* Of a small arena each order may fill a part only. */
static void long_header(struct scene *s)
{
	struct imap_message m;
	struct arena *small = arena_new(2 * LONG);

	s->a = small;
	assert_int_equal(fetch_one(s, &m), ERR_OK);
	assert_int_equal(m.problem, ERR_OK);
	assert_non_null(m.structure);
	assert_bytes_str(m.header, "A: b\r\n");
	assert_true(heard(s, "BODY.PEEK[HEADER]<0."));
	assert_int_equal(imap_mock_connections(&s->mock), 1);
	arena_free(&small);
}

/* However small the arena is: what many mails have isn't taken for odd. */
static void usual_header(struct scene *s)
{
	struct imap_message m;
	struct arena *small = arena_new(64 * 1024);

	s->a = small;
	assert_int_equal(fetch_one(s, &m), ERR_OK);
	assert_int_equal(m.header.len, USUAL);
	arena_free(&small);
}

static void long_structure(struct scene *s)
{
	struct imap_message m;

	assert_int_equal(fetch_one(s, &m), ERR_OK);
	assert_int_equal(m.problem, ERR_OK);
	assert_null(m.structure);
	assert_bytes_str(m.header, "A: b\r\n\r\n");
	assert_int_equal(imap_mock_connections(&s->mock), 1);
}

/* ---- parts ---- */

static void part_of_one(struct scene *s)
{
	struct imap_part_request v[] = { { .uid = 3, .section = "1" }, { .uid = 4, .section = "1" },
		{ .uid = 4, .section = "2" }, { .uid = 5, .section = "1" } };

	assert_int_equal(imap_fetch_parts(s->c, s->a, v, 4), ERR_OK);
	assert_true(v[0].found && v[3].found && !v[1].found && !v[2].found);
	assert_int_equal(v[0].problem, ERR_OK);
	assert_int_equal(v[1].problem, ERR_UNAVAILABLE);
	assert_int_equal(v[2].problem, ERR_UNAVAILABLE);
	assert_int_equal(imap_mends(s->c), 3);
}

/* A page goes on with those of the first mails, and leaves the others for another call. */
static void parts_of_none(struct scene *s)
{
	enum { MAILS = 20 };
	struct imap_part_request v[2 * MAILS] = { 0 };
	struct imap_order *o;
	size_t seen = 0;

	for (uint32_t i = 0; i < 2 * MAILS; i++)
		v[i] = (struct imap_part_request){ .uid = 40 - i / 2, .section = i % 2 ? "2" : "1" };
	assert_int_equal(imap_order_parts(s->c, s->a, v, 2 * MAILS, &o), ERR_OK);
	assert_int_equal(imap_await(s->c, o), ERR_OK);
	while (seen < 2 * MAILS && !v[seen].unasked)
		assert_int_equal(v[seen++].problem, ERR_UNAVAILABLE);
	assert_in_range(seen, 2, 2 * MAILS - 1);
	assert_int_equal(seen % 2, 0);
	for (size_t i = seen; i < 2 * MAILS; i++)
		assert_true(v[i].unasked);
	assert_in_range(imap_mends(s->c), 10, 20);
}

/* What is refused isn't taken for gone; what has gone meanwhile is. */
static void parts_are_refused(struct scene *s)
{
	struct imap_part_request v[] = { { .uid = 3, .section = "1" }, { .uid = 4, .section = "1" },
		{ .uid = 5, .section = "1" } };

	assert_int_equal(imap_fetch_parts(s->c, s->a, v, 3), ERR_OK);
	assert_true(v[0].found && !v[1].found && !v[2].found);
	assert_int_equal(v[1].problem, ERR_DENIED);
	assert_int_equal(v[2].problem, ERR_OK);
	assert_int_equal(imap_mends(s->c), 0);
}

/* What is under way beside it comes, too, and other calls go on. */
static void with_an_order_beside(struct scene *s)
{
	struct imap_part_request part = { .uid = 3, .section = "1" };
	struct imap_order *first, *second;
	struct imap_messages m;
	struct imap_status status;
	uint32_t uid = 4;

	assert_int_equal(imap_order_messages(s->c, s->a, &uid, 1, &m, &first), ERR_OK);
	assert_int_equal(imap_order_parts(s->c, s->a, &part, 1, &second), ERR_OK);
	assert_int_equal(imap_status(s->c, BYTES("Sent"), &status), ERR_OK);
	assert_int_equal(status.messages, 2);
	assert_int_equal(imap_await(s->c, first), ERR_OK);
	assert_int_equal(imap_await(s->c, second), ERR_OK);
	assert_int_equal(m.v[0].problem, ERR_UNAVAILABLE);
	assert_true(part.found);
}

/* ---- searches ---- */

static void since_some_day(struct scene *s)
{
	struct imap_uids uids;

	assert_int_equal(imap_search_since(s->c, s->a, 1700000000, &uids), ERR_OK);
	assert_int_equal(uids.n, 2);
	assert_int_equal(uids.v[0], 3);
	assert_int_equal(uids.v[1], 4); /* of which it can't tell */
}

static void for_a_word(struct scene *s)
{
	struct imap_uids uids;
	struct query q = { .kind = QUERY_TEXT, .places = PLACE_BODY, .text = BYTES("x") };

	assert_int_equal(imap_search(s->c, s->a, &q, &uids), ERR_OK);
	assert_int_equal(uids.n, 1);
	assert_int_equal(uids.v[0], 3);
}

/* Of a dozen the newest nine can't be looked into. */
static void among_the_oldest(struct scene *s)
{
	struct imap_uids uids;
	struct query q = { .kind = QUERY_TEXT, .places = PLACE_BODY, .text = BYTES("x") };

	assert_int_equal(imap_search(s->c, s->a, &q, &uids), ERR_OK);
	assert_int_equal(uids.n, 2);
	assert_int_equal(uids.v[0], 1);
	assert_int_equal(uids.v[1], 3);
}

static void search_fails(struct scene *s)
{
	struct imap_uids uids;

	assert_int_equal(imap_search_since(s->c, s->a, 1700000000, &uids), ERR_UNAVAILABLE);
}

static void dates(struct scene *s)
{
	static const uint32_t uids[] = { 3, 4, 5 };
	int64_t *v;

	assert_int_equal(imap_fetch_dates(s->c, s->a, uids, 3, &v), ERR_OK);
	assert_true(v[0] != IMAP_NO_DATE && v[1] == IMAP_NO_DATE && v[2] != IMAP_NO_DATE);
}

#define ONE_ANSWER(uid, item) "* 1 FETCH (UID " uid " " item ")\r\n$ OK x\r\n"
#define DATE "INTERNALDATE \"24-Nov-2026 10:00:00 +0000\""
#define REFUSED "$ NO [SERVERBUG] Internal error\r\n"
#define TWELVE "* SEARCH 1 2 3 4 5 6 7 8 9 10 11 12\r\n$ OK x\r\n"
#define ALL_THREE                                                                           \
	{                                                                                   \
		.at = "UID SEARCH UID 1:* UNDELETED", .say = "* SEARCH 3 4 5\r\n$ OK x\r\n" \
	}

static const struct mend_case {
	const char *name;
	void (*run)(struct scene *s);
	struct imap_mock_rule rules[6];
} mend_cases[] = {
	{ "hangs up on one of three", hangs_up_on_one,
	    { { .at = "UID FETCH 3:5", .say = NULL }, { .at = "UID FETCH 3", .say = WHOLE("3") },
		{ .at = "UID FETCH 5", .say = WHOLE("5") },
		{ .at = "UID FETCH 4 (UID FLAGS)", .say = ONE_ANSWER("4", "FLAGS (\\Seen)") },
		{ .at = "UID FETCH 4", .say = NULL } } },
	{ "says goodbye on one of three", hangs_up_on_one,
	    { { .at = "UID FETCH 3:5", .say = "* BYE FETCH failed\r\n", .cut = true },
		{ .at = "UID FETCH 3", .say = WHOLE("3") }, { .at = "UID FETCH 5", .say = WHOLE("5") },
		{ .at = "UID FETCH 4 (UID FLAGS)", .say = ONE_ANSWER("4", "FLAGS (\\Seen)") },
		{ .at = "UID FETCH 4", .say = "* BYE FETCH failed\r\n", .cut = true } } },
	{ "hangs up on a structure", hangs_up_on_its_structure,
	    { { .at = "UID FETCH 3:5", .say = NULL }, { .at = "UID FETCH 3", .say = WHOLE("3") },
		{ .at = "UID FETCH 5", .say = WHOLE("5") }, { .at = "UID FETCH 4 " ALL_ITEMS, .say = NULL },
		{ .at = "UID FETCH 4", .say = ONE_ANSWER("4", HEAD " " HEADER) } } },
	{ "hangs up once", hangs_up_once,
	    { { .at = "UID FETCH 3:5", .say = NULL }, { .at = "UID FETCH 3", .say = WHOLE("3") },
		{ .at = "UID FETCH 4", .say = WHOLE("4") }, { .at = "UID FETCH 5", .say = WHOLE("5") } } },
	{ "refuses one of three", refuses_one,
	    { { .at = "UID FETCH 3:5", .say = "$ NO can't\r\n" }, { .at = "UID FETCH 3", .say = WHOLE("3") },
		{ .at = "UID FETCH 5", .say = WHOLE("5") },
		{ .at = "UID FETCH 4 " ALL_ITEMS, .say = "$ NO can't\r\n" },
		{ .at = "UID FETCH 4", .say = ONE_ANSWER("4", HEAD " " HEADER) } } },
	{ "refuses all of one", refuses_all_of_one,
	    { { .at = "UID FETCH 3:5", .say = "$ NO can't\r\n" }, { .at = "UID FETCH 3", .say = WHOLE("3") },
		{ .at = "UID FETCH 5", .say = WHOLE("5") },
		{ .at = "UID FETCH 4", .say = "$ NO can't\r\n" } } },
	{ "is down from then on", is_down,
	    { { .at = "UID FETCH", .say = NULL }, { .at = "", .say = NULL, .connection = 2 } } },
	{ "lets nobody in from then on", is_down,
	    { { .at = "UID FETCH", .say = NULL },
		{ .at = "AUTHENTICATE", .say = "$ NO [UNAVAILABLE] later\r\n", .connection = 2 } } },
	{ "has another mailbox then", is_replaced,
	    { { .at = "UID FETCH", .say = NULL },
		{ .at = "SELECT",
		    .say = "* 2 EXISTS\r\n* OK [UIDVALIDITY 8] x\r\n$ OK x\r\n",
		    .connection = 2 } } },
	{ "can read nothing", can_read_nothing,
	    { SELECTED("9", "7"), { .at = "UID FETCH", .say = NULL }, { .at = "FETCH", .say = NULL } } },
	{ "can read another", can_read_another,
	    { SELECTED("9", "7"), { .at = "UID FETCH", .say = NULL }, { .at = "FETCH 9", .say = NULL },
		{ .at = "FETCH 1", .say = ONE_ANSWER("2", HEADER) } } },
	{ "can read only the same", can_read_nothing,
	    { SELECTED("9", "7"), { .at = "UID FETCH", .say = NULL },
		{ .at = "STATUS \"Sent\"", .say = "* STATUS Sent (MESSAGES 0)\r\n$ OK x\r\n" },
		{ .at = "FETCH", .say = ONE_ANSWER("4", HEADER) } } },
	{ "can read one of another mailbox", can_read_another_mailbox,
	    { { .at = "SELECT \"Sent\"", .say = "* 6 EXISTS\r\n* OK [UIDVALIDITY 8] x\r\n$ OK x\r\n" },
		SELECTED("9", "7"), { .at = "UID FETCH", .say = NULL },
		{ .at = "FETCH 6", .say = ONE_ANSWER("4", HEADER) }, { .at = "FETCH", .say = NULL } } },
	{ "has one mail, and can't read another mailbox's", is_alone_and_can_read_nothing,
	    { SELECTED("1", "7"), { .at = "UID FETCH", .say = NULL }, { .at = "FETCH", .say = NULL } } },
	{ "has one mail only", can_read_another,
	    { SELECTED("1", "7"), { .at = "UID FETCH", .say = NULL }, { .at = "FETCH", .say = NULL },
		{ .at = "STATUS \"Sent\"", .say = "* STATUS Sent (MESSAGES 0)\r\n$ OK x\r\n" } } },
	{ "hangs up on all", hangs_up_on_all, { { .at = "UID FETCH", .say = NULL } } },
	{ "long header", long_header,
	    { { .at = "UID FETCH 4 " ALL_ITEMS,
		  .say = "* 1 FETCH (UID 4 " HEAD " " STRUCTURE " BODY[HEADER] {300000}\r\n",
		  .flood = LONG,
		  .then = ")\r\n$ OK x\r\n" },
		{ .at = "UID FETCH 4", .say = ONE_ANSWER("4", HEAD " BODY[HEADER]<0> {6}\r\nA: b\r\n") } } },
	{ "usual header in a small arena", usual_header,
	    { { .at = "UID FETCH 4 " ALL_ITEMS,
		  .say = "* 1 FETCH (UID 4 " HEAD " " STRUCTURE " BODY[HEADER] {12000}\r\n",
		  .flood = USUAL,
		  .then = ")\r\n$ OK x\r\n" },
		{ .at = "UID FETCH 4", .say = ONE_ANSWER("4", HEAD " BODY[HEADER]<0> {6}\r\nA: b\r\n") } } },
	{ "long structure", long_structure,
	    { { .at = "UID FETCH 4 " ALL_ITEMS,
		  .say = "* 1 FETCH (UID 4 " HEAD " BODYSTRUCTURE (\"",
		  .flood = LONG_LINE,
		  .then = "\" {3}\r\n\r\n() " HEADER ")\r\n$ OK x\r\n" },
		{ .at = "UID FETCH 4", .say = ONE_ANSWER("4", HEAD " " HEADER) } } },
	{ "hangs up on the parts of one", part_of_one,
	    { { .at = "UID FETCH 3:5", .say = NULL },
		{ .at = "UID FETCH 3 (UID BODY.PEEK[1]", .say = ONE_ANSWER("3", "BODY[1] \"a\"") },
		{ .at = "UID FETCH 5 (UID BODY.PEEK[1]", .say = ONE_ANSWER("5", "BODY[1] \"a\"") },
		{ .at = "UID FETCH 4", .say = NULL } } },
	{ "hangs up on all parts", parts_of_none, { { .at = "UID FETCH", .say = NULL } } },
	{ "refuses parts", parts_are_refused,
	    { { .at = "UID FETCH 3:5", .say = "$ NO can't\r\n" },
		{ .at = "UID FETCH 3", .say = ONE_ANSWER("3", "BODY[1] \"a\"") },
		{ .at = "UID FETCH 4", .say = "$ NO can't\r\n" },
		{ .at = "UID FETCH 5", .say = "$ NO [EXPUNGEISSUED] gone\r\n" } } },
	{ "with an order beside", with_an_order_beside,
	    { { .at = "UID FETCH 4", .say = NULL },
		{ .at = "UID FETCH 3", .say = ONE_ANSWER("3", "BODY[1] \"a\"") } } },
	{ "refuses a search by dates", since_some_day,
	    { { .at = "UID SEARCH UNDELETED SINCE", .say = REFUSED }, ALL_THREE,
		{ .at = "UID SEARCH UID 3:3", .say = "* SEARCH 3\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 5:5", .say = "* SEARCH\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 4:", .say = REFUSED } } },
	{ "hangs up on a search by dates", since_some_day,
	    { { .at = "UID SEARCH UNDELETED SINCE", .say = NULL }, ALL_THREE,
		{ .at = "UID SEARCH UID 3:3", .say = "* SEARCH 3\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 5:5", .say = "* SEARCH\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 4:", .say = NULL } } },
	{ "hangs up after a refused search", since_some_day,
	    { { .at = "UID SEARCH UNDELETED SINCE", .say = REFUSED "* BYE relogin\r\n", .cut = true },
		ALL_THREE, { .at = "UID SEARCH UID 3:3", .say = "* SEARCH 3\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 5:5", .say = "* SEARCH\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 4:", .say = REFUSED "* BYE relogin\r\n", .cut = true } } },
	{ "hangs up on a search for a word", for_a_word,
	    { { .at = "UID SEARCH UNDELETED BODY", .say = NULL }, ALL_THREE,
		{ .at = "UID SEARCH UID 3:3", .say = "* SEARCH 3\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 5:5", .say = "* SEARCH\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 4:", .say = NULL } } },
	{ "refuses a search among the newest", among_the_oldest,
	    { { .at = "UID SEARCH UID 1:* UNDELETED\r", .say = TWELVE },
		{ .at = "UID SEARCH UID 1:3 ", .say = "* SEARCH 1 3\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH UID 1:1 ", .say = "* SEARCH 1\r\n$ OK x\r\n" },
		{ .at = "UID SEARCH", .say = REFUSED } } },
	{ "refuses all searches by dates", search_fails,
	    { { .at = "UID SEARCH UID 1:* UNDELETED", .say = TWELVE },
		{ .at = "UID SEARCH", .say = REFUSED } } },
	{ "is down after a search", search_fails,
	    { { .at = "UID SEARCH", .say = NULL }, { .at = "", .say = NULL, .connection = 2 } } },
	{ "hangs up on a date", dates,
	    { { .at = "UID FETCH 3:5", .say = NULL }, { .at = "UID FETCH 3 ", .say = ONE_ANSWER("3", DATE) },
		{ .at = "UID FETCH 5 ", .say = ONE_ANSWER("5", DATE) },
		{ .at = "UID FETCH 4", .say = NULL } } },
};

static void mend(const struct mend_case *c)
{
	struct scene s = { .run = c->run };

	memcpy(s.mock.rules, c->rules, sizeof(c->rules));
	imap_mock_start(&s.mock);
	on_fiber(scene_main, &s);
	imap_mock_stop(&s.mock);
}
TEST_ROW(mend)

int main(void)
{
	TEST_ADD_ROWS(mend, mend_cases);
	return test_run("imap_mend");
}
