#include "unit/backends/redis_server.h"

#include "store/key.h"
#include "store/store.h"

static const struct bytes ann = { (const uint8_t *)"ann@example.org", 15 };
static const struct bytes phone = { (const uint8_t *)"ApplDMQX", 8 };

/* ---- keys ---- */

static const struct name_case {
	const char *name, *in, *want;
} name_cases[] = {
	{ "plain", "ann+x@Example.org_1-~", "ann+x@Example.org_1-~" },
	{ "separators", "a:b{c}d", "a%3Ab%7Bc%7Dd" },
	{ "percent", "%3A", "%253A" },
	{ "control, space", "a\n b", "a%0A%20b" },
	{ "eight bits", "\xC3\xBC", "%C3%BC" },
	{ "nothing", "", "%" },
};

static void name_in_key(const struct name_case *c)
{
	struct buf b;
	struct bytes got;

	buf_init(&b, test_arena(), 0);
	key_put_name(&b, bytes_str(c->in));
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(name_in_key)

static void long_names(void **state)
{
	char text[KEY_NAME_MOST + 1];
	struct buf b;
	struct bytes got;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&b, test_arena(), 0);
	key_put(&b, "sent", bytes_of(text, KEY_NAME_MOST),
	    &(struct bytes){ (uint8_t *)text, KEY_NAME_MOST + 1 }, 1);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_int_equal(got.len, strlen("eas:sent:{}:") + KEY_NAME_MOST + 2 + 64);
}

/* ---- devices ---- */

static int64_t integer(struct redis_test *t, const char *const *words)
{
	struct redis_reply r;

	assert_int_equal(redis_say(t->r, &r, words), ERR_OK);
	assert_int_equal(r.kind, REDIS_INTEGER);
	return r.integer;
}
#define INTEGER(t, ...) integer((t), (const char *const[]){ __VA_ARGS__, NULL })

static void device_main(struct redis_test *t)
{
	struct store_device d = { .type = BYTES("iPhone"),
		.user_agent = BYTES("Apple-iPhone"),
		.model = BYTES("iPhone 15"),
		.outbound_sms = true,
		.policy_key = UINT32_MAX,
		.policy_key_pending = 7,
		.policy_hash = BYTES("\x01\x00\xFF"),
		.version = BYTES("16.1"),
		.last_seen = 1700000000,
		.ping = BYTES("p"),
		.sync_request = BYTES("s") };
	const unsigned all = STORE_DEVICE_TYPE | STORE_DEVICE_USER_AGENT | STORE_DEVICE_INFORMATION |
			     STORE_DEVICE_POLICY | STORE_DEVICE_VERSION | STORE_DEVICE_LAST_SEEN |
			     STORE_DEVICE_PING | STORE_DEVICE_SYNC_REQUEST;
	struct store_device got;
	uint64_t trips;

	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_false(got.exists);
	trips = redis_round_trips(t->r);
	assert_int_equal(store_device_save(t->r, ann, phone, &d, all), ERR_OK);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_int_equal(redis_round_trips(t->r) - trips, 2);
	assert_true(got.exists && got.outbound_sms);
	assert_bytes_equal(got.type, d.type);
	assert_bytes_equal(got.user_agent, d.user_agent);
	assert_bytes_equal(got.model, d.model);
	assert_bytes_equal(got.policy_hash, d.policy_hash);
	assert_int_equal(got.policy_key, UINT32_MAX);
	assert_int_equal(got.policy_key_pending, 7);
	assert_bytes_equal(got.version, d.version);
	assert_bytes_equal(got.ping, d.ping);
	assert_bytes_equal(got.sync_request, d.sync_request);
	assert_int_equal(got.first_seen, 1700000000);
	assert_int_equal(got.last_seen, 1700000000);
	assert_int_equal(got.hierarchy_generation, 0);
	assert_int_equal(got.imei.len, 0);
	/* Some fields, and some of them to nothing. */
	d = (struct store_device){ .last_seen = 1700000100, .policy_key = 9, .imei = BYTES("123") };
	assert_int_equal(store_device_save(t->r, ann, phone, &d,
			     STORE_DEVICE_POLICY | STORE_DEVICE_LAST_SEEN | STORE_DEVICE_PING),
	    ERR_OK);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_bytes_str(got.type, "iPhone");
	assert_int_equal(got.policy_key, 9);
	assert_int_equal(got.policy_key_pending, 0);
	assert_int_equal(got.policy_hash.len + got.ping.len + got.imei.len, 0);
	assert_int_equal(got.first_seen, 1700000000);
	assert_int_equal(got.last_seen, 1700000100);
	/* Both indexes know it. */
	assert_int_equal(INTEGER(t, "SISMEMBER", "eas:devs:{ann@example.org}", "ApplDMQX"), 1);
	assert_int_equal(INTEGER(t, "ZCOUNT", "eas:devices", "1700000100", "1700000100"), 1);
	/* A save that says nothing of the time doesn't set it back. */
	assert_int_equal(
	    store_device_save(t->r, ann, phone, &(struct store_device){ .last_seen = 1 }, STORE_DEVICE_PING),
	    ERR_OK);
	assert_int_equal(INTEGER(t, "ZCOUNT", "eas:devices", "1700000100", "1700000100"), 1);
}

