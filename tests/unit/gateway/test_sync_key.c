#include "testing.h"

#include "sync/results.h"
#include "sync/sync_key.h"

static const struct key_case {
	const char *name, *text;
	enum err want;
	uint64_t epoch;
	uint32_t generation;
} key_cases[] = {
	{ "the first", "0", ERR_OK, 0, 0 },
	{ "an empty one counts as the first", "", ERR_OK, 0, 0 },
	{ "one of ours", "00000000deadbeef.12", ERR_OK, 0xdeadbeef, 12 },
	{ "the largest", "ffffffffffffffff.4294967295", ERR_OK, UINT64_MAX, UINT32_MAX },
	{ "with white space", " 00000000deadbeef.12\n", ERR_OK, 0xdeadbeef, 12 },
	{ "of Exchange", "1234567890", ERR_STALE_KEY, 0, 0 },
	{ "of Z-Push", "{4c2a1bde-3f6a-4d5b-8a1b-5f3a8a9b7c6d}5", ERR_STALE_KEY, 0, 0 },
	{ "generation 0", "00000000deadbeef.0", ERR_STALE_KEY, 0, 0 },
	{ "no generation", "00000000deadbeef.", ERR_STALE_KEY, 0, 0 },
	{ "generation over 32 bits", "00000000deadbeef.4294967296", ERR_STALE_KEY, 0, 0 },
	{ "more behind it", "00000000deadbeef.12x", ERR_STALE_KEY, 0, 0 },
	{ "epoch cut", "deadbeef.12", ERR_STALE_KEY, 0, 0 },
};

static void parse(const struct key_case *c)
{
	struct sync_key key = { 0 };
	char text[SYNC_KEY_MAX];

	assert_int_equal(sync_key_parse(test_copy(bytes_str(c->text)), &key), c->want);
	assert_int_equal(key.epoch, c->epoch);
	assert_int_equal(key.generation, c->generation);
	if (c->want || !c->generation)
		return;
	sync_key_format(key, text);
	assert_string_equal(text, bytes_trim(bytes_str(c->text)).len == strlen(c->text) ? c->text : text);
}
TEST_ROW(parse)

static struct wbxml_node *node(wbxml_tag tag, const char *text)
{
	struct wbxml_node *n = arena_alloc(test_arena(), sizeof(*n));

	n->tag = tag;
	n->text = bytes_str(text);
	return n;
}

static void adopt(struct wbxml_node *parent, struct wbxml_node *child)
{
	struct wbxml_node **at = &parent->child;

	while (*at)
		at = &(*at)->next;
	*at = child;
	child->parent = parent;
}

/* Commands { Delete { ServerId }, … } */
static struct wbxml_node *commands(const char *first, const char *second)
{
	struct wbxml_node *root = node(AIRSYNC_COMMANDS, "");
	const char *const ids[] = { first, second };

	for (size_t i = 0; i < 2; i++)
		if (ids[i]) {
			struct wbxml_node *d = node(AIRSYNC_DELETE, "");

			adopt(d, node(AIRSYNC_SERVER_ID, ids[i]));
			adopt(root, d);
		}
	return root;
}

static void commands_hash_tells_requests_apart(void **state)
{
	uint64_t one = sync_commands_hash(commands("1:5", NULL));

	(void)state;
	assert_int_equal(sync_commands_hash(NULL), 0);
	assert_int_not_equal(one, 0);
	assert_int_equal(one, sync_commands_hash(commands("1:5", NULL)));
	assert_int_not_equal(one, sync_commands_hash(commands("1:6", NULL)));
	assert_int_not_equal(one, sync_commands_hash(commands("1:5", "1:6")));
	assert_int_not_equal(
	    sync_commands_hash(commands("1:5", "1:6")), sync_commands_hash(commands("1:6", "1:5")));
	assert_int_not_equal(sync_commands_hash(commands(NULL, NULL)), 0);
}

static void results_round_trip(void **state)
{
	struct sync_results r = { .commands_hash = 0x1122334455667788 }, back;
	const struct sync_result add = { .kind = AIRSYNC_ADD,
		.client_id = BYTES("c1"),
		.said = UINT64_MAX - 1,
		.server_id = BYTES("3:77"),
		.status = 1,
		.told = BYTES("\7files") };
	const struct sync_result good = {
		.kind = AIRSYNC_CHANGE, .server_id = BYTES("3:5"), .status = 1, .former = true
	};
	const struct sync_result bad = { .kind = AIRSYNC_DELETE, .server_id = BYTES("3:6"), .status = 8 };
	struct bytes stored;

	(void)state;
	assert_int_equal(sync_results_add(test_arena(), &r, &add), ERR_OK);
	assert_int_equal(sync_results_add(test_arena(), &r, &good), ERR_OK);
	assert_int_equal(sync_results_add(test_arena(), &r, &bad), ERR_OK);
	assert_int_equal(sync_results_encode(test_arena(), &r, &stored), ERR_OK);
	assert_int_equal(sync_results_decode(test_arena(), test_copy(stored), &back), ERR_OK);
	assert_int_equal(back.commands_hash, r.commands_hash);
	assert_int_equal(back.n, 3);
	assert_true(back.v[1].former && !back.v[0].former);
	assert_false(sync_result_is_told(&good)); /* but kept: the phone has changed what it has */
	assert_true(bytes_eq_str(sync_results_find_add(&back, BYTES("c1"))->server_id, "3:77"));
	assert_null(sync_results_find_add(&back, BYTES("c2")));
	assert_int_equal(back.v[2].status, 8);
	assert_true(bytes_eq(back.v[0].told, add.told));
	assert_true(back.v[0].said == add.said && !back.v[1].said);
	for (size_t i = 1; i < stored.len; i++) { /* a cut one is either noticed or holds fewer results */
		enum err e = sync_results_decode(test_arena(), test_copy(bytes_of(stored.p, i)), &back);

		assert_true(e == ERR_PROTO || back.n < 3);
	}
}

/* As they were stored before it was noted what an Add says. */
static void older_results(void **state)
{
	static const char stored[] = "\3\5\7\2c1\4"
				     "3:77\1\0\0\7\2c2\4"
				     "3:78\1\0\1";
	struct sync_results back;

	(void)state;
	assert_int_equal(
	    sync_results_decode(test_arena(), bytes_of((const uint8_t *)stored, sizeof(stored) - 1), &back),
	    ERR_OK);
	assert_int_equal(back.n, 2);
	assert_true(bytes_eq_str(back.v[1].server_id, "3:78") && back.v[1].former && !back.v[1].said);
}

int main(void)
{
	TEST_ADD_ROWS(parse, key_cases);
	TEST_ADD(commands_hash_tells_requests_apart);
	TEST_ADD(results_round_trip);
	TEST_ADD(older_results);
	return test_run("sync_key");
}
