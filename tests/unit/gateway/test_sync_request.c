/* What a Sync request asks for: what it says, what it leaves out, and what is wrong with it. */
#include "testing.h"

#include "sync/sync_request.h"
#include "wbxml/dump.h"

enum { MAX_COLLECTIONS = 3 };

static struct request *request_of(enum eas_version v)
{
	static struct config config = {
		.heartbeat_min_s = 60, .heartbeat_max_s = 1700, .max_sync_collections = MAX_COLLECTIONS
	};
	static struct worker worker;
	struct request *rq = arena_alloc(test_arena(), sizeof(*rq));

	worker.config = &config;
	*rq = (struct request){ .arena = test_arena(), .worker = &worker, .version = v };
	return rq;
}

/* NULL: a request without a body. */
static const struct wbxml_node *tree_of(const char *dump)
{
	struct wbxml_node *root = NULL;
	struct bytes doc;
	size_t line;

	if (!dump)
		return NULL;
	assert_int_equal(wbxml_undump(test_arena(), bytes_str(dump), &doc, &line), ERR_OK);
	assert_int_equal(wbxml_tree(test_arena(), doc, 10000, &root, NULL, NULL), ERR_OK);
	return root;
}

#define IN_SYNC(more) "AirSync:Sync\n\tAirSync:Collections\n" more
#define COLLECTION(key, id, more)                                                                     \
	"\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"" key "\"\n\t\t\tAirSync:CollectionId \"" id \
	"\"\n" more
#define ONE(more) IN_SYNC(COLLECTION("k", "5", more))
#define OPTION(name, value) "\t\t\t\tAirSync:" name " \"" value "\"\n"

/* ---- one collection ---- */

static const struct collection_case {
	const char *name, *dump;
	uint32_t status; /* of the collection */
	uint32_t window;
	bool get_changes, deletes_as_moves;
} collection_cases[] = {
	{ "nothing said", ONE(""), 0, 100, true, true },
	{ "key 0 wants no changes", IN_SYNC(COLLECTION("0", "5", "")), 0, 100, false, true },
	{ "WindowSize 0", ONE("\t\t\tAirSync:WindowSize \"0\"\n"), 0, 512, true, true },
	{ "WindowSize 1", ONE("\t\t\tAirSync:WindowSize \"1\"\n"), 0, 1, true, true },
	{ "WindowSize 512", ONE("\t\t\tAirSync:WindowSize \"512\"\n"), 0, 512, true, true },
	{ "WindowSize beyond", ONE("\t\t\tAirSync:WindowSize \"513\"\n"), 0, 512, true, true },
	{ "WindowSize far beyond", ONE("\t\t\tAirSync:WindowSize \"99999999999\"\n"), 0, 512, true, true },
	{ "WindowSize that is no number", ONE("\t\t\tAirSync:WindowSize \"many\"\n"), 4, 0, true, true },
	{ "empty tags mean yes", ONE("\t\t\tAirSync:DeletesAsMoves\n\t\t\tAirSync:GetChanges\n"), 0, 100,
	    true, true },
	{ "no and no", ONE("\t\t\tAirSync:DeletesAsMoves \"0\"\n\t\t\tAirSync:GetChanges \"0\"\n"), 0, 100,
	    false, false },
	{ "GetChanges that is no boolean", ONE("\t\t\tAirSync:GetChanges \"2\"\n"), 4, 0, true, true },
	{ "ConversationMode that is no boolean", ONE("\t\t\tAirSync:ConversationMode \"2\"\n"), 4, 0, true,
	    true },
	{ "an unknown class", ONE("\t\t\tAirSync:Class \"Faxes\"\n"), 4, 0, true, true },
	{ "Email and SMS",
	    ONE("\t\t\tAirSync:Options\n" OPTION("Class", "Email") "\t\t\tAirSync:Options\n" OPTION(
		"Class", "SMS")),
	    0, 100, true, true },
	{ "SMS and Email",
	    ONE("\t\t\tAirSync:Options\n" OPTION("Class", "SMS") "\t\t\tAirSync:Options\n" OPTION(
		"Class", "Email")),
	    0, 100, true, true },
	{ "SMS alone", ONE("\t\t\tAirSync:Options\n" OPTION("Class", "SMS")), 0, 100, true, true },
	{ "SMS twice",
	    ONE("\t\t\tAirSync:Options\n" OPTION("Class", "SMS") "\t\t\tAirSync:Options\n" OPTION(
		"Class", "SMS")),
	    4, 0, true, true },
	{ "the same class twice",
	    ONE("\t\t\tAirSync:Options\n" OPTION("Class", "Email") "\t\t\tAirSync:Options\n" OPTION(
		"Class", "Email")),
	    4, 0, true, true },
	{ "an option twice", ONE("\t\t\tAirSync:Options\n" OPTION("Conflict", "1") OPTION("Conflict", "1")),
	    4, 0, true, true },
	{ "Conflict beyond", ONE("\t\t\tAirSync:Options\n" OPTION("Conflict", "2")), 4, 0, true, true },
	{ "no SyncKey", IN_SYNC("\t\tAirSync:Collection\n\t\t\tAirSync:CollectionId \"5\"\n"), 4, 0, false,
	    true },
};

