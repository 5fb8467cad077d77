/* Search and LongId, as phones use them, in each version, against what IMAP holds. */
#include "finding.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Search ---- */

static void search_finds_words(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	finding_assert_found(ph, &(struct asked){ .text = "needle" }, "fifth third second first", "4");
	finding_assert_found(ph, &(struct asked){ .text = "needle ann" }, "fifth third first", "3");
	finding_assert_found(ph, &(struct asked){ .text = "GR\xC3\x9C\xC3\x9F" }, "third", "1");
	finding_assert_found(
	    ph, &(struct asked){ .text = "from:j\xC3\xBCrgen OR subject:second" }, "fourth second", "2");
	finding_assert_found(
	    ph, &(struct asked){ .text = "needle -again", .folders = { "0" } }, "third second first", "3");
	finding_assert_found(ph, &(struct asked){ .text = "nobody wrote that" }, "", "0");
	finding_assert_found(ph, &(struct asked){ .text = "\"needle one\"" }, "first", "1");
}
TEST_VERSIONS(search_finds_words)

static void search_leaves_out_what_is_marked_as_deleted(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	finding_put_mails(user);
	scene_store(user, "INBOX", "first", "+FLAGS", "\\Deleted");
	ph = scene_synced_phone(user, "PHONE1", v);
	finding_assert_found(ph, &(struct asked){ .text = "needle" }, "fifth third second", "3");
	finding_assert_found(
	    ph, &(struct asked){ .earlier = "2026-11-12T11:00:00.000Z" }, "third second", "2");
	scene_store(user, "INBOX", "first", "-FLAGS", "\\Deleted");
	finding_assert_found(ph, &(struct asked){ .text = "needle" }, "fifth third second first", "4");
}
TEST_VERSIONS(search_leaves_out_what_is_marked_as_deleted)

static void search_is_of_folders(enum eas_version v)
{
	const char *user = scene_user();
	const char *work, *inbox;
	struct phone *ph;
	struct asked unknown = { .text = "needle", .folders = { "4711" } };

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	work = finding_folder(ph, "Work");
	inbox = scene_inbox(ph)->id;
	finding_assert_found(ph, &(struct asked){ .text = "needle", .folders = { work } }, "third", "1");
	finding_assert_found(
	    ph, &(struct asked){ .text = "needle", .folders = { work }, .deep = true }, "third second", "2");
	finding_assert_found(
	    ph, &(struct asked){ .text = "needle", .folders = { inbox, work } }, "fifth third first", "3");
	finding_assert_text(finding_search(ph, &unknown), SEARCH_STATUS, "11");
}
TEST_VERSIONS(search_is_of_folders)

