/* [smtp] save_in_sent = no: the SMTP server puts mails into Sent itself. Nothing comes there from the gateway, and all else is as it is with
 * its own copy. */
#include "draft_side.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MAIL "From: me@example.org\r\nTo: bob@example.org\r\nSubject: once\r\n\r\nhello\r\n"
#define NOTE "Not certain whether this was sent: once"

static const struct phone_mail mail = { .mime = BYTES(MAIL), .client_id = "once", .save_in_sent = true };

static const char *flags_of_original(const char *user)
{
	return truth_mail(scene_truth(user), "INBOX", scene_mail(user, "INBOX", "original")->uid)->flags;
}

/* The repetition is recognised, though there is no copy to go by. */
static void a_mail(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	unsigned before = received_count();

	for (int i = 0; i < 2; i++) {
		SCENE_OK(ph, phone_send_mail(ph, &mail));
		assert_int_equal(ph->status, 1);
		received_expect(before + 1);
	}
	assert_int_equal(scene_count(user, "Sent"), 0);
	assert_int_equal(scene_count(user, "INBOX"), 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_mail)

static const struct smart_case {
	const char *name;
	enum eas_command cmd;
	const char *flag;
} smart_cases[] = {
	{ "a reply", CMD_SMART_REPLY, "\\Answered" },
	{ "a forward", CMD_SMART_FORWARD, "$Forwarded" },
};

static void the_original_is_marked(const struct smart_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		unsigned before = received_count();
		struct phone_source source;
		struct phone *ph;

		scene_append(user, "INBOX", "original", "");
		ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		source = (struct phone_source){ .folder_id = scene_inbox(ph)->id,
			.item_id = phone_item_with_subject(scene_inbox(ph), "original")->id };
		SCENE_OK(ph, phone_send_smart(ph, c->cmd, &mail, &source));
		assert_int_equal(ph->status, 1);
		received_expect(before + 1);
		assert_int_equal(scene_count(user, "Sent"), 0);
		assert_non_null(strstr(flags_of_original(user), c->flag));
	}
}
TEST_ROW(the_original_is_marked)

static void a_draft(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph;

	scene_append_raw(user, "Drafts", BYTES(DRAFT), "\\Draft \\Seen", NULL);
	ph = drafting_phone(user, "PHONE1", v);
	assert_int_equal(draft_alter(ph, "draft", (struct phone_edit){ .bare = true, .send = true }), 1);
	received_expect(before + 1);
	assert_int_equal(scene_count(user, "Sent"), 0);
	draft_mail(user, 0);
}
TEST_VERSIONS(a_draft)

/* Nobody knows whether the server has a copy: the mail is beside the note that says so. */
static void it_is_not_certain(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	unsigned before = received_count();
	enum err e;

	bed_mocksmtp_behave(scene_bed(), "cut=data");
	e = phone_send_mail(ph, &mail);
	bed_mocksmtp_behave(scene_bed(), "");
	assert_true(e || ph->status != 1);
	for (int i = 0; i < 2; i++) {
		SCENE_OK(ph, phone_send_mail(ph, &mail));
		assert_int_equal(ph->status, 1);
		assert_int_equal(received_count(), before);
		assert_int_equal(scene_count(user, "Sent"), 0);
		assert_int_equal(scene_count(user, "INBOX"), 2);
		assert_non_null(scene_mail(user, "INBOX", "once"));
		assert_non_null(scene_mail(user, "INBOX", NOTE));
	}
}
TEST_VERSIONS(it_is_not_certain)

int main(void)
{
	static const char *const settings[] = { "smtp.save_in_sent=no", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 40, .settings = settings });
	TEST_ADD_VERSIONS(a_mail);
	TEST_ADD_ROWS(the_original_is_marked, smart_cases);
	TEST_ADD_DRAFT_VERSIONS(a_draft);
	TEST_ADD_VERSIONS(it_is_not_certain);
	failed = test_run("sent by server");
	scene_close();
	return failed;
}