static void device(void **state)
{
	(void)state;
	redis_test(device_main);
}

static void hierarchy_main(struct redis_test *t)
{
	struct store_device got;

	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 1, 2, BYTES("no")), ERR_CONFLICT);
	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 0, 1, BYTES("one")), ERR_OK);
	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 0, 1, BYTES("again")), ERR_CONFLICT);
	assert_int_equal(store_hierarchy_commit(t->r, ann, phone, 1, UINT64_MAX - 1, BYTES("two")), ERR_OK);
	/* beyond the 53 bits of Lua's numbers */
	assert_int_equal(
	    store_hierarchy_commit(t->r, ann, phone, UINT64_MAX, 3, BYTES("three")), ERR_CONFLICT);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &got), ERR_OK);
	assert_bytes_str(got.hierarchy, "two");
	assert_true(got.hierarchy_generation == UINT64_MAX - 1);
}

static void hierarchy(void **state)
{
	(void)state;
	redis_test(hierarchy_main);
}

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

/* ---- several fibers, on two connections as two workers have them ---- */

struct racer {
	struct race *race;
	struct redis *r;
	unsigned i;
};

struct race {
	void (*fn)(struct racer *me);
	struct redis *other;
	struct redis_server *server; /* for one that kills it */
	unsigned left, won, lost;
	uint32_t ids[64];
	uint64_t ticket;
	struct racer racers[64];
};

static void racer_main(void *arg)
{
	struct racer *me = arg;

	me->race->fn(me);
	if (--me->race->left == 0)
		fiber_wake(fiber_loop(), me->race->ticket);
}

static void race_run(struct redis_test *t, struct race *race, unsigned n)
{
	assert_int_equal(redis_new(t->loop, t->server.url, &race->other), ERR_OK);
	assert_int_equal(redis_wait_up(race->other, 5000), ERR_OK);
	race->left = n;
	race->ticket = fiber_ticket();
	for (unsigned i = 0; i < n; i++) {
		race->racers[i] = (struct racer){ race, i % 2 ? race->other : t->r, i };
		fiber_start(t->loop, &(struct fiber_opts){ .name = "racer" }, racer_main, &race->racers[i]);
	}
	assert_int_equal(fiber_wait(race->ticket, 20000), ERR_OK);
	redis_free(&race->other);
}

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
	inbox = INTEGER(t, "MEMORY", "USAGE", "eas:sync:{ann@example.org}:ApplDMQX:1");
	folder = INTEGER(t, "MEMORY", "USAGE", "eas:sync:{ann@example.org}:ApplDMQX:2");
	record = INTEGER(t, "MEMORY", "USAGE", "eas:dev:{ann@example.org}:ApplDMQX");
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

/* ---- mails sent, memos ---- */

static enum store_sent claim(struct redis_test *t, struct bytes id, uint32_t lease_s)
{
	enum store_sent s = STORE_SENT_DONE;

	assert_int_equal(
	    store_sent_claim(t->r, &(struct store_sent_id){ ann, phone, id }, lease_s, &s), ERR_OK);
	return s;
}

static void settle(struct redis_test *t, struct bytes id, enum store_sent state, uint32_t lease_s)
{
	assert_int_equal(
	    store_sent_settle(t->r, &(struct store_sent_id){ ann, phone, id }, state, lease_s, 60), ERR_OK);
}

