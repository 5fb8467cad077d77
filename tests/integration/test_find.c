/* Find, in the shapes in which phones send it, against what IMAP holds. */
#include "finding.h"

/* The Response of the answer; NULL if there is only a status. */
static const struct wbxml_node *find(struct phone *ph, const char *id, const struct asked *q)
{
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, FIND_FIND);
	wbxml_put_str(w, FIND_SEARCH_ID, id);
	wbxml_open(w, FIND_EXECUTE_SEARCH);
	wbxml_open(w, FIND_MAIL_BOX_SEARCH_CRITERION);
	wbxml_open(w, FIND_QUERY);
	wbxml_put_str(w, AIRSYNC_CLASS, "Email");
	finding_put_folders(w, q);
	if (q->text)
		wbxml_put_str(w, FIND_FREE_TEXT, q->text);
	wbxml_close(w);
	wbxml_open(w, FIND_OPTIONS);
	if (q->range)
		wbxml_put_str(w, FIND_RANGE, q->range);
	if (q->deep)
		wbxml_put_empty(w, FIND_DEEP_TRAVERSAL);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_FIND, NULL));
	return wbxml_child(ph->root, FIND_RESPONSE);
}

/* Of 16.1, but phones send it in other versions, too. */
static void find_finds(enum eas_version v)
{
	const char *user = scene_user();
	const struct wbxml_node *got, *properties;
	struct phone *ph;
	const char *work;

	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", v);
	work = finding_folder(ph, "Work");
	got = find(ph, "1f2e",
	    &(struct asked){ .text = "from:\"ann\" OR subject:\"ann\"", .range = "0-99", .deep = true });
	assert_int_equal(ph->status, 1);
	finding_assert_text(got, FIND_STATUS, "1");
	assert_string_equal(finding_subjects(got, FIND_RESULT, FIND_PROPERTIES), "fifth third first");
	finding_assert_text(got, FIND_RANGE, "0-2");
	finding_assert_text(got, FIND_TOTAL, "3");
	properties = wbxml_child(wbxml_child(got, FIND_RESULT), FIND_PROPERTIES);
	finding_assert_text(properties, FIND_PREVIEW, "needle again");
	finding_assert_text(properties, EMAIL_DISPLAY_TO, "Bob");
	finding_assert_text(properties, FIND_DISPLAY_CC, "Carol");
	finding_assert_text(properties, FIND_HAS_ATTACHMENTS, "0");
	finding_assert_text(properties, EMAIL_READ, "0");
	got = find(ph, "2", &(struct asked){ .text = "needle", .folders = { work }, .deep = true });
	assert_string_equal(finding_subjects(got, FIND_RESULT, FIND_PROPERTIES), "third second");
	got = find(ph, "3", &(struct asked){ .text = "xyzzy" });
	finding_assert_text(got, FIND_STATUS, "1");
	finding_assert_text(got, FIND_TOTAL, "0");
	assert_null(wbxml_child(got, FIND_RESULT));
}

/* What is found has the ServerId under which the phone has it. */
TEST_VERSIONS(find_finds)

static const struct version_row find_versions[] = { { "14.0", EAS_14_0 }, { "14.1", EAS_14_1 },
	{ "16.0", EAS_16_0 }, { "16.1", EAS_16_1 } };

static void find_tells_server_ids(void **state)
{
	const char *user = scene_user();
	const struct wbxml_node *result;
	struct phone_item *item;
	struct phone *ph;
	char id[64];

	(void)state;
	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", EAS_16_1);
	result = wbxml_child(find(ph, "4", &(struct asked){ .text = "subject:fourth" }), FIND_RESULT);
	finding_assert_text(result, AIRSYNC_COLLECTION_ID, scene_inbox(ph)->id);
	snprintf(id, sizeof(id), "%.*s", BYTES_ARG(wbxml_child_text(result, AIRSYNC_SERVER_ID)));
	item = phone_item(scene_inbox(ph), id);
	assert_non_null(item);
	assert_string_equal(item->subject, "fourth");
}

