/* The store: sync states, committed by one at a time. */
#include "unit/backends/store_race.h"

#include "store/store.h"

static const struct bytes ann = { (const uint8_t *)"ann@example.org", 15 };
static const struct bytes phone = { (const uint8_t *)"ApplDMQX", 8 };

/* ---- sync states ---- */

static struct store_sync_commit start(uint32_t collection, uint64_t epoch)
{
	return (struct store_sync_commit){ .collection = collection,
		.next = { .epoch = epoch, .generation = 1, .settings = BYTES("set") } };
}

static void commit_racer(struct racer *me)
{
	struct store_sync s;
	uint32_t id = 5;

	for (;;) {
		struct store_sync_commit c;
		char text[32];
		enum err e;

		if (store_sync_load(me->r, fiber_arena(), ann, phone, &id, 1, &s))
			return;
		snprintf(text, sizeof(text), "%u", s.generation + 1);
		c = (struct store_sync_commit){ .collection = 5,
			.expect_exists = true,
			.expected_epoch = s.epoch,
			.expected_generation = s.generation,
			.expected_revision = s.revision,
			.next = { .epoch = s.epoch,
			    .generation = s.generation + 1,
			    .current = bytes_str(text),
			    .previous = s.current } };
		e = store_sync_commit(me->r, ann, phone, &c, 1);
		if (!e) {
			me->race->won += c.won;
			return;
		}
		if (e != ERR_CONFLICT || c.won)
			return;
		me->race->lost++;
	}
}

/* Each commit that won is there, one generation each. */
static void commit_race_main(struct redis_test *t)
{
	struct store_sync_commit c = start(5, UINT64_MAX);
	struct race race = { .fn = commit_racer };
	struct store_sync s;
	uint32_t id = 5;

	assert_int_equal(store_sync_commit(t->r, ann, phone, &c, 1), ERR_OK);
	race_run(t, &race, 20);
	assert_int_equal(race.won, 20);
	assert_true(race.lost > 0);
	assert_int_equal(store_sync_load(t->r, fiber_arena(), ann, phone, &id, 1, &s), ERR_OK);
	assert_int_equal(s.generation, 21);
	assert_bytes_str(s.current, "21");
	assert_bytes_str(s.previous, "20");
	assert_true(s.epoch == UINT64_MAX);
	assert_int_equal(s.settings.len, 0); /* what the next state doesn't have is gone */
}

static void commit_race(void **state)
{
	(void)state;
	redis_test(commit_race_main);
}

/* A commit that leaves the sync key as it is counts, too: who has read before it must read again. */
static void commit_within_a_generation_main(struct redis_test *t)
{
	struct store_sync_commit c = start(5, 7), other;
	struct store_sync s;
	uint32_t id = 5;

	assert_int_equal(store_sync_commit(t->r, ann, phone, &c, 1), ERR_OK);
	assert_int_equal(store_sync_load(t->r, fiber_arena(), ann, phone, &id, 1, &s), ERR_OK);
	c = (struct store_sync_commit){ .collection = 5,
		.expect_exists = true,
		.expected_epoch = s.epoch,
		.expected_generation = s.generation,
		.expected_revision = s.revision,
		.next = s };
	other = c;
	c.next.current = BYTES("one");
	other.next.current = BYTES("other");
	assert_int_equal(store_sync_commit(t->r, ann, phone, &c, 1), ERR_OK);
	assert_int_equal(store_sync_commit(t->r, ann, phone, &other, 1), ERR_CONFLICT);
	assert_int_equal(store_sync_load(t->r, fiber_arena(), ann, phone, &id, 1, &s), ERR_OK);
	assert_bytes_str(s.current, "one");
	other.expected_revision = s.revision;
	assert_int_equal(store_sync_commit(t->r, ann, phone, &other, 1), ERR_OK);
	assert_int_equal(s.generation, 1);
}

static void commit_within_a_generation(void **state)
{
	(void)state;
	redis_test(commit_within_a_generation_main);
}

