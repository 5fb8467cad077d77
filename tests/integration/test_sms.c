/* Text messages of phones, kept in IMAP mailboxes and given to the account's other phones that ask for them. */
#include <poll.h>
#include <sys/stat.h>

#include "damage.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* SMS are a class from 14.0 on. */
static const struct version_row sms_versions[] = {
	{ "14.0", EAS_14_0 },
	{ "14.1", EAS_14_1 },
	{ "16.0", EAS_16_0 },
	{ "16.1", EAS_16_1 },
};
#define TEST_ADD_SMS_VERSIONS(function) TEST_ADD_ROWS(function, sms_versions)

enum { INBOX = 2, SENT = 5, OUTBOX = 6 };

static const struct phone_options_block email_options = { .class = "Email",
	.bodies = { { .type = 1, .truncation = 500 } } };
static const struct phone_options_block sms_options = { .class = "SMS",
	.bodies = { { .type = 1, .truncation = PHONE_WHOLE } } };
static const struct phone_collection both = { .window = 100, .options = &email_options, .sms = &sms_options };

static struct phone_folder *folder_of(struct phone *ph, unsigned type)
{
	struct phone_folder *f = phone_folder_of_type(&ph->replica, type);

	assert_non_null(f);
	return f;
}

static void sync_both(struct phone *ph, unsigned type)
{
	SCENE_OK(ph, phone_sync_folder(ph, folder_of(ph, type), &both));
	scene_assert_clean(ph);
}

static struct phone *make_phone(const char *user, const char *device, enum eas_version v)
{
	struct phone *ph = scene_phone(user, device, v);

	SCENE_OK(ph, phone_setup(ph));
	sync_both(ph, INBOX);
	sync_both(ph, SENT);
	sync_both(ph, OUTBOX);
	return ph;
}

static unsigned add(struct phone *ph, unsigned type, const char *client_id, const char *from, const char *to,
    const char *text)
{
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = client_id,
		.sms = true,
		.from = from,
		.to = to,
		.text = text,
		.received = "2026-11-06T10:00:00.000Z",
		.read = PHONE_NO };
	unsigned status;

	SCENE_OK(ph, phone_edit_one(ph, folder_of(ph, type), &e, &status));
	return status;
}

static const struct phone_item *sms_with(struct phone *ph, unsigned type, const char *text)
{
	const struct phone_folder *f = folder_of(ph, type);

	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		if (!strcmp(i->body, text) && !strcmp(i->message_class, "IPM.Note.Mobile.SMS"))
			return i;
	return NULL;
}

/* One that the phone has added itself: it has got no MessageClass. */
static const struct phone_item *sms_with_text(struct phone *ph, unsigned type, const char *text)
{
	const struct phone_folder *f = folder_of(ph, type);

	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		if (!strcmp(i->body, text))
			return i;
	fail_msg("no SMS \"%s\"", text);
	return NULL;
}

static unsigned edit(struct phone *ph, unsigned type, const char *text, struct phone_edit e)
{
	const struct phone_item *i = sms_with(ph, type, text);
	unsigned status;
	char id[64];

	assert_non_null(i);
	snprintf(id, sizeof(id), "%s", i->id);
	e.id = id;
	SCENE_OK(ph, phone_edit_one(ph, folder_of(ph, type), &e, &status));
	return status;
}

static size_t count_mails(const char *user, const char *mailbox)
{
	struct scene_mail *all;

	return scene_mails(user, mailbox, &all);
}

