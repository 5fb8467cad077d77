/* The simulated phone by itself, against a server that follows a script: what it sends, what it makes of the answers, and that
 * it notices when these can't be. Everything else in this folder relies on it. */
#include "eas/request_line.h"
#include "fake_server.h"
#include "phone.h"
#include "testing.h"

/* ---- scripts ---- */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct phone *phone_for(const struct fake_server *s, enum eas_version v)
{
	return phone_new(&(struct phone_config){ .url = fake_url(s),
	    .user = "anna@example.org",
	    .password = "se:cret",
	    .device_id = "PHONE1",
	    .device_type = "Test",
	    .version = v,
	    .timeout_ms = 5000 });
}

/* FolderSync with an inbox "5" and a folder "7" in it. */
#define FOLDERS_DUMP                                    \
	"FolderHierarchy:FolderSync\n"                  \
	"\tFolderHierarchy:Status \"1\"\n"              \
	"\tFolderHierarchy:SyncKey \"1\"\n"             \
	"\tFolderHierarchy:Changes\n"                   \
	"\t\tFolderHierarchy:Count \"2\"\n"             \
	"\t\tFolderHierarchy:Add\n"                     \
	"\t\t\tFolderHierarchy:ServerId \"5\"\n"        \
	"\t\t\tFolderHierarchy:ParentId \"0\"\n"        \
	"\t\t\tFolderHierarchy:DisplayName \"Inbox\"\n" \
	"\t\t\tFolderHierarchy:Type \"2\"\n"            \
	"\t\tFolderHierarchy:Add\n"                     \
	"\t\t\tFolderHierarchy:ServerId \"7\"\n"        \
	"\t\t\tFolderHierarchy:ParentId \"5\"\n"        \
	"\t\t\tFolderHierarchy:DisplayName \"Below\"\n" \
	"\t\t\tFolderHierarchy:Type \"12\"\n"
#define FOLDERS                      \
	{                            \
		.dump = FOLDERS_DUMP \
	}

/* A Sync answer for folder 5 with that key; more lines follow for inside the Collection. */
#define SYNC(key, more)                                       \
	{                                                     \
		.dump = "AirSync:Sync\n"                      \
			"\tAirSync:Collections\n"             \
			"\t\tAirSync:Collection\n"            \
			"\t\t\tAirSync:SyncKey \"" key "\"\n" \
			"\t\t\tAirSync:CollectionId \"5\"\n"  \
			"\t\t\tAirSync:Status \"1\"\n" more   \
	}
#define COMMANDS(inside) "\t\t\tAirSync:Commands\n" inside
#define ADD(id, subject)                              \
	"\t\t\t\tAirSync:Add\n"                       \
	"\t\t\t\t\tAirSync:ServerId \"" id "\"\n"     \
	"\t\t\t\t\tAirSync:ApplicationData\n"         \
	"\t\t\t\t\t\tEmail:Subject \"" subject "\"\n" \
	"\t\t\t\t\t\tEmail:Read \"0\"\n"
#define CHANGE_READ(id)                           \
	"\t\t\t\tAirSync:Change\n"                \
	"\t\t\t\t\tAirSync:ServerId \"" id "\"\n" \
	"\t\t\t\t\tAirSync:ApplicationData\n"     \
	"\t\t\t\t\t\tEmail:Read \"1\"\n"
#define DELETE(id)                 \
	"\t\t\t\tAirSync:Delete\n" \
	"\t\t\t\t\tAirSync:ServerId \"" id "\"\n"
#define MORE "\t\t\tAirSync:MoreAvailable\n"

static void start_folders(struct phone *ph)
{
	assert_int_equal(phone_folder_sync(ph, NULL), ERR_OK);
	assert_int_equal(ph->status, 1);
	assert_string_equal(ph->replica.key, "1");
}

