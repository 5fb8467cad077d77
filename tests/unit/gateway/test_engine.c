/* What the sync engine says to a key: a new one, the newest, the one before it because an answer was lost, and none of its own. */
#include "unit/gateway/engine_model.h"

static void reset(struct phone *p)
{
	server = (struct server){ .modseq = 1, .next_id = 1, .qresync = true };
	for (int i = 0; i < 20; i++)
		touch(server.next_id++, 1);
	*p = (struct phone){ 0 };
	start(p);
}

static void replay_is_the_same_and_stores_nothing(void **state)
{
	struct answer first, second;
	struct phone p;

	(void)state;
	reset(&p);
	first = run_sync(test_arena(), p.key, NULL, 0, 8);
	keep_stored();
	touch(server.next_id++, 1); /* what comes meanwhile waits for the next Sync */
	second = run_sync(test_arena(), p.key, NULL, 0, 8);
	assert_int_equal(second.mode, SYNC_REPLAY);
	assert_string_equal(first.key, second.key);
	assert_int_equal(first.changes.n, 8);
	assert_int_equal(second.changes.n, first.changes.n);
	for (size_t i = 0; i < first.changes.n; i++)
		assert_int_equal(second.changes.v[i].id, first.changes.v[i].id);
	assert_true(second.more);
}

static void an_add_is_made_once(void **state)
{
	struct wbxml_node *root = node(test_arena(), NULL, AIRSYNC_COMMANDS, ""), *other, *c;
	struct answer got;
	struct phone p;
	uint64_t next;

	(void)state;
	reset(&p);
	c = node(test_arena(), root, AIRSYNC_ADD, "");
	node(test_arena(), c, AIRSYNC_CLIENT_ID, "77");
	node(test_arena(), c, AIRSYNC_APPLICATION_DATA, "77");
	got = run_sync(test_arena(), p.key, root, 1, 100);
	keep_stored();
	next = server.next_id;
	got = run_sync(test_arena(), p.key, root, 1, 100);
	assert_int_equal(got.mode, SYNC_REPLAY);
	assert_int_equal(server.next_id, next);
	assert_int_equal(got.results.n, 1);
	/* the answer was lost, and the phone has more to say when it asks again */
	other = node(test_arena(), NULL, AIRSYNC_COMMANDS, "");
	c = node(test_arena(), other, AIRSYNC_ADD, "");
	node(test_arena(), c, AIRSYNC_CLIENT_ID, "77");
	node(test_arena(), c, AIRSYNC_APPLICATION_DATA, "77");
	c = node(test_arena(), other, AIRSYNC_ADD, "");
	node(test_arena(), c, AIRSYNC_CLIENT_ID, "78");
	node(test_arena(), c, AIRSYNC_APPLICATION_DATA, "78");
	got = run_sync(test_arena(), p.key, other, 2, 100);
	keep_stored();
	assert_int_equal(got.status, 1);
	assert_int_equal(server.next_id, next + 1);
	assert_int_equal(got.results.n, 2);
	/* that answer is lost as well, the phone asks for nothing, in vain, and then for the first again */
	(void)run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	got = run_sync(test_arena(), p.key, root, 1, 100);
	assert_int_equal(got.status, 1);
	assert_int_equal(server.next_id, next + 1);
}

static void starting_twice_joins(void **state)
{
	struct answer again, got;
	struct phone p;

	(void)state;
	reset(&p);
	again = run_sync(test_arena(), "0", NULL, 0, 100);
	assert_int_equal(again.mode, SYNC_JOIN);
	assert_string_equal(again.key, p.key);
	got = run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	again = run_sync(test_arena(), "0", NULL, 0, 100); /* while the first page is on its way */
	assert_string_equal(again.key, p.key);
	take(&p, &got);
	touch(server.next_id++, 1);
	got = run_sync(test_arena(), p.key, NULL, 0, 100);
	assert_int_equal(got.status, 1);
	keep_stored();
	again = run_sync(test_arena(), "0", NULL, 0, 100); /* later it means to start over */
	keep_stored();
	assert_int_equal(again.mode, SYNC_START);
	assert_int_equal(run_sync(test_arena(), p.key, NULL, 0, 100).status, 3);
}

