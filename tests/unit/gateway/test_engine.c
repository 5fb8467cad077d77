#include "testing.h"

#include "base/hash.h"
#include "sync/engine.h"

/* The sync engine against a model: a server whose items come, change and go at random; a phone that takes what it is told;
 * a network that loses answers and doubles requests. Whatever happens, the phone must end with exactly what the server has,
 * and must never be told a thing that makes no sense. */

enum { ITEMS = 120, FOLDER = 5 };

struct server {
	uint32_t digest[ITEMS + 1]; /* by id; 0 = not there */
	uint64_t modseq, changed[ITEMS + 1]; /* when the item last came, changed or went */
	uint64_t next_id;
	bool qresync;
	struct store_sync stored;
};

struct phone {
	char key[SYNC_KEY_MAX];
	bool has[ITEMS + 1];
	uint32_t digest[ITEMS + 1];
	unsigned anomalies;
};

static struct server server;
static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* ---- a collection on the model server ---- */

static void touch(uint64_t id, uint32_t digest)
{
	server.digest[id] = digest;
	server.changed[id] = ++server.modseq;
}

static enum err fake_compare(struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	bool since = server.qresync && had->token;

	out->v = arena_array(c->rq->arena, ITEMS * 2, sizeof(*out->v));
	out->n = 0;
	*now = (struct snapshot){ .validity = 1, .token = server.qresync ? server.modseq : 0, .next_id = server.next_id };
	for (uint64_t id = 1; id <= ITEMS; id++) {
		struct snapshot_item *item = snapshot_find(had, id);
		uint32_t digest = server.digest[id];

		if (since && server.changed[id] <= had->token && !snapshot_is_pending(had, id))
			continue; /* so the engine must know on its own what it owes */
		if (item && !digest)
			out->v[out->n++] = (struct change){ .kind = CHANGE_DELETE, .id = id };
		else if (item && digest != item->digest)
			out->v[out->n++] = (struct change){ .kind = CHANGE_UPDATE, .id = id, .had = item->digest, .now = digest };
		else if (!item && digest)
			out->v[out->n++] = (struct change){ .kind = CHANGE_ADD, .id = id, .now = digest };
	}
	return ERR_OK;
}

/* A mail that vanished since the comparison; and a budget that ends after a few. */
static enum err fake_prepare(struct collection *c, struct change *v, size_t n, size_t budget, size_t *done)
{
	(void)c;
	for (*done = 0; *done < n && (*done < 7 || budget > 1000000); ++*done) {
		struct change *one = &v[*done];
		uint32_t digest = server.digest[one->id];

		if (one->kind == CHANGE_ADD && !digest)
			one->kind = CHANGE_NONE;
		else if (one->kind == CHANGE_UPDATE && one->stale && !digest)
			one->kind = CHANGE_DELETE;
		else if (one->kind == CHANGE_ADD || (one->kind == CHANGE_UPDATE && one->stale))
			one->now = digest;
	}
	return ERR_OK;
}

static enum err fake_write(struct collection *c, struct wbxml_writer *w, const struct change *change)
{
	(void)c;
	(void)w;
	(void)change;
	return ERR_OK;
}

static enum err fake_change(struct collection *c, struct snapshot_item *item, const struct wbxml_node *data, uint32_t *status)
{
	uint32_t digest = 0;

	(void)c;
	*status = 8;
	if (!server.digest[item->id])
		return ERR_OK;
	assert_int_equal(bytes_to_u32(data->text, UINT32_MAX, &digest), ERR_OK);
	touch(item->id, digest);
	item->digest = digest;
	*status = 1;
	return ERR_OK;
}

static enum err fake_remove(struct collection *c, uint64_t id, uint32_t *status)
{
	(void)c;
	*status = server.digest[id] ? 1 : 8;
	if (server.digest[id])
		touch(id, 0);
	return ERR_OK;
}

static enum err fake_add(struct collection *c, const struct wbxml_node *data, uint64_t *new_id, uint32_t *digest,
    uint32_t *status)
{
	(void)c;
	assert_int_equal(bytes_to_u32(data->text, UINT32_MAX, digest), ERR_OK);
	*new_id = server.next_id++;
	touch(*new_id, *digest);
	*status = 1;
	return ERR_OK;
}

static const struct collection_ops fake_ops = { CLASS_EMAIL, fake_compare, fake_prepare, fake_write, fake_change, fake_remove,
	fake_add };

/* ---- one Sync ---- */

struct answer {
	enum sync_mode mode;
	uint32_t status;
	char key[SYNC_KEY_MAX];
	bool empty, more;
	struct changes changes;
	struct sync_results results;
};

static void key_of_answer(const struct sync_run *r, char to[SYNC_KEY_MAX])
{
	static uint8_t room[1 << 16];
	struct arena *a = test_arena();
	struct wbxml_node *root;
	struct wbxml_writer w;
	struct bytes doc, key;
	struct buf b;

	(void)room;
	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	assert_int_equal(sync_run_write((struct sync_run *)(uintptr_t)r, &w), ERR_OK);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_tree(a, doc, 10000, &root, NULL, NULL), ERR_OK);
	key = wbxml_child_text(root, AIRSYNC_SYNC_KEY);
	assert_true(key.len < SYNC_KEY_MAX);
	memcpy(to, key.p, key.len);
	to[key.len] = 0;
}