static void collection(const struct collection_case *c)
{
	struct sync_request s;

	assert_int_equal(
	    sync_request_parse(request_of(EAS_14_1), tree_of(c->dump), bytes_of(NULL, 0), &s), ERR_OK);
	assert_int_equal(s.status, 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.v[0].status, c->status);
	if (c->status)
		return;
	assert_int_equal(s.v[0].id, 5);
	assert_int_equal(s.v[0].window, c->window);
	assert_int_equal(s.v[0].get_changes, c->get_changes);
	assert_int_equal(s.v[0].deletes_as_moves, c->deletes_as_moves);
}
TEST_ROW(collection)

/* An empty tag means yes; the version before 14.0 doesn't know it. */
static void conversation_mode(void **state)
{
	static const struct {
		const char *dump;
		enum eas_version version;
		bool said, yes;
	} rows[] = {
		{ ONE(""), EAS_16_1, false, false },
		{ ONE("\t\t\tAirSync:ConversationMode\n"), EAS_16_1, true, true },
		{ ONE("\t\t\tAirSync:ConversationMode \"1\"\n"), EAS_14_0, true, true },
		{ ONE("\t\t\tAirSync:ConversationMode \"0\"\n"), EAS_14_0, true, false },
		{ ONE("\t\t\tAirSync:ConversationMode \"1\"\n"), EAS_12_1, false, true },
	};
	struct sync_request s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(sync_request_parse(request_of(rows[i].version), tree_of(rows[i].dump),
				     bytes_of(NULL, 0), &s),
		    ERR_OK);
		assert_int_equal(s.v[0].status, 0);
		assert_int_equal(s.v[0].has_conversation_mode, rows[i].said);
		assert_int_equal(s.v[0].conversation_mode, rows[i].yes);
	}
}

/* Whichever block comes first, each class has its own. */
static void options_of_sms(void **state)
{
	static const char *const dumps[] = {
		ONE("\t\t\tAirSync:Options\n" OPTION("FilterType", "2") "\t\t\tAirSync:Options\n" OPTION(
		    "Class", "SMS") OPTION("FilterType", "3")),
		ONE("\t\t\tAirSync:Options\n" OPTION("Class", "SMS")
			OPTION("FilterType", "3") "\t\t\tAirSync:Options\n" OPTION("FilterType", "2")),
	};
	struct sync_request s;

	(void)state;
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		assert_int_equal(
		    sync_request_parse(request_of(EAS_14_1), tree_of(dumps[i]), bytes_of(NULL, 0), &s),
		    ERR_OK);
		assert_true(s.v[0].wants_sms);
		assert_int_equal(s.v[0].sms_options.filter_type, FILTER_1_WEEK);
		assert_int_equal(s.v[0].options.filter_type, FILTER_3_DAYS);
	}
	assert_int_equal(
	    sync_request_parse(request_of(EAS_14_1),
		tree_of(ONE("\t\t\tAirSync:Options\n" OPTION("Class", "Email"))), bytes_of(NULL, 0), &s),
	    ERR_OK);
	assert_false(s.v[0].wants_sms);
}

