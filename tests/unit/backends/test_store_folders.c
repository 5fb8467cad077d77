/* The store: which mailbox has which id, also while several ask and other programs rename. */
#include "unit/backends/store_race.h"

#include "store/store.h"

static const struct bytes ann = { (const uint8_t *)"ann@example.org", 15 };

/* ---- folders ---- */

static struct store_folder imap(const char *name, uint32_t validity)
{
	return (struct store_folder){
		.source = BYTES("imap"), .name = bytes_str(name), .uid_validity = validity
	};
}

static uint32_t resolve(struct redis_test *t, const char *name, uint32_t validity)
{
	struct store_folder f = imap(name, validity);

	assert_int_equal(store_folders_resolve(t->r, fiber_arena(), ann, &f, 1), ERR_OK);
	return f.id;
}

static bool find(struct redis_test *t, uint32_t id, struct store_folder *f)
{
	bool found;

	*f = (struct store_folder){ .id = id };
	assert_int_equal(store_folders_find(t->r, fiber_arena(), ann, f, &found, 1), ERR_OK);
	return found;
}

static void folders_main(struct redis_test *t)
{
	struct store_folder v[] = { imap("INBOX", 5), imap("a b:c {d}", 6), imap("&Jjo-\n", 7),
		{ .source = BYTES("local"), .name = BYTES("INBOX") } };
	struct store_folder f;
	uint64_t trips;
	bool found[2];

	assert_int_equal(store_folders_resolve(t->r, fiber_arena(), ann, v, 4), ERR_OK);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(v[i].id, i + 1);
	trips = redis_round_trips(t->r);
	assert_int_equal(store_folders_resolve(t->r, fiber_arena(), ann, v, 4), ERR_OK);
	assert_int_equal(redis_round_trips(t->r) - trips, 1);
	assert_int_equal(v[3].id, 4);
	assert_true(find(t, 2, &f));
	assert_bytes_str(f.name, "a b:c {d}");
	assert_bytes_str(f.source, "imap");
	assert_int_equal(f.uid_validity, 6);
	assert_true(find(t, 3, &f));
	assert_bytes_str(f.name, "&Jjo-\n");
	v[0].id = 99;
	assert_int_equal(store_folders_find(t->r, fiber_arena(), ann, v, found, 2), ERR_OK);
	assert_true(!found[0] && found[1]);
	/* another account counts for itself */
	v[0] = imap("INBOX", 5);
	assert_int_equal(store_folders_resolve(t->r, fiber_arena(), BYTES("bob"), v, 1), ERR_OK);
	assert_int_equal(v[0].id, 1);
	f = (struct store_folder){ .source = BYTES("not ok"), .name = BYTES("x") };
	assert_int_equal(store_folders_resolve(t->r, fiber_arena(), ann, &f, 1), ERR_PROTO);
}

static void folders(void **state)
{
	(void)state;
	redis_test(folders_main);
}

static void validity_main(struct redis_test *t)
{
	struct store_folder f;

	assert_int_equal(resolve(t, "a", 0), 1); /* nobody knows its UIDVALIDITY yet */
	assert_int_equal(resolve(t, "a", 10), 1);
	assert_true(find(t, 1, &f));
	assert_int_equal(f.uid_validity, 10);
	assert_int_equal(resolve(t, "a", 0), 1);
	assert_true(find(t, 1, &f));
	assert_int_equal(f.uid_validity, 10);
	assert_int_equal(resolve(t, "a", 11), 2); /* another folder */
	assert_false(find(t, 1, &f));
	assert_int_equal(resolve(t, "b", 3), 3);
	assert_int_equal(resolve(t, "a", 10), 4); /* 1 never comes back */
}

static void uid_validity(void **state)
{
	(void)state;
	redis_test(validity_main);
}

static void rename_main(struct redis_test *t)
{
	struct store_folder f;

	assert_int_equal(resolve(t, "a", 10), 1);
	assert_int_equal(resolve(t, "gone", 20), 2);
	assert_int_equal(store_folder_rename(t->r, ann, 1, BYTES("imap"), BYTES("gone")), ERR_OK);
	assert_int_equal(resolve(t, "gone", 10), 1);
	assert_true(find(t, 1, &f));
	assert_bytes_str(f.name, "gone");
	assert_false(find(t, 2, &f));
	assert_int_equal(resolve(t, "a", 30), 3);
	assert_int_equal(
	    store_folder_rename(t->r, ann, 1, BYTES("imap"), BYTES("gone")), ERR_OK); /* the same again */
	assert_int_equal(resolve(t, "gone", 10), 1);
	assert_int_equal(store_folder_rename(t->r, ann, 77, BYTES("imap"), BYTES("x")), ERR_NOT_FOUND);
}

