/* Follow-up flags with all that a phone says of them, and categories: what IMAP holds, and what another phone is shown. */
#include "scene.h"

#define START "2026-12-01T08:00:00.000Z"
#define DUE "2026-12-04T16:30:00.000Z"
#define DATES "StartDate=" START "\nDueDate=" DUE "\nUtcStartDate=" START "\nUtcDueDate=" DUE
#define ACTIVE "Status=2\nFlagType=Flag for follow up\n"
#define TASK                                                                                          \
	"Status=2\nFlagType=For your \xC3\x84rger\nSubject=call \"them\"\n" DATES "\nReminderSet=1\n" \
	"ReminderTime=" DUE "\nOrdinalDate=" START "\nSubOrdinalDate=55"
#define DONE "Status=1\nFlagType=Flag for follow up\nCompleteTime=" DUE "\nDateCompleted=" DUE

/* One account with a mail, and two phones that have it. */
struct two {
	const char *user;
	struct phone *a, *b;
};

static struct two two_phones(enum eas_version v)
{
	struct two t = { .user = scene_user() };

	scene_append(t.user, "INBOX", "mail", "");
	t.a = scene_synced_phone(t.user, "PHONE1", v);
	t.b = scene_synced_phone(t.user, "PHONE2", v);
	return t;
}

static struct phone_item *mail_of(struct phone *ph)
{
	struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "mail");

	assert_non_null(i);
	return i;
}

static unsigned edit(struct phone *ph, struct phone_edit e)
{
	unsigned status;

	e.command = AIRSYNC_CHANGE;
	e.id = mail_of(ph)->id;
	SCENE_OK(ph, phone_edit_one(ph, scene_inbox(ph), &e, &status));
	return status;
}

static void set_flag(struct phone *ph, const char *text)
{
	assert_int_equal(edit(ph, (struct phone_edit){ .flag_text = text }), 1);
}

static const char *imap_flags(const struct two *t)
{
	return truth_mail(scene_truth(t->user), "INBOX", scene_mail(t->user, "INBOX", "mail")->uid)->flags;
}

/* All that the text says stands in the flag, each property once, and nothing else. */
static void assert_flag(struct phone *ph, const char *want)
{
	struct bytes rest = bytes_str(want), line;
	const char *got = mail_of(ph)->flag_text;

	if (strlen(got) != strlen(want))
		fail_msg("the flag is\n%s\ninstead of\n%s", got, want);
	while (bytes_split(&rest, '\n', &line)) {
		char text[200];

		snprintf(text, sizeof(text), "%.*s", BYTES_ARG(line));
		if (!strstr(got, text))
			fail_msg("the flag has no %s:\n%s", text, got);
	}
}

static void another_sees(struct two *t, const char *want)
{
	unsigned changes = mail_of(t->a)->changes;

	scene_sync(t->a, scene_inbox(t->a));
	assert_int_equal(mail_of(t->a)->changes, changes); /* no echo */
	scene_sync(t->b, scene_inbox(t->b));
	assert_flag(t->b, want);
	scene_assert_clean(t->a);
	scene_assert_clean(t->b);
}

static void a_flag_with_all(enum eas_version v)
{
	struct two t = two_phones(v);
	struct phone *fresh;

	set_flag(t.a, TASK);
	assert_non_null(strstr(imap_flags(&t), "\\Flagged"));
	another_sees(&t, TASK);
	fresh = scene_synced_phone(t.user, "PHONE3", v);
	assert_flag(fresh, TASK);
	set_flag(t.a, ACTIVE DATES); /* what isn't said any more is gone: MS-ASEMAIL 4.2 */
	another_sees(&t, ACTIVE DATES);
	set_flag(t.a, DONE);
	assert_null(strstr(imap_flags(&t), "\\Flagged"));
	another_sees(&t, DONE);
	set_flag(t.a, TASK);
	another_sees(&t, TASK);
	set_flag(t.a, "");
	another_sees(&t, "");
	assert_null(strstr(imap_flags(&t), "Follow"));
	assert_null(strstr(imap_flags(&t), "\\Flagged"));
	set_flag(t.a, "Status=2");
	another_sees(&t, "Status=2\nFlagType=Flag for follow up");
	assert_null(strstr(imap_flags(&t), "Follow")); /* what \Flagged can say needs no more */
	set_flag(t.a, "Status=0");
	another_sees(&t, "");
}
TEST_VERSIONS(a_flag_with_all)