static void sms_reach_the_other_phone(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *one, *two, *other;
	const struct phone_item *sms;
	struct bytes mail = { 0 };

	scene_append(user, "INBOX", "a mail", "");
	one = make_phone(user, "PHONE1", v);
	assert_int_equal(
	    add(one, INBOX, "s1", "\"Änne\" [MOBILE:+15550100]", "[MOBILE:+15550199]", "See you at 8"), 1);
	assert_int_equal(add(one, SENT, "s2", "[MOBILE:+15550199]", "[MOBILE:+15550100]", "Fine, 8 €"), 1);
	sync_both(one, INBOX);
	assert_int_equal(folder_of(one, INBOX)->added, 0); /* no echo */
	assert_int_equal(folder_of(one, INBOX)->count, 2);
	assert_int_equal(count_mails(user, "SMS"), 1);
	assert_int_equal(count_mails(user, "SMS Sent"), 1);
	assert_true(truth_fetch(scene_truth(user), "SMS", 1, &mail));
	assert_non_null(memmem(mail.p, mail.len, "From: \"+15550100\" <+15550100@sms.invalid>\r\n", 43));
	two = make_phone(user, "PHONE2", v);
	assert_int_equal(folder_of(two, INBOX)->count, 2);
	sms = sms_with(two, INBOX, "See you at 8");
	assert_non_null(sms);
	assert_string_equal(sms->from, "\"Änne\" [MOBILE:+15550100]");
	assert_string_equal(sms->to, "[MOBILE:+15550199]");
	assert_string_equal(sms->date, "2026-11-06T10:00:00.000Z");
	assert_false(sms->read);
	assert_non_null(sms_with(two, SENT, "Fine, 8 €"));
	other = scene_synced_phone(user, "PHONE3", v); /* that doesn't ask for SMS */
	assert_int_equal(scene_inbox(other)->count, 1);
	scene_assert_same(scene_inbox(other), user, "INBOX");
}
TEST_VERSIONS(sms_reach_the_other_phone)

static void an_sms_is_fetched(enum eas_version v)
{
	static const struct phone_body_preference whole = { .type = 1, .truncation = PHONE_WHOLE };
	const char *user = scene_user();
	struct phone *ph = make_phone(user, "PHONE1", v);
	unsigned status, count;
	struct phone_item *item;

	scene_append(user, "INBOX", "a mail", "");
	assert_int_equal(add(ph, INBOX, "s1", "[MOBILE:1]", NULL, "text"), 1);
	sync_both(ph, INBOX);
	SCENE_OK(ph, phone_fetch_item(ph, folder_of(ph, INBOX)->id, sms_with_text(ph, INBOX, "text")->id,
			 &whole, &status, &item));
	assert_int_equal(status, 1);
	assert_string_equal(item->body, "text");
	assert_string_equal(item->message_class, "IPM.Note.Mobile.SMS");
	phone_item_free(&item);
	scene_append_raw(user, "SMS", BYTES("From: 2@x\r\n\r\nby another program\r\n"), NULL, NULL);
	SCENE_OK(ph, phone_estimate(ph, folder_of(ph, INBOX), NULL, &status, &count));
	assert_int_equal(count, 1);
	sync_both(ph, INBOX);
	assert_int_equal(folder_of(ph, INBOX)->added, 1);
	SCENE_OK(ph, phone_estimate(ph, folder_of(ph, INBOX), NULL, &status, &count));
	assert_int_equal(count, 0);
}
TEST_VERSIONS(an_sms_is_fetched)

static void marks_and_deletions(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *one = make_phone(user, "PHONE1", v), *two;

	add(one, INBOX, "s1", "[MOBILE:1]", NULL, "first");
	add(one, INBOX, "s2", "[MOBILE:1]", NULL, "second");
	scene_append(user, "INBOX", "a mail", "");
	sync_both(one, INBOX);
	two = make_phone(user, "PHONE2", v);
	assert_int_equal(
	    edit(two, INBOX, "first", (struct phone_edit){ .command = AIRSYNC_CHANGE, .read = PHONE_YES }),
	    1);
	assert_int_equal(edit(two, INBOX, "second", (struct phone_edit){ .command = AIRSYNC_DELETE }), 1);
	sync_both(two, INBOX);
	assert_int_equal(folder_of(two, INBOX)->changed + folder_of(two, INBOX)->deleted, 0);
	sync_both(one, INBOX);
	assert_int_equal(folder_of(one, INBOX)->changed, 1);
	assert_int_equal(folder_of(one, INBOX)->deleted, 1);
	assert_int_equal(folder_of(one, INBOX)->count, 2);
	assert_int_equal(count_mails(user, "SMS"), 1);
	truth_store(scene_truth(user), "SMS", "1", "-FLAGS", "\\Seen");
	scene_expunge(user, "INBOX", "a mail");
	sync_both(one, INBOX);
	assert_int_equal(folder_of(one, INBOX)->changed, 1);
	assert_int_equal(folder_of(one, INBOX)->count, 1);
}
TEST_VERSIONS(marks_and_deletions)

