#include "testing.h"

#include "sync/snapshot.h"

enum shape { ROW, UNREAD_HEAD, RANDOM_FLAGS, HOLES, MANY_DIGESTS, HUGE_IDS };

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

	*s = (struct snapshot){ .generation = 7, .validity = 1700000000, .token = 123456789, .next_id = 20000, .window_day = 20000 };
	s->items = arena_array(test_arena(), c->n, sizeof(*s->items));
	for (s->n_items = 0; s->n_items < c->n; s->n_items++) {
		struct snapshot_item *item = &s->items[s->n_items];

		id += c->shape == HOLES && next_random() % 3 == 0 ? 2 : 1;
		if (c->shape == HUGE_IDS)
			id += (uint64_t)next_random() << 30;
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

static void assert_same(const struct snapshot *a, const struct snapshot *b)
{
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->validity, b->validity);
	assert_int_equal(a->token, b->token);
	assert_int_equal(a->next_id, b->next_id);
	assert_int_equal(a->window_day, b->window_day);
	assert_int_equal(a->n_items, b->n_items);
	for (size_t i = 0; i < a->n_items; i++) {
		assert_int_equal(a->items[i].id, b->items[i].id);
		assert_int_equal(a->items[i].digest, b->items[i].digest);
	}
	assert_int_equal(a->n_pending, b->n_pending);
	for (size_t i = 0; i < a->n_pending; i++) {
		assert_int_equal(a->pending[i].first, b->pending[i].first);
		assert_int_equal(a->pending[i].last, b->pending[i].last);
	}
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

/* Every flipped bit and every cut is noticed: a damaged state must never pass for a good one. */
static void damage_is_noticed(void **state)
{
	static const struct snapshot_case c = { "", HOLES, 300, 0 };
	struct snapshot s, back;
	struct bytes stored;

	(void)state;
	make(&c, &s);
	assert_int_equal(snapshot_encode(test_arena(), &s, &stored), ERR_OK);
	for (size_t i = 0; i < stored.len; i++) {
		((uint8_t *)(uintptr_t)stored.p)[i] ^= 0x10;
		assert_int_equal(snapshot_decode(test_arena(), stored, &back), ERR_PROTO);
		((uint8_t *)(uintptr_t)stored.p)[i] ^= 0x10;
		assert_int_equal(snapshot_decode(test_arena(), test_copy(bytes_of(stored.p, i)), &back), ERR_PROTO);
	}
}

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

int main(void)
{
	TEST_ADD_ROWS(round_trip, snapshot_cases);
	TEST_ADD(damage_is_noticed);
	TEST_ADD(put_and_remove);
	return test_run("snapshot");
}
