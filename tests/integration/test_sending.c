/* A mail goes out exactly once, from whom and to whom it may: what is the same mail, and what is refused. What SMTP does: see
 * test_sending_faults.c. */
#include "eas/status.h"
#include "mail/compose.h"
#include "received.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MAIL                                                                                            \
	"From: me@example.org\r\nTo: bob@example.org, carol@example.org\r\nBcc: hidden@example.org\r\n" \
	"Subject: once\r\n\r\nhello\r\n"

static void assert_sent(struct phone *ph, const struct phone_mail *mail)
{
	SCENE_OK(ph, phone_send_mail(ph, mail));
	assert_int_equal(ph->status, 1);
}

/* ---- the same again ---- */

/* A phone without ClientIds: what it has put together anew is the same mail as long as its Message-ID is, or where there is none. */
static void a_repeat_without_a_client_id(void **state)
{
	static const char form[] =
	    "From: me@example.org\r\nTo: bob@example.org\r\nSubject: %s\r\nDate: %s\r\n%s"
	    "Content-Type: multipart/mixed; boundary=\"%zu\"\r\n\r\n--%zu\r\n\r\nhello\r\n--%zu--\r\n";
	static const struct {
		const char *subject, *date, *id;
		unsigned sent; /* after it */
	} mails[] = {
		{ "one", "Mon, 2 Mar 2026 10:00:00 +0000", "Message-ID: <a@phone>\r\n", 1 },
		{ "one", "Mon, 2 Mar 2026 10:05:00 +0000", "Message-ID: <a@phone>\r\n", 1 },
		{ "one", "Mon, 2 Mar 2026 10:05:00 +0000", "Message-ID: <b@phone>\r\n", 2 },
		{ "two", "Mon, 2 Mar 2026 10:05:00 +0000", "Message-ID: <b@phone>\r\n", 3 },
		{ "two", "Mon, 2 Mar 2026 10:05:00 +0000", "", 4 },
		{ "two", "Mon, 2 Mar 2026 10:10:00 +0000", "", 4 },
	};
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", EAS_12_1);
	unsigned before = received_count();
	char text[1000];

	(void)state;
	for (size_t i = 0; i < COUNT(mails); i++) {
		snprintf(text, sizeof(text), form, mails[i].subject, mails[i].date, mails[i].id, i, i, i);
		assert_sent(ph, &(struct phone_mail){ .mime = bytes_str(text), .save_in_sent = true });
		received_expect(before + mails[i].sent);
		assert_int_equal(scene_count(user, "Sent"), mails[i].sent);
	}
}

/* A phone may use a ClientId for another mail: only what says the same is the same. */
static void a_client_id_comes_again(enum eas_version v)
{
	static const char form[] =
	    "From: me@example.org\r\nTo: %s@example.org\r\nSubject: x\r\nDate: %s\r\nMessage-ID: "
	    "<%zu@phone>\r\nContent-Type: multipart/mixed; boundary=\"%zu\"\r\n\r\n--%zu\r\n\r\n%s"
	    "\r\n--%zu--\r\n";
	static const struct {
		const char *to, *date, *text;
		unsigned sent; /* after it */
	} mails[] = {
		{ "bob", "Mon, 2 Mar 2026 10:00:00 +0000", "hello", 1 },
		{ "bob", "Mon, 2 Mar 2026 10:05:00 +0000", "hello", 1 },
		{ "bob", "Mon, 2 Mar 2026 10:05:00 +0000", "something else", 2 },
		{ "carol", "Mon, 2 Mar 2026 10:05:00 +0000", "hello", 3 },
		{ "bob", "Mon, 2 Mar 2026 10:10:00 +0000", "hello", 3 },
	};
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone *ph;
	char text[1000];

	if (v < EAS_14_0)
		return; /* they came with 14.0 */
	ph = scene_synced_phone(user, "PHONE1", v);
	for (size_t i = 0; i < COUNT(mails); i++) {
		snprintf(text, sizeof(text), form, mails[i].to, mails[i].date, i, i, i, mails[i].text, i);
		assert_sent(ph,
		    &(struct phone_mail){ .mime = bytes_str(text), .client_id = "1", .save_in_sent = true });
		received_expect(before + mails[i].sent);
		assert_int_equal(scene_count(user, "Sent"), mails[i].sent);
	}
}
TEST_VERSIONS(a_client_id_comes_again)