/* A mail and an SMS have the same UID, each in its own mailbox, and flags of their own. */
static void flags_are_not_mixed_up(enum eas_version v)
{
	static const char mails[] = "Status=2\nFlagType=of the mail",
			  smss[] = "Status=2\nFlagType=of the SMS";
	const char *user = scene_user();
	struct phone *one = make_phone(user, "PHONE1", v), *two;
	const struct phone_item *mail;
	unsigned status;

	scene_append(user, "INBOX", "a mail", "");
	assert_int_equal(add(one, INBOX, "s1", "[MOBILE:1]", NULL, "an sms"), 1);
	sync_both(one, INBOX);
	two = make_phone(user, "PHONE2", v);
	assert_int_equal(
	    edit(two, INBOX, "an sms", (struct phone_edit){ .command = AIRSYNC_CHANGE, .flag_text = smss }),
	    1);
	mail = phone_item_with_subject(folder_of(two, INBOX), "a mail");
	SCENE_OK(
	    two, phone_edit_one(two, folder_of(two, INBOX),
		     &(struct phone_edit){ .command = AIRSYNC_CHANGE, .id = mail->id, .flag_text = mails },
		     &status));
	assert_int_equal(status, 1);
	sync_both(one, INBOX);
	two = make_phone(user, "PHONE3", v);
	mail = phone_item_with_subject(folder_of(two, INBOX), "a mail");
	assert_string_equal(mail->flag_text, mails);
	assert_string_equal(sms_with(two, INBOX, "an sms")->flag_text, smss);
	assert_string_equal(phone_item_with_subject(folder_of(one, INBOX), "a mail")->flag_text, mails);
}
TEST_VERSIONS(flags_are_not_mixed_up)

#define DATE "2026-12-04T16:30:00.000Z"

static const struct flag_case {
	const char *name, *flag;
} flag_cases[] = {
	{ "active", "Status=2\nFlagType=Flag for follow up" },
	{ "with all", "Status=2\nFlagType=mine\nSubject=answer\nStartDate=" DATE "\nDueDate=" DATE
		      "\nUtcStartDate=" DATE "\nUtcDueDate=" DATE "\nReminderSet=1\nReminderTime=" DATE },
	{ "complete", "Status=1\nFlagType=Flag for follow up\nCompleteTime=" DATE "\nDateCompleted=" DATE },
};

static void one_flag(const struct flag_case *c, enum eas_version v)
{
	const char *user = scene_user();
	struct phone *one = make_phone(user, "PHONE1", v), *two;
	struct phone_edit e = { .command = AIRSYNC_ADD,
		.id = "s1",
		.sms = true,
		.from = "[MOBILE:1]",
		.text = "text",
		.flag_text = c->flag };
	struct phone_folder *f = folder_of(one, INBOX);
	unsigned status;

	scene_append(user, "INBOX", "a mail", "");
	sync_both(one, INBOX);
	SCENE_OK(one, phone_edit_one(one, f, &e, &status));
	assert_int_equal(status, 1);
	sync_both(one, INBOX);
	assert_int_equal(f->added + f->changed, 0); /* no echo */
	two = make_phone(user, "PHONE2", v);
	assert_string_equal(sms_with(two, INBOX, "text")->flag_text, c->flag);
}

static void an_sms_comes_with_a_flag(const struct flag_case *c)
{
	for (size_t n = 0; n < COUNT(sms_versions); n++)
		one_flag(c, sms_versions[n].version);
}
TEST_ROW(an_sms_comes_with_a_flag)

static void windows_hold_both(enum eas_version v)
{
	struct phone_collection small = { .window = 3, .options = &email_options, .sms = &sms_options };
	const char *user = scene_user();
	struct phone *one = make_phone(user, "PHONE1", v), *two = scene_phone(user, "PHONE2", v);

	for (int i = 0; i < 8; i++) {
		char id[32], text[32];

		snprintf(id, sizeof(id), "s%d", i);
		snprintf(text, sizeof(text), "text %d", i);
		assert_int_equal(add(one, INBOX, id, "[MOBILE:1]", NULL, text), 1);
	}
	scene_append_many(user, "INBOX", "m", 8);
	SCENE_OK(two, phone_setup(two));
	SCENE_OK(two, phone_sync_folder(two, folder_of(two, INBOX), &small));
	assert_int_equal(folder_of(two, INBOX)->count, 16);
	sync_both(two, INBOX);
	assert_int_equal(folder_of(two, INBOX)->added, 0);
}
TEST_VERSIONS(windows_hold_both)