/* A folder in which the server shows all mails (\All) would have each found twice; by itself it can be searched. */
static void search_finds_each_once(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	finding_put_mails(user);
	truth_create(scene_truth(user), "Everything");
	scene_append_raw(user, "Everything", BYTES("Subject: shown again\r\n\r\nneedle\r\n"), "", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	finding_assert_found(ph, &(struct asked){ .text = "needle" }, "fifth third second first", "4");
	finding_assert_found(ph,
	    &(struct asked){ .text = "needle", .folders = { finding_folder(ph, "Everything") } },
	    "shown again", "1");
}
TEST_VERSIONS(search_finds_each_once)

static void search_is_of_days(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	finding_assert_found(
	    ph, &(struct asked){ .text = "needle", .later = "2026-11-11T10:00:00.000Z" }, "fifth third", "2");
	finding_assert_found(
	    ph, &(struct asked){ .earlier = "2026-11-12T11:00:00.000Z" }, "third second first", "3");
	finding_assert_found(ph,
	    &(struct asked){ .later = "2026-11-11T09:59:59.000Z", .earlier = "2026-11-12T10:00:01.000Z" },
	    "third second", "2");
	finding_assert_found(
	    ph, &(struct asked){ .text = "received>=2026-11-12" }, "fifth fourth third", "3");
}
TEST_VERSIONS(search_is_of_days)

/* Each page where it belongs, all of them together the whole, and a total that doesn't change. */
static void search_pages(enum eas_version v)
{
	const char *user = scene_user();
	const struct wbxml_node *store;
	struct phone *ph;

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	store = finding_search(ph, &(struct asked){ .text = "needle", .range = "0-1" });
	assert_string_equal(finding_subjects(store, SEARCH_RESULT, SEARCH_PROPERTIES), "fifth third");
	finding_assert_text(store, SEARCH_RANGE, "0-1");
	finding_assert_text(store, SEARCH_TOTAL, "4");
	store = finding_search(ph, &(struct asked){ .text = "needle", .range = "2-9" });
	assert_string_equal(finding_subjects(store, SEARCH_RESULT, SEARCH_PROPERTIES), "second first");
	finding_assert_text(store, SEARCH_RANGE, "2-3");
	finding_assert_text(store, SEARCH_TOTAL, "4");
	finding_assert_found(ph, &(struct asked){ .text = "needle", .range = "4-9" }, "", "4");
	finding_assert_text(
	    finding_search(ph, &(struct asked){ .text = "needle", .range = "90-100" }), SEARCH_STATUS, "12");
	finding_assert_text(
	    finding_search(ph, &(struct asked){ .text = "needle", .range = "9-0" }), SEARCH_STATUS, "2");
}
TEST_VERSIONS(search_pages)

static void results_have_bodies(enum eas_version v)
{
	static const unsigned types[] = { 1, 2, 4 };
	const char *user = scene_user();
	struct phone *ph;

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	for (size_t i = 0; i < COUNT(types); i++) {
		const struct wbxml_node *store =
		    finding_search(ph, &(struct asked){ .text = "subject:first", .body = types[i] });
		const struct wbxml_node *properties =
		    wbxml_child(wbxml_child(store, SEARCH_RESULT), SEARCH_PROPERTIES);
		const struct wbxml_node *body = wbxml_child(properties, AIRSYNCBASE_BODY);
		struct bytes data = wbxml_child_text(body, AIRSYNCBASE_DATA);
		uint32_t type = 0;

		assert_int_equal(wbxml_child_uint(body, AIRSYNCBASE_TYPE, 0, 4, &type), ERR_OK);
		assert_int_equal(type, types[i]);
		assert_non_null(memmem(data.p, data.len, "needle one", 10));
		finding_assert_text(properties, EMAIL_FROM, "<ann@example.org>");
		finding_assert_text(properties, EMAIL_DATE_RECEIVED, "2026-11-10T10:00:00.000Z");
	}
}
TEST_VERSIONS(results_have_bodies)

/* Bodies that may be large are fetched one after the other: all are there nevertheless, in their order. */
static void results_may_be_whole_mails(enum eas_version v)
{
	const char *user = scene_user();
	const struct wbxml_node *store;
	struct phone *ph;

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	store = finding_search(ph, &(struct asked){ .text = "needle", .body = 4, .whole = true });
	assert_string_equal(
	    finding_subjects(store, SEARCH_RESULT, SEARCH_PROPERTIES), "fifth third second first");
	finding_assert_text(store, SEARCH_RANGE, "0-3");
	for (const struct wbxml_node *r = wbxml_child(store, SEARCH_RESULT); r;
	     r = wbxml_next(r, SEARCH_RESULT)) {
		const struct wbxml_node *properties = wbxml_child(r, SEARCH_PROPERTIES);
		struct bytes subject = wbxml_child_text(properties, EMAIL_SUBJECT);
		struct bytes data =
		    wbxml_child_text(wbxml_child(properties, AIRSYNCBASE_BODY), AIRSYNCBASE_DATA);
		char line[64];

		snprintf(line, sizeof(line), "\r\nSubject: %.*s\r\n", BYTES_ARG(subject));
		assert_non_null(memmem(data.p, data.len, line, strlen(line)));
		assert_non_null(memmem(data.p, data.len, "needle", 6));
	}
}
TEST_VERSIONS(results_may_be_whole_mails)

/* ---- LongId ---- */

/* The Fetch of the answer. */
static const struct wbxml_node *fetch(struct phone *ph, struct bytes long_id)
{
	struct bytes id = test_copy(long_id);
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	wbxml_put(w, SEARCH_LONG_ID, id);
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	wbxml_open(w, AIRSYNCBASE_BODY_PREFERENCE);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, 1);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
	return wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_FETCH);
}