/* Android's own program makes a ClientId of the time for each try: what has the same Date and Message-ID is the same mail. */
static void another_client_id(enum eas_version v)
{
	static const char form[] =
	    "From: me@example.org\r\nTo: bob@example.org\r\nSubject: x\r\n%s%sContent-Type: multipart/mixed; "
	    "boundary=\"%zu\"\r\n\r\n--%zu\r\n\r\nhello\r\n--%zu--\r\n";
	static const struct {
		const char *date, *id;
		unsigned sent; /* after it */
	} mails[] = {
		{ "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n", "Message-ID: <a@phone>\r\n", 1 },
		{ "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n", "Message-ID: <a@phone>\r\n", 1 },
		{ "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n", "Message-ID: <b@phone>\r\n", 2 },
		{ "Date: Mon, 2 Mar 2026 10:00:01 +0000\r\n", "Message-ID: <a@phone>\r\n", 3 },
		{ "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n", "", 4 },
		{ "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n", "", 4 },
		{ "", "", 5 },
		{ "", "", 6 },
	};
	const char *user = scene_user();
	unsigned before = received_count();
	char text[1000], id[16];
	struct phone *ph;

	if (v < EAS_14_0)
		return; /* they came with 14.0 */
	ph = scene_synced_phone(user, "PHONE1", v);
	for (size_t i = 0; i < COUNT(mails); i++) {
		snprintf(text, sizeof(text), form, mails[i].date, mails[i].id, i, i, i);
		snprintf(id, sizeof(id), "try %zu", i);
		assert_sent(ph,
		    &(struct phone_mail){ .mime = bytes_str(text), .client_id = id, .save_in_sent = true });
		received_expect(before + mails[i].sent);
		assert_int_equal(scene_count(user, "Sent"), mails[i].sent);
	}
}
TEST_VERSIONS(another_client_id)

/* Two phones may call different mails by the same name. */
static void ids_belong_to_the_device(enum eas_version v)
{
	static const struct phone_mail mail = { .mime = BYTES(MAIL), .client_id = "1" };
	const char *user = scene_user();
	unsigned before = received_count();

	assert_sent(scene_synced_phone(user, "PHONE1", v), &mail);
	received_expect(before + 1);
	assert_sent(scene_synced_phone(user, "PHONE2", v), &mail);
	received_expect(before + 2);
}
TEST_VERSIONS(ids_belong_to_the_device)

/* ---- who sends ---- */

static const struct from_case {
	const char *name, *from;
	bool sent;
} from_cases[] = {
	{ "an identity", "Me <office@example.org>", true },
	{ "made of the user's name", "%s@alias.example.net", true },
	{ "another's", "The boss <boss@example.net>", false },
	{ "a domain below", "x@sub.example.org", false },
};

/* [smtp] from = refuse: it stays in the outbox. */
static void from_is_checked(const struct from_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone *ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		unsigned before = received_count();
		char local[64], from[128], text[400];
		struct phone_mail mail = { .save_in_sent = true };
		enum err e;

		snprintf(local, sizeof(local), "%.*s", (int)strcspn(user, "@"), user);
		snprintf(from, sizeof(from), strchr(c->from, '%') ? "%s@alias.example.net" : "%s",
		    strchr(c->from, '%') ? local : c->from);
		snprintf(text, sizeof(text),
		    "From: %s\r\nTo: bob@example.org\r\nSubject: from\r\n\r\nhello\r\n", from);
		mail.mime = bytes_str(text);
		e = phone_send_mail(ph, &mail);
		if (!c->sent) {
			SCENE_REFUSED(ph, e, STATUS_MAIL_SUBMISSION_FAILED);
			assert_int_equal(received_count(), before);
			assert_int_equal(scene_count(user, "Sent"), 0);
			continue;
		}
		SCENE_OK(ph, e);
		assert_int_equal(ph->status, 1);
		received_expect(before + 1);
		snprintf(text, sizeof(text), "From: %s\r\n", from);
		assert_true(received_has(received(before + 1, "eml"), text));
	}
}
TEST_ROW(from_is_checked)

/* ---- to whom ---- */

