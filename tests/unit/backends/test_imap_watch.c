#include "imap/watch.h"
#include "unit/backends/imap_bed.h"
#include "unit/backends/imap_mock.h"

/* Watches: by each of the three ways on a real Dovecot (the last one with nothing but IMAP4rev1), then with a mock that
 * fails. */

enum { SOON_MS = 8000, QUIET_MS = 1500 };

/* What a watch told, a line each: "NEW INBOX". */
struct told {
	struct imap_watch *watch;
	bool free_when_told;
	size_t len;
	char text[4096];
};

static void on_watch(void *arg, enum imap_watch_event what, struct bytes mailbox)
{
	static const char *const names[] = { [IMAP_WATCH_NEW] = "NEW",
		[IMAP_WATCH_CHANGED] = "CHANGED",
		[IMAP_WATCH_FOLDERS] = "FOLDERS",
		[IMAP_WATCH_LOST] = "LOST" };
	struct told *t = arg;

	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len,
	    mailbox.len ? "%s %.*s\n" : "%s%.*s\n", names[what], BYTES_ARG(mailbox));
	assert_true(t->len < sizeof(t->text));
	if (t->free_when_told)
		imap_watch_free(&t->watch);
}

static void forget(struct told *t)
{
	t->len = 0;
	t->text[0] = 0;
}

static void rest(uint32_t ms)
{
	assert_int_equal(fiber_sleep(ms), ERR_OK);
}

static void wait_for(const struct told *t, const char *line)
{
	uint64_t since = loop_now_ms();

	while (!strstr(t->text, line)) {
		if (loop_now_ms() - since > SOON_MS)
			fail_msg("no \"%s\" in \"%s\"", line, t->text);
		rest(10);
	}
}

#define ok(call) assert_int_equal((call), ERR_OK)

/* ---- on Dovecot ---- */

static const struct way {
	const char *name, *options;
} ways[] = {
	{ "notify", "" },
	{ "idle", "--imap-hide NOTIFY" },
	{ "poll", "--imap-capability IMAP4rev1" },
};

static struct imap_bed bed;
static const struct way *running;
static unsigned users_taken;

struct scene {
	const struct way *way;
	struct imap_pool *pool;
	struct imap_login who;
	struct imap *c; /* somebody else, who makes the changes */
	struct told told;
};

static void append(struct scene *s, const char *mailbox)
{
	uint32_t uid;

	ok(imap_append(s->c, bytes_str(mailbox), BYTES("Subject: x\r\n\r\nx\r\n"), 0, 0, &uid));
}

/* Watches what is given, as it is now. */
static void watch(struct scene *s, const char *one, const char *two)
{
	static const struct imap_watch_opts opts = { .poll_s = 1, .renew_s = 2 };
	struct bytes names[2] = { bytes_str(one), bytes_str(two) };
	struct imap_status status[2];
	const char *why = "";

	ok(imap_status_many(s->c, names, 2, status));
	if (imap_watch_start(s->pool, &s->who, names, status, two ? 2 : 1, &opts, on_watch, &s->told,
		&s->told.watch, &why))
		fail_msg("no watch: %s", why);
	assert_string_equal(imap_watch_kind(s->told.watch), s->way->name);
	assert_string_equal(imap_watch_problem(s->told.watch), "");
}

static void new_mail(struct scene *s)
{
	watch(s, "INBOX", "Sent");
	append(s, "INBOX");
	wait_for(&s->told, "NEW INBOX\n");
	append(s, "Sent");
	wait_for(&s->told, "NEW Sent\n");
	forget(&s->told);
	append(s, "Trash"); /* isn't watched */
	append(s, "INBOX");
	wait_for(&s->told, "NEW INBOX\n");
	assert_null(strstr(s->told.text, "Trash"));
	rest(QUIET_MS); /* by polls, LIST comes behind STATUS */
	assert_null(strstr(s->told.text, "FOLDERS"));
}

