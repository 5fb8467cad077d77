/* FilterType and the other options of a folder: what of it the phone gets, and how it changes its mind. */
#include <poll.h>

#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Days ago; none is near the edge of a filter. */
static const unsigned ages[] = { 0, 2, 5, 10, 20, 60 };

static void append_aged(const char *user, const char *mailbox, unsigned days)
{
	char mail[80];

	snprintf(mail, sizeof(mail), "Subject: %u days\r\n\r\ntext\r\n", days);
	scene_append_aged(user, mailbox, bytes_str(mail), days);
}

static struct phone *aged_phone(const char *user, enum eas_version v)
{
	struct phone *ph = scene_phone(user, "PHONE1", v);

	for (size_t i = 0; i < COUNT(ages); i++)
		append_aged(user, "INBOX", ages[i]);
	SCENE_OK(ph, phone_setup(ph));
	return ph;
}

static struct phone_options_block filter_of(unsigned type)
{
	return (struct phone_options_block){ .filter = (int)type + 1,
		.bodies = { { .type = 1, .truncation = 100 } } };
}

/* The newest mails, as many as the filter lets through. */
static void assert_newest(const struct phone_folder *f, size_t n)
{
	char subject[32];

	assert_int_equal(f->count, n);
	for (size_t i = 0; i < n; i++) {
		snprintf(subject, sizeof(subject), "%u days", ages[i]);
		assert_non_null(phone_item_with_subject(f, subject));
	}
}

static const struct filter_case {
	const char *name;
	unsigned type;
	size_t want;
} filter_cases[] = {
	{ "all", 0, 6 },
	{ "a day", 1, 1 },
	{ "three days", 2, 2 },
	{ "a week", 3, 3 },
	{ "two weeks", 4, 4 },
	{ "a month", 5, 5 },
};

static void filter(const struct filter_case *c)
{
	for (size_t i = 0; i < COUNT(scene_versions); i++) {
		const struct phone_options_block options = filter_of(c->type);
		const char *user = scene_user();
		struct phone *ph = aged_phone(user, scene_versions[i].version);
		struct phone_folder *f = scene_inbox(ph);
		unsigned status, estimate;

		SCENE_OK(
		    ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = "0" }));
		SCENE_OK(ph, phone_estimate(ph, f, &options, &status, &estimate));
		assert_int_equal(status, 1);
		assert_int_equal(estimate, c->want);
		SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &options }));
		assert_newest(f, c->want);
		scene_assert_clean(ph);
	}
}
TEST_ROW(filter)

static const struct refused_case {
	const char *name;
	unsigned type;
	unsigned estimate; /* GetItemEstimate's status; up to 12.1 there is only 2 */
} refused_cases[] = {
	{ "three months, for calendars only", 6, 110 },
	{ "six months, for calendars only", 7, 110 },
	{ "incomplete tasks", 8, 110 },
	{ "beyond the table", 9, 103 },
};

/* MS-ASCMD 2.2.3.68: a filter of another class. What the phone asked for before stays. */
static void refused(const struct refused_case *c)
{
	const struct phone_options_block week = filter_of(3), options = filter_of(c->type);

	for (size_t i = 0; i < COUNT(scene_versions); i++) {
		enum eas_version v = scene_versions[i].version;
		struct phone *ph = aged_phone(scene_user(), v);
		struct phone_folder *f = scene_inbox(ph);
		unsigned status, estimate;

		SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
		SCENE_OK(ph, phone_sync_one(
				 ph, &(struct phone_collection){ .folder_id = f->id, .options = &options }));
		assert_int_equal(f->status, 4);
		SCENE_OK(ph, phone_estimate(ph, f, &options, &status, &estimate));
		assert_int_equal(status, v < EAS_14_0 ? 2 : c->estimate);
		scene_sync(ph, f);
		assert_newest(f, 3);
		scene_assert_clean(ph);
	}
}
TEST_ROW(refused)

static const struct class_case {
	const char *name;
	const char *class, *second; /* of the Options; NULL: there is none */
	unsigned status;
} class_cases[] = {
	{ "its own", "Email", NULL, 1 },
	{ "its own, and text messages", "Email", "SMS", 1 },
	{ "text messages alone", "SMS", NULL, 1 },
	{ "appointments", "Calendar", NULL, 4 },
	{ "notes, and text messages", "Notes", "SMS", 4 },
	{ "contacts behind its own", "Email", "Contacts", 4 },
};