/* lost_race: the answer is computed but another one is stored first. */
static struct answer run_sync(struct arena *a, const char *key, const struct wbxml_node *commands, uint32_t n_commands,
    uint32_t window)
{
	struct request rq = { .arena = a, .version = EAS_14_1 };
	struct sync_ask ask = { .id = FOLDER, .id_text = BYTES("5"), .key = bytes_str(key), .window = window, .commands = commands,
		.n_commands = n_commands, .get_changes = strcmp(key, "0") != 0, .deletes_as_moves = true };
	struct sync_run r = { .ask = &ask, .c = { .ops = &fake_ops, .rq = &rq, .folder_id = FOLDER }, .stored = server.stored };
	struct answer out = { 0 };

	assert_int_equal(sync_run_open(&r), ERR_OK);
	assert_int_equal(sync_run_work(&r, window, 50000), ERR_OK);
	assert_int_equal(sync_run_close(&r), ERR_OK);
	if (r.save)
		server.stored = r.to_store;
	out.mode = r.mode;
	out.status = r.status;
	out.empty = !sync_run_has_answer(&r);
	out.more = r.more;
	out.changes = r.changes;
	out.results = r.results;
	if (!out.empty)
		key_of_answer(&r, out.key);
	return out;
}

/* ---- the phone ---- */

static void take(struct phone *p, const struct answer *a)
{
	if (a->empty)
		return;
	for (size_t i = 0; i < a->changes.n; i++) {
		const struct change *c = &a->changes.v[i];

		switch (c->kind) {
		case CHANGE_ADD:
			p->anomalies += p->has[c->id];
			p->has[c->id] = true;
			p->digest[c->id] = c->now;
			break;
		case CHANGE_UPDATE:
			p->anomalies += !p->has[c->id];
			p->digest[c->id] = c->now;
			break;
		case CHANGE_DELETE:
		case CHANGE_SOFT_DELETE:
			p->anomalies += !p->has[c->id];
			p->has[c->id] = false;
			break;
		case CHANGE_NONE:
			p->anomalies++;
		}
	}
	for (size_t i = 0; i < a->results.n; i++) {
		const struct sync_result *r = &a->results.v[i];
		uint32_t folder;
		uint64_t id;

		if (r->kind != AIRSYNC_ADD || r->status != 1)
			continue;
		assert_int_equal(server_id_parse(r->server_id, &folder, &id), ERR_OK);
		p->has[id] = true;
		assert_int_equal(bytes_to_u32(r->client_id, UINT32_MAX, &p->digest[id]), ERR_OK);
	}
	strcpy(p->key, a->key);
}

static struct wbxml_node *node(struct arena *a, struct wbxml_node *parent, wbxml_tag tag, const char *text)
{
	struct wbxml_node *n = arena_alloc(a, sizeof(*n)), **at;

	n->tag = tag;
	assert_int_equal(arena_strdup(a, text, &n->text), ERR_OK);
	n->parent = parent;
	for (at = parent ? &parent->child : NULL; at && *at; at = &(*at)->next)
		;
	if (at)
		*at = n;
	return n;
}

/* Some commands on what the phone has; it does them to itself at once, as phones do. */
static struct wbxml_node *make_commands(struct arena *a, struct phone *p, uint32_t *n)
{
	struct wbxml_node *root = node(a, NULL, AIRSYNC_COMMANDS, "");
	static uint32_t serial = 1000;

	for (*n = 0; *n < 3; ++*n) {
		uint64_t id = 1 + rnd(ITEMS);
		char text[SERVER_ID_MAX], digest[16];

		snprintf(digest, sizeof(digest), "%u", ++serial);
		server_id_format(FOLDER, id, text);
		if (rnd(4) == 0 && server.next_id <= ITEMS) {
			struct wbxml_node *c = node(a, root, AIRSYNC_ADD, "");

			node(a, c, AIRSYNC_CLIENT_ID, digest);
			node(a, c, AIRSYNC_APPLICATION_DATA, digest);
		} else if (p->has[id] && rnd(2)) {
			struct wbxml_node *c = node(a, root, AIRSYNC_CHANGE, "");

			node(a, c, AIRSYNC_SERVER_ID, text);
			node(a, c, AIRSYNC_APPLICATION_DATA, digest);
			p->digest[id] = serial;
		} else if (p->has[id]) {
			node(a, node(a, root, AIRSYNC_DELETE, ""), AIRSYNC_SERVER_ID, text);
			p->has[id] = false;
		} else {
			break;
		}
	}
	return *n ? root : NULL;
}

static void change_server(void)
{
	for (uint32_t i = rnd(6); i; i--) {
		uint64_t id = 1 + rnd((uint32_t)server.next_id - 1 ? (uint32_t)server.next_id - 1 : 1);

		if (rnd(2) && server.next_id <= ITEMS)
			touch(server.next_id++, 1 + rnd(4));
		else if (server.digest[id])
			touch(id, rnd(3) ? 1 + rnd(4) : 0);
	}
}

