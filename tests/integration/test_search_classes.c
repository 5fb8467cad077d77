/* Search in what is no mail: notes, and SMS. */
#include "finding.h"
#include "note_side.h"

#define NOTE(subject, uuid, text)                                                                      \
	"From: me@example.org\r\nSubject: " subject                                                    \
	"\r\nX-Uniform-Type-Identifier: com.apple.mail-note\r\nX-Universally-Unique-Identifier: " uuid \
	"\r\nContent-Type: text/plain\r\n\r\n" text "\r\n"
#define SMS(number, text)                                                                                 \
	"From: \"+" number "\" <+" number "@sms.invalid>\r\nSubject: sms\r\nContent-Type: text/plain\r\n" \
	"\r\n" text "\r\n"

/* A mail, two notes and an SMS about the same animal, and one of each about another. Of a note there is a former copy, too. */
static struct phone *phone_with_all(const char *user, enum eas_version v)
{
	static const char *const made[] = { "Notes", "SMS" };
	struct phone *ph;

	for (size_t i = 0; i < 2; i++)
		truth_create(scene_truth(user), made[i]);
	finding_put_mail(user, "INBOX", "mail", "ann@example.org", "a zebra", "11-Nov-2026 10:00:00 +0000");
	finding_put_mail(user, "INBOX", "other", "ann@example.org", "a lion", "11-Nov-2026 10:00:00 +0000");
	scene_append_raw(user, "Notes", BYTES(NOTE("note 1", "A-1", "zebra, old")), "\\Seen",
	    "12-Nov-2026 09:00:00 +0000");
	scene_append_raw(user, "Notes", BYTES(NOTE("note 1", "A-1", "zebra crossing")), "\\Seen",
	    "12-Nov-2026 10:00:00 +0000");
	scene_append_raw(
	    user, "Notes", BYTES(NOTE("note 2", "A-2", "lion")), "\\Seen", "12-Nov-2026 11:00:00 +0000");
	scene_append_raw(user, "SMS", BYTES(SMS("15550100", "zebra?")), "", "13-Nov-2026 10:00:00 +0000");
	scene_append_raw(user, "SMS", BYTES(SMS("15550100", "lion!")), "", "13-Nov-2026 11:00:00 +0000");
	ph = scene_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_setup(ph));
	return ph;
}

/* What its LongId fetches. */
static const struct wbxml_node *fetch(struct phone *ph, const struct wbxml_node *result)
{
	struct bytes id = test_copy(wbxml_child_text(result, SEARCH_LONG_ID));
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	wbxml_put(w, SEARCH_LONG_ID, id);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
	return wbxml_child(wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_FETCH),
	    ITEMOPERATIONS_PROPERTIES);
}

/* One result, of that class and with that text in it, also where it is fetched by its LongId. */
static void assert_one(struct phone *ph, const struct asked *q, const char *class, const char *text)
{
	const struct wbxml_node *store = finding_search(ph, q), *result = wbxml_child(store, SEARCH_RESULT);
	const struct wbxml_node *body = wbxml_child(wbxml_child(result, SEARCH_PROPERTIES), AIRSYNCBASE_BODY);

	finding_assert_text(store, SEARCH_STATUS, "1");
	finding_assert_text(store, SEARCH_TOTAL, "1");
	finding_assert_text(result, AIRSYNC_CLASS, class);
	finding_assert_text(body, AIRSYNCBASE_DATA, text);
	finding_assert_text(wbxml_child(fetch(ph, result), AIRSYNCBASE_BODY), AIRSYNCBASE_DATA, text);
}

static void notes_are_found(enum eas_version v)
{
	struct phone *ph = phone_with_all(scene_user(), v);
	const struct wbxml_node *store;

	assert_one(ph, &(struct asked){ .text = "zebra", .classes = { "Notes" }, .body = 1 }, "Notes",
	    "zebra crossing");
	assert_one(
	    ph, &(struct asked){ .text = "subject:2", .classes = { "Notes" }, .body = 1 }, "Notes", "lion");
	store = finding_search(ph, &(struct asked){ .text = "tiger", .classes = { "Notes" } });
	finding_assert_text(store, SEARCH_TOTAL, "0");
	store = finding_search(ph, &(struct asked){ .classes = { "Notes" }, .range = "0-0" });
	finding_assert_text(store, SEARCH_TOTAL, "2");
	scene_assert_clean(ph);
}
TEST_VERSIONS(notes_are_found)

static void sms_are_found(enum eas_version v)
{
	struct phone *ph = phone_with_all(scene_user(), v);
	struct asked both = { .text = "zebra", .classes = { "Email", "SMS" } };

	assert_one(ph, &(struct asked){ .text = "zebra", .classes = { "SMS" }, .body = 1 }, "SMS", "zebra?");
	finding_assert_text(finding_search(ph, &both), SEARCH_TOTAL, "2"); /* it isn't a mail as well */
	scene_assert_clean(ph);
}
TEST_VERSIONS(sms_are_found)

/* Without a class there is nothing that isn't looked at: an SMS is found as the mail that every phone has it as. */
static void all_is_found(enum eas_version v)
{
	struct phone *ph = phone_with_all(scene_user(), v);
	struct asked notes = { .text = "zebra", .any_class = true };
	const char *folder = phone_folder_of_type(&ph->replica, 10)->id;

	finding_assert_text(
	    finding_search(ph, &(struct asked){ .text = "zebra", .any_class = true }), SEARCH_TOTAL, "3");
	finding_assert_text(finding_search(ph, &(struct asked){ .text = "zebra" }), SEARCH_TOTAL, "2");
	notes.folders[0] = folder;
	finding_assert_text(finding_search(ph, &notes), SEARCH_TOTAL, "1");
	scene_assert_clean(ph);
}
TEST_VERSIONS(all_is_found)

/* Neither is a class in 12.1. */
static void nothing_of_that_in_12_1(void **state)
{
	struct phone *ph = phone_with_all(scene_user(), EAS_12_1);
	static const char *const classes[] = { "Notes", "SMS" };

	(void)state;
	for (size_t i = 0; i < 2; i++)
		finding_assert_text(
		    finding_search(ph, &(struct asked){ .text = "zebra", .classes = { classes[i] } }),
		    SEARCH_TOTAL, "0");
	scene_assert_clean(ph);
}

int main(void)
{
	static const char *const settings[] = { "imap.notes_folder=Notes", "imap.sms_folder=SMS", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 20, .services = "dovecot,redis", .settings = settings });
	TEST_ADD_NOTE_VERSIONS(notes_are_found);
	TEST_ADD_NOTE_VERSIONS(sms_are_found);
	TEST_ADD_NOTE_VERSIONS(all_is_found);
	TEST_ADD(nothing_of_that_in_12_1);
	failed = test_run("search classes");
	scene_close();
	return failed;
}