static const struct bad_key_case {
	const char *name, *key;
} bad_keys[] = {
	{ "of another life", "0123456789abcdef.1" },
	{ "no key at all", "bogus" },
	{ "from the future", NULL },
};

static void bad_key(const struct bad_key_case *c)
{
	char future[SYNC_KEY_MAX];
	struct answer got;
	struct phone p;

	reset(&p);
	sync_key_format((struct sync_key){ server.stored.epoch, 99 }, future);
	got = run_sync(test_arena(), c->key ? c->key : future, NULL, 0, 100);
	assert_int_equal(got.status, 3);
	assert_int_equal(run_sync(test_arena(), p.key, NULL, 0, 100).status, 1);
}
TEST_ROW(bad_key)

static void a_damaged_state_costs_one_folder_its_key(void **state)
{
	struct phone p;

	(void)state;
	for (unsigned pages = 0; pages < 3; pages++) { /* also while another start would still join */
		struct answer again;

		reset(&p);
		for (unsigned i = 0; i < pages; i++) {
			again = run_sync(test_arena(), p.key, NULL, 0, 5);
			keep_stored();
			take(&p, &again);
		}
		((uint8_t *)(uintptr_t)server.stored.current.p)[3] ^= 1;
		assert_int_equal(run_sync(test_arena(), p.key, NULL, 0, 100).status, 3);
		again = run_sync(test_arena(), "0", NULL, 0, 100);
		keep_stored();
		assert_int_equal(again.status, 1);
		assert_int_equal(run_sync(test_arena(), again.key, NULL, 0, 100).changes.n, 20);
	}
}

/* A mail's flag goes there and back around a lost answer: whichever of the answers the phone has, it ends as the server. */
static const struct flip_case {
	const char *name;
	uint32_t at_lost, at_replay, after; /* before: 1 */
	bool takes_first;
} flips[] = {
	{ "back before the replay, there again after it", 2, 1, 2, false },
	{ "the same, and the first answer came after all", 2, 1, 2, true },
	{ "on before the replay, as the lost answer said after it", 2, 3, 2, false },
	{ "the same, and the first answer came after all", 2, 3, 2, true },
	{ "gone before the replay", 2, 0, 0, false },
	{ "gone before the replay, and the first answer came after all", 2, 0, 0, true },
};

static void flip(const struct flip_case *c)
{
	enum { ID = 7 };
	struct answer first, second, got;
	struct phone p;

	reset(&p);
	got = run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	take(&p, &got);
	touch(ID, c->at_lost);
	first = run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	touch(ID, c->at_replay);
	second = run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	take(&p, c->takes_first ? &first : &second);
	touch(ID, c->after);
	got = run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	if (got.status ==
	    3) { /* two answers to one key that differ: the phone that took the older one starts over */
		assert_true(c->takes_first);
		return;
	}
	take(&p, &got);
	assert_int_equal(p.has[ID], c->after != 0);
	if (c->after)
		assert_int_equal(p.digest[ID], c->after);
}
TEST_ROW(flip)

/* The phone itself marks a mail, the answer is lost, and somebody else takes the mark back: the phone must hear of it, whether
 * it asks for the same again or for something else. */