static void lost_answers(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *one = make_phone(user, "PHONE1", v), *two;
	struct phone_edit e = {
		.command = AIRSYNC_ADD, .id = "s1", .sms = true, .from = "[MOBILE:1]", .text = "once"
	};
	struct phone_collection c = { .folder_id = folder_of(one, INBOX)->id, .edits = &e, .edit_count = 1 };

	scene_append(user, "INBOX", "a mail", "");
	for (int i = 0; i < 3; i++) {
		one->lose = i ? PHONE_LOSE_READ : PHONE_LOSE_UNREAD;
		SCENE_ERR(one, phone_sync_one(one, &c), ERR_CANCELLED);
	}
	SCENE_OK(one, phone_sync_one(one, &c));
	sync_both(one, INBOX);
	assert_int_equal(folder_of(one, INBOX)->count, 2);
	assert_int_equal(count_mails(user, "SMS"), 1);
	assert_int_equal(add(one, INBOX, "s1", "[MOBILE:1]", NULL, "twice"), 1);
	assert_int_equal(
	    add(one, INBOX, "s1", "[MOBILE:1]", NULL, "twice"), 1); /* the same again is another one */
	assert_int_equal(count_mails(user, "SMS"), 3);
	two = make_phone(user, "PHONE2", v);
	assert_int_equal(folder_of(two, INBOX)->count, 4);
	sync_both(one, INBOX);
	assert_int_equal(folder_of(one, INBOX)->count, 4);
}
TEST_VERSIONS(lost_answers)

/* MS-ASMS 3.1.4.3. */
static void offer_to_send(struct phone *ph)
{
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, SETTINGS_SETTINGS);
	wbxml_open(w, SETTINGS_DEVICE_INFORMATION);
	wbxml_open(w, SETTINGS_SET);
	wbxml_put_str(w, SETTINGS_PHONE_NUMBER, "+15550199");
	wbxml_put_str(w, SETTINGS_ENABLE_OUTBOUND_SMS, "1");
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_SETTINGS, NULL));
	assert_int_equal(ph->status, 1);
}

/* An SMS that somebody wrote on a computer: a phone that has offered to do so sends it, and says so by deleting it there. */
static void the_outbox_is_for_the_phone(enum eas_version v)
{
	const char *user = scene_user(), *changed[2], *id;
	struct phone *ph, *other;
	size_t count;

	truth_create(scene_truth(user), "SMS Outbox");
	other = make_phone(user, "PHONE2", v); /* that hasn't */
	ph = make_phone(user, "PHONE1", v);
	offer_to_send(ph);
	id = folder_of(ph, OUTBOX)->id;
	SCENE_OK(ph, phone_ping_send(ph, 60, &id, 1));
	poll(NULL, 0, 300);
	scene_append_raw(user, "SMS Outbox",
	    BYTES(
		"From: me@example.org\r\nTo: Bob <+15550111@sms.invalid>\r\nSubject: x\r\n\r\non my way\r\n"),
	    NULL, NULL);
	SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count));
	assert_int_equal(ph->status, 2);
	sync_both(ph, OUTBOX);
	sync_both(other, OUTBOX);
	assert_int_equal(folder_of(other, OUTBOX)->count, 0);
	assert_non_null(sms_with(ph, OUTBOX, "on my way\r\n"));
	assert_string_equal(sms_with(ph, OUTBOX, "on my way\r\n")->to, "\"Bob\" [MOBILE:+15550111]");
	assert_int_equal(
	    edit(ph, OUTBOX, "on my way\r\n", (struct phone_edit){ .command = AIRSYNC_DELETE }), 1);
	assert_int_equal(add(ph, SENT, "s1", NULL, "\"Bob\" [MOBILE:+15550111]", "on my way"), 1);
	sync_both(ph, OUTBOX);
	assert_int_equal(folder_of(ph, OUTBOX)->count, 0);
	assert_int_equal(count_mails(user, "SMS Outbox"), 0);
	assert_int_equal(count_mails(user, "SMS Sent"), 1);
}
TEST_VERSIONS(the_outbox_is_for_the_phone)