static struct bytes long_id_of(struct phone *ph, const char *text)
{
	const struct wbxml_node *store = finding_search(ph, &(struct asked){ .text = text });

	return test_copy(wbxml_child_text(wbxml_child(store, SEARCH_RESULT), SEARCH_LONG_ID));
}

static void a_result_is_fetched(enum eas_version v)
{
	const char *user = scene_user(), *stranger = scene_user();
	struct phone *ph, *other;
	const struct wbxml_node *got;
	struct bytes id;

	finding_put_mails(user);
	finding_put_mails(stranger);
	ph = scene_synced_phone(user, "PHONE1", v);
	other = scene_synced_phone(stranger, "PHONE2", v);
	id = long_id_of(ph, "subject:second");
	assert_true(id.len > 0);
	assert_true(bytes_eq(id, long_id_of(ph, "needle deep"))); /* the same, however it is found */
	got = fetch(ph, id);
	finding_assert_text(got, ITEMOPERATIONS_STATUS, "1");
	assert_true(bytes_eq(wbxml_child_text(got, SEARCH_LONG_ID), id));
	got = wbxml_child(got, ITEMOPERATIONS_PROPERTIES);
	finding_assert_text(got, EMAIL_SUBJECT, "second");
	finding_assert_text(wbxml_child(got, AIRSYNCBASE_BODY), AIRSYNCBASE_DATA, "needle in the deep");
	finding_assert_text(fetch(other, id), ITEMOPERATIONS_STATUS, "6"); /* another's is none of ours */
	finding_assert_text(fetch(ph, BYTES("AQEB")), ITEMOPERATIONS_STATUS, "6");
	finding_assert_text(fetch(ph, BYTES("??")), ITEMOPERATIONS_STATUS, "6");
	scene_expunge(user, "Work/Deep", "second");
	finding_assert_text(fetch(ph, id), ITEMOPERATIONS_STATUS, "6");
}
TEST_VERSIONS(a_result_is_fetched)

/* ---- conversations ---- */

static void a_conversation_is_found(enum eas_version v)
{
	const char *user = scene_user();
	const struct wbxml_node *store;
	struct bytes id;
	struct phone *ph;

	if (v < EAS_14_0)
		return; /* ConversationId came with 14.0 */
	finding_put_mails(user);
	scene_append_raw(user, "Work",
	    BYTES("From: bob@example.org\r\nSubject: Re:first\r\nMessage-ID: <r@x>\r\nReferences: "
		  "<first@x>\r\n\r\nyes\r\n"),
	    "", "14-Nov-2026 10:00:00 +0000");
	ph = scene_synced_phone(user, "PHONE1", v);
	store = finding_search(ph, &(struct asked){ .text = "\"needle one\"" });
	id = test_copy(wbxml_child_text(
	    wbxml_child(wbxml_child(store, SEARCH_RESULT), SEARCH_PROPERTIES), EMAIL2_CONVERSATION_ID));
	assert_int_equal(id.len, 16);
	finding_assert_found(ph, &(struct asked){ .conversation = id }, "Re:first first", "2");
}
TEST_VERSIONS(a_conversation_is_found)

/* ---- requests that can't be done: a Status, never an HTTP error ---- */