static void two_hundred_commands_and_no_more(void **state)
{
	(void)state;
	for (unsigned n = 200; n <= 201; n++) {
		struct sync_request s;
		struct bytes dump;
		struct buf b;

		buf_init(&b, test_arena(), 0);
		buf_put_str(&b, ONE("\t\t\tAirSync:Commands\n"));
		for (unsigned i = 0; i < n; i++)
			buf_printf(&b, "\t\t\t\tAirSync:Fetch\n\t\t\t\t\tAirSync:ServerId \"5:%u\"\n", i);
		buf_put_u8(&b, 0);
		assert_int_equal(buf_done(&b, &dump), ERR_OK);
		assert_int_equal(sync_request_parse(request_of(EAS_14_1), tree_of((const char *)dump.p),
				     bytes_of(NULL, 0), &s),
		    ERR_OK);
		assert_int_equal(s.v[0].status, n > 200 ? 4 : 0);
	}
}

/* ---- the whole ---- */

static const struct whole_case {
	const char *name, *dump;
	uint32_t status, limit, heartbeat_s, window;
} whole_cases[] = {
	{ "nothing said", ONE(""), 0, 0, 0, 512 },
	{ "WindowSize of the whole", ONE("\tAirSync:WindowSize \"30\"\n"), 0, 0, 0, 30 },
	{ "Wait is in minutes", ONE("\tAirSync:Wait \"2\"\n"), 0, 0, 120, 512 },
	{ "HeartbeatInterval is in seconds", ONE("\tAirSync:HeartbeatInterval \"120\"\n"), 0, 0, 120, 512 },
	{ "0 is no wait (iOS)", ONE("\tAirSync:HeartbeatInterval \"0\"\n"), 0, 0, 0, 512 },
	{ "both", ONE("\tAirSync:Wait \"2\"\n\tAirSync:HeartbeatInterval \"120\"\n"), 4, 0, 0, 512 },
	{ "no number", ONE("\tAirSync:Wait \"long\"\n"), 4, 0, 0, 512 },
	{ "too short", ONE("\tAirSync:HeartbeatInterval \"59\"\n"), 14, 60, 0, 512 },
	{ "too long", ONE("\tAirSync:HeartbeatInterval \"1701\"\n"), 14, 1700, 0, 512 },
	{ "much too long", ONE("\tAirSync:HeartbeatInterval \"99999999999\"\n"), 14, 1700, 0, 512 },
	{ "too many minutes", ONE("\tAirSync:Wait \"29\"\n"), 14, 28, 0, 512 },
	{ "too many folders",
	    IN_SYNC(COLLECTION("k", "1", "") COLLECTION("k", "2", "") COLLECTION("k", "3", "")
		    COLLECTION("k", "4", "")),
	    15, MAX_COLLECTIONS, 0, 512 },
	{ "no folder at all", "AirSync:Sync\n\tAirSync:Wait \"2\"\n", 4, 0, 120, 512 },
	{ "Partial alone", "AirSync:Sync\n\tAirSync:Partial\n", 4, 0, 0, 512 },
	{ "Partial without a former one", "AirSync:Sync\n\tAirSync:Wait \"2\"\n\tAirSync:Partial\n", 13, 0,
	    120, 512 },
	{ "empty without a former one", NULL, 13, 0, 0, 512 },
};

static void whole(const struct whole_case *c)
{
	struct sync_request s;

	assert_int_equal(
	    sync_request_parse(request_of(EAS_14_1), tree_of(c->dump), bytes_of(NULL, 0), &s), ERR_OK);
	assert_int_equal(s.status, c->status);
	assert_int_equal(s.limit, c->limit);
	assert_int_equal(s.heartbeat_s, c->heartbeat_s);
	assert_int_equal(s.window, c->window);
}
TEST_ROW(whole)