static const struct engine_case {
	const char *name;
	bool qresync;
	uint32_t window, lost_percent, doubled_percent, commands_percent;
} engine_cases[] = {
	{ "a quiet network", true, 100, 0, 0, 30 },
	{ "small windows", true, 3, 0, 0, 30 },
	{ "lost answers", true, 10, 40, 0, 0 },
	{ "lost answers and commands", true, 10, 40, 0, 50 },
	{ "doubled requests", true, 10, 20, 40, 30 },
	{ "without QRESYNC, lost answers and commands", false, 5, 40, 20, 50 },
	{ "window of one, everything at once", true, 1, 30, 30, 30 },
};

static void start(struct phone *p)
{
	struct arena *a = arena_new(1 << 20);
	struct answer first = run_sync(a, "0", NULL, 0, 100);

	assert_int_equal(first.status, 1);
	assert_int_equal(first.changes.n, 0);
	take(p, &first);
	arena_free(&a);
}

/* What the store keeps must not live in the arena of one request. */
static void keep_stored(void)
{
	struct bytes *const fields[] = { &server.stored.current, &server.stored.previous, &server.stored.settings,
		&server.stored.adds };

	for (size_t i = 0; i < 4; i++)
		*fields[i] = test_copy(*fields[i]);
}

static void round_of(struct phone *p, const struct engine_case *c)
{
	struct arena *a = arena_new(4 << 20);
	uint32_t n = 0;
	struct wbxml_node *commands = rnd(100) < c->commands_percent ? make_commands(a, p, &n) : NULL;
	bool lost = rnd(100) < c->lost_percent;
	struct answer got;

	if (rnd(100) < c->doubled_percent) {
		run_sync(a, p->key, commands, n, c->window);
		keep_stored();
	}
	got = run_sync(a, p->key, commands, n, c->window);
	keep_stored();
	assert_int_equal(got.status, 1);
	assert_true(!got.more || got.changes.n); /* never MoreAvailable with nothing */
	while (lost) { /* a phone repeats a request with commands; without, it may ask anew */
		if (rnd(2))
			change_server();
		got = run_sync(a, p->key, commands, n, c->window);
		keep_stored();
		assert_int_equal(got.status, 1);
		lost = rnd(100) < c->lost_percent;
	}
	take(p, &got);
	arena_free(&a);
}

static void converges(const struct engine_case *c)
{
	struct phone p = { 0 };

	seed = 42;
	server = (struct server){ .modseq = 1, .next_id = 1, .qresync = c->qresync };
	for (int i = 0; i < 12; i++)
		change_server();
	start(&p);
	keep_stored();
	for (int i = 0; i < 400; i++) {
		if (rnd(3) == 0)
			change_server();
		round_of(&p, c);
		if (server.next_id > ITEMS && rnd(40) == 0) { /* a new mailbox full of mails */
			server = (struct server){ .modseq = 1, .next_id = 1, .qresync = c->qresync };
			p = (struct phone){ 0 };
			start(&p);
			keep_stored();
		}
	}
	for (int i = 0; i < 2 * ITEMS; i++) {
		struct engine_case calm = { "", c->qresync, 5, 0, 0, 0 };

		round_of(&p, &calm);
	}
	for (uint64_t id = 1; id <= ITEMS; id++) {
		assert_int_equal(p.has[id], server.digest[id] != 0);
		if (p.has[id])
			assert_int_equal(p.digest[id], server.digest[id]);
	}
	/* Only a mail that vanished between a lost answer and its repetition may be deleted without having been seen. */
	assert_in_range(p.anomalies, 0, c->lost_percent || c->doubled_percent ? 60 : 0);
}
TEST_ROW(converges)

/* ---- keys ---- */

static void reset(struct phone *p)
{
	server = (struct server){ .modseq = 1, .next_id = 1, .qresync = true };
	for (int i = 0; i < 20; i++)
		touch(server.next_id++, 1);
	*p = (struct phone){ 0 };
	start(p);
	keep_stored();
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
	assert_int_equal(got.status, 1);
	assert_int_equal(server.next_id, next + 1);
	assert_int_equal(got.results.n, 2);
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
	reset(&p);
	((uint8_t *)(uintptr_t)server.stored.current.p)[3] ^= 1;
	assert_int_equal(run_sync(test_arena(), p.key, NULL, 0, 100).status, 3);
	assert_int_equal(run_sync(test_arena(), "0", NULL, 0, 100).status, 1);
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
	TEST_ADD_ROWS(converges, engine_cases);
	TEST_ADD(replay_is_the_same_and_stores_nothing);
	TEST_ADD(an_add_is_made_once);
	TEST_ADD(starting_twice_joins);
	TEST_ADD_ROWS(bad_key, bad_keys);
	TEST_ADD(a_damaged_state_costs_one_folder_its_key);
	TEST_ADD(nothing_new_is_an_empty_answer);
	return test_run("engine");
}