/* Options for a class that the folder hasn't got (MS-ASCMD 2.2.3.27.5). What the phone asked for before stays. */
static void options_of_a_class(const struct class_case *c)
{
	const struct phone_options_block week = filter_of(3), first = { .class = c->class },
					 second = { .class = c->second };

	for (size_t i = 0; i < COUNT(scene_versions); i++) {
		enum eas_version v = scene_versions[i].version;
		struct phone *ph;
		struct phone_folder *f;

		if (v < EAS_14_0)
			continue; /* Options have no class yet */
		ph = aged_phone(scene_user(), v);
		f = scene_inbox(ph);
		SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
		SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id,
						    .options = &first,
						    .sms = c->second ? &second : NULL }));
		assert_int_equal(f->status, c->status);
		if (c->status == 1)
			continue;
		scene_sync(ph, f);
		assert_newest(f, 3);
		scene_assert_clean(ph);
	}
}
TEST_ROW(options_of_a_class)

/* It is the recipient cache's (MS-ASCMD 2.2.3.103). */
static void max_items_is_not_for_mail(enum eas_version v)
{
	const struct phone_options_block most = { .max_items = 5 };
	struct phone *ph;
	struct phone_folder *f;
	unsigned status, estimate;

	if (v < EAS_14_0)
		return; /* it isn't known yet */
	ph = aged_phone(scene_user(), v);
	f = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .options = &most }));
	assert_int_equal(f->status, 4);
	SCENE_OK(ph, phone_estimate(ph, f, &most, &status, &estimate));
	assert_int_equal(status, 2);
	scene_sync(ph, f);
	assert_newest(f, COUNT(ages));
	scene_assert_clean(ph);
}
TEST_VERSIONS(max_items_is_not_for_mail)

/* Wider and narrower, each time with the newest key: what stays is not sent again (that would be an anomaly), what is outside
 * is soft-deleted, and the server keeps all. */
static void a_filter_changes(enum eas_version v)
{
	static const struct {
		unsigned type;
		size_t want;
	} steps[] = { { 3, 3 }, { 5, 5 }, { 0, 6 }, { 2, 2 }, { 4, 4 }, { 1, 1 }, { 0, 6 } };
	const char *user = scene_user();
	struct phone *ph = aged_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);
	struct scene_mail *mails;
	size_t had = 0;

	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .key = "0" }));
	for (size_t i = 0; i < COUNT(steps); i++) {
		const struct phone_options_block options = filter_of(steps[i].type);

		SCENE_OK(ph, phone_sync_one(
				 ph, &(struct phone_collection){ .folder_id = f->id, .options = &options }));
		assert_int_equal(f->status, 1);
		assert_int_equal(f->added, steps[i].want > had ? steps[i].want - had : 0);
		assert_int_equal(f->soft_deleted, steps[i].want < had ? had - steps[i].want : 0);
		assert_int_equal(f->deleted, 0);
		assert_newest(f, steps[i].want);
		had = steps[i].want;
	}
	assert_int_equal(scene_mails(user, "INBOX", &mails), COUNT(ages));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_filter_changes)

/* What is outside of the narrower filter goes in as many answers as it takes; what changes meanwhile is told too. */
static void a_filter_narrows_page_by_page(enum eas_version v)
{
	const struct phone_options_block all = filter_of(0), day = filter_of(1);
	const char *user = scene_user();
	struct phone *ph = aged_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);

	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &all }));
	for (size_t left = COUNT(ages) - 2; left; left--) {
		SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){
						    .folder_id = f->id, .options = &day, .window = 1 }));
		assert_int_equal(f->soft_deleted, 1);
		assert_true(f->more);
	}
	scene_store(user, "INBOX", "0 days", "+FLAGS", "\\Seen");
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .window = 1 }));
	assert_int_equal(f->soft_deleted, 1);
	assert_int_equal(f->changed, 1);
	assert_newest(f, 1);
	assert_true(phone_item_with_subject(f, "0 days")->read);
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_filter_narrows_page_by_page)