static void commit_main(struct redis_test *t)
{
	struct store_sync_commit c[3] = { start(1, 10), start(2, 20), start(3, 30) };
	const uint32_t ids[4] = { 1, 2, 3, 4 };
	struct store_sync s[4];
	struct store_device d;
	struct redis_reply r;
	uint64_t trips;

	assert_int_equal(redis_wait_up(t->r, 5000), ERR_OK);
	assert_int_equal(store_sync_commit(t->r, ann, phone, c, 3), ERR_OK);
	/* a repeated commit is told apart by the generation that is there */
	assert_int_equal(store_sync_commit(t->r, ann, phone, c, 1), ERR_CONFLICT);
	assert_false(c[0].won);
	/* one wins, one has a stale generation, one a stale epoch */
	for (int i = 0; i < 3; i++) {
		c[i].expect_exists = true;
		c[i].expected_epoch = (uint64_t)(i + 1) * 10 + (i == 2);
		c[i].expected_generation = i == 1 ? 2 : 1;
		c[i].next = (struct store_sync){ .epoch = (uint64_t)(i + 1) * 10,
			.generation = 2,
			.current = BYTES("c\0c"),
			.previous = BYTES("p"),
			.adds = BYTES("a") };
	}
	trips = redis_round_trips(t->r);
	assert_int_equal(store_sync_commit(t->r, ann, phone, c, 3), ERR_CONFLICT);
	assert_true(c[0].won && !c[1].won && !c[2].won);
	assert_int_equal(store_sync_load(t->r, fiber_arena(), ann, phone, ids, 4, s), ERR_OK);
	assert_int_equal(redis_round_trips(t->r) - trips, 2);
	assert_int_equal(s[0].generation, 2);
	assert_bytes_equal(s[0].current, BYTES("c\0c"));
	assert_bytes_str(s[0].previous, "p");
	assert_bytes_str(s[0].adds, "a");
	assert_int_equal(s[1].generation, 1);
	assert_bytes_str(s[1].settings, "set");
	assert_true(s[2].exists && s[2].epoch == 30);
	assert_false(s[3].exists);
	/* with the device in one go */
	trips = redis_round_trips(t->r);
	assert_int_equal(store_device_save(t->r, ann, phone, &(struct store_device){ .type = BYTES("T") },
			     STORE_DEVICE_TYPE),
	    ERR_OK);
	assert_int_equal(store_load_for_sync(t->r, fiber_arena(), ann, phone, ids, 2, &d, s), ERR_OK);
	assert_int_equal(redis_round_trips(t->r) - trips, 2);
	assert_bytes_str(d.type, "T");
	assert_int_equal(s[0].generation, 2);
	/* forgotten, and a format of another release: the same as none */
	assert_int_equal(store_sync_forget(t->r, ann, phone, ids, 2), ERR_OK);
	assert_int_equal(
	    REDIS_SAY(t->r, &r, "HSET", "eas:sync:{ann@example.org}:ApplDMQX:3", "v", "2"), ERR_OK);
	assert_int_equal(store_sync_load(t->r, fiber_arena(), ann, phone, ids, 3, s), ERR_OK);
	assert_false(s[0].exists || s[1].exists || s[2].exists);
	c[0] = start(3, 99);
	assert_int_equal(store_sync_commit(t->r, ann, phone, c, 1), ERR_OK);
	/* nothing asked, nothing sent */
	trips = redis_round_trips(t->r);
	assert_int_equal(store_sync_commit(t->r, ann, phone, NULL, 0), ERR_OK);
	assert_int_equal(store_sync_load(t->r, fiber_arena(), ann, phone, NULL, 0, NULL), ERR_OK);
	assert_int_equal(redis_round_trips(t->r), trips);
}

static void commit(void **state)
{
	(void)state;
	redis_test(commit_main);
}