static void find_pages(void **state)
{
	const char *user = scene_user();
	const struct wbxml_node *got;
	struct phone *ph;

	(void)state;
	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", EAS_16_1);
	got = find(ph, "5", &(struct asked){ .text = "needle", .range = "2-3" });
	finding_assert_text(got, FIND_STATUS, "4"); /* it must begin at 0 */
	find(ph, "5", &(struct asked){ .text = "needle", .range = "0-1" });
	got = find(ph, "5", &(struct asked){ .text = "needle", .range = "2-3" });
	assert_string_equal(finding_subjects(got, FIND_RESULT, FIND_PROPERTIES), "second first");
	finding_assert_text(got, FIND_RANGE, "2-3");
	finding_assert_text(got, FIND_TOTAL, "4");
	assert_null(find(ph, "6", &(struct asked){ .text = "needle", .range = "0-1000" }));
	assert_int_equal(ph->status, 2);
	assert_null(find(ph, "7", &(struct asked){ .text = "needle", .folders = { "4711" } }));
	assert_int_equal(ph->status, 3);
}

/* More than an answer takes: each page's Range says what came, and the next goes on there. */
static void all_pages_are_the_whole(void **state)
{
	const char *user = scene_user();
	const struct wbxml_node *got;
	unsigned first = 0, count = 0;
	bool seen[231] = { false };
	struct phone *ph;
	char range[32];

	(void)state;
	scene_append_many(user, "INBOX", "many", 150);
	scene_append_many(user, "Archive", "more", 80);
	ph = scene_synced_phone(user, "PHONE1", EAS_16_1);
	do {
		snprintf(range, sizeof(range), "%u-%u", first, first + 199);
		got =
		    find(ph, "8", &(struct asked){ .text = "subject:many OR subject:more", .range = range });
		finding_assert_text(got, FIND_TOTAL, "230");
		count = 0;
		for (const struct wbxml_node *r = wbxml_child(got, FIND_RESULT); r;
		     r = wbxml_next(r, FIND_RESULT)) {
			struct bytes subject =
			    wbxml_child_text(wbxml_child(r, FIND_PROPERTIES), EMAIL_SUBJECT);
			unsigned number = subject.p[1] == 'o' ? 150 : 0; /* more */

			number += (unsigned)strtoul((const char *)subject.p + 4, NULL, 10);
			assert_in_range(number, 1, 230);
			assert_false(seen[number]);
			seen[number] = true;
			count++;
		}
		if (!count)
			break;
		snprintf(range, sizeof(range), "%u-%u", first, first + count - 1);
		finding_assert_text(got, FIND_RANGE, range);
		first += count;
	} while (count);
	assert_int_equal(first, 230);
}

/* As go-activesync asks: without SearchId and ExecuteSearch, Options beside the criterion. */
static void find_takes_another_shape(void **state)
{
	const char *user = scene_user();
	struct phone *ph;
	struct wbxml_writer *w;

	(void)state;
	finding_put_mails(user);
	ph = scene_synced_phone(user, "PHONE1", EAS_16_1);
	w = phone_request(ph);
	wbxml_open(w, FIND_FIND);
	wbxml_open(w, FIND_MAIL_BOX_SEARCH_CRITERION);
	wbxml_open(w, FIND_QUERY);
	wbxml_put_str(w, FIND_FREE_TEXT, "needle");
	wbxml_close(w);
	wbxml_close(w);
	wbxml_open(w, FIND_OPTIONS);
	wbxml_put_str(w, FIND_RANGE, "1-1");
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_FIND, NULL));
	assert_string_equal(
	    finding_subjects(wbxml_child(ph->root, FIND_RESPONSE), FIND_RESULT, FIND_PROPERTIES), "third");
	w = phone_request(ph);
	wbxml_open(w, FIND_FIND);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_FIND, NULL));
	assert_int_equal(ph->status, 2);
}

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 90 });
	TEST_ADD_ROWS(find_finds, find_versions);
	TEST_ADD(find_tells_server_ids);
	TEST_ADD(find_pages);
	TEST_ADD(all_pages_are_the_whole);
	TEST_ADD(find_takes_another_shape);
	failed = test_run("find");
	scene_close();
	return failed;
}