/* One that the server can't read is not for sending: who gets it is given no number. */
static void an_unreadable_one_is_not_sent(enum eas_version v)
{
	const char *user = scene_user();
	const struct phone_item *i;
	struct phone *ph;

	scene_append(user, "INBOX", "a mail", "");
	truth_create(scene_truth(user), "SMS Outbox");
	ph = make_phone(user, "PHONE1", v);
	offer_to_send(ph);
	for (int n = 0; n < 2; n++)
		scene_append_raw(user, "SMS Outbox",
		    BYTES("From: me@example.org\r\nTo: <+15550111@sms.invalid>\r\nSubject: x\r\n\r\nhi\r\n"),
		    NULL, NULL);
	damage_forbid(damage_file(user, "SMS Outbox", 1));
	sync_both(ph, OUTBOX);
	assert_non_null(sms_with(ph, OUTBOX, "hi\r\n"));
	assert_int_equal(folder_of(ph, OUTBOX)->count, 2);
	for (i = phone_item_next(folder_of(ph, OUTBOX), NULL); i;
	     i = phone_item_next(folder_of(ph, OUTBOX), i))
		assert_string_equal(i->to, strcmp(i->body, "hi\r\n") ? "" : "[MOBILE:+15550111]");
}
TEST_VERSIONS(an_unreadable_one_is_not_sent)

/* Two that have offered: the first that comes sends it. */
static void one_of_two_phones_sends(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *one, *two;

	truth_create(scene_truth(user), "SMS Outbox");
	one = make_phone(user, "PHONE1", v);
	two = make_phone(user, "PHONE2", v);
	offer_to_send(one);
	offer_to_send(two);
	for (unsigned n = 1; n <= 2; n++) {
		scene_append_raw(user, "SMS Outbox",
		    BYTES("From: me@example.org\r\nTo: <+15550111@sms.invalid>\r\nSubject: x\r\n\r\nhi\r\n"),
		    NULL, NULL);
		sync_both(n == 1 ? two : one, OUTBOX);
		sync_both(n == 1 ? one : two, OUTBOX);
		assert_int_equal(folder_of(two, OUTBOX)->count, 1);
		assert_int_equal(folder_of(one, OUTBOX)->count, n - 1);
	}
	sync_both(one, OUTBOX);
	assert_int_equal(folder_of(one, OUTBOX)->added, 0);
	assert_int_equal(edit(two, OUTBOX, "hi\r\n", (struct phone_edit){ .command = AIRSYNC_DELETE }), 1);
	sync_both(one, OUTBOX);
	sync_both(two, OUTBOX);
	assert_int_equal(folder_of(one, OUTBOX)->count, 1);
	assert_int_equal(folder_of(two, OUTBOX)->count, 0);
}
TEST_VERSIONS(one_of_two_phones_sends)

static void one_phone_wakes_the_other(enum eas_version v)
{
	const char *user = scene_user(), *changed[2], *id;
	struct phone *one = make_phone(user, "PHONE1", v), *two;
	size_t count;

	add(one, INBOX, "s1", "[MOBILE:1]", NULL, "first");
	two = make_phone(user, "PHONE2", v);
	id = folder_of(two, INBOX)->id;
	SCENE_OK(two, phone_ping_send(two, 60, &id, 1));
	poll(NULL, 0, 300);
	add(one, INBOX, "s2", "[MOBILE:1]", NULL, "second");
	SCENE_OK(two, phone_ping_receive(two, 60, changed, COUNT(changed), &count));
	assert_int_equal(two->status, 2);
	sync_both(two, INBOX);
	assert_non_null(sms_with(two, INBOX, "second"));
}
TEST_VERSIONS(one_phone_wakes_the_other)

static void a_phone_that_stops_asking(enum eas_version v)
{
	struct phone_collection mails_only = { .window = 100, .options = &email_options };
	const char *user = scene_user();
	struct phone *ph = make_phone(user, "PHONE1", v);

	scene_append(user, "INBOX", "a mail", "");
	add(ph, INBOX, "s1", "[MOBILE:1]", NULL, "text");
	sync_both(ph, INBOX);
	assert_int_equal(folder_of(ph, INBOX)->count, 2);
	SCENE_OK(ph, phone_sync_folder(ph, folder_of(ph, INBOX), &mails_only));
	assert_int_equal(folder_of(ph, INBOX)->soft_deleted, 1);
	scene_assert_same(folder_of(ph, INBOX), user, "INBOX");
	assert_int_equal(count_mails(user, "SMS"), 1);
	sync_both(ph, INBOX);
	assert_int_equal(folder_of(ph, INBOX)->count, 2);
	/* options are sticky */
	SCENE_OK(
	    ph, phone_sync_folder(ph, folder_of(ph, INBOX), &(struct phone_collection){ .window = 100 }));
	assert_int_equal(folder_of(ph, INBOX)->count, 2);
	count_mails(user, "INBOX"); /* Dovecot hangs up on who deletes the mailbox that he has selected */
	truth_delete(scene_truth(user), "SMS");
	sync_both(ph, INBOX);
	assert_int_equal(folder_of(ph, INBOX)->count, 1);
	scene_assert_same(folder_of(ph, INBOX), user, "INBOX");
}
TEST_VERSIONS(a_phone_that_stops_asking)

