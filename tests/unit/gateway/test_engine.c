#include "testing.h"

#include "base/hash.h"
#include "sync/engine.h"

/* The sync engine against a model: a server whose items come, change and go at random; a phone that takes what it is told;
 * a network that loses answers and doubles requests. Whatever happens, the phone must end with exactly what the server has,
 * and must never be told a thing that makes no sense. */

enum { ITEMS = 120, FOLDER = 5 };

struct server {
	uint32_t digest[ITEMS + 1];          /* by id; 0 = not there */
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

static enum err fake_compare(
    struct collection *c, const struct snapshot *had, struct snapshot *now, struct changes *out)
{
	bool since = server.qresync && had->token;

	out->v = arena_array(c->rq->arena, ITEMS * 2, sizeof(*out->v));
	out->n = 0;
	*now = (struct snapshot){
		.validity = 1, .token = server.qresync ? server.modseq : 0, .next_id = server.next_id
	};
	for (uint64_t id = 1; id <= ITEMS; id++) {
		struct snapshot_item *item = snapshot_find(had, id);
		uint32_t digest = server.digest[id];

		if (since && server.changed[id] <= had->token && !snapshot_is_pending(had, id))
			continue; /* so the engine must know on its own what it owes */
		if (item && !digest)
			out->v[out->n++] = (struct change){ .kind = CHANGE_DELETE, .id = id };
		else if (item && digest != item->digest)
			out->v[out->n++] = (struct change){
				.kind = CHANGE_UPDATE, .id = id, .had = item->digest, .now = digest
			};
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

static struct bytes data_of(const struct wbxml_node *command)
{
	return wbxml_child_text(command, AIRSYNC_APPLICATION_DATA);
}

static enum err fake_change(
    struct collection *c, struct snapshot_item *item, const struct wbxml_node *command, uint32_t *status)
{
	uint32_t digest = 0;

	(void)c;
	*status = 8;
	if (!server.digest[item->id])
		return ERR_OK;
	assert_int_equal(bytes_to_u32(data_of(command), UINT32_MAX, &digest), ERR_OK);
	touch(item->id, digest);
	item->digest = digest;
	*status = 1;
	return ERR_OK;
}

static enum err fake_remove(
    struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status)
{
	(void)c;
	assert_true(!item || item->id == id);
	*status = server.digest[id] ? 1 : 8;
	if (server.digest[id])
		touch(id, 0);
	return ERR_OK;
}

static enum err fake_add(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
    uint64_t *new_id, uint32_t *digest, uint32_t *status)
{
	(void)c;
	assert_int_equal(bytes_to_u32(data_of(command), UINT32_MAX, digest), ERR_OK);
	*new_id = server.next_id++;
	assert_null(snapshot_find(has, *new_id));
	touch(*new_id, *digest);
	*status = 1;
	return ERR_OK;
}

static const struct collection_ops fake_ops = { CLASS_EMAIL, fake_compare, fake_prepare, fake_write,
	fake_change, fake_remove, fake_add, NULL };

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

static struct answer run_sync(
    struct arena *a, const char *key, const struct wbxml_node *commands, uint32_t n_commands, uint32_t window)
{
	struct request rq = { .arena = a, .version = EAS_14_1 };
	struct sync_ask ask = { .id = FOLDER,
		.id_text = BYTES("5"),
		.key = bytes_str(key),
		.window = window,
		.commands = commands,
		.n_commands = n_commands,
		.get_changes = strcmp(key, "0") != 0,
		.deletes_as_moves = true };
	struct sync_run r = { .ask = &ask,
		.c = { .ops = &fake_ops, .rq = &rq, .folder_id = FOLDER },
		.stored = server.stored };
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

/* What was worked out is not stored: the worker died before, or another request was faster. */
static void run_unstored(
    struct arena *a, const char *key, const struct wbxml_node *commands, uint32_t n_commands, uint32_t window)
{
	struct store_sync before = server.stored;

	(void)run_sync(a, key, commands, n_commands, window);
	server.stored = before;
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

		if (r->kind != AIRSYNC_ADD || !sync_result_is_told(r) || r->status != 1)
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
static struct wbxml_node *make_commands(struct arena *a, struct phone *p, bool adds, uint32_t *n)
{
	struct wbxml_node *root = node(a, NULL, AIRSYNC_COMMANDS, "");
	static uint32_t serial = 1000;

	for (*n = 0; *n < 3; ++*n) {
		uint64_t id = 1 + rnd(ITEMS);
		char text[SERVER_ID_MAX], digest[16];

		snprintf(digest, sizeof(digest), "%u", ++serial);
		server_id_format(FOLDER, id, text);
		if (adds && rnd(4) == 0 &&
		    server.next_id + *n <= ITEMS) { /* room for all of this request's */
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
	uint32_t other_percent; /* of lost answers: the phone then asks for something else with the old key */
	uint32_t died_percent;  /* of requests: done, but not stored, before they are repeated */
} engine_cases[] = {
	{ "a quiet network", true, 100, 0, 0, 30, 0, 0 },
	{ "small windows", true, 3, 0, 0, 30, 0, 0 },
	{ "lost answers", true, 10, 40, 0, 0, 0, 0 },
	{ "lost answers and commands", true, 10, 40, 0, 50, 0, 0 },
	{ "doubled requests", true, 10, 20, 40, 30, 0, 0 },
	{ "without QRESYNC, lost answers and commands", false, 5, 40, 20, 50, 0, 0 },
	{ "window of one, everything at once", true, 1, 30, 30, 30, 0, 0 },
	{ "other commands after a lost answer", true, 4, 40, 0, 50, 60, 0 },
	{ "other commands after a lost answer, without QRESYNC", false, 4, 40, 0, 50, 60, 0 },
	{ "workers that die before they store", true, 5, 20, 0, 60, 0, 40 },
	{ "races between requests of one phone", true, 5, 30, 30, 60, 30, 40 },
};

/* What the store keeps must not live in the arena of one request. */
static void keep_stored(void)
{
	struct bytes *const fields[] = { &server.stored.current, &server.stored.previous,
		&server.stored.settings, &server.stored.adds };

	for (size_t i = 0; i < 4; i++)
		*fields[i] = test_copy(*fields[i]);
}

static void start(struct phone *p)
{
	struct arena *a = arena_new(1 << 20);
	struct answer first = run_sync(a, "0", NULL, 0, 100);

	assert_int_equal(first.status, 1);
	assert_int_equal(first.changes.n, 0);
	take(p, &first);
	keep_stored();
	arena_free(&a);
}

/* The answer is lost. Most phones repeat the request; some ask for something else first. */
static struct answer ask_again(
    struct arena *a, struct phone *p, const struct engine_case *c, struct wbxml_node **commands, uint32_t *n)
{
	struct answer got;

	if (rnd(2))
		change_server();
	if (rnd(100) < c->other_percent)
		*commands = rnd(2) ? make_commands(a, p, false, n) : ((*n = 0), NULL);
	got = run_sync(a, p->key, *commands, *n, c->window);
	keep_stored();
	return got;
}

static void round_of(struct phone *p, const struct engine_case *c)
{
	struct arena *a = arena_new(4 << 20);
	uint32_t n = 0;
	struct wbxml_node *commands =
	    rnd(100) < c->commands_percent ? make_commands(a, p, !c->died_percent, &n) : NULL;
	bool lost = rnd(100) < c->lost_percent;
	struct answer got;

	if (rnd(100) < c->died_percent) {
		run_unstored(a, p->key, commands, n, c->window);
		if (rnd(2))
			change_server();
	}
	if (rnd(100) < c->doubled_percent) {
		run_sync(a, p->key, commands, n, c->window);
		keep_stored();
	}
	got = run_sync(a, p->key, commands, n, c->window);
	keep_stored();
	assert_int_equal(got.status, 1);
	assert_true(!got.more || got.changes.n); /* never MoreAvailable with nothing */
	while (lost) {
		got = ask_again(a, p, c, &commands, &n);
		assert_int_equal(got.status, 1);
		lost = rnd(100) < c->lost_percent;
	}
	take(p, &got);
	arena_free(&a);
}

static bool is_same(const struct phone *p)
{
	for (uint64_t id = 1; id <= ITEMS; id++)
		if (p->has[id] != (server.digest[id] != 0) ||
		    (p->has[id] && p->digest[id] != server.digest[id]))
			return false;
	return true;
}

/* The server rests and the network is good: after a few pages the phone has what the server has. */
static void settles(struct phone *p, bool qresync)
{
	struct engine_case calm = { "", qresync, 50, 0, 0, 0, 0, 0 };

	for (unsigned i = 0; i < ITEMS / 7 + 3; i++)
		round_of(p, &calm);
	for (uint64_t id = 1; id <= ITEMS && !is_same(p); id++)
		if (p->has[id] != (server.digest[id] != 0) || p->digest[id] != server.digest[id])
			print_message("item %u: phone %d %u, server %u\n", (unsigned)id, p->has[id],
			    p->digest[id], server.digest[id]);
	assert_true(is_same(p));
}

static void new_life(struct phone *p, const struct engine_case *c)
{
	unsigned anomalies = p->anomalies;

	server = (struct server){ .modseq = 1, .next_id = 1, .qresync = c->qresync };
	*p = (struct phone){ .anomalies = anomalies };
	for (int i = 0; i < 12; i++)
		change_server();
	start(p);
}

static void converges(const struct engine_case *c)
{
	struct phone p = { 0 };

	seed = 42;
	new_life(&p, c);
	for (int i = 0; i < 2000; i++) {
		if (rnd(3) == 0)
			change_server();
		round_of(&p, c);
		if (rnd(8) == 0)
			settles(&p, c->qresync);
		if (server.next_id > ITEMS && rnd(40) == 0)
			new_life(&p, c);
	}
	settles(&p, c->qresync);
	/* Only what the phone itself has deleted by a request whose answer it never saw may be deleted once more. */
	if (!c->other_percent && !c->died_percent)
		assert_int_equal(p.anomalies, 0);
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
	TEST_ADD_ROWS(converges, engine_cases);
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
