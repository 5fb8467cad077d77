#include "testing.h"

#include "sync/snapshot.h"

enum shape { ROW, UNREAD_HEAD, RANDOM_FLAGS, HOLES, MANY_DIGESTS, HUGE_IDS, WITH_SMS, WITH_STUBS };

static const struct snapshot_case {
	const char *name;
	enum shape shape;
	size_t n, at_most; /* items; bytes of the stored form */
} snapshot_cases[] = {
	{ "nothing", ROW, 0, 28 },
	{ "one mail", ROW, 1, 34 },
	{ "10,000 in a row, all alike", ROW, 10000, 40 },
	{ "10,000 in a row, the newest 200 unread", UNREAD_HEAD, 10000, 44 },
	{ "10,000 with random flags", RANDOM_FLAGS, 10000, 6000 },
	{ "10,000 with random flags and every third uid missing", HOLES, 10000, 12000 },
	{ "1,000 with as many digests", MANY_DIGESTS, 1000, 4100 },
	{ "ids of 64 bits", HUGE_IDS, 500, 7000 },
	{ "mails, and SMS beside them", WITH_SMS, 10000, 80 },
	{ "mails, some of them stubs", WITH_STUBS, 10000, 56 },
};

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

static void make(const struct snapshot_case *c, struct snapshot *s)
{
	uint64_t id = 1000;

	*s = (struct snapshot){ .generation = 7,
		.validity = 1700000000,
		.token = 123456789,
		.next_id = 20000,
		.window_day = 20000 };
	if (c->shape == HOLES)
		s->window_day |= SNAPSHOT_CONVERSATIONS;
	if (c->shape == WITH_SMS)
		s->side = (struct snapshot_side){ 1700000001, 987654321, 300, 19000 };
	if (c->shape == WITH_STUBS) {
		static const uint64_t stubs[] = { 1001, 1002, 4000 };

		assert_int_equal(snapshot_set_stubs(test_arena(), s, stubs, 3), ERR_OK);
		s->stubs_hour = 482136;
	}
	s->items = arena_array(test_arena(), c->n, sizeof(*s->items));
	for (s->n_items = 0; s->n_items < c->n; s->n_items++) {
		struct snapshot_item *item = &s->items[s->n_items];

		id += c->shape == HOLES && next_random() % 3 == 0 ? 2 : 1;
		if (c->shape == HUGE_IDS)
			id += (uint64_t)next_random() << 30;
		if (c->shape == WITH_SMS && s->n_items == c->n / 2)
			id |= SNAPSHOT_SIDE;
		item->id = id;
		item->digest = 1;
		if (c->shape == UNREAD_HEAD)
			item->digest = s->n_items + 200 < c->n;
		if (c->shape == RANDOM_FLAGS || c->shape == HOLES)
			item->digest = next_random() % 4;
		if (c->shape == MANY_DIGESTS)
			item->digest = next_random();
	}
}

static void assert_same_ranges(
    const struct snapshot_range *a, size_t n_a, const struct snapshot_range *b, size_t n_b)
{
	assert_int_equal(n_a, n_b);
	for (size_t i = 0; i < n_a; i++) {
		assert_int_equal(a[i].first, b[i].first);
		assert_int_equal(a[i].last, b[i].last);
	}
}

static void assert_same(const struct snapshot *a, const struct snapshot *b)
{
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->validity, b->validity);
	assert_int_equal(a->token, b->token);
	assert_int_equal(a->next_id, b->next_id);
	assert_int_equal(a->window_day, b->window_day);
	assert_int_equal(a->side.validity, b->side.validity);
	assert_int_equal(a->side.token, b->side.token);
	assert_int_equal(a->side.next_id, b->side.next_id);
	assert_int_equal(a->side.window_day, b->side.window_day);
	assert_int_equal(a->n_items, b->n_items);
	for (size_t i = 0; i < a->n_items; i++) {
		assert_int_equal(a->items[i].id, b->items[i].id);
		assert_int_equal(a->items[i].digest, b->items[i].digest);
	}
	assert_same_ranges(a->pending, a->n_pending, b->pending, b->n_pending);
	assert_same_ranges(a->stubs, a->n_stubs, b->stubs, b->n_stubs);
	assert_int_equal(a->stubs_hour, b->stubs_hour);
}

static void round_trip(const struct snapshot_case *c)
{
	static const uint64_t pending[] = { 3, 4, 5, 9, 4000000000u };
	struct snapshot s, back;
	struct bytes stored;

	make(c, &s);
	assert_int_equal(snapshot_set_pending(test_arena(), &s, pending, 5), ERR_OK);
	assert_int_equal(s.n_pending, 3);
	assert_int_equal(snapshot_encode(test_arena(), &s, &stored), ERR_OK);
	assert_in_range(stored.len, 1, c->at_most + 8);
	assert_int_equal(snapshot_decode(test_arena(), test_copy(stored), &back), ERR_OK);
	assert_same(&s, &back);
}
TEST_ROW(round_trip)

static const struct snapshot_case damage_cases[] = {
	{ "items alone", HOLES, 300, 0 },
	{ "with stubs", WITH_STUBS, 300, 0 },
};

/* Every flipped bit and every cut is noticed: a damaged state must never pass for a good one. */
static void damage_is_noticed(const struct snapshot_case *c)
{
	struct snapshot s, back;
	struct bytes stored;

	make(c, &s);
	assert_int_equal(snapshot_encode(test_arena(), &s, &stored), ERR_OK);
	for (size_t i = 0; i < stored.len; i++) {
		((uint8_t *)(uintptr_t)stored.p)[i] ^= 0x10;
		assert_int_equal(snapshot_decode(test_arena(), stored, &back), ERR_PROTO);
		((uint8_t *)(uintptr_t)stored.p)[i] ^= 0x10;
		assert_int_equal(
		    snapshot_decode(test_arena(), test_copy(bytes_of(stored.p, i)), &back), ERR_PROTO);
	}
}
TEST_ROW(damage_is_noticed)