static void a_folder_is_synced_in_windows(void **state)
{
	static const struct fake_answer script[] = { FOLDERS, SYNC("1", ""),
		SYNC("2", MORE COMMANDS(ADD("5:1", "one") ADD("5:2", "two"))),
		SYNC("3", COMMANDS(CHANGE_READ("5:1") DELETE("5:2") ADD("5:3", "three"))) };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);
	struct phone_folder *f;

	(void)state;
	start_folders(ph);
	f = phone_folder_of_type(&ph->replica, 2);
	assert_string_equal(phone_folder_named(&ph->replica, "Below")->parent, "5");
	assert_int_equal(phone_sync_folder(ph, f, NULL), ERR_OK);
	assert_int_equal(f->count, 2);
	assert_string_equal(f->key, "3");
	assert_string_equal(f->former_key, "2");
	assert_true(phone_item(f, "5:1")->read);
	assert_null(phone_item(f, "5:2"));
	assert_string_equal(phone_item_with_subject(f, "three")->id, "5:3");
	assert_int_equal(f->added, 3);
	assert_int_equal(ph->replica.anomalies, 0);
	assert_bytes_str(fake_request_dump(s, 2),
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n\t\t\tAirSync:SyncKey \"1\"\n"
	    "\t\t\tAirSync:CollectionId \"5\"\n\t\t\tAirSync:WindowSize \"100\"\n\t\t\tAirSync:Options\n"
	    "\t\t\t\tAirSyncBase:BodyPreference\n\t\t\t\t\tAirSyncBase:Type \"1\"\n"
	    "\t\t\t\t\tAirSyncBase:TruncationSize \"500\"\n");
	phone_free(&ph);
	fake_stop(&s);
}

static const struct anomaly_case {
	const char *name;
	struct fake_answer answer;
	unsigned want;
} anomaly_cases[] = {
	{ "nothing wrong", SYNC("3", COMMANDS(ADD("5:2", "two"))), 0 },
	{ "Add of what is there", SYNC("3", COMMANDS(ADD("5:1", "one"))), 1 },
	{ "Add without ApplicationData",
	    SYNC("3", COMMANDS("\t\t\t\tAirSync:Add\n\t\t\t\t\tAirSync:ServerId \"5:9\"\n")), 1 },
	{ "Change of what isn't there", SYNC("3", COMMANDS(CHANGE_READ("5:2"))), 1 },
	{ "Delete of what isn't there", SYNC("3", COMMANDS(DELETE("5:2"))), 1 },
	{ "twice", SYNC("3", COMMANDS(DELETE("5:1") DELETE("5:1"))), 1 },
	{ "empty Commands", SYNC("3", COMMANDS("")), 1 },
	{ "empty Responses", SYNC("3", "\t\t\tAirSync:Responses\n"), 1 },
	{ "a folder that isn't there",
	    { .dump = "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n"
		      "\t\t\tAirSync:SyncKey \"3\"\n\t\t\tAirSync:CollectionId \"99\"\n\t\t\tAirSync:Status "
		      "\"1\"\n" },
	    1 },
};

static void anomaly_is_noticed(const struct anomaly_case *c)
{
	const struct fake_answer script[] = { FOLDERS, SYNC("1", ""), SYNC("2", COMMANDS(ADD("5:1", "one"))),
		c->answer };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);
	struct phone_collection inbox = { .folder_id = "5" };

	start_folders(ph);
	assert_int_equal(phone_sync_folder(ph, phone_folder(&ph->replica, "5"), NULL), ERR_OK);
	assert_int_equal(phone_sync_one(ph, &inbox), ERR_OK);
	if (ph->replica.anomalies != c->want)
		fail_msg("%u anomalies: %s", ph->replica.anomalies, ph->replica.anomaly_text);
	phone_free(&ph);
	fake_stop(&s);
}
TEST_ROW(anomaly_is_noticed)

static void more_without_progress_ends(void **state)
{
	static const struct fake_answer script[] = { FOLDERS, SYNC("1", ""), SYNC("2", MORE),
		SYNC("3", MORE) };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);

	(void)state;
	start_folders(ph);
	assert_int_equal(phone_sync_folder(ph, phone_folder(&ph->replica, "5"), NULL), ERR_PROTO);
	assert_int_equal(ph->replica.anomalies, 1);
	phone_free(&ph);
	fake_stop(&s);
}

/* ---- edits ---- */

