#include "ageing_scenarios.h"

#include "clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Days ago, today. */
static const unsigned ages[] = { 0, 2, 5, 10 };

static const struct phone_options_block week = { .filter = 3 + 1, .bodies = { { .type = 1 } } },
					two_weeks = { .filter = 4 + 1, .bodies = { { .type = 1 } } };

static void append_aged(const char *user, unsigned days)
{
	char mail[80];

	snprintf(mail, sizeof(mail), "Subject: %u days\r\n\r\ntext\r\n", days);
	scene_append_aged(user, "INBOX", bytes_str(mail), days);
}

/* With the mails of the last week. */
static struct phone *week_phone(const char *user, enum eas_version v)
{
	struct phone *ph = scene_phone(user, "PHONE1", v);
	struct phone_folder *f;

	clock_days_ahead(0);
	for (size_t i = 0; i < COUNT(ages); i++)
		append_aged(user, ages[i]);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
	assert_int_equal(f->count, 3);
	return ph;
}

static void assert_brought(const struct phone_folder *f, unsigned added, unsigned soft_deleted)
{
	assert_int_equal(f->status, 1);
	assert_int_equal(f->added, added);
	assert_int_equal(f->soft_deleted, soft_deleted);
	assert_int_equal(f->deleted, 0);
	assert_int_equal(f->changed, 0);
}

static void assert_all_there(const char *user)
{
	struct scene_mail *mails;

	assert_int_equal(scene_mails(user, "INBOX", &mails), COUNT(ages));
}

/* Nothing happens in the mailbox, but days pass: what is older than the filter leaves the phone and not the server. A wider filter
 * brings it back. */
static void a_mail_ages_out_and_comes_back(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = week_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);

	clock_days_ahead(1);
	scene_sync(ph, f);
	assert_brought(f, 0, 0);
	clock_days_ahead(3);
	scene_sync(ph, f);
	assert_brought(f, 0, 1);
	assert_null(phone_item_with_subject(f, "5 days"));
	assert_all_there(user);
	SCENE_OK(
	    ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .options = &two_weeks }));
	assert_brought(f, 2, 0);
	scene_assert_same(f, user, "INBOX");
	clock_days_ahead(30);
	scene_sync(ph, f);
	assert_brought(f, 0, 4);
	assert_all_there(user);
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_mail_ages_out_and_comes_back)

/* The days of a quiet mailbox and those of a busy one pass alike. */
static void what_comes_meanwhile_does_not_hinder_it(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = week_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);

	scene_append(user, "INBOX", "new", "");
	scene_store(user, "INBOX", "2 days", "+FLAGS", "\\Seen");
	scene_expunge(user, "INBOX", "0 days");
	clock_days_ahead(4);
	scene_sync(ph, f);
	assert_int_equal(f->added, 1);
	assert_int_equal(f->changed, 1);
	assert_int_equal(f->deleted, 1);
	assert_int_equal(f->soft_deleted, 1);
	assert_int_equal(f->count, 2);
	scene_assert_clean(ph);
}
TEST_VERSIONS(what_comes_meanwhile_does_not_hinder_it)

/* Ping and GetItemEstimate announce what Sync will bring, and nothing more after it. */
static void it_is_announced(enum eas_version v)
{
	struct phone *ph = week_phone(scene_user(), v);
	struct phone_folder *f = scene_inbox(ph);
	unsigned status, estimate;
	bool changed;

	clock_days_ahead(3);
	SCENE_OK(ph, phone_estimate(ph, f, &week, &status, &estimate));
	assert_int_equal(status, 1);
	assert_int_equal(estimate, 1);
	SCENE_OK(ph, phone_ping(ph, 5, f->id, &changed));
	assert_true(changed);
	scene_sync(ph, f);
	assert_brought(f, 0, 1);
	SCENE_OK(ph, phone_ping(ph, 2, f->id, &changed));
	assert_false(changed);
	scene_assert_clean(ph);
}
TEST_VERSIONS(it_is_announced)

/* The phone lost the answer and asks again on another day: it has then what that day's window has. */
static void an_answer_is_lost_overnight(enum eas_version v)
{
	struct phone *ph = week_phone(scene_user(), v);
	struct phone_folder *f = scene_inbox(ph);
	char *former;

	clock_days_ahead(3);
	former = test_keep(strlen(f->key) + 1);
	strcpy(former, f->key);
	scene_sync(ph, f);
	assert_brought(f, 0, 1);
	clock_days_ahead(6);
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = former }));
	assert_int_equal(f->status, 1);
	scene_sync(ph, f);
	assert_int_equal(f->count, 1);
	assert_non_null(phone_item_with_subject(f, "0 days"));
}
TEST_VERSIONS(an_answer_is_lost_overnight)

int ageing_scenarios_run(const char *name)
{
	TEST_ADD_VERSIONS(a_mail_ages_out_and_comes_back);
	TEST_ADD_VERSIONS(what_comes_meanwhile_does_not_hinder_it);
	TEST_ADD_VERSIONS(it_is_announced);
	TEST_ADD_VERSIONS(an_answer_is_lost_overnight);
	return test_run(name);
}