static void put_and_remove(void **state)
{
	struct snapshot empty = { 0 }, s;

	(void)state;
	assert_int_equal(snapshot_copy(test_arena(), &empty, 3, &s), ERR_OK);
	snapshot_put(&s, 20, 2);
	snapshot_put(&s, 10, 1);
	snapshot_put(&s, 30, 3);
	snapshot_put(&s, 20, 9);
	assert_int_equal(s.n_items, 3);
	assert_int_equal(snapshot_find(&s, 20)->digest, 9);
	snapshot_remove(&s, 10);
	snapshot_remove(&s, 11);
	assert_int_equal(s.n_items, 2);
	assert_null(snapshot_find(&s, 10));
	assert_int_equal(s.items[0].id, 20);
}

/* Into 20, 40 and 60, each with digest 1, go those with digest 2; `want` are all. */
static const struct put_all_case {
	const char *name;
	uint64_t ids[4];
	size_t n;
	uint64_t want[7];
} put_all_cases[] = {
	{ "none", { 0 }, 0, { 20, 40, 60 } },
	{ "before all", { 9, 8 }, 2, { 8, 9, 20, 40, 60 } },
	{ "behind all", { 70, 61 }, 2, { 20, 40, 60, 61, 70 } },
	{ "between, one in each gap", { 70, 50, 30, 10 }, 4, { 10, 20, 30, 40, 50, 60, 70 } },
	{ "between, two in a gap", { 31, 30 }, 2, { 20, 30, 31, 40, 60 } },
	{ "those that are there", { 60, 20 }, 2, { 20, 40, 60 } },
	{ "there and not there", { 61, 60, 40, 10 }, 4, { 10, 20, 40, 60, 61 } },
};

static bool is_among(const struct put_all_case *c, uint64_t id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->ids[i] == id)
			return true;
	return false;
}

static void put_all(const struct put_all_case *c)
{
	struct snapshot empty = { 0 }, s;
	struct snapshot_item v[4];
	size_t n = 0;

	assert_int_equal(snapshot_copy(test_arena(), &empty, 7, &s), ERR_OK);
	for (uint64_t id = 20; id <= 60; id += 20)
		snapshot_put(&s, id, 1);
	for (size_t i = 0; i < c->n; i++)
		v[i] = (struct snapshot_item){ c->ids[i], 2 };
	snapshot_put_all(&s, v, c->n);
	while (n < 7 && c->want[n])
		n++;
	assert_int_equal(s.n_items, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(s.items[i].id, c->want[i]);
		assert_int_equal(s.items[i].digest, is_among(c, c->want[i]) ? 2 : 1);
	}
}
TEST_ROW(put_all)

/* Items 1 to 9, of which some are pending; then one is refused, and these are the pending ranges. */
static const struct refused_case {
	const char *name;
	uint64_t pending[4];
	size_t n_pending;
	uint64_t id;
	struct snapshot_range want[4];
	size_t n_want;
} refused_cases[] = {
	{ "the first", { 0 }, 0, 5, { { 5, 5 } }, 1 },
	{ "before others", { 7, 8 }, 2, 5, { { 5, 5 }, { 7, 8 } }, 2 },
	{ "behind others", { 1, 2 }, 2, 5, { { 1, 2 }, { 5, 5 } }, 2 },
	{ "right before", { 6, 7 }, 2, 5, { { 5, 7 } }, 1 },
	{ "right behind", { 3, 4 }, 2, 5, { { 3, 5 } }, 1 },
	{ "between two", { 4, 6, 9 }, 3, 5, { { 4, 6 }, { 9, 9 } }, 2 },
	{ "it is pending", { 4, 5 }, 2, 5, { { 4, 5 } }, 1 },
	{ "it isn't there", { 4 }, 1, 12, { { 4, 4 } }, 1 },
};

static void refused(const struct refused_case *c)
{
	for (int deleted = 0; deleted < 2; deleted++) {
		struct snapshot empty = { 0 }, s, back;
		struct bytes stored;

		assert_int_equal(snapshot_copy(test_arena(), &empty, 9, &s), ERR_OK);
		for (uint64_t id = 1; id < 10; id++)
			snapshot_put(&s, id, 2);
		assert_int_equal(snapshot_set_pending(test_arena(), &s, c->pending, c->n_pending), ERR_OK);
		assert_int_equal(snapshot_refuse(test_arena(), &s, c->id, deleted), ERR_OK);
		assert_int_equal(s.n_pending, c->n_want);
		for (size_t i = 0; i < c->n_want; i++) {
			assert_int_equal(s.pending[i].first, c->want[i].first);
			assert_int_equal(s.pending[i].last, c->want[i].last);
		}
		if (deleted)
			assert_null(snapshot_find(&s, c->id));
		else if (c->id < 10)
			assert_int_equal(snapshot_find(&s, c->id)->digest, SNAPSHOT_UNSURE);
		assert_int_equal(snapshot_encode(test_arena(), &s, &stored), ERR_OK);
		assert_int_equal(snapshot_decode(test_arena(), stored, &back), ERR_OK);
		assert_int_equal(back.n_pending, s.n_pending);
	}
}
TEST_ROW(refused)

int main(void)
{
	TEST_ADD_ROWS(round_trip, snapshot_cases);
	TEST_ADD_ROWS(damage_is_noticed, damage_cases);
	TEST_ADD(put_and_remove);
	TEST_ADD_ROWS(put_all, put_all_cases);
	TEST_ADD_ROWS(refused, refused_cases);
	return test_run("snapshot");
}