static void edits_reach_the_replica(void **state)
{
	static const struct fake_answer script[] = { FOLDERS, SYNC("1", ""),
		SYNC("2", COMMANDS(ADD("5:1", "one") ADD("5:2", "two") ADD("5:3", "three"))),
		SYNC("3",
		    "\t\t\tAirSync:Responses\n\t\t\t\tAirSync:Change\n\t\t\t\t\tAirSync:ServerId \"5:2\"\n"
		    "\t\t\t\t\tAirSync:Status \"8\"\n") };
	static const struct phone_edit edits[] = {
		{ .command = AIRSYNC_CHANGE, .id = "5:1", .read = PHONE_YES, .flag = PHONE_YES },
		{ .command = AIRSYNC_CHANGE, .id = "5:2", .read = PHONE_YES },
		{ .command = AIRSYNC_DELETE, .id = "5:3" },
	};
	static const struct phone_collection rq = { .folder_id = "5",
		.edits = edits,
		.edit_count = COUNT(edits),
		.deletes_as_moves = PHONE_YES,
		.get_changes = PHONE_NO };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_12_1);
	struct phone_folder *f;

	(void)state;
	start_folders(ph);
	f = phone_folder(&ph->replica, "5");
	assert_int_equal(phone_sync_folder(ph, f, NULL), ERR_OK);
	assert_int_equal(phone_sync_one(ph, &rq), ERR_OK);
	assert_true(phone_item(f, "5:1")->read);
	assert_int_equal(phone_item(f, "5:1")->flag, 2);
	assert_false(phone_item(f, "5:2")->read); /* it was refused */
	assert_null(phone_item(f, "5:3"));
	assert_int_equal(ph->result_count, 1);
	assert_int_equal(ph->results[0].status, 8);
	assert_true(bytes_starts(fake_request_dump(s, 3),
	    "AirSync:Sync\n\tAirSync:Collections\n\t\tAirSync:Collection\n"
	    "\t\t\tAirSync:Class \"Email\"\n\t\t\tAirSync:SyncKey \"2\"\n\t\t\tAirSync:CollectionId \"5\"\n"
	    "\t\t\tAirSync:DeletesAsMoves \"1\"\n\t\t\tAirSync:GetChanges \"0\"\n\t\t\tAirSync:Commands\n"));
	phone_free(&ph);
	fake_stop(&s);
}

/* ---- lost answers, dead connections ---- */

static void a_lost_answer_changes_nothing(void **state)
{
	static const struct fake_answer script[] = { FOLDERS, SYNC("1", ""),
		SYNC("2", COMMANDS(ADD("5:1", "one"))), SYNC("3", COMMANDS(ADD("5:2", "two"))),
		SYNC("3", COMMANDS(ADD("5:2", "two"))) };
	static const struct phone_collection rq = { .folder_id = "5" };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);
	struct phone_folder *f;

	(void)state;
	start_folders(ph);
	f = phone_folder(&ph->replica, "5");
	assert_int_equal(phone_sync_folder(ph, f, NULL), ERR_OK);
	ph->lose = PHONE_LOSE_READ;
	assert_int_equal(phone_sync_one(ph, &rq), ERR_CANCELLED);
	assert_string_equal(f->key, "2");
	assert_int_equal(f->count, 1);
	assert_int_equal(phone_sync_one(ph, &rq), ERR_OK);
	assert_string_equal(f->key, "3");
	assert_int_equal(f->count, 2);
	assert_bytes_equal(fake_request_dump(s, 3), fake_request_dump(s, 4));
	phone_free(&ph);
	fake_stop(&s);
}

static void a_dead_connection_is_replaced(void **state)
{
	static const struct fake_answer script[] = { { .dump = FOLDERS_DUMP, .end = FAKE_CLOSE },
		SYNC("1", "") };
	struct fake_server *s;
	struct phone *ph;

	(void)state;
	s = fake_start(script, COUNT(script));
	ph = phone_for(s, EAS_14_1);
	start_folders(ph);
	assert_int_equal(phone_sync_one(ph, &(struct phone_collection){ .folder_id = "5" }), ERR_OK);
	assert_string_equal(phone_folder(&ph->replica, "5")->key, "1");
	phone_free(&ph);
	fake_stop(&s);
}

/* ---- what the server says ---- */

static const struct code_case {
	const char *name;
	enum err want;
} code_cases[] = {
	{ "401 Unauthorized", ERR_AUTH },
	{ "403 Forbidden", ERR_DENIED },
	{ "404 Not Found", ERR_NOT_FOUND },
	{ "449 Retry after provisioning", ERR_CONFLICT },
	{ "501 Not Implemented", ERR_UNSUPPORTED },
	{ "503 Service Unavailable", ERR_UNAVAILABLE },
	{ "507 Insufficient Storage", ERR_LIMIT },
	{ "400 Bad Request", ERR_PROTO },
};

static void code_is_told(const struct code_case *c)
{
	const struct fake_answer script[] = { { .status = c->name } };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);

	ph->provisions = false;
	assert_int_equal(phone_folder_sync(ph, NULL), c->want);
	assert_non_null(strstr(ph->problem, "FolderSync: HTTP"));
	phone_free(&ph);
	fake_stop(&s);
}
TEST_ROW(code_is_told)

static void a_cut_answer_is_an_error(void **state)
{
	static const struct fake_answer script[] = { { .dump = FOLDERS_DUMP, .end = FAKE_CUT } };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);

	(void)state;
	assert_int_equal(phone_folder_sync(ph, NULL), ERR_UNAVAILABLE);
	assert_null(ph->replica.folders);
	phone_free(&ph);
	fake_stop(&s);
}