static void flags_and_expunges(struct scene *s)
{
	uint32_t uid = 1;
	struct imap_status status;

	append(s, "INBOX");
	append(s, "Sent");
	watch(s, "INBOX", "Sent");
	ok(imap_select(s->c, BYTES("INBOX"), &status));
	ok(imap_store_flags(s->c, 1, IMAP_SEEN, 0, NULL, 0, NULL, 0, 0));
	wait_for(&s->told, "CHANGED INBOX\n");
	forget(&s->told);
	ok(imap_expunge(s->c, &uid, 1));
	wait_for(&s->told, "CHANGED INBOX\n");
	ok(imap_select(s->c, BYTES("Sent"), &status));
	ok(imap_store_flags(s->c, 1, IMAP_SEEN, 0, NULL, 0, NULL, 0, 0));
	wait_for(&s->told, "CHANGED Sent\n");
	assert_null(strstr(s->told.text, "NEW"));
}

/* Several rounds of polls and renewals, and nothing to tell. */
static void nothing(struct scene *s)
{
	append(s, "INBOX");
	append(s, "Sent");
	watch(s, "INBOX", "Sent");
	rest(2 * QUIET_MS);
	assert_string_equal(s->told.text, "");
}

static void missed_before_the_start(struct scene *s)
{
	static const struct imap_watch_opts opts = { .poll_s = 60, .renew_s = 60 };
	struct bytes names[3] = { BYTES("INBOX"), BYTES("Sent"), BYTES("Drafts") };
	struct imap_status status[3];

	append(s, "Sent");
	append(s, "Drafts");
	ok(imap_status_many(s->c, names, 3, status));
	status[2].known = false; /* nobody has seen it yet: nothing to compare with */
	append(s, "INBOX");
	append(s, "Drafts");
	ok(imap_select(s->c, BYTES("Sent"), &(struct imap_status){ 0 }));
	ok(imap_expunge_all(s->c));
	ok(imap_watch_start(
	    s->pool, &s->who, names, status, 3, &opts, on_watch, &s->told, &s->told.watch, NULL));
	wait_for(&s->told, "NEW INBOX\n");
	wait_for(&s->told, "CHANGED Sent\n");
	assert_null(strstr(s->told.text, "Drafts"));
}

static void added_later(struct scene *s)
{
	struct bytes more[] = { BYTES("Trash"), BYTES("inbox") };
	struct imap_status status[2];

	watch(s, "Sent", NULL);
	ok(imap_status_many(s->c, more, 2, status));
	append(s, "Trash"); /* between the look and the start */
	ok(imap_watch_add(s->told.watch, more, status, 2));
	ok(imap_watch_add(s->told.watch, more, status, 2));
	wait_for(&s->told, "NEW Trash\n");
	append(s, "INBOX");
	wait_for(&s->told, "NEW INBOX\n");
	append(s, "Sent");
	wait_for(&s->told, "NEW Sent\n");
}

static void folders(struct scene *s)
{
	watch(s, "INBOX", NULL);
	ok(imap_create(s->c, BYTES("Caf\xC3\xA9"), IMAP_USE_NONE));
	wait_for(&s->told, "FOLDERS\n");
	rest(QUIET_MS); /* it was also subscribed to */
	forget(&s->told);
	ok(imap_delete(s->c, BYTES("Caf\xC3\xA9")));
	wait_for(&s->told, "FOLDERS\n");
}

static void freed_at_any_time(struct scene *s)
{
	for (uint32_t ms = 0; ms < 60; ms += 7) {
		watch(s, "INBOX", "Sent");
		append(s, "INBOX");
		if (ms)
			rest(ms);
		imap_watch_free(&s->told.watch);
		forget(&s->told);
		rest(20);
		assert_string_equal(s->told.text, "");
	}
	watch(s, "INBOX", "Sent");
	s->told.free_when_told = true;
	append(s, "INBOX");
	append(s, "Sent");
	wait_for(&s->told, "\n"); /* whatever it is */
	assert_null(s->told.watch);
}