/* It is remembered when it isn't said again. */
static void a_filter_is_sticky(enum eas_version v)
{
	const struct phone_options_block week = filter_of(3);
	const char *user = scene_user();
	struct phone *ph = aged_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);

	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
	append_aged(user, "INBOX", 61);
	append_aged(user, "INBOX", 1);
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id }));
	assert_int_equal(f->added, 1);
	assert_non_null(phone_item_with_subject(f, "1 days"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_filter_is_sticky)

/* Outside of the window, a mail that is marked or goes is nothing to tell. */
static void what_is_outside_stays_outside(enum eas_version v)
{
	const struct phone_options_block week = filter_of(3);
	const char *user = scene_user();
	struct phone *ph = aged_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);

	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
	scene_store(user, "INBOX", "20 days", "+FLAGS", "\\Seen");
	scene_expunge(user, "INBOX", "60 days");
	scene_sync(ph, f);
	assert_newest(f, 3);
	assert_int_equal(f->added + f->changed + f->deleted + f->soft_deleted, 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(what_is_outside_stays_outside)

/* Marked as deleted and not any more: within the window it goes and comes, outside nothing happens. */
static void deletion_marks_heed_filters(enum eas_version v)
{
	const struct phone_options_block week = filter_of(3);
	const char *user = scene_user();
	struct phone *ph = aged_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);

	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
	append_aged(user, "INBOX", 1);
	scene_sync(ph, f);
	for (size_t i = 0; i < 2; i++) {
		scene_store(user, "INBOX", "20 days", "+FLAGS", "\\Deleted");
		scene_store(user, "INBOX", "1 days", "+FLAGS", "\\Deleted");
		scene_sync(ph, f);
		assert_int_equal(f->deleted, 1);
		assert_int_equal(f->added + f->changed + f->soft_deleted, 0);
		scene_store(user, "INBOX", "20 days", "-FLAGS", "\\Deleted");
		scene_store(user, "INBOX", "1 days", "-FLAGS", "\\Deleted");
		scene_sync(ph, f);
		assert_int_equal(f->added, 1);
		assert_int_equal(f->deleted + f->changed + f->soft_deleted, 0);
		assert_non_null(phone_item_with_subject(f, "1 days"));
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(deletion_marks_heed_filters)

/* Old mails that are put into the folder now are no news, however many they are: for nobody that tells what Sync will bring. */
static void old_copies_are_no_news(enum eas_version v)
{
	static const unsigned days[] = { 8, 20, 21, 22, 23 };
	const struct phone_options_block week = filter_of(3);
	const char *user = scene_user();
	struct phone *ph = aged_phone(user, v);
	struct phone_folder *f = scene_inbox(ph);
	unsigned status, estimate;
	bool changed;

	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &week }));
	for (size_t i = 0; i < COUNT(days); i++)
		append_aged(user, "INBOX", days[i]);
	SCENE_OK(ph, phone_estimate(ph, f, &week, &status, &estimate));
	assert_int_equal(estimate, 0);
	SCENE_OK(ph, phone_ping(ph, 1, f->id, &changed));
	assert_false(changed);
	append_aged(user, "INBOX", 1);
	append_aged(user, "INBOX", 24);
	SCENE_OK(ph, phone_estimate(ph, f, &week, &status, &estimate));
	assert_int_equal(estimate, 1);
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .window = 1 }));
	assert_int_equal(f->added, 1);
	assert_int_equal(f->count, 4);
	assert_non_null(phone_item_with_subject(f, "1 days"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(old_copies_are_no_news)

/* Another body type: what the phone has stays, and what comes from now on comes in that. */
static void a_body_preference_changes(enum eas_version v)
{
	static const struct phone_options_block plain = { .bodies = { { .type = 1, .truncation = 100 } } },
						html = { .bodies = { { .type = 2, .truncation = 100 } } };
	const char *user = scene_user();
	struct phone *ph = scene_phone(user, "PHONE1", v);
	struct phone_folder *f;

	scene_append_many(user, "INBOX", "m", 3);
	SCENE_OK(ph, phone_setup(ph));
	f = scene_inbox(ph);
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .options = &plain }));
	assert_int_equal(phone_item_with_subject(f, "m 1")->body_type, 1);
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id, .options = &html }));
	assert_int_equal(f->status, 1);
	assert_int_equal(f->added + f->changed + f->deleted, 0);
	scene_append(user, "INBOX", "later", "");
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = f->id }));
	assert_int_equal(f->added, 1);
	assert_int_equal(phone_item_with_subject(f, "later")->body_type, 2);
	scene_assert_same(f, user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_body_preference_changes)

