/* The sync engine against a model: a server whose items come, change and go at random; a phone that takes what it is told;
 * a network that loses answers and doubles requests. Whatever happens, the phone must end with exactly what the server has,
 * and must never be told a thing that makes no sense. */
#include "unit/gateway/engine_model.h"

static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* What was worked out is not stored: the worker died before, or another request was faster. */
static void run_unstored(
    struct arena *a, const char *key, const struct wbxml_node *commands, uint32_t n_commands, uint32_t window)
{
	struct store_sync before = server.stored;

	(void)run_sync(a, key, commands, n_commands, window);
	server.stored = before;
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

int main(void)
{
	TEST_ADD_ROWS(converges, engine_cases);
	return test_run("engine random");
}