static void sent_main(struct redis_test *t)
{
	assert_int_equal(claim(t, BYTES("1"), 60), STORE_SENT_NEW);
	assert_int_equal(claim(t, BYTES("1"), 60), STORE_SENT_UNDER_WAY);
	assert_int_equal(claim(t, BYTES("2"), 60), STORE_SENT_NEW);
	settle(t, BYTES("1"), STORE_SENT_DONE, 0);
	assert_int_equal(claim(t, BYTES("1"), 60), STORE_SENT_DONE);
	settle(t, BYTES("2"), STORE_SENT_NEW, 0);
	assert_int_equal(claim(t, BYTES("2"), 1), STORE_SENT_NEW);
	assert_int_equal(fiber_sleep(1100), ERR_OK);
	assert_int_equal(claim(t, BYTES("2"), 60), STORE_SENT_NEW); /* whoever had claimed it died */
}

/* Between the last byte and the copy in Sent: one takes it over, and only when the one before must be gone. */
static void taken_over_main(struct redis_test *t)
{
	settle(t, BYTES("3"), STORE_SENT_GIVEN, 60);
	assert_int_equal(claim(t, BYTES("3"), 60), STORE_SENT_UNDER_WAY);
	settle(t, BYTES("3"), STORE_SENT_GIVEN, 0);
	assert_int_equal(claim(t, BYTES("3"), 60), STORE_SENT_GIVEN);
	assert_int_equal(claim(t, BYTES("3"), 60), STORE_SENT_UNDER_WAY);
	settle(t, BYTES("4"), STORE_SENT_UNSAVED, 0);
	assert_int_equal(claim(t, BYTES("4"), 1), STORE_SENT_UNSAVED);
	assert_int_equal(claim(t, BYTES("4"), 1), STORE_SENT_UNDER_WAY);
	assert_int_equal(fiber_sleep(2100), ERR_OK);
	assert_int_equal(claim(t, BYTES("4"), 60), STORE_SENT_UNSAVED); /* that one died, too */
	settle(t, BYTES("4"), STORE_SENT_DONE, 0);
	assert_int_equal(claim(t, BYTES("4"), 60), STORE_SENT_DONE);
}

static void sent_taken_over(void **state)
{
	(void)state;
	redis_test(taken_over_main);
}

static void sent(void **state)
{
	(void)state;
	redis_test(sent_main);
}

static void memo_main(struct redis_test *t)
{
	struct bytes got;

	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "move", BYTES("x"), &got), ERR_NOT_FOUND);
	assert_int_equal(store_memo_set(t->r, ann, "move", BYTES("x"), BYTES("a\0b"), 1), ERR_OK);
	assert_int_equal(store_memo_set(t->r, ann, "add", BYTES("x"), BYTES(""), 60), ERR_OK);
	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "move", BYTES("x"), &got), ERR_OK);
	assert_bytes_equal(got, BYTES("a\0b"));
	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "add", BYTES("x"), &got), ERR_OK);
	assert_int_equal(got.len, 0);
	assert_int_equal(fiber_sleep(1100), ERR_OK);
	assert_int_equal(store_memo_get(t->r, fiber_arena(), ann, "move", BYTES("x"), &got), ERR_NOT_FOUND);
}

static void memo(void **state)
{
	(void)state;
	redis_test(memo_main);
}

/* ---- rates ---- */

static void rate_main(struct redis_test *t)
{
	struct bytes from = BYTES("2001:db8::1");
	struct store_rate s;

	assert_int_equal(store_rate_add(t->r, "auth-address", from, 0, 2, &s), ERR_OK);
	assert_int_equal(s.count + s.window_left_s, 0);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 1, 100, &s), ERR_OK);
	assert_int_equal(s.count, 1);
	assert_in_range(s.window_left_s, 98, 100);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 3, 500, &s), ERR_OK);
	assert_int_equal(s.count, 4);
	assert_in_range(s.window_left_s, 90, 100); /* it starts with the first failure */
	assert_int_equal(store_rate_add(t->r, "auth-account", from, 0, 100, &s), ERR_OK);
	assert_int_equal(s.count, 0);
	assert_int_equal(store_rate_clear(t->r, "auth-address", from), ERR_OK);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 1, 1, &s), ERR_OK);
	assert_int_equal(s.count, 1);
	assert_int_equal(fiber_sleep(1100), ERR_OK);
	assert_int_equal(store_rate_add(t->r, "auth-address", from, 0, 1, &s), ERR_OK);
	assert_int_equal(s.count, 0);
}

static void rate(void **state)
{
	(void)state;
	redis_test(rate_main);
}

/* ---- wake-ups ---- */

struct sleeper {
	unsigned woken, missed;
	char account[32], what[32];
	struct store_wakes *w;
	bool leaves; /* when woken */
};

