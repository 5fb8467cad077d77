/* deploy/redis-schema.md against what the store really does: every key, hash field and channel must be in its tables, with its
 * type and whether it expires, and every row of the tables must have been seen. */
#include "unit/backends/redis_server.h"

#include <ctype.h>
#include <glob.h>

#include "store/store.h"

static const struct bytes ann = { (const uint8_t *)"ann@example.org", 15 };
static const struct bytes phone = { (const uint8_t *)"ApplDMQX", 8 };

/* ---- the document ---- */

/* A table row. Its section is "Keys", "Channels", or the key whose fields it lists; others don't count. */
struct row {
	struct bytes section, pattern, type, expires;
	bool seen;
};

static struct {
	struct row v[128];
	size_t n;
} schema;

/* "`text` and more": text. */
static bool take_code(struct bytes in, struct bytes *out)
{
	struct bytes before;

	return bytes_split(&in, '`', &before) && bytes_split(&in, '`', out);
}

static void read_row(struct bytes line, struct bytes section)
{
	struct row *r = &schema.v[schema.n++];
	struct bytes cells[4] = { 0 };

	assert_true(schema.n < sizeof(schema.v) / sizeof(schema.v[0]));
	for (size_t i = 0; i < 4 && bytes_split(&line, '|', &cells[i]); i++)
		cells[i] = bytes_trim(cells[i]);
	*r = (struct row){ .section = section, .type = cells[2], .expires = cells[3] };
	if (!take_code(cells[1], &r->pattern))
		fail_msg("no pattern in the row of %.*s", BYTES_ARG(section));
}

static void schema_read(void)
{
	struct bytes text = test_file("deploy/redis-schema.md"), line, section = { 0 };

	schema.n = 0;

	while (bytes_split(&text, '\n', &line))
		if (bytes_starts(line, "### `eas:")) {
			assert_true(take_code(line, &section));
		} else if (bytes_starts(line, "#")) {
			assert_true(bytes_split(&line, ' ', &section));
			section = line;
		} else if (bytes_starts(line, "| `") &&
			   (bytes_eq_str(section, "Keys") || bytes_eq_str(section, "Channels") ||
			       bytes_starts(section, "eas:"))) {
			read_row(line, section);
		}
}

/* Words in capitals match anything without a colon, everything else itself. */
static bool matches(struct bytes pattern, struct bytes name)
{
	size_t i = 0, j = 0;

	while (i < pattern.len) {
		if (!isupper(pattern.p[i])) {
			if (j == name.len || name.p[j++] != pattern.p[i++])
				return false;
			continue;
		}
		while (i < pattern.len && isupper(pattern.p[i]))
			i++;
		for (size_t from = j;; j++)
			if (j == name.len || name.p[j] == ':' ||
			    (i < pattern.len && name.p[j] == pattern.p[i])) {
				if (j == from)
					return false;
				break;
			}
	}
	return j == name.len;
}

static struct row *row_of(struct bytes section, struct bytes name)
{
	for (size_t i = 0; i < schema.n; i++)
		if (bytes_eq(schema.v[i].section, section) && matches(schema.v[i].pattern, name))
			return &schema.v[i];
	fail_msg("%.*s is not in the table of %.*s", BYTES_ARG(name), BYTES_ARG(section));
	return NULL;
}

/* ---- everything that the store can write ---- */

static void write_device(struct redis *r)
{
	struct store_device d = { .type = BYTES("T"),
		.user_agent = BYTES("A"),
		.model = BYTES("M"),
		.imei = BYTES("1"),
		.friendly_name = BYTES("N"),
		.os = BYTES("O"),
		.os_language = BYTES("L"),
		.phone_number = BYTES("2"),
		.mobile_operator = BYTES("P"),
		.outbound_sms = true,
		.policy_key = 3,
		.policy_key_pending = 4,
		.policy_hash = BYTES("H"),
		.version = BYTES("14.1"),
		.last_seen = 1700000000,
		.ping = BYTES("p"),
		.sync_request = BYTES("s") };

	assert_int_equal(store_device_save(r, ann, phone, &d, ~0u), ERR_OK);
	assert_int_equal(store_device_load(r, fiber_arena(), ann, phone, &d), ERR_OK);
	assert_int_equal(store_hierarchy_commit(r, ann, phone, 0, 1, BYTES("h")), ERR_OK);
}