/* A whole phone: its record with a folder list, and the states of ten folders, one of them with large snapshots. */
static void memory_main(struct redis_test *t)
{
	uint8_t blob[512] = { 0 };
	struct store_sync_commit c[10];
	struct store_device d = { .type = BYTES("iPhone"),
		.user_agent = BYTES("Apple-iPhone16C2/2104.123"),
		.model = BYTES("iPhone 15 Pro"),
		.os = BYTES("iOS 17.4"),
		.version = BYTES("16.1"),
		.last_seen = 1700000000,
		.policy_key = 4000000000,
		.policy_hash = bytes_of(blob, 32),
		.ping = bytes_of(blob, 40),
		.sync_request = bytes_of(blob, 120) };
	int64_t inbox, folder, record;

	memset(blob, 0xA5, sizeof(blob));
	for (uint32_t i = 0; i < 10; i++) {
		c[i] = start(i + 1, UINT64_MAX - i);
		c[i].next.generation = 1000;
		c[i].next.settings = bytes_of(blob, 16);
		c[i].next.current = c[i].next.previous = bytes_of(blob, i ? 24 : 200);
	}
	assert_int_equal(store_sync_commit(t->r, ann, phone, c, 10), ERR_OK);
	assert_int_equal(store_device_save(t->r, ann, phone, &d, 0xFF), ERR_OK);
	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 0, 1, bytes_of(blob, 60)), ERR_OK);
	inbox = REDIS_SAY_INTEGER(t->r, "MEMORY", "USAGE", "eas:sync:{ann@example.org}:ApplDMQX:1");
	folder = REDIS_SAY_INTEGER(t->r, "MEMORY", "USAGE", "eas:sync:{ann@example.org}:ApplDMQX:2");
	record = REDIS_SAY_INTEGER(t->r, "MEMORY", "USAGE", "eas:dev:{ann@example.org}:ApplDMQX");
	print_message("memory: state of an inbox %lld, of a small folder %lld, device record %lld bytes\n",
	    (long long)inbox, (long long)folder, (long long)record);
	assert_in_range(inbox, 1, 1100);
	assert_in_range(folder, 1, 300);
	assert_in_range(record, 1, 1900);
}

static void memory(void **state)
{
	(void)state;
	redis_test(memory_main);
}

/* Redis dies while commits are under way: each of them ends quickly, and what was acknowledged is there afterwards. */
static void dying_racer(struct racer *me)
{
	struct store_sync_commit c = start(me->i + 1, 7);

	for (uint32_t generation = 1;; generation++) {
		if (store_sync_commit(me->r, ann, phone, &c, 1))
			return;
		me->race->ids[me->i] = generation;
		c.expect_exists = true;
		c.expected_epoch = 7;
		c.expected_generation = generation;
		c.next.generation = generation + 1;
	}
}

static void killer(struct racer *me)
{
	if (me->i < 20) {
		dying_racer(me);
		me->race->lost++;
		return;
	}
	while (me->race->ids[0] < 20)
		if (fiber_sleep(1))
			return;
	redis_server_kill(me->race->server);
}

static void died_main(struct redis_test *t)
{
	struct race race = { .fn = killer, .server = &t->server, .left = 21 };
	struct store_sync s[20];
	uint32_t ids[20];

	race.ticket = fiber_ticket();
	for (unsigned i = 0; i < 21; i++) {
		race.racers[i] = (struct racer){ &race, t->r, i };
		fiber_start(t->loop, &(struct fiber_opts){ .name = "racer" }, racer_main, &race.racers[i]);
	}
	assert_int_equal(fiber_wait(race.ticket, 20000), ERR_OK);
	assert_int_equal(race.lost, 20);
	redis_server_run(&t->server);
	assert_int_equal(redis_wait_up(t->r, 10000), ERR_OK);
	for (uint32_t i = 0; i < 20; i++)
		ids[i] = i + 1;
	assert_int_equal(store_sync_load(t->r, fiber_arena(), ann, phone, ids, 20, s), ERR_OK);
	for (uint32_t i = 0; i < 20; i++)
		/* the last one may have been done without an answer */
		assert_in_range(s[i].generation, race.ids[i], race.ids[i] + 1);
}

static void died_while_committing(void **state)
{
	(void)state;
	redis_test(died_main);
}

int main(void)
{
	TEST_ADD(commit);
	TEST_ADD(commit_within_a_generation);
	TEST_ADD(commit_race);
	TEST_ADD(memory);
	TEST_ADD(died_while_committing);
	return test_run("store sync");
}