/* Two folders, one with a filter, wait in one Sync: a mail outside of the filter wakes nobody, one in the other folder does, and
 * only that folder is in the answer. */
static void a_hanging_sync_heeds_filters(enum eas_version v)
{
	const struct phone_options_block week = filter_of(3), all = filter_of(0);
	const char *user = scene_user();
	struct phone_folder *inbox, *other;
	struct phone *ph;

	if (v < EAS_14_0)
		return; /* 12.1 waits by Ping */
	truth_create(scene_truth(user), "Other");
	ph = aged_phone(user, v);
	inbox = scene_inbox(ph);
	other = phone_folder_named(&ph->replica, "Other");
	assert_non_null(other);
	SCENE_OK(ph, phone_sync_folder(ph, inbox, &(struct phone_collection){ .options = &week }));
	SCENE_OK(ph, phone_sync_folder(ph, other, &(struct phone_collection){ .options = &all }));
	{
		const struct phone_collection both[] = { { .folder_id = inbox->id },
			{ .folder_id = other->id } };
		const struct phone_sync rq = { .collections = both, .count = 2, .heartbeat_s = 120 };
		int64_t since = bed_now_ms();

		inbox->added = other->added = 0;
		SCENE_OK(ph, phone_sync_send(ph, &rq));
		append_aged(user, "INBOX", 61);
		poll(NULL, 0, 1500); /* longer than a watch takes to tell */
		append_aged(user, "Other", 62);
		SCENE_OK(ph, phone_sync_receive(ph, &rq));
		assert_true(bed_now_ms() - since >= 1500);
		assert_int_equal(other->added, 1);
	}
	assert_newest(inbox, 3);
	assert_non_null(phone_item_with_subject(other, "62 days"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_hanging_sync_heeds_filters)

/* A folder that is started a second time, as iOS does it: what the second start says of the options holds, before and after a page
 * was sent. */
static void a_second_start_has_its_options(enum eas_version v)
{
	const struct phone_options_block all = filter_of(0), day = filter_of(1);

	for (unsigned pages = 0; pages < 2; pages++) {
		struct phone *ph = aged_phone(scene_user(), v);
		struct phone_folder *f = scene_inbox(ph);
		const struct phone_collection plain = { .folder_id = f->id };

		SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){
						    .folder_id = f->id, .key = "0", .options = &all }));
		if (pages)
			SCENE_OK(ph, phone_sync_one(ph, &plain));
		SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){
						    .folder_id = f->id, .key = "0", .options = &day }));
		SCENE_OK(ph, phone_sync_one(ph, &plain));
		assert_newest(f, 1);
		scene_assert_clean(ph);
	}
}
TEST_VERSIONS(a_second_start_has_its_options)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 150, .services = "dovecot,redis" });
	TEST_ADD_ROWS(filter, filter_cases);
	TEST_ADD_ROWS(refused, refused_cases);
	TEST_ADD_ROWS(options_of_a_class, class_cases);
	TEST_ADD_VERSIONS(max_items_is_not_for_mail);
	TEST_ADD_VERSIONS(a_filter_changes);
	TEST_ADD_VERSIONS(a_second_start_has_its_options);
	TEST_ADD_VERSIONS(a_filter_narrows_page_by_page);
	TEST_ADD_VERSIONS(a_filter_is_sticky);
	TEST_ADD_VERSIONS(what_is_outside_stays_outside);
	TEST_ADD_VERSIONS(deletion_marks_heed_filters);
	TEST_ADD_VERSIONS(old_copies_are_no_news);
	TEST_ADD_VERSIONS(a_body_preference_changes);
	TEST_ADD_VERSIONS(a_hanging_sync_heeds_filters);
	failed = test_run("filters");
	scene_close();
	return failed;
}
