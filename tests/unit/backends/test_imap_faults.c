#include "unit/backends/imap_mock.h"

/* What becomes of each call when the server fails in the midst of it: the error that its header names, a reason for
 * the log, and a connection that is used again only if its state is known. */

enum { LATE_MS = 300 };

struct scene {
	struct imap_mock mock;
	struct imap_pool *pool;
	struct imap *c;
	struct arena *a;
	const void *row;
	void (*run)(struct scene *s);
	uint32_t command_ms;
};

static void scene_main(void *arg)
{
	struct scene *s = arg;
	struct imap_config config = imap_mock_config(&s->mock);

	if (s->command_ms)
		config.command_ms = s->command_ms;
	s->pool = imap_pool_new(fiber_loop(), &config);
	s->a = fiber_arena();
	s->run(s);
	imap_close(&s->c);
	imap_pool_free(&s->pool);
}

static void run(struct scene *s, void (*fn)(struct scene *s))
{
	s->run = fn;
	imap_mock_start(&s->mock);
	on_fiber(scene_main, s);
	imap_mock_stop(&s->mock);
}

/* ---- calls ---- */

static enum err list(struct scene *s)
{
	struct imap_mailboxes all;
	enum err e = imap_list(s->c, s->a, false, &all);

	if (!e)
		assert_int_equal(all.n, 2);
	return e;
}

static enum err status(struct scene *s)
{
	struct imap_status one;
	enum err e = imap_status(s->c, BYTES("INBOX"), &one);

	if (!e)
		assert_int_equal(one.messages, 2);
	return e;
}

static enum err is_listed(struct scene *s)
{
	bool listed;
	enum err e = imap_is_listed(s->c, BYTES("Sent"), &listed);

	if (!e)
		assert_true(listed);
	return e;
}

static enum err status_unlisted(struct scene *s)
{
	struct imap_status one;

	return imap_status(s->c, BYTES("Unlisted"), &one);
}

static enum err status_many(struct scene *s)
{
	struct bytes names[] = { BYTES("INBOX"), BYTES("a") };
	struct imap_status v[2];
	enum err e = imap_status_many(s->c, names, 2, v);

	if (!e)
		assert_int_equal(v[0].known, v[1].known);
	return e;
}

static enum err create(struct scene *s)
{
	return imap_create(s->c, BYTES("a"), IMAP_USE_NONE);
}

static enum err delete (struct scene *s) { return imap_delete(s->c, BYTES("a")); }

static enum err rename_it(struct scene *s)
{
	return imap_rename(s->c, BYTES("a"), BYTES("b"));
}

static enum err select_inbox(struct scene *s)
{
	struct imap_status one;
	enum err e = imap_select(s->c, BYTES("INBOX"), &one);

	if (!e)
		assert_int_equal(one.uid_validity, 7);
	return e;
}

static enum err status_selected(struct scene *s)
{
	struct imap_status one;
	enum err e = imap_status_selected(s->c, BYTES("INBOX"), &one);

	if (!e && one.known)
		assert_int_equal(one.uid_validity, 7);
	return e;
}

static enum err changes(struct scene *s)
{
	struct imap_changes ch;
	enum err e = select_inbox(s);

	if (!e && !(e = imap_fetch_changes(s->c, s->a, 0, &ch)))
		assert_int_equal(ch.n, 2);
	return e;
}

static enum err messages(struct scene *s)
{
	uint32_t uid = 3;
	struct imap_messages m;
	enum err e = select_inbox(s);

	if (!e && !(e = imap_fetch_messages(s->c, s->a, &uid, 1, &m)))
		assert_true(!m.n || m.v[0].problem); /* no answer of the mock's is a whole message */
	return e;
}

static enum err parts(struct scene *s)
{
	struct imap_part_request part = { .uid = 3, .section = "1" };
	enum err e = select_inbox(s);

	if (!e && !(e = imap_fetch_parts(s->c, s->a, &part, 1)))
		assert_false(part.found);
	return e;
}

static enum err store(struct scene *s)
{
	enum err e = select_inbox(s);