static void write_folders(struct redis *r)
{
	struct store_folder v[] = { { .source = BYTES("imap"), .name = BYTES("INBOX"), .uid_validity = 7 },
		{ .source = BYTES("virtual"), .name = BYTES("outbox") } };

	assert_int_equal(store_folders_resolve(r, fiber_arena(), ann, v, 2), ERR_OK);
	assert_int_equal(store_folder_rename(r, ann, v[1].id, BYTES("virtual"), BYTES("out")), ERR_OK);
}

static void write_sync(struct redis *r)
{
	struct store_sync_commit c = { .collection = 1,
		.next = { .epoch = 5,
		    .generation = 1,
		    .current = BYTES("c"),
		    .previous = BYTES("p"),
		    .settings = BYTES("s"),
		    .adds = BYTES("a") } };
	struct store_sync got;

	assert_int_equal(store_sync_commit(r, ann, phone, &c, 1), ERR_OK);
	c.expect_exists = true;
	c.expected_epoch = 5;
	c.expected_generation = 1;
	assert_int_equal(store_sync_commit(r, ann, phone, &c, 1), ERR_OK); /* has a revision */
	assert_int_equal(store_sync_load(r, fiber_arena(), ann, phone, &c.collection, 1, &got), ERR_OK);
}

static void write_what_ends(struct redis *r)
{
	const struct store_sent_id mails[] = { { ann, phone, BYTES("1"), BYTES("") },
		{ ann, phone, BYTES("2"), BYTES("Date.2") }, { ann, phone, BYTES("3"), BYTES("") } };
	const struct store_sent_note done = { STORE_SENT_DONE, BYTES("") },
				     given = { STORE_SENT_GIVEN, BYTES("<id@example.org>") };
	struct store_sent_note had;
	struct store_rate rate;

	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++)
		assert_int_equal(store_sent_claim(r, fiber_arena(), &mails[i], 900, &had), ERR_OK);
	assert_int_equal(store_sent_settle(r, &mails[1], &done, 0, 900), ERR_OK);
	assert_int_equal(store_sent_settle(r, &mails[2], &given, 60, 900), ERR_OK);
	assert_int_equal(store_memo_set(r, ann, "move", BYTES("1:2>3"), BYTES("3:1"), 900), ERR_OK);
	assert_int_equal(store_rate_add(r, "auth-address", BYTES("::1"), 1, 900, &rate), ERR_OK);
}

/* ---- what Redis says ---- */

static struct redis_reply say(struct redis *r, const char *verb, struct bytes arg)
{
	struct bytes words[] = { bytes_str(verb), arg };
	struct redis_reply reply;

	assert_int_equal(
	    redis_call(r, fiber_arena(), &(struct redis_command){ words, arg.len ? 2 : 1 }, 1, &reply),
	    ERR_OK);
	assert_int_not_equal(reply.kind, REDIS_ERROR);
	return reply;
}

static void check_key(struct redis *r, struct bytes key)
{
	struct row *row = row_of(BYTES("Keys"), key);
	bool expires = say(r, "TTL", key).integer >= 0;
	struct redis_reply fields;

	row->seen = true;
	assert_bytes_equal(row->type, say(r, "TYPE", key).text);
	if (expires == bytes_eq_str(row->expires, "never"))
		fail_msg("%.*s does%s expire", BYTES_ARG(key), expires ? "" : "n't");
	if (!bytes_eq_str(row->type, "hash"))
		return;
	fields = say(r, "HKEYS", key);
	for (size_t i = 0; i < fields.n; i++)
		row_of(row->pattern, fields.items[i].text)->seen = true;
}

/* The store asks for every field that it knows, also for those that this test doesn't write. An entry of the log is: id, time,
 * duration, words. */