/* What the server refuses to tell of for a while isn't gone. */
static void their_mailbox_is_refused(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = make_phone(user, "PHONE1", v);
	struct phone_folder *f = folder_of(ph, INBOX);
	char path[512];

	add(ph, INBOX, "s1", "[MOBILE:1]", NULL, "text");
	sync_both(ph, INBOX);
	snprintf(path, sizeof(path), "%s/dovecot/mail/%.*s/mail/mailboxes/SMS/dbox-Mails", scene_env("BED"),
	    (int)strcspn(user, "@"), user);
	assert_int_equal(chmod(path, 0), 0);
	scene_append(user, "INBOX", "a mail", "");
	sync_both(ph, INBOX);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->deleted + f->soft_deleted, 0);
	assert_int_equal(chmod(path, 0700), 0);
	scene_append_raw(user, "SMS", BYTES("From: 2@x\r\n\r\nby another program\r\n"), NULL, NULL);
	sync_both(ph, INBOX);
	assert_int_equal(f->count, 3);
	assert_int_equal(f->deleted + f->soft_deleted, 0);
}
TEST_VERSIONS(their_mailbox_is_refused)

static const struct bad_case {
	const char *name;
	struct phone_edit edit;
} bad_cases[] = {
	{ "no number and no text", { .sms = true } },
	{ "an HTML text", { .sms = true, .from = "[MOBILE:1]", .text = "x", .text_type = 2 } },
	{ "an unknown flag", { .sms = true, .from = "[MOBILE:1]", .text = "x", .flag_text = "Status=3" } },
	{ "a date that is none",
	    { .sms = true, .from = "[MOBILE:1]", .text = "x", .received = "yesterday" } },
};

static void a_bad_sms_is_refused(const struct bad_case *c)
{
	const char *user = scene_user();
	struct phone *ph = make_phone(user, "PHONE1", EAS_14_1);
	struct phone_edit e = c->edit;
	unsigned status;

	e.command = AIRSYNC_ADD;
	e.id = "s1";
	SCENE_OK(ph, phone_edit_one(ph, folder_of(ph, INBOX), &e, &status));
	assert_int_equal(status, 6);
	assert_false(truth_has_mailbox(scene_truth(user), "SMS"));
}
TEST_ROW(a_bad_sms_is_refused)

int main(void)
{
	static const char *const settings[] = { "imap.sms_folder=SMS", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 80, .settings = settings });
	TEST_ADD_SMS_VERSIONS(sms_reach_the_other_phone);
	TEST_ADD_SMS_VERSIONS(an_sms_is_fetched);
	TEST_ADD_SMS_VERSIONS(marks_and_deletions);
	TEST_ADD_SMS_VERSIONS(flags_are_not_mixed_up);
	TEST_ADD_ROWS(an_sms_comes_with_a_flag, flag_cases);
	TEST_ADD_SMS_VERSIONS(windows_hold_both);
	TEST_ADD_SMS_VERSIONS(lost_answers);
	TEST_ADD_SMS_VERSIONS(the_outbox_is_for_the_phone);
	TEST_ADD_SMS_VERSIONS(an_unreadable_one_is_not_sent);
	TEST_ADD_SMS_VERSIONS(one_of_two_phones_sends);
	TEST_ADD_SMS_VERSIONS(one_phone_wakes_the_other);
	TEST_ADD_SMS_VERSIONS(a_phone_that_stops_asking);
	TEST_ADD_SMS_VERSIONS(their_mailbox_is_refused);
	TEST_ADD_ROWS(a_bad_sms_is_refused, bad_cases);
	failed = test_run("sms");
	scene_close();
	return failed;
}