static const struct bad_case {
	const char *name, *store;
	wbxml_tag query[3]; /* elements of Query, one in the other; 0 ends */
	const char *text;   /* of the last one */
	const char *status, *total;
} bad_cases[] = {
	{ "no such store", "Attic", { SEARCH_AND, SEARCH_FREE_TEXT }, "x", "2", "" },
	{ "no name", "", { SEARCH_AND, SEARCH_FREE_TEXT }, "x", "2", "" },
	{ "no query", "Mailbox", { 0 }, "", "2", "" },
	{ "no And", "Mailbox", { SEARCH_FREE_TEXT }, "x", "8", "" },
	{ "And in And", "Mailbox", { SEARCH_AND, SEARCH_AND, SEARCH_FREE_TEXT }, "x", "8", "" },
	{ "a mail's element", "Mailbox", { SEARCH_AND, EMAIL_SUBJECT }, "x", "2", "" },
	{ "no such class", "Mailbox", { SEARCH_AND, AIRSYNC_CLASS }, "Cats", "2", "" },
	{ "a date without value", "Mailbox", { SEARCH_AND, SEARCH_GREATER_THAN, EMAIL_DATE_RECEIVED }, "",
	    "2", "" },
	{ "another class", "Mailbox", { SEARCH_AND, AIRSYNC_CLASS }, "Tasks", "1", "0" },
	{ "too much", "Mailbox", { SEARCH_AND, SEARCH_FREE_TEXT },
	    "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a "
	    "a a a a "
	    "a a a a a a a a a a a a a a",
	    "8", "" },
	{ "people", "GAL", { 0 }, "ann", "1", "0" },
	{ "documents", "DocumentLibrary", { SEARCH_EQUAL_TO, DOCUMENTLIBRARY_LINK_ID }, "", "13", "" },
	{ "documents without a link", "DocumentLibrary", { SEARCH_EQUAL_TO }, "", "2", "" },
};

static void not_searched(const struct bad_case *c)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", EAS_14_1);
	struct wbxml_writer *w = phone_request(ph);
	const struct wbxml_node *store;
	size_t depth = 0;

	wbxml_open(w, SEARCH_SEARCH);
	wbxml_open(w, SEARCH_STORE);
	if (c->store[0])
		wbxml_put_str(w, SEARCH_NAME, c->store);
	wbxml_open(w, SEARCH_QUERY);
	while (depth < COUNT(c->query) && c->query[depth])
		wbxml_open(w, c->query[depth++]);
	wbxml_text(w, bytes_str(c->text));
	for (depth += 3; depth > 0; depth--)
		wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_SEARCH, NULL));
	assert_int_equal(ph->status, 1);
	store = wbxml_child(wbxml_child(ph->root, SEARCH_RESPONSE), SEARCH_STORE);
	finding_assert_text(store, SEARCH_STATUS, c->status);
	finding_assert_text(store, SEARCH_TOTAL, c->total);
}
TEST_ROW(not_searched)

/* Searching changes nothing: no mail is marked as read by it. */
static void searching_leaves_no_trace(enum eas_version v)
{
	const char *user = scene_user();
	struct scene_mail *mails;
	struct phone *ph;

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	finding_search(ph, &(struct asked){ .text = "needle", .body = 1 });
	for (size_t n = scene_mails(user, "INBOX", &mails); n > 0; n--)
		assert_false(mails[n - 1].seen);
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added + scene_inbox(ph)->changed, 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(searching_leaves_no_trace)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 120 });
	TEST_ADD_VERSIONS(search_finds_words);
	TEST_ADD_VERSIONS(search_leaves_out_what_is_marked_as_deleted);
	TEST_ADD_VERSIONS(search_is_of_folders);
	TEST_ADD_VERSIONS(search_finds_each_once);
	TEST_ADD_VERSIONS(search_is_of_days);
	TEST_ADD_VERSIONS(search_pages);
	TEST_ADD_VERSIONS(results_have_bodies);
	TEST_ADD_VERSIONS(results_may_be_whole_mails);
	TEST_ADD_VERSIONS(a_result_is_fetched);
	TEST_ADD_VERSIONS(a_conversation_is_found);
	TEST_ADD_ROWS(not_searched, bad_cases);
	TEST_ADD_VERSIONS(searching_leaves_no_trace);
	failed = test_run("search");
	scene_close();
	return failed;
}