static void check_fields_read(const struct redis_reply *entry)
{
	const struct redis_reply *words = &entry->items[3];

	if (!bytes_eq_nocase(words->items[0].text, "HMGET"))
		return;
	for (size_t i = 2; i < words->n; i++)
		row_of(row_of(BYTES("Keys"), words->items[1].text)->pattern, words->items[i].text);
}

static void no_wake(void *arg, struct bytes account, struct bytes what)
{
	(void)arg, (void)account, (void)what;
}

static void check_channels(struct redis *r)
{
	struct store_wakes *w = store_wakes_new(r, no_wake, NULL);
	struct bytes words[] = { BYTES("PUBSUB"), BYTES("CHANNELS") };
	struct redis_reply reply = { 0 };

	assert_int_equal(store_wakes_add(w, ann), ERR_OK);
	for (int i = 0; i < 1000 && !reply.n; i++) {
		assert_int_equal(fiber_sleep(10), ERR_OK);
		assert_int_equal(
		    redis_call(r, fiber_arena(), &(struct redis_command){ words, 2 }, 1, &reply), ERR_OK);
	}
	assert_int_equal(reply.n, 1);
	row_of(BYTES("Channels"), reply.items[0].text)->seen = true;
	store_wakes_free(&w);
}

static void schema_main(struct redis_test *t)
{
	struct redis_reply keys, log;

	schema_read();
	write_device(t->r);
	write_folders(t->r);
	write_sync(t->r);
	write_what_ends(t->r);
	assert_int_equal(REDIS_SAY(t->r, &log, "SLOWLOG", "GET", "-1"), ERR_OK);
	assert_in_range(log.n, 10, 1000);
	for (size_t i = 0; i < log.n; i++)
		check_fields_read(&log.items[i]);
	keys = say(t->r, "KEYS", BYTES("*"));
	for (size_t i = 0; i < keys.n; i++)
		check_key(t->r, keys.items[i].text);
	check_channels(t->r);
	for (size_t i = 0; i < schema.n; i++)
		if (!schema.v[i].seen)
			fail_msg("%.*s, in the table of %.*s, was not seen", BYTES_ARG(schema.v[i].pattern),
			    BYTES_ARG(schema.v[i].section));
}

/* With a log of all commands. */
static void what_the_store_does(void **state)
{
	struct redis_test t = { .fn = schema_main,
		.server.extra = { "--slowlog-log-slower-than", "0", "--slowlog-max-len", "1000" } };

	(void)state;
	redis_server_start(&t.server);
	redis_test_on(&t, t.server.url);
	redis_server_stop(&t.server);
}

/* ---- what a new module would bring ---- */

/* Each call that makes a key names its kind in a literal: put_key…(…, "KIND", …). */
static void check_source(struct bytes text)
{
	struct bytes line, rest, kind, name;
	char key[64];

	while (bytes_split(&text, '\n', &line)) {
		const char *at = memmem(line.p, line.len, "key_put(", 8);

		if (!at)
			at = memmem(line.p, line.len, "words_put_key", 13);
		if (!at)
			continue;
		rest = bytes_of(at, (size_t)(line.p + line.len - (const uint8_t *)at));
		if (!bytes_split(&rest, '"', &name) || !bytes_split(&rest, '"', &kind))
			continue; /* a declaration, or it passes on what its caller named */
		snprintf(key, sizeof(key), "eas:%.*s:{", BYTES_ARG(kind));
		for (size_t i = 0; i < schema.n && key[0]; i++)
			if (bytes_starts(schema.v[i].pattern, key))
				key[0] = '\0';
		if (key[0])
			fail_msg("%s…} is not in the document", key);
	}
}

static void what_the_sources_name(void **state)
{
	glob_t files;

	(void)state;
	schema_read();
	assert_int_equal(glob("backends/store/*.c", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		check_source(test_file(files.gl_pathv[i]));
	globfree(&files);
}

int main(void)
{
	TEST_ADD(what_the_store_does);
	TEST_ADD(what_the_sources_name);
	return test_run("schema");
}