static void on_wake(void *arg, struct bytes account, struct bytes what)
{
	struct sleeper *s = arg;

	snprintf(s->account, sizeof(s->account), "%.*s", BYTES_ARG(account));
	snprintf(s->what, sizeof(s->what), "%.*s", BYTES_ARG(what));
	if (what.len)
		s->woken++;
	else
		s->missed++;
	if (what.len && s->leaves)
		store_wakes_remove(s->w, account);
}

static void until(const unsigned *count, unsigned want)
{
	for (int i = 0; i < 1000 && *count < want; i++)
		assert_int_equal(fiber_sleep(10), ERR_OK);
	assert_int_equal(*count, want);
}

static void wakes_main(struct redis_test *t)
{
	struct sleeper s = { 0 };
	struct redis *other;

	assert_int_equal(redis_new(t->loop, t->server.url, &other), ERR_OK);
	s.w = store_wakes_new(t->r, on_wake, &s);
	assert_int_equal(store_wakes_add(s.w, ann), ERR_OK);
	assert_int_equal(store_wakes_add(s.w, ann), ERR_OK);
	assert_int_equal(store_wakes_add(s.w, BYTES("bob {x}")), ERR_OK);
	until(&s.missed, 2);
	assert_int_equal(store_wake_publish(other, BYTES("carl"), BYTES("1")), ERR_OK);
	assert_int_equal(store_wake_publish(other, BYTES("bob {x}"), BYTES("3 17")), ERR_OK);
	until(&s.woken, 1);
	assert_string_equal(s.account, "bob {x}");
	assert_string_equal(s.what, "3 17");
	store_wakes_remove(s.w, ann);
	assert_int_equal(store_wake_publish(other, ann, BYTES("*")), ERR_OK);
	until(&s.woken, 2); /* still there once */
	s.leaves = true;
	assert_int_equal(store_wake_publish(other, ann, BYTES("*")), ERR_OK);
	until(&s.woken, 3);
	assert_int_equal(store_wake_publish(other, ann, BYTES("*")), ERR_OK);
	assert_int_equal(store_wake_publish(other, BYTES("bob {x}"), BYTES("4")), ERR_OK);
	until(&s.woken, 4);
	assert_string_equal(s.what, "4");
	redis_server_kill(&t->server);
	assert_int_equal(store_wakes_add(s.w, ann), ERR_OK);
	redis_server_run(&t->server);
	until(&s.missed, 3); /* bob left as well */
	store_wakes_free(&s.w);
	redis_free(&other);
}

static void wakes(void **state)
{
	(void)state;
	redis_test(wakes_main);
}

/* ---- not the Redis it should be ---- */

static void refused_main(struct redis_test *t)
{
	struct redis_reply r;
	struct store_device d;
	struct store_rate rate;

	assert_int_equal(REDIS_SAY(t->r, &r, "SET", "eas:dev:{ann@example.org}:ApplDMQX", "x"), ERR_OK);
	assert_int_equal(store_device_load(t->r, fiber_arena(), ann, phone, &d), ERR_UNAVAILABLE);
	assert_int_equal(REDIS_SAY(t->r, &r, "CONFIG", "SET", "maxmemory", "1"), ERR_OK);
	assert_int_equal(store_memo_set(t->r, ann, "k", BYTES("n"), BYTES("v"), 9), ERR_UNAVAILABLE);
	assert_int_equal(store_rate_add(t->r, "auth-account", ann, 1, 9, &rate), ERR_UNAVAILABLE);
}

static void refused(void **state)
{
	(void)state;
	redis_test(refused_main);
}

int main(void)
{
	TEST_ADD_ROWS(name_in_key, name_cases);
	TEST_ADD(long_names);
	TEST_ADD(device);
	TEST_ADD(hierarchy);
	TEST_ADD(folders);
	TEST_ADD(uid_validity);
	TEST_ADD(renamed);
	TEST_ADD_ROWS(renamed_elsewhere, seen_cases);
	TEST_ADD(folders_race);
	TEST_ADD(commit);
	TEST_ADD(commit_race);
	TEST_ADD(memory);
	TEST_ADD(died_while_committing);
	TEST_ADD(sent);
	TEST_ADD(sent_taken_over);
	TEST_ADD(memo);
	TEST_ADD(rate);
	TEST_ADD(wakes);
	TEST_ADD(refused);
	return test_run("store");
}