static void a_folder_twice(void **state)
{
	struct sync_request s;

	(void)state;
	assert_int_equal(
	    sync_request_parse(request_of(EAS_14_1),
		tree_of(IN_SYNC(COLLECTION("k", "5", "") COLLECTION("k", "5", ""))), bytes_of(NULL, 0), &s),
	    ERR_OK);
	assert_int_equal(s.v[1].status, 4);
}

/* ---- what is remembered ---- */

static struct bytes remembered(size_t *shape_len)
{
	struct sync_request s;
	struct bytes out;

	assert_int_equal(
	    sync_request_parse(request_of(EAS_14_1),
		tree_of(IN_SYNC(COLLECTION("k", "5", "\t\t\tAirSync:WindowSize \"7\"\n") COLLECTION(
		    "k", "6", "\t\t\tAirSync:DeletesAsMoves \"0\"\n")) "\tAirSync:Wait \"3\"\n"),
		bytes_of(NULL, 0), &s),
	    ERR_OK);
	s.v[0].proven = (struct sync_key){ 0xABCDEF, 4 };
	s.v[1].proven = (struct sync_key){ UINT64_MAX, 9 };
	assert_int_equal(sync_request_encode(test_arena(), &s, &out, shape_len), ERR_OK);
	return test_copy(out);
}

static void the_empty_request_is_the_former_one(void **state)
{
	struct sync_request s;
	size_t shape_len;

	(void)state;
	assert_int_equal(sync_request_parse(request_of(EAS_14_1), NULL, remembered(&shape_len), &s), ERR_OK);
	assert_int_equal(s.status, 0);
	assert_true(s.from_cache);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.heartbeat_s, 180);
	assert_int_equal(s.v[0].window, 7);
	assert_true(s.v[0].key_current && s.v[1].key_current);
	assert_true(s.v[0].proven.epoch == 0xABCDEF && s.v[0].proven.generation == 4);
	assert_true(s.v[1].proven.epoch == UINT64_MAX && s.v[1].proven.generation == 9);
	assert_false(s.v[1].deletes_as_moves);
}

static void a_partial_request_overrides(void **state)
{
	struct sync_request s;
	size_t shape_len;

	(void)state;
	assert_int_equal(sync_request_parse(request_of(EAS_14_1),
			     tree_of(IN_SYNC(COLLECTION(
				 "mine", "6", "")) "\tAirSync:WindowSize \"20\"\n\tAirSync:Partial\n"),
			     remembered(&shape_len), &s),
	    ERR_OK);
	assert_int_equal(s.status, 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.window, 20);
	assert_int_equal(s.heartbeat_s, 180);
	assert_int_equal(s.v[0].id, 6);
	assert_true(bytes_eq_str(s.v[0].key, "mine"));
	assert_false(s.v[0].key_current);
	assert_int_equal(s.v[1].id, 5);
	assert_true(s.v[1].key_current);
}

static void what_is_remembered_is_damaged(void **state)
{
	size_t shape_len;
	struct bytes whole_one = remembered(&shape_len);

	(void)state;
	for (size_t i = 0; i < whole_one.len; i++) {
		struct sync_request s;

		assert_int_equal(
		    sync_request_parse(request_of(EAS_14_1), NULL, test_copy(bytes_of(whole_one.p, i)), &s),
		    ERR_OK);
		assert_int_equal(s.status, 13);
	}
}

int main(void)
{
	TEST_ADD_ROWS(collection, collection_cases);
	TEST_ADD(conversation_mode);
	TEST_ADD(options_of_sms);
	TEST_ADD(two_hundred_commands_and_no_more);
	TEST_ADD_ROWS(whole, whole_cases);
	TEST_ADD(a_folder_twice);
	TEST_ADD(the_empty_request_is_the_former_one);
	TEST_ADD(a_partial_request_overrides);
	TEST_ADD(what_is_remembered_is_damaged);
	return test_run("sync request");
}
