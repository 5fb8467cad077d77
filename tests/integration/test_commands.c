/* The commands that are not about folders and syncing: Provision, Settings, SendMail, EmptyFolderContents, OPTIONS. */

#include "eas/status.h"
#include "received.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Provision ---- */

/* Refused until provisioned: 449 up to 12.1, a status of 141 to 144 from 14.0 on. */
static void assert_challenged(struct phone *ph, enum err e)
{
	if (ph->version <= EAS_12_1) {
		assert_int_equal(e, ERR_CONFLICT);
		assert_int_equal(ph->reply.status, 449);
		return;
	}
	SCENE_OK(ph, e);
	assert_in_range(ph->status, STATUS_LEGACY_DEVICE_ON_STRICT_POLICY, STATUS_INVALID_POLICY_KEY);
	assert_null(ph->replica.folders);
}

static void set_key(struct phone *ph, const char *key)
{
	free(ph->policy_key);
	ph->policy_key = strdup(key);
}

static void a_new_device_is_challenged(enum eas_version v)
{
	struct phone *ph = scene_phone(scene_user(), "PHONE1", v);
	char final_key[16];
	bool changed;

	ph->provisions = false;
	assert_challenged(ph, phone_folder_sync(ph, NULL));
	set_key(ph, "4711");
	assert_challenged(ph, phone_folder_sync(ph, NULL));
	SCENE_OK(ph, phone_provision_phase(ph, 1, 0));
	assert_challenged(ph, phone_folder_sync(ph, NULL)); /* the temporary key opens nothing */
	SCENE_OK(ph, phone_provision_phase(ph, 2, 1));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	snprintf(final_key, sizeof(final_key), "%s", ph->policy_key);
	set_key(ph, "0");
	SCENE_OK(ph, phone_ping(ph, 1, scene_inbox(ph)->id, &changed)); /* Ping's key isn't looked at */
	assert_int_equal(ph->status, 1);
	set_key(ph, final_key);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_int_equal(ph->status, 1);
}
TEST_VERSIONS(a_new_device_is_challenged)

static void a_wrong_acknowledgement(enum eas_version v)
{
	struct phone *ph = scene_phone(scene_user(), "PHONE1", v);

	SCENE_OK(ph, phone_provision_phase(ph, 1, 0));
	set_key(ph, "123456");
	SCENE_ERR(ph, phone_provision_phase(ph, 2, 1), ERR_PROTO);
	assert_int_equal(ph->status, 5);
	SCENE_OK(ph, phone_provision(ph)); /* and it may begin anew */
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
}
TEST_VERSIONS(a_wrong_acknowledgement)

static void provisioning_again_keeps_the_state(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_provision(ph));
	scene_append(user, "INBOX", "new", "");
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(provisioning_again_keeps_the_state)

/* ---- OPTIONS, Settings ---- */

static void options_lists_what_works(void **state)
{
	struct phone *ph = scene_phone(scene_user(), "PHONE1", EAS_14_1);
	struct phone_offer offer;

	(void)state;
	SCENE_OK(ph, phone_options(ph, &offer));
	for (size_t i = 0; i < COUNT(scene_versions); i++)
		assert_true(eas_version_in(scene_versions[i].version, offer.versions));
	assert_non_null(strstr(offer.commands_text, "Sync"));
	assert_non_null(strstr(offer.commands_text, "Search"));
	assert_null(strstr(offer.commands_text, "MeetingResponse")); /* not yet there, so not listed */
}

static void settings_know_device_and_user(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	char address[128];
	unsigned status;

	SCENE_OK(ph, phone_settings_device(ph, "Test & <Phone>", &status));
	assert_int_equal(ph->status, 1);
	assert_int_equal(status, 1);
	SCENE_OK(ph, phone_settings_user(ph, address, sizeof(address), &status));
	assert_int_equal(status, 1);
	assert_string_equal(address, user);
}
TEST_VERSIONS(settings_know_device_and_user)