static void an_own_change_is_taken_back(void **state)
{
	enum { ID = 7 };

	(void)state;
	for (unsigned other = 0; other < 2; other++) {
		struct wbxml_node *root = node(test_arena(), NULL, AIRSYNC_COMMANDS, ""), *c;
		struct answer got;
		struct phone p;

		reset(&p);
		got = run_sync(test_arena(), p.key, NULL, 0, 100);
		keep_stored();
		take(&p, &got);
		c = node(test_arena(), root, AIRSYNC_CHANGE, "");
		node(test_arena(), c, AIRSYNC_SERVER_ID, "5:7");
		node(test_arena(), c, AIRSYNC_APPLICATION_DATA, "9");
		p.digest[ID] = 9;
		run_sync(test_arena(), p.key, root, 1, 100);
		keep_stored();
		touch(ID, 1);
		got = run_sync(test_arena(), p.key, other ? NULL : root, other ? 0 : 1, 100);
		keep_stored();
		take(&p, &got);
		got = run_sync(test_arena(), p.key, NULL, 0, 100);
		keep_stored();
		take(&p, &got);
		assert_int_equal(p.digest[ID], 1);
		assert_int_equal(p.anomalies, 0);
	}
}

/* The lost answer brought a new mail that has gone since. */
static void a_mail_that_came_and_went_leaves_no_ghost(void **state)
{
	for (unsigned takes_first = 0; takes_first < 2; takes_first++) {
		struct answer first, second, got;
		struct phone p;
		uint64_t id;

		(void)state;
		reset(&p);
		got = run_sync(test_arena(), p.key, NULL, 0, 100);
		keep_stored();
		take(&p, &got);
		id = server.next_id++;
		touch(id, 1);
		first = run_sync(test_arena(), p.key, NULL, 0, 100);
		keep_stored();
		touch(id, 0);
		second = run_sync(test_arena(), p.key, NULL, 0, 100);
		keep_stored();
		take(&p, takes_first ? &first : &second);
		got = run_sync(test_arena(), p.key, NULL, 0, 100);
		keep_stored();
		take(&p, &got);
		assert_true(got.status == 3 || !p.has[id]);
		assert_true(takes_first || (got.status == 1 && !p.anomalies));
	}
}

/* The phone comes with the former key and other commands, and there is nothing to tell: it moves on all the same, else what
 * is stored is not what it has, and a Ping would tell of changes that no Sync brings. */
static void the_former_key_is_left_behind(void **state)
{
	struct wbxml_node *root = node(test_arena(), NULL, AIRSYNC_COMMANDS, ""), *c;
	struct answer got;
	struct phone p;

	(void)state;
	reset(&p);
	got = run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	take(&p, &got);
	c = node(test_arena(), root, AIRSYNC_CHANGE, "");
	node(test_arena(), c, AIRSYNC_SERVER_ID, "5:7");
	node(test_arena(), c, AIRSYNC_APPLICATION_DATA, "9");
	run_sync(test_arena(), p.key, root, 1, 100);
	keep_stored();
	touch(7, 1); /* as it was */
	got = run_sync(test_arena(), p.key, NULL, 0, 100);
	keep_stored();
	assert_int_equal(got.status, 1);
	assert_false(got.empty);
	assert_string_not_equal(got.key, p.key);
}

static void nothing_new_is_an_empty_answer(void **state)
{
	struct answer got;
	struct phone p;

	(void)state;
	reset(&p);
	do {
		got = run_sync(test_arena(), p.key, NULL, 0, 100);
		keep_stored();
		take(&p, &got);
	} while (!got.empty);
	assert_int_equal(got.changes.n, 0);
	touch(3, 9);
	got = run_sync(test_arena(), p.key, NULL, 0, 100);
	assert_false(got.empty);
	assert_int_equal(got.changes.n, 1);
}

int main(void)
{
	TEST_ADD(replay_is_the_same_and_stores_nothing);
	TEST_ADD(an_add_is_made_once);
	TEST_ADD(starting_twice_joins);
	TEST_ADD_ROWS(bad_key, bad_keys);
	TEST_ADD(a_damaged_state_costs_one_folder_its_key);
	TEST_ADD_ROWS(flip, flips);
	TEST_ADD(an_own_change_is_taken_back);
	TEST_ADD(a_mail_that_came_and_went_leaves_no_ghost);
	TEST_ADD(the_former_key_is_left_behind);
	TEST_ADD(nothing_new_is_an_empty_answer);
	return test_run("engine");
}