#define POLICY(key, data)                                                            \
	{                                                                            \
		.dump = "Provision:Provision\n"                                      \
			"\tProvision:Status \"1\"\n"                                 \
			"\tProvision:Policies\n"                                     \
			"\t\tProvision:Policy\n"                                     \
			"\t\t\tProvision:PolicyType \"MS-EAS-Provisioning-WBXML\"\n" \
			"\t\t\tProvision:Status \"1\"\n"                             \
			"\t\t\tProvision:PolicyKey \"" key "\"\n" data               \
	}
#define POLICY_DATA                                                                     \
	"\t\t\tProvision:Data\n\t\t\t\tProvision:EASProvisionDoc\n\t\t\t\t\tProvision:" \
	"DevicePasswordEnabled \"0\"\n"

static const struct challenge_case {
	const char *name;
	enum eas_version version;
	struct fake_answer answer;
} challenge_cases[] = {
	{ "449 in 12.1", EAS_12_1, { .status = "449 Retry after sending a PROVISION command" } },
	{ "status 142 in 14.1", EAS_14_1,
	    { .dump = "FolderHierarchy:FolderSync\n\tFolderHierarchy:Status \"142\"\n" } },
	{ "status 144 in 16.1", EAS_16_1,
	    { .dump = "FolderHierarchy:FolderSync\n\tFolderHierarchy:Status \"144\"\n" } },
};

static bool has(struct bytes in, const char *text)
{
	return memmem(in.p, in.len, text, strlen(text)) != NULL;
}

static void challenge_is_met(const struct challenge_case *c)
{
	const struct fake_answer script[] = { c->answer, POLICY("11", POLICY_DATA), POLICY("22", ""),
		FOLDERS };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, c->version);

	start_folders(ph);
	assert_string_equal(ph->policy_key, "22");
	assert_true(has(fake_request(s, 0), "\r\nX-MS-PolicyKey: 0\r\n"));
	assert_int_equal(has(fake_request_dump(s, 1), "Settings:Model"), c->version >= EAS_14_1);
	assert_true(has(fake_request(s, 2), "\r\nX-MS-PolicyKey: 11\r\n"));
	assert_true(has(fake_request_dump(s, 2), "Provision:PolicyKey \"11\"\n\t\t\tProvision:Status \"1\""));
	assert_true(has(fake_request(s, 3), "\r\nX-MS-PolicyKey: 22\r\n"));
	assert_bytes_equal(fake_request_dump(s, 3), fake_request_dump(s, 0));
	phone_free(&ph);
	fake_stop(&s);
}
TEST_ROW(challenge_is_met)

/* ---- queries: read back by the gateway's own reader ---- */

static const struct query_case {
	const char *name;
	bool compact;
} query_cases[] = { { "plain", false }, { "base64", true } };

static void query_is_written(const struct query_case *c)
{
	static const struct fake_answer script[] = { { .text = "data",
	    .headers = "Content-Type: text/plain\r\n" } };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_12_1);
	struct bytes request, query, data, type;
	struct request_line line;
	unsigned status;

	ph->compact_query = c->compact;
	free(ph->policy_key);
	ph->policy_key = strdup("4000000001");
	assert_int_equal(phone_fetch_attachment(ph, "5:1/a&b=c", NULL, true, &status, &data, &type), ERR_OK);
	assert_bytes_str(data, "data");
	assert_bytes_str(type, "text/plain");
	request = fake_request(s, 0);
	assert_true(bytes_split(&request, '?', &query) && bytes_split(&request, ' ', &query));
	assert_int_equal(request_line_parse(test_arena(), query, &line, &status), ERR_OK);
	assert_int_equal(line.compact, c->compact);
	assert_int_equal(line.command, CMD_GET_ATTACHMENT);
	assert_bytes_str(line.attachment_name, "5:1/a&b=c");
	assert_bytes_str(line.device_type, "Test");
	if (c->compact) {
		assert_int_equal(line.version, EAS_12_1);
		assert_int_equal(line.policy_key, 4000000001u);
	} else {
		assert_bytes_str(line.user, "anna@example.org");
		assert_bytes_str(line.device_id, "PHONE1");
		assert_true(has(request, "MS-ASProtocolVersion: 12.1\r\nX-MS-PolicyKey: 4000000001\r\n"));
	}
	assert_true(has(request, "Authorization: Basic YW5uYUBleGFtcGxlLm9yZzpzZTpjcmV0\r\n"));
	phone_free(&ph);
	fake_stop(&s);
}
TEST_ROW(query_is_written)