/* Last: it leaves no server. */
static void server_dies(struct scene *s)
{
	struct bytes more = BYTES("Trash");

	watch(s, "INBOX", "Sent");
	imap_close(&s->c);
	assert_int_equal(imap_bed_run("tests/bed/bed kill %s dovecot >/dev/null 2>&1", bed.dir), 0);
	wait_for(&s->told, "LOST\n");
	assert_true(imap_watch_problem(s->told.watch)[0]);
	assert_int_equal(
	    imap_watch_add(s->told.watch, &more, &(struct imap_status){ 0 }, 1), ERR_UNAVAILABLE);
	rest(50);
	assert_string_equal(s->told.text, "LOST\n"); /* once */
}

static const struct scenario {
	const char *name;
	void (*run)(struct scene *s);
} scenarios[] = {
	{ "new mail", new_mail },
	{ "flags and expunges", flags_and_expunges },
	{ "nothing", nothing },
	{ "missed before the start", missed_before_the_start },
	{ "added later", added_later },
	{ "folders", folders },
	{ "freed at any time", freed_at_any_time },
	{ "server dies", server_dies },
};
enum { SCENARIOS = sizeof(scenarios) / sizeof(*scenarios), WAYS = sizeof(ways) / sizeof(*ways) };

static struct row {
	char name[96];
	const struct way *way;
	const struct scenario *scenario;
} rows[WAYS * SCENARIOS];

static void scenario_main(void *arg)
{
	const struct row *r = arg;
	struct imap_config config = imap_bed_config(&bed);
	struct scene s = { .way = r->way, .pool = imap_pool_new(fiber_loop(), &config) };
	struct imap_mailboxes all;
	char user[64];

	snprintf(user, sizeof(user), "user%04u@example.org", ++users_taken);
	s.who = imap_bed_login(user, "bench-pw");
	ok(imap_open(s.pool, &s.who, BYTES(""), &s.c, NULL));
	ok(imap_list(s.c, fiber_arena(), true,
	    &all)); /* Dovecot makes a new account's mailboxes when asked for them */
	r->scenario->run(&s);
	imap_watch_free(&s.told.watch);
	imap_close(&s.c);
	imap_pool_free(&s.pool);
}

static void run_row(void **state)
{
	struct row *r = *state;
	char options[256];

	if (running != r->way) {
		if (running)
			imap_bed_stop(&bed);
		running = r->way;
		users_taken = 0;
		snprintf(options, sizeof(options), "--users %d %s", SCENARIOS, running->options);
		imap_bed_start(&bed, options);
	}
	on_fiber(scenario_main, r);
}

/* ---- with a mock ---- */

struct mocked {
	const struct mock_case *row;
	struct imap_mock mock;
	struct told told;
};