static void renamed(void **state)
{
	(void)state;
	redis_test(rename_main);
}

/* ---- renames by another client ---- */

enum { SEEN_MAX = 4 };

/* What is listed first, with ids 1, 2, ... in order, and afterwards, with the ids that are wanted then. */
static const struct seen_case {
	const char *name;
	struct seen {
		const char *name;
		uint32_t validity, id;
	} before[SEEN_MAX], after[SEEN_MAX];
} seen_cases[] = {
	{ "a rename", { { "a", 10, 1 }, { "b", 20, 2 } }, { { "c", 10, 1 }, { "b", 20, 2 } } },
	{ "a tree moves", { { "a", 10, 1 }, { "a/x", 11, 2 }, { "a/x/y", 12, 3 } },
	    { { "z/a", 10, 1 }, { "z/a/x", 11, 2 }, { "z/a/x/y", 12, 3 } } },
	{ "two change names", { { "a", 10, 1 }, { "b", 20, 2 } }, { { "a", 20, 2 }, { "b", 10, 1 } } },
	{ "three go round", { { "a", 10, 1 }, { "b", 20, 2 }, { "c", 30, 3 } },
	    { { "a", 30, 3 }, { "b", 10, 1 }, { "c", 20, 2 } } },
	{ "renamed, and a new one of its name", { { "a", 10, 1 } }, { { "a", 20, 2 }, { "b", 10, 1 } } },
	{ "replaced by another of its name", { { "a", 10, 1 } }, { { "a", 20, 2 } } },
	{ "renamed to the name of one that is gone", { { "a", 10, 1 }, { "b", 20, 2 } }, { { "b", 10, 1 } } },
	{ "one goes, one comes", { { "a", 10, 1 } }, { { "b", 11, 2 } } },
	{ "a copy beside it has its UIDVALIDITY", { { "a", 10, 1 } }, { { "a", 10, 1 }, { "b", 10, 2 } } },
	{ "two of the same UIDVALIDITY are gone", { { "a", 10, 1 }, { "b", 10, 2 } }, { { "c", 10, 3 } } },
	{ "two new ones of the same UIDVALIDITY", { { "a", 10, 1 } }, { { "b", 10, 2 }, { "c", 10, 3 } } },
	{ "always 1", { { "a", 1, 1 }, { "b", 1, 2 } }, { { "a", 1, 1 }, { "c", 1, 3 } } },
	{ "no UIDVALIDITY was known", { { "a", 0, 1 } }, { { "b", 10, 2 } } },
	{ "no UIDVALIDITY is known", { { "a", 10, 1 } }, { { "b", 0, 2 } } },
	{ "its name is listed without one", { { "a", 10, 1 } }, { { "a", 0, 1 }, { "b", 10, 2 } } },
};

static const struct seen_case *seen_now;

static void resolve_seen(struct redis_test *t, const struct seen *seen)
{
	struct store_folder v[SEEN_MAX], f;
	size_t n = 0;

	for (; n < SEEN_MAX && seen[n].name; n++)
		v[n] = imap(seen[n].name, seen[n].validity);
	assert_int_equal(store_folders_resolve(t->r, fiber_arena(), ann, v, n), ERR_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(v[i].id, seen[i].id);
		assert_true(find(t, v[i].id, &f)); /* both directions agree */
		assert_bytes_str(f.name, seen[i].name);
	}
}

static void seen_main(struct redis_test *t)
{
	resolve_seen(t, seen_now->before);
	resolve_seen(t, seen_now->after);
	resolve_seen(t, seen_now->after);
}

static void renamed_elsewhere(const struct seen_case *c)
{
	seen_now = c;
	redis_test(seen_main);
}
TEST_ROW(renamed_elsewhere)

/* ---- several at once ---- */

static void resolve_racer(struct racer *me)
{
	struct store_folder v[3] = { imap("x", 1), imap("y", 2), imap("z", 3) };

	if (!store_folders_resolve(me->r, fiber_arena(), ann, v, 3) && v[0].id < v[1].id && v[1].id < v[2].id)
		me->race->ids[me->i] = v[2].id;
}

static void folders_race_main(struct redis_test *t)
{
	struct race race = { .fn = resolve_racer };

	race_run(t, &race, 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(race.ids[i], 3);
}

static void folders_race(void **state)
{
	(void)state;
	redis_test(folders_race_main);
}

int main(void)
{
	TEST_ADD(folders);
	TEST_ADD(uid_validity);
	TEST_ADD(renamed);
	TEST_ADD_ROWS(renamed_elsewhere, seen_cases);
	TEST_ADD(folders_race);
	return test_run("store folders");
}