static void another_program_flags(enum eas_version v)
{
	struct two t = two_phones(v);

	scene_store(t.user, "INBOX", "mail", "+FLAGS", "\\Flagged");
	scene_sync(t.a, scene_inbox(t.a));
	assert_flag(t.a, "Status=2\nFlagType=Flag for follow up");
	scene_sync(t.b, scene_inbox(t.b));
	set_flag(t.a, TASK);
	another_sees(&t, TASK);
	scene_store(t.user, "INBOX", "mail", "-FLAGS", "\\Flagged");
	scene_sync(t.a, scene_inbox(t.a));
	assert_flag(t.a, "");
	scene_sync(t.b, scene_inbox(t.b));
	set_flag(t.b, DONE);
	scene_store(t.user, "INBOX", "mail", "+FLAGS", "\\Flagged"); /* stronger than what only we know */
	scene_sync(t.a, scene_inbox(t.a));
	assert_flag(t.a, "Status=2\nFlagType=Flag for follow up"); /* and without the dates of the old one */
	scene_sync(t.b, scene_inbox(t.b));
	scene_store(t.user, "INBOX", "mail", "-FLAGS", "\\Flagged");
	scene_sync(t.a, scene_inbox(t.a));
	assert_flag(t.a, "");
	assert_null(strstr(imap_flags(&t), "Follow"));
	scene_assert_clean(t.a);
	scene_assert_clean(t.b);
}
TEST_VERSIONS(another_program_flags)

static const struct bad_flag_case {
	const char *name, *text;
} bad_flag_cases[] = {
	{ "an unknown Status", "Status=3" },
	{ "no Status", "FlagType=Flag for follow up" },
	{ "a date that is none", "Status=2\nOrdinalDate=tomorrow" },
	{ "some of the four dates", "Status=2\nStartDate=" START "\nUtcStartDate=" START },
	{ "an end before the beginning",
	    "Status=2\nStartDate=" DUE "\nUtcStartDate=" DUE "\nDueDate=" START "\nUtcDueDate=" START },
	{ "a reminder without its time", "Status=2\nReminderSet=1" },
};

static void a_bad_flag_is_refused(const struct bad_flag_case *c)
{
	struct two t = two_phones(EAS_14_1);

	set_flag(t.a, ACTIVE DATES);
	assert_int_equal(edit(t.a, (struct phone_edit){ .flag_text = c->text }), 6);
	another_sees(&t, ACTIVE DATES);
}
TEST_ROW(a_bad_flag_is_refused)

static void a_moved_mail_keeps_its_flag(enum eas_version v)
{
	struct two t = two_phones(v);
	struct phone_folder *other;
	const char *new_id;
	struct bytes left;
	unsigned status;

	truth_create(scene_truth(t.user), "Other");
	set_flag(t.a, TASK);
	SCENE_OK(t.a, phone_folder_sync(t.a, NULL));
	other = phone_folder_named(&t.a->replica, "Other");
	assert_non_null(other);
	SCENE_OK(t.a, phone_sync_folder(t.a, other, NULL));
	SCENE_OK(
	    t.a, phone_move_item(t.a, mail_of(t.a)->id, scene_inbox(t.a)->id, other->id, &status, &new_id));
	assert_int_equal(status, 3);
	SCENE_OK(t.b, phone_folder_sync(t.b, NULL));
	other = phone_folder_named(&t.b->replica, "Other");
	assert_non_null(other);
	SCENE_OK(t.b, phone_sync_folder(t.b, other, NULL));
	assert_non_null(strstr(phone_item_with_subject(other, "mail")->flag_text, "SubOrdinalDate=55"));
	left =
	    truth_command(scene_truth(t.user), "GETMETADATA (DEPTH infinity) INBOX /private/vendor/easgate");
	assert_null(memmem(left.p, left.len, "followup", 8)); /* nothing stays behind */
}
TEST_VERSIONS(a_moved_mail_keeps_its_flag)