static const struct mock_case {
	const char *name, *caps, *kind;
	enum err want;
	const char *told;    /* "LOST\n" in the end, or what comes first */
	const char *problem; /* for the log; of the start if that fails */
	struct imap_mock_rule rules[3];
} mock_cases[] = {
	{ "NOTIFY refused: IDLE instead", "NOTIFY IDLE", "idle", ERR_OK, "CHANGED INBOX\n", "",
	    { { .at = "NOTIFY", .say = "$ NO too many\r\n" },
		{ .at = "IDLE", .say = "+ go\r\n* 1 EXPUNGE\r\n" } } },
	{ "IDLE refused: polls instead", "IDLE", "poll", ERR_OK, "NEW INBOX\n", "",
	    { { .at = "IDLE", .say = "$ BAD what\r\n" },
		{ .at = "STATUS \"INBOX\"",
		    .say = "* STATUS INBOX (MESSAGES 3 UIDNEXT 6 UIDVALIDITY 7)\r\n$ OK x\r\n" } } },
	{ "one mailbox refused", "", "poll", ERR_OK, "NEW INBOX\n", "",
	    { { .at = "STATUS \"Sent\"", .say = "$ NO gone\r\n" },
		{ .at = "STATUS \"INBOX\"",
		    .skip = 2,
		    .say = "* STATUS INBOX (MESSAGES 3 UIDNEXT 6 UIDVALIDITY 7)\r\n$ OK x\r\n" } } },
	{ "goodbye while idling", "IDLE", "idle", ERR_OK, "LOST\n", "restart",
	    { { .at = "IDLE", .say = "+ go\r\n* BYE restart\r\n", .cut = true } } },
	{ "goodbye, but it stays open", "IDLE", "idle", ERR_OK, "LOST\n", "restart",
	    { { .at = "IDLE", .say = "+ go\r\n* BYE restart\r\n" } } },
	{ "nonsense while idling", "IDLE", "idle", ERR_OK, "LOST\n", "the IMAP server sent what is no IMAP",
	    { { .at = "IDLE", .say = "+ go\r\nfoo bar\r\n" } } },
	{ "half a line while idling", "IDLE", "idle", ERR_OK, "LOST\n",
	    "the IMAP server did not answer in time", { { .at = "IDLE", .say = "+ go\r\n* 3 EXI" } } },
	{ "cut while idling", "IDLE", "idle", ERR_OK, "LOST\n", "the connection to the IMAP server broke",
	    { { .at = "IDLE", .say = "+ go\r\n", .cut = true } } },
	{ "silent when IDLE is renewed", "IDLE", "idle", ERR_OK, "LOST\n",
	    "the IMAP server did not answer in time",
	    { { .at = "IDLE", .skip = 1, .say = IMAP_MOCK_HANG } } },
	{ "silent at a poll", "", "poll", ERR_OK, "LOST\n", "the IMAP server did not answer in time",
	    { { .at = "LIST", .skip = 1, .say = IMAP_MOCK_HANG } } },
	{ "silent under NOTIFY", "NOTIFY", "notify", ERR_OK, "LOST\n",
	    "the IMAP server did not answer in time",
	    { { .at = "NOOP", .skip = 1, .say = IMAP_MOCK_HANG } } },
	{ "wrong password", "", NULL, ERR_AUTH, "", "no", { { .at = "AUTH", .say = "$ NO no\r\n" } } },
	{ "cut at the start", "IDLE", NULL, ERR_UNAVAILABLE, "", "the connection to the IMAP server broke",
	    { { .at = "EXAMINE", .say = NULL } } },
};

static void mock_main(void *arg)
{
	static const struct imap_watch_opts opts = { .poll_s = 1, .renew_s = 1 };
	static const struct imap_status seen = { .known = true,
		.messages = 2,
		.unseen = 1,
		.uid_next = 5,
		.uid_validity = 7,
		.highest_modseq = 12 };
	struct bytes names[] = { BYTES("INBOX"), BYTES("Sent") };
	struct imap_status status[] = { seen, seen };
	struct mocked *m = arg;
	struct imap_config config = imap_mock_config(&m->mock);
	struct imap_login who = imap_mock_login("ann");
	struct imap_pool *p;
	const char *why = "";

	config.command_ms = 400;
	p = imap_pool_new(fiber_loop(), &config);
	assert_int_equal(
	    imap_watch_start(p, &who, names, status, 2, &opts, on_watch, &m->told, &m->told.watch, &why),
	    m->row->want);
	if (!m->row->want) {
		wait_for(&m->told, m->row->told);
		assert_string_equal(imap_watch_kind(m->told.watch), m->row->kind);
		why = imap_watch_problem(m->told.watch);
	}
	assert_string_equal(why, m->row->problem);
	imap_watch_free(&m->told.watch);
	imap_pool_free(&p);
}

static void mocked(const struct mock_case *c)
{
	struct mocked m = { .row = c, .mock.caps = c->caps };

	memcpy(m.mock.rules, c->rules, sizeof(c->rules));
	imap_mock_start(&m.mock);
	on_fiber(mock_main, &m);
	imap_mock_stop(&m.mock);
}
TEST_ROW(mocked)

int main(void)
{
	int rc;

	for (size_t i = 0; i < WAYS * SCENARIOS; i++) {
		rows[i].way = &ways[i / SCENARIOS];
		rows[i].scenario = &scenarios[i % SCENARIOS];
		snprintf(
		    rows[i].name, sizeof(rows[i].name), "%s: %s", rows[i].way->name, rows[i].scenario->name);
		test_add(rows[i].name, NULL, run_row, &rows[i]);
	}
	TEST_ADD_ROWS(mocked, mock_cases);
	rc = test_run("imap_watch");
	if (running)
		imap_bed_stop(&bed);
	return rc;
}