/* What isn't offered is answered all the same, in the form that the schema has for it. */
static const struct not_offered_case {
	const char *name;
	wbxml_tag property, verb, element; /* element 0: there is none */
	const char *text;
	enum eas_version since;
	unsigned status;
} not_offered_cases[] = {
	{ "out of office", SETTINGS_OOF, SETTINGS_GET, SETTINGS_BODY_TYPE, "Text", EAS_12_1, 3 },
	{ "a recovery password", SETTINGS_DEVICE_PASSWORD, SETTINGS_SET, SETTINGS_PASSWORD, "1234", EAS_12_1,
	    7 },
	{ "templates of protected mails", SETTINGS_RIGHTS_MANAGEMENT_INFORMATION, SETTINGS_GET, 0, NULL,
	    EAS_14_1, 1 },
};

static void ask_setting(struct phone *ph, const struct not_offered_case *c)
{
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, SETTINGS_SETTINGS);
	wbxml_open(w, c->property);
	wbxml_open(w, c->verb);
	if (c->element)
		wbxml_put_str(w, c->element, c->text);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_SETTINGS, NULL));
}

static void settings_not_offered(const struct not_offered_case *c)
{
	for (size_t i = 0; i < COUNT(scene_versions); i++) {
		struct phone *ph = scene_phone(scene_user(), "PHONE1", scene_versions[i].version);
		uint32_t status = 0;

		if (ph->version < c->since)
			continue;
		SCENE_OK(ph, phone_setup(ph));
		ask_setting(ph, c);
		assert_int_equal(ph->status, 1);
		assert_int_equal(
		    wbxml_child_uint(wbxml_child(ph->root, c->property), SETTINGS_STATUS, 0, 999, &status),
		    ERR_OK);
		assert_int_equal(status, c->status);
	}
}
TEST_ROW(settings_not_offered)

/* ---- SendMail ---- */

static struct bytes mail_to(const char *recipients, const char *subject)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_printf(&b,
	    "From: me@example.org\r\n%sSubject: %s\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\n.a dot first\r\nGr\xC3\xBC\xC3\x9F"
	    "e\r\n",
	    recipients, subject);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static void mail_goes_out(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	unsigned before = received_count();
	struct scene_mail *sent;
	struct bytes got;

	SCENE_OK(ph,
	    phone_send_mail(ph,
		&(struct phone_mail){
		    .mime = mail_to(
			"To: Bob <bob@example.org>\r\nCc: carol@example.net\r\nBcc: hidden@example.com\r\n",
			"goes out"),
		    .save_in_sent = true }));
	assert_int_equal(ph->status, 1);
	assert_int_equal(ph->reply.body.len, 0);
	received_expect(before + 1);
	got = received(before + 1, "eml");
	assert_true(received_has(got, "Subject: goes out"));
	assert_true(received_has(got, "\r\n.a dot first\r\nGr\xC3\xBC\xC3\x9F"
				      "e\r\n"));
	assert_false(received_has(got, "hidden@"));
	got = received(before + 1, "json");
	assert_true(received_has(got, "bob@example.org") && received_has(got, "carol@example.net") &&
		    received_has(got, "hidden@example.com"));
	assert_int_equal(scene_mails(user, "Sent", &sent), 1);
	assert_true(sent[0].seen);
	assert_string_equal(sent[0].subject, "goes out");
	SCENE_OK(ph, phone_send_mail(
			 ph, &(struct phone_mail){ .mime = mail_to("To: bob@example.org\r\n", "not kept") }));
	received_expect(before + 2);
	assert_int_equal(scene_mails(user, "Sent", &sent), 1);
}
TEST_VERSIONS(mail_goes_out)