/* ---- the others ---- */

static void ping_tells_what_changed(void **state)
{
	static const struct fake_answer script[] = {
		{ .dump = "Ping:Ping\n\tPing:Status \"2\"\n\tPing:Folders\n\t\tPing:Folder \"5\"\n" },
		{ .dump = "Ping:Ping\n\tPing:Status \"1\"\n" },
	};
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);
	const char *changed[2];
	bool has_changed;
	size_t count;

	(void)state;
	assert_int_equal(phone_ping(ph, 60, "5", &has_changed), ERR_OK);
	assert_true(has_changed);
	assert_int_equal(phone_ping_send(ph, 0, NULL, 0), ERR_OK);
	assert_int_equal(phone_ping_receive(ph, 0, changed, COUNT(changed), &count), ERR_OK);
	assert_int_equal(ph->status, 1);
	assert_int_equal(count, 0);
	assert_true(has(fake_request(s, 1), "Content-Length: 0\r\n"));
	phone_free(&ph);
	fake_stop(&s);
}

static void a_moved_mail_may_echo(void **state)
{
	static const struct fake_answer script[] = { FOLDERS, SYNC("1", ""),
		SYNC("2", COMMANDS(ADD("5:1", "one"))),
		{ .dump =
			"Move:MoveItems\n\tMove:Response\n\t\tMove:SrcMsgId \"5:1\"\n\t\tMove:Status \"3\"\n"
			"\t\tMove:DstMsgId \"7:4\"\n" },
		SYNC("3", COMMANDS(DELETE("5:1"))) };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, EAS_14_1);
	struct phone_folder *f;
	const char *new_id;
	unsigned status;

	(void)state;
	start_folders(ph);
	f = phone_folder(&ph->replica, "5");
	assert_int_equal(phone_sync_folder(ph, f, NULL), ERR_OK);
	assert_int_equal(phone_move_item(ph, "5:1", "5", "7", &status, &new_id), ERR_OK);
	assert_int_equal(status, 3);
	assert_string_equal(new_id, "7:4");
	assert_int_equal(f->count, 0);
	assert_int_equal(phone_sync_one(ph, &(struct phone_collection){ .folder_id = "5" }), ERR_OK);
	assert_int_equal(ph->replica.anomalies, 0);
	phone_free(&ph);
	fake_stop(&s);
}

static const struct send_case {
	const char *name;
	enum eas_version version;
	const char *head, *body;
} send_cases[] = {
	{ "as it is in 12.1", EAS_12_1, "&SaveInSent=T HTTP/1.1\r\n", "\r\n\r\nSubject: x\r\n\r\nhello\r\n" },
	{ "in WBXML in 14.0", EAS_14_0, "Content-Type: application/vnd.ms-sync.wbxml\r\n",
	    "\xC3\x15"
	    "Subject: x" },
};

static void mail_is_sent(const struct send_case *c)
{
	static const struct fake_answer script[] = { { .status = NULL } };
	struct fake_server *s = fake_start(script, COUNT(script));
	struct phone *ph = phone_for(s, c->version);

	assert_int_equal(
	    phone_send_mail(ph,
		&(struct phone_mail){ .mime = BYTES("Subject: x\r\n\r\nhello\r\n"), .save_in_sent = true }),
	    ERR_OK);
	assert_int_equal(ph->status, 1);
	assert_true(has(fake_request(s, 0), c->head));
	assert_true(has(fake_request(s, 0), c->body));
	phone_free(&ph);
	fake_stop(&s);
}
TEST_ROW(mail_is_sent)

int main(void)
{
	unsetenv("EASPHONE_RECORD"); /* answers that are wrong on purpose are nothing for the validation */
	TEST_ADD(a_folder_is_synced_in_windows);
	TEST_ADD_ROWS(anomaly_is_noticed, anomaly_cases);
	TEST_ADD(more_without_progress_ends);
	TEST_ADD(edits_reach_the_replica);
	TEST_ADD(a_lost_answer_changes_nothing);
	TEST_ADD(a_dead_connection_is_replaced);
	TEST_ADD_ROWS(code_is_told, code_cases);
	TEST_ADD(a_cut_answer_is_an_error);
	TEST_ADD_ROWS(challenge_is_met, challenge_cases);
	TEST_ADD_ROWS(query_is_written, query_cases);
	TEST_ADD(ping_tells_what_changed);
	TEST_ADD(a_moved_mail_may_echo);
	TEST_ADD_ROWS(mail_is_sent, send_cases);
	return test_run("phone");
}