	return e ? e : imap_store_flags(s->c, 3, IMAP_SEEN, 0, NULL, 0, NULL, 0, 0);
}

static enum err move(struct scene *s)
{
	uint32_t uid = 3;
	struct imap_moved moved;
	enum err e = select_inbox(s);

	return e ? e : imap_move(s->c, s->a, &uid, 1, BYTES("a"), &moved);
}

static enum err expunge(struct scene *s)
{
	uint32_t uid = 3;
	enum err e = select_inbox(s);

	return e ? e : imap_expunge(s->c, &uid, 1);
}

static enum err expunge_all(struct scene *s)
{
	enum err e = select_inbox(s);

	return e ? e : imap_expunge_all(s->c);
}

static enum err append(struct scene *s)
{
	uint32_t uid;

	return imap_append(s->c, BYTES("a"), BYTES("A: b\r\n\r\nc\r\n"), 0, 0, &uid);
}

static enum err search(struct scene *s)
{
	struct imap_uids uids;
	enum err e = imap_search_since(s->c, s->a, 1700000000, &uids);

	if (!e)
		assert_int_equal(uids.n, 0);
	return e;
}

static const struct call {
	const char *name, *command;
	enum err (*run)(struct scene *s);
	enum err no, bad; /* what it gives where the server says so, without a reason */
} calls[] = {
	{ "list", "LIST", list, ERR_DENIED, ERR_UNSUPPORTED },
	{ "is listed", "LIST", is_listed, ERR_DENIED, ERR_UNSUPPORTED },
	{ "status", "STATUS", status, ERR_UNAVAILABLE, ERR_UNSUPPORTED },
	{ "status of what isn't listed", "STATUS", status_unlisted, ERR_NOT_FOUND, ERR_UNSUPPORTED },
	{ "status of many", "STATUS", status_many, ERR_OK, ERR_OK },
	{ "create", "CREATE", create, ERR_EXISTS, ERR_UNSUPPORTED },
	{ "delete", "DELETE", delete, ERR_DENIED, ERR_UNSUPPORTED },
	{ "rename", "RENAME", rename_it, ERR_DENIED, ERR_UNSUPPORTED },
	{ "select", "SELECT", select_inbox, ERR_NOT_FOUND, ERR_UNSUPPORTED },
	{ "status by SELECT", "SELECT", status_selected, ERR_OK, ERR_OK },
	{ "changes", "UID FETCH", changes, ERR_DENIED, ERR_UNSUPPORTED },
	{ "messages", "UID FETCH", messages, ERR_OK, ERR_OK },
	{ "parts", "UID FETCH", parts, ERR_OK, ERR_OK },
	{ "flags", "UID STORE", store, ERR_DENIED, ERR_UNSUPPORTED },
	{ "move", "UID MOVE", move, ERR_DENIED, ERR_UNSUPPORTED },
	{ "expunge", "UID EXPUNGE", expunge, ERR_DENIED, ERR_UNSUPPORTED },
	{ "expunge all", "EXPUNGE", expunge_all, ERR_DENIED, ERR_UNSUPPORTED },
	{ "append", "APPEND", append, ERR_DENIED, ERR_UNSUPPORTED },
	{ "search", "UID SEARCH", search, ERR_DENIED, ERR_UNSUPPORTED },
};

static const char noise[] =
    "* OK [ALERT] the disk is nearly full\r\n* OK [HIGHESTMODSEQ 13] x\r\n* 0 RECENT\r\n"
    "* FLAGS (\\Seen x)\r\n* 2 FETCH (FLAGS (\\Answered))\r\n* 7 FETCH (MODSEQ (9) FLAGS ())\r\n"
    "* NEVER heard (of {3}\r\nthi ({2}\r\ns!))\r\n* X\r\n* NO [X-WARN] {5}\r\n";