static const struct failure_case {
	const char *name, *behave, *recipients;
	bool sent_later; /* the same mail goes out once the trouble is over */
} failure_cases[] = {
	{ "the recipient is refused", "rcpt=550", "To: bob@example.org\r\n", true },
	{ "one of two is refused", "partial=550", "To: bob@example.org, carol@example.org\r\n", true },
	{ "the server is busy", "mail=451", "To: bob@example.org\r\n", true },
	{ "the text is refused", "end=554", "To: bob@example.org\r\n", true },
	{ "the login is refused", "auth=535", "To: bob@example.org\r\n", true },
	{ "it is too large", "size=100", "To: bob@example.org\r\n", true },
	{ "no recipient at all", "", "", false },
};

/* Nothing is kept in Sent, nothing is half sent, and the phone is told: it keeps the mail in its outbox. */
static void mail_fails(const struct failure_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone *ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		struct phone_mail mail = {
			.mime = mail_to(c->recipients, c->name), .client_id = "fails", .save_in_sent = true
		};
		unsigned before = received_count();
		struct scene_mail *sent;
		enum err e;

		bed_mocksmtp_behave(scene_bed(), c->behave);
		e = phone_send_mail(ph, &mail);
		bed_mocksmtp_behave(scene_bed(), "");
		if (ph->version <= EAS_12_1) {
			assert_true(e && ph->reply.status >= 400);
		} else {
			SCENE_OK(ph, e);
			assert_in_range(ph->status, 101, 199);
		}
		assert_int_equal(received_count(), before);
		assert_int_equal(scene_mails(user, "Sent", &sent), 0);
		if (!c->sent_later)
			continue;
		SCENE_OK(ph, phone_send_mail(ph, &mail));
		assert_int_equal(ph->status, 1);
		received_expect(before + 1);
		assert_int_equal(scene_mails(user, "Sent", &sent), 1);
	}
}
TEST_ROW(mail_fails)

/* ---- EmptyFolderContents ---- */

static void the_trash_is_emptied(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	struct phone_folder *trash;
	struct scene_mail *left;
	unsigned status;

	truth_create(scene_truth(user), "Trash/Below");
	scene_append_many(user, "Trash", "gone", 5);
	scene_append_many(user, "Trash/Below", "below", 1);
	scene_append_many(user, "INBOX", "stays", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	trash = phone_folder_of_type(&ph->replica, 4);
	SCENE_OK(ph, phone_sync_folder(ph, trash, NULL));
	SCENE_OK(ph, phone_empty_folder(ph, trash->id, false, &status));
	assert_int_equal(status, 1);
	assert_int_equal(scene_mails(user, "Trash", &left), 0);
	assert_true(truth_has_mailbox(scene_truth(user), "Trash/Below"));
	scene_sync(ph, trash);
	assert_int_equal(trash->count, 0);
	assert_int_equal(scene_mails(user, "INBOX", &left), 2);
	scene_append(user, "Trash", "more", "");
	SCENE_OK(ph, phone_empty_folder(ph, trash->id, true, &status));
	assert_int_equal(status, 1);
	assert_int_equal(scene_mails(user, "Trash", &left), 0);
	assert_false(truth_has_mailbox(scene_truth(user), "Trash/Below"));
	SCENE_OK(ph, phone_empty_folder(ph, "4711", false, &status));
	assert_int_not_equal(status, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(the_trash_is_emptied)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 90 });
	TEST_ADD_VERSIONS(a_new_device_is_challenged);
	TEST_ADD_VERSIONS(a_wrong_acknowledgement);
	TEST_ADD_VERSIONS(provisioning_again_keeps_the_state);
	TEST_ADD(options_lists_what_works);
	TEST_ADD_VERSIONS(settings_know_device_and_user);
	TEST_ADD_ROWS(settings_not_offered, not_offered_cases);
	TEST_ADD_VERSIONS(mail_goes_out);
	TEST_ADD_ROWS(mail_fails, failure_cases);
	TEST_ADD_VERSIONS(the_trash_is_emptied);
	failed = test_run("commands");
	scene_close();
	return failed;
}