/* The answer was lost: the phone asks again, and the other device hears of it once. */
static void a_repeated_change(enum eas_version v)
{
	struct two t = two_phones(v);
	struct phone_folder *inbox = scene_inbox(t.a);
	struct phone_edit e = { .command = AIRSYNC_CHANGE, .flag_text = TASK, .id = mail_of(t.a)->id };
	struct phone_collection c = { .folder_id = inbox->id, .edits = &e, .edit_count = 1 };
	char *key = strdup(inbox->key);

	SCENE_OK(t.a, phone_sync_one(t.a, &c));
	c.key = key;
	SCENE_OK(t.a, phone_sync_one(t.a, &c));
	assert_int_equal(inbox->status, 1);
	scene_sync(t.a, inbox);
	scene_sync(t.b, scene_inbox(t.b));
	assert_flag(t.b, TASK);
	assert_flag(t.a, TASK);
	free(key);
}
TEST_VERSIONS(a_repeated_change)

/* Two devices at once, on two mails: neither loses the other's dates. */
static void two_at_once(enum eas_version v)
{
	struct two t = { .user = scene_user() };
	struct phone_edit e = { .command = AIRSYNC_CHANGE, .flag_text = ACTIVE DATES };
	unsigned status;

	scene_append(t.user, "INBOX", "mail", "");
	scene_append(t.user, "INBOX", "other", "");
	t.a = scene_synced_phone(t.user, "PHONE1", v);
	t.b = scene_synced_phone(t.user, "PHONE2", v);
	set_flag(t.a, TASK);
	e.id = phone_item_with_subject(scene_inbox(t.b), "other")->id;
	SCENE_OK(t.b, phone_edit_one(t.b, scene_inbox(t.b), &e, &status));
	assert_int_equal(status, 1);
	another_sees(&t, TASK);
	assert_non_null(strstr(phone_item_with_subject(scene_inbox(t.a), "other")->flag_text, DUE));
}
TEST_VERSIONS(two_at_once)

/* The server's dates stay, and the phone that came too late is told. */
static void a_conflict(enum eas_version v)
{
	struct two t = two_phones(v);

	set_flag(t.a, TASK);
	assert_int_equal(edit(t.b, (struct phone_edit){ .flag_text = DONE }), 7);
	assert_flag(t.b, TASK);
	another_sees(&t, TASK);
}
TEST_VERSIONS(a_conflict)

static void a_deleted_mail_takes_its_flag_along(enum eas_version v)
{
	struct two t = two_phones(v);
	struct phone_edit e = { .command = AIRSYNC_DELETE };
	struct phone_collection c = {
		.folder_id = scene_inbox(t.a)->id, .deletes_as_moves = PHONE_YES, .edits = &e, .edit_count = 1
	};
	struct phone_folder *trash;
	struct bytes left;

	set_flag(t.a, TASK);
	e.id = mail_of(t.a)->id;
	SCENE_OK(t.a, phone_sync_one(t.a, &c));
	left =
	    truth_command(scene_truth(t.user), "GETMETADATA (DEPTH infinity) INBOX /private/vendor/easgate");
	assert_null(memmem(left.p, left.len, "followup", 8));
	trash = phone_folder_of_type(&t.b->replica, 4);
	SCENE_OK(t.b, phone_sync_folder(t.b, trash, NULL));
	assert_non_null(strstr(phone_item_with_subject(trash, "mail")->flag_text, "SubOrdinalDate=55"));
}
TEST_VERSIONS(a_deleted_mail_takes_its_flag_along)

/* What another program deletes leaves nothing behind, once a phone has heard of it. */
static void a_vanished_mail_leaves_nothing(enum eas_version v)
{
	struct two t = two_phones(v);
	struct bytes left;

	set_flag(t.a, TASK);
	scene_expunge(t.user, "INBOX", "mail");
	scene_sync(t.a, scene_inbox(t.a));
	assert_int_equal(scene_inbox(t.a)->count, 0);
	left =
	    truth_command(scene_truth(t.user), "GETMETADATA (DEPTH infinity) INBOX /private/vendor/easgate");
	assert_null(memmem(left.p, left.len, "followup", 8));
	scene_sync(t.b, scene_inbox(t.b));
	assert_int_equal(scene_inbox(t.b)->count, 0);
}
TEST_VERSIONS(a_vanished_mail_leaves_nothing)

/* ---- categories ---- */