static const struct to_case {
	const char *name, *to;
	unsigned status; /* 0: it is sent */
} to_cases[] = {
	{ "half an address among others", "To: Bob <bob>, alice@example.org\r\n",
	    STATUS_MESSAGE_RECIPIENT_UNRESOLVED },
	{ "a name as a blind copy", "To: alice@example.org\r\nBcc: Bob\r\n",
	    STATUS_MESSAGE_RECIPIENT_UNRESOLVED },
	{ "a name alone", "To: Bob\r\n", STATUS_MESSAGE_RECIPIENT_UNRESOLVED },
	{ "nobody", "Cc:\r\n", STATUS_MESSAGE_HAS_NO_RECIPIENT },
	{ "an empty group and a blind copy", "To: undisclosed-recipients:;\r\nBcc: bob@example.org,\r\n", 0 },
};

/* One that can't be sent to keeps the mail with the phone: nobody else gets it, and the user hears of it. */
static void recipients_are_checked(const struct to_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone *ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		unsigned before = received_count();
		char text[400];
		enum err e;

		snprintf(text, sizeof(text), "From: me@example.org\r\n%sSubject: to\r\n\r\nhello\r\n", c->to);
		e = phone_send_mail(
		    ph, &(struct phone_mail){ .mime = bytes_str(text), .save_in_sent = true });
		if (c->status) {
			SCENE_REFUSED(ph, e, c->status);
		} else {
			SCENE_OK(ph, e);
			assert_int_equal(ph->status, 1);
		}
		received_expect(before + !c->status);
		assert_int_equal(scene_count(user, "Sent"), !c->status);
	}
}
TEST_ROW(recipients_are_checked)

/* Refused for good: told to come later, the phone would send it again and again. */
static void too_many_recipients(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	unsigned before = received_count();
	struct phone_mail mail = { .client_id = "many", .save_in_sent = true };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, "From: me@example.org\r\nSubject: many\r\nTo: bob@example.org");
	for (unsigned i = 0; i < COMPOSE_MAX_RECIPIENTS; i++)
		buf_printf(&b, ",\r\n a%u@example.org", i);
	buf_put_str(&b, "\r\n\r\nhello\r\n");
	assert_int_equal(buf_done(&b, &mail.mime), ERR_OK);
	SCENE_REFUSED(ph, phone_send_mail(ph, &mail), STATUS_SEND_QUOTA_EXCEEDED);
	if (v < EAS_14_0)
		assert_int_equal(ph->reply.status, 507);
	assert_int_equal(received_count(), before);
	assert_int_equal(scene_count(user, "Sent"), 0);
	scene_assert_clean(ph);
}
TEST_VERSIONS(too_many_recipients)

/* ---- what SMTP can't carry ---- */

#define BINARY                                                                                         \
	"From: me@example.org\r\nTo: bob@example.org\r\nSubject: binary\r\nMIME-Version: 1.0\r\n"      \
	"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nhello\r\n--B\r\n"                 \
	"Content-Type: image/x; name=a.x\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\nc\r\n--B--" \
	"\r\n"

static void a_binary_file_arrives_whole(enum eas_version v)
{
	const struct phone_mail mail = { .mime = BYTES(BINARY), .save_in_sent = true };
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	unsigned before = received_count();

	assert_sent(ph, &mail);
	received_expect(before + 1);
	assert_true(received_has(received(before + 1, "eml"),
	    "Content-Transfer-Encoding: base64\r\n\r\nYQBiCmM=\r\n")); /* base64 of a\0b\nc */
	assert_int_equal(scene_count(user, "Sent"), 1);
}
TEST_VERSIONS(a_binary_file_arrives_whole)

int main(void)
{
	static const char *const settings[] = { "smtp.from=refuse",
		"smtp.identities=*@example.org, %n@alias.example.net", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 90, .settings = settings });
	TEST_ADD(a_repeat_without_a_client_id);
	TEST_ADD_VERSIONS(a_client_id_comes_again);
	TEST_ADD_VERSIONS(another_client_id);
	TEST_ADD_VERSIONS(ids_belong_to_the_device);
	TEST_ADD_ROWS(from_is_checked, from_cases);
	TEST_ADD_ROWS(recipients_are_checked, to_cases);
	TEST_ADD_VERSIONS(too_many_recipients);
	TEST_ADD_VERSIONS(a_binary_file_arrives_whole);
	failed = test_run("sending");
	scene_close();
	return failed;
}