static const struct fault {
	const char *name;
	struct imap_mock_rule rule;
	enum err want; /* ERR_COUNT: what the call's row says to NO, ERR_STALE_KEY: to BAD */
	bool keeps;    /* the connection */
	const char *problem;
} faults[] = {
	{ "NO", { .say = "$ NO no\r\n" }, ERR_COUNT, true, NULL },
	{ "BAD", { .say = "$ BAD what\r\n" }, ERR_STALE_KEY, true, NULL },
	{ "NO, later", { .say = "$ NO [INUSE] later\r\n", .skip = 0 }, ERR_UNAVAILABLE, true, "later" },
	{ "cut", { .say = NULL }, ERR_UNAVAILABLE, false, "the connection to the IMAP server broke" },
	{ "goodbye", { .say = "* BYE for \x07 today\r\n", .cut = true }, ERR_UNAVAILABLE, false,
	    "for ? today" },
	{ "no answer", { .say = IMAP_MOCK_HANG }, ERR_TIMEOUT, false,
	    "the IMAP server did not answer in time" },
	{ "cut in a literal", { .say = "* 1 FETCH (UID 3 BODY[1] {1000}\r\n", .flood = 500, .cut = true },
	    ERR_UNAVAILABLE, false, NULL },
	{ "no IMAP", { .say = "HTTP/1.1 400 Bad Request\r\n\r\n" }, ERR_UNAVAILABLE, false,
	    "the IMAP server sent what is no IMAP" },
	{ "another's answer", { .say = "a99 OK x\r\n" }, ERR_UNAVAILABLE, false, NULL },
	{ "a line without end", { .say = "* OK ", .flood = 9 << 20 }, ERR_LIMIT, false,
	    "the IMAP server's answer is too large" },
	{ "what nobody asked for", { .say = noise, .usual = true }, ERR_OK, true, NULL },
};

enum { CALLS = sizeof(calls) / sizeof(*calls), FAULTS = sizeof(faults) / sizeof(*faults) };

static struct fault_row {
	char name[64];
	const struct call *call;
	const struct fault *fault;
} fault_rows[CALLS * FAULTS];

/* How many connections it takes to ask something else. */
static unsigned connections_after(struct scene *s, const char *failed)
{
	imap_close(&s->c);
	s->c = imap_mock_open_for(s->pool, "ann", "");
	assert_int_equal(strcmp(failed, "STATUS") ? status(s) : list(s), ERR_OK);
	return imap_mock_connections(&s->mock);
}

static bool is_lenient(const struct call *c)
{
	return c->no == ERR_OK;
}

static void fault_main(struct scene *s)
{
	const struct fault_row *row = s->row;
	const struct fault *f = row->fault;
	enum err want = f->want == ERR_COUNT       ? row->call->no
			: f->want == ERR_STALE_KEY ? row->call->bad
						   : f->want;

	if (is_lenient(row->call) && f->keeps)
		want = ERR_OK;
	s->c = imap_mock_open_for(s->pool, "ann", "");
	assert_int_equal(row->call->run(s), want);
	if (f->problem && want)
		assert_string_equal(imap_problem(s->c), f->problem);
	if (want)
		assert_true(imap_problem(s->c)[0]);
	if (!f->keeps) {
		struct imap_status ignored;

		assert_int_equal(imap_status(s->c, BYTES("INBOX"), &ignored), ERR_UNAVAILABLE);
	}
	assert_int_equal(connections_after(s, row->call->command), f->keeps ? 1 : 2);
}

static void fault(const struct fault_row *row)
{
	struct scene s = { .mock = { .caps = "UIDPLUS MOVE CONDSTORE", .rules[0] = row->fault->rule },
		.row = row,
		.command_ms = row->fault->want == ERR_TIMEOUT ? LATE_MS : 0 };

	s.mock.rules[0].at = row->call->command;
	s.mock.rules[0].connection = 1;
	run(&s, fault_main);
}
TEST_ROW(fault)

int main(void)
{
	for (size_t i = 0; i < CALLS * FAULTS; i++) {
		struct fault_row *r = &fault_rows[i];

		r->call = &calls[i / FAULTS];
		r->fault = &faults[i % FAULTS];
		snprintf(r->name, sizeof(r->name), "%s, %s", r->call->name, r->fault->name);
		test_add("fault", r->name, fault_row, r);
	}
	return test_run("imap_faults");
}