static void set_categories(struct phone *ph, const char *categories)
{
	assert_int_equal(edit(ph, (struct phone_edit){ .categories = categories }), 1);
}

static void set_categories_of(struct phone *ph, const char *subject, const char *categories)
{
	struct phone_edit e = { .command = AIRSYNC_CHANGE,
		.id = phone_item_with_subject(scene_inbox(ph), subject)->id,
		.categories = categories };
	unsigned status;

	SCENE_OK(ph, phone_edit_one(ph, scene_inbox(ph), &e, &status));
	assert_int_equal(status, 1);
}

static void another_has_categories(struct two *t, const char *want)
{
	struct bytes rest = bytes_str(want), line;

	scene_sync(t->a, scene_inbox(t->a));
	scene_sync(t->b, scene_inbox(t->b));
	assert_int_equal(strlen(mail_of(t->b)->categories), strlen(want));
	while (bytes_split(&rest, '\n', &line)) {
		char text[100];

		snprintf(text, sizeof(text), "%.*s", BYTES_ARG(line));
		assert_non_null(strstr(mail_of(t->b)->categories, text));
	}
	scene_assert_clean(t->a);
	scene_assert_clean(t->b);
}

static void categories_come_back(enum eas_version v)
{
	static const char all[] =
	    "Important\nRed Category\nB\xC3\xBCro & Co.\n\xE9\x87\x8D\xE8\xA6\x81\nJunk\n$x\nunder_score";
	struct two t;

	if (v < EAS_14_0)
		return; /* they came with 14.0 */
	t = two_phones(v);
	scene_store(t.user, "INBOX", "mail", "+FLAGS", "NonJunk $Forwarded");
	scene_sync(t.a, scene_inbox(t.a));
	set_categories(t.a, all);
	another_has_categories(&t, all);
	assert_non_null(strstr(imap_flags(&t), "$label1")); /* as Thunderbird shows it */
	assert_non_null(strstr(imap_flags(&t), "Red_Category"));
	assert_non_null(strstr(imap_flags(&t), "NonJunk"));
	scene_store(t.user, "INBOX", "mail", "+FLAGS", "$label2");
	scene_store(t.user, "INBOX", "mail", "-FLAGS", "$label1 Red_Category");
	scene_sync(t.a, scene_inbox(t.a));
	assert_non_null(strstr(mail_of(t.a)->categories, "Work"));
	assert_null(strstr(mail_of(t.a)->categories, "Important"));
	assert_null(strstr(mail_of(t.a)->categories, "Red"));
	set_categories(
	    t.a, "\xE4\xB8\x80\nLow"); /* no two names get one keyword, but for upper and lower case: */
	another_has_categories(&t, "\xE4\xB8\x80\nLow");
	scene_append(t.user, "INBOX", "other", "");
	scene_sync(t.a, scene_inbox(t.a));
	scene_sync(t.b, scene_inbox(t.b));
	set_categories_of(t.a, "other", "\xE4\xB8\x9A\nlow");
	assert_string_equal(phone_item_with_subject(scene_inbox(t.a), "other")->categories,
	    "Low\n\xE4\xB8\x9A"); /* as IMAP has it, and the phone was told */
	set_categories(t.a, "");
	another_has_categories(&t, "");
	assert_non_null(strstr(imap_flags(&t), "NonJunk"));
	assert_non_null(strstr(imap_flags(&t), "$Forwarded"));
}
TEST_VERSIONS(categories_come_back)

/* Longer than a keyword can be: it isn't stored, and the phone is told so. The rest is. */
static void a_category_that_is_too_long(enum eas_version v)
{
	struct two t;

	if (v < EAS_14_0)
		return;
	t = two_phones(v);
	assert_int_equal(
	    edit(t.a, (struct phone_edit){ .read = PHONE_YES,
			  .categories = "Short\nA name that is longer than any keyword of IMAP may be" }),
	    1);
	scene_sync(t.a, scene_inbox(t.a));
	assert_string_equal(mail_of(t.a)->categories, "Short");
	another_has_categories(&t, "Short");
	assert_true(mail_of(t.b)->read);
}
TEST_VERSIONS(a_category_that_is_too_long)

/* ---- what is told ---- */

static void told_of(struct two *t, const char *how, const char *flags, const char *want)
{
	unsigned changes = mail_of(t->a)->changes, status, estimate;
	bool has_changed;

	scene_store(t->user, "INBOX", "mail", how, flags);
	SCENE_OK(t->a, phone_estimate(t->a, scene_inbox(t->a), NULL, &status, &estimate));
	assert_int_equal(estimate, want != NULL);
	SCENE_OK(t->a, phone_ping(t->a, 1, scene_inbox(t->a)->id, &has_changed));
	assert_int_equal(has_changed, want != NULL);
	scene_sync(t->a, scene_inbox(t->a));
	assert_int_equal(mail_of(t->a)->changes, changes + (want != NULL));
	if (want)
		assert_string_equal(mail_of(t->a)->told, want);
}

/* Of a mail's state only what has changed, and that the version has: MS-ASEMAIL 3.2.5.4. */
static void only_what_changed_is_told(enum eas_version v)
{
	bool new = v >= EAS_14_0; /* categories and verbs came with it */
	struct two t = two_phones(v);

	told_of(&t, "+FLAGS", "\\Seen", "Read");
	told_of(&t, "+FLAGS", "\\Flagged", "Flag");
	told_of(&t, "+FLAGS", "$label1", new ? "Categories" : NULL);
	told_of(&t, "+FLAGS", "\\Answered", new ? "LastVerbExecuted" : NULL);
	assert_int_equal(mail_of(t.a)->last_verb, new ? 1 : 0);
	told_of(&t, "-FLAGS", "\\Answered", new ? "LastVerbExecuted" : NULL);
	assert_int_equal(mail_of(t.a)->last_verb, 0);
	told_of(&t, "-FLAGS", "\\Seen $label1", new ? "Read Categories" : "Read");
	scene_assert_clean(t.a);
}
TEST_VERSIONS(only_what_changed_is_told)

/* ---- what isn't a client's to change ---- */

static const struct fixed_case {
	const char *name;
	wbxml_tag tag;
	unsigned status;
} fixed_cases[] = {
	{ "ConversationId", EMAIL2_CONVERSATION_ID, 6 },
	{ "ConversationIndex", EMAIL2_CONVERSATION_INDEX, 6 },
	{ "Sender", EMAIL2_SENDER, 6 },
	{ "ReceivedAsBcc", EMAIL2_RECEIVED_AS_BCC, 6 },
	{ "UmCallerID", EMAIL2_UM_CALLER_ID, 6 },
	{ "UmUserNotes", EMAIL2_UM_USER_NOTES, 6 },
	{ "Subject, which is skipped", EMAIL_SUBJECT, 1 },
};

static void one_fixed(const struct fixed_case *c, enum eas_version v)
{
	struct two t = two_phones(v);
	struct phone_edit e = { .other = c->tag, .read = PHONE_YES };

	assert_int_equal(edit(t.a, e), c->status);
	assert_int_equal(scene_mail(t.user, "INBOX", "mail")->seen, c->status == 1);
	scene_assert_clean(t.a);
}

static void a_fixed_property(const struct fixed_case *c)
{
	for (size_t n = 0; n < sizeof(scene_versions) / sizeof(scene_versions[0]); n++)
		one_fixed(c, scene_versions[n].version);
}
TEST_ROW(a_fixed_property)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 120 });
	TEST_ADD_VERSIONS(a_flag_with_all);
	TEST_ADD_VERSIONS(another_program_flags);
	TEST_ADD_ROWS(a_bad_flag_is_refused, bad_flag_cases);
	TEST_ADD_VERSIONS(a_moved_mail_keeps_its_flag);
	TEST_ADD_VERSIONS(a_repeated_change);
	TEST_ADD_VERSIONS(two_at_once);
	TEST_ADD_VERSIONS(a_conflict);
	TEST_ADD_VERSIONS(a_deleted_mail_takes_its_flag_along);
	TEST_ADD_VERSIONS(a_vanished_mail_leaves_nothing);
	TEST_ADD_VERSIONS(categories_come_back);
	TEST_ADD_VERSIONS(a_category_that_is_too_long);
	TEST_ADD_VERSIONS(only_what_changed_is_told);
	TEST_ADD_ROWS(a_fixed_property, fixed_cases);
	failed = test_run("flags");
	scene_close();
	return failed;
}
