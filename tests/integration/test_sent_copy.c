/* A mail that is out has a copy in Sent, whatever IMAP does meanwhile; and without IMAP it doesn't go out. */
#include <poll.h>

#include "received.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MAIL "From: me@example.org\r\nTo: bob@example.org\r\nSubject: kept\r\n\r\nhello\r\n"
#define NOTE "Sent, but not in your folder for sent mails: kept"

static const struct phone_mail mail = { .mime = BYTES(MAIL), .client_id = "kept", .save_in_sent = true };

static void assert_sent(struct phone *ph, const struct phone_mail *one)
{
	SCENE_OK(ph, phone_send_mail(ph, one));
	assert_int_equal(ph->status, 1);
}

/* It stays in the phone's outbox, unless the phone wants no copy. */
static void imap_is_down(enum eas_version v)
{
	static const struct phone_mail no_copy = { .mime = BYTES("To: bob@example.org\r\n\r\nhi\r\n") };
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	unsigned before = received_count();

	assert_true(bed_service_stop(scene_bed(), "dovecot"));
	SCENE_ERR(ph, phone_send_mail(ph, &mail), ERR_UNAVAILABLE);
	assert_int_equal(ph->reply.status, 503);
	assert_true(phone_answer_header(&ph->reply, "Retry-After").len > 0);
	received_expect(before);
	assert_sent(ph, &no_copy);
	received_expect(before + 1);
	assert_true(bed_service_restart(scene_bed(), "dovecot"));
	for (int i = 0; i < 2; i++) {
		assert_sent(ph, &mail);
		received_expect(before + 2);
		assert_int_equal(scene_count(user, "Sent"), 1);
	}
}
TEST_VERSIONS(imap_is_down)

static const struct forward_case {
	const char *name;
	bool is_forward;
} forward_cases[] = { { "a mail", false }, { "a forward with a file", true } };

#define ORIGINAL                                                                                             \
	"From: a@example.net\r\nSubject: original\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"      \
	"--o\r\n\r\ntext\r\n--o\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: " \
	"base64\r\n\r\nRklMRQ==\r\n--o--\r\n"

/* SMTP thinks for a while, and IMAP is away when it has taken the mail; it comes back. */
static void imap_goes_meanwhile(const struct forward_case *c)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph;
	unsigned before = received_count();

	scene_append_raw(user, "INBOX", BYTES(ORIGINAL), "", NULL);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	source = (struct phone_source){ .folder_id = scene_inbox(ph)->id,
		.item_id = phone_item_with_subject(scene_inbox(ph), "original")->id };
	bed_mocksmtp_behave(scene_bed(), "late=2000");
	if (c->is_forward)
		SCENE_OK(ph, phone_send_smart_start(ph, CMD_SMART_FORWARD, &mail, &source));
	else
		SCENE_OK(ph, phone_send_mail_start(ph, &mail));
	received_expect(before + 1);
	assert_true(bed_service_kill(scene_bed(), "dovecot"));
	poll(NULL, 0, 2500);
	assert_true(bed_service_restart(scene_bed(), "dovecot"));
	SCENE_OK(ph, phone_command_receive(ph, 0));
	assert_int_equal(ph->reply.body.len, 0);
	bed_mocksmtp_behave(scene_bed(), "");
	received_expect(before + 1);
	assert_int_equal(scene_count(user, "Sent"), 1);
	if (c->is_forward)
		assert_non_null(strstr(
		    truth_mail(scene_truth(user), "INBOX", scene_mail(user, "INBOX", "original")->uid)->flags,
		    "$Forwarded"));
}
TEST_ROW(imap_goes_meanwhile)

/* The mail goes out, and the only copy is where the user finds it. */
static void sent_takes_nothing(enum eas_version v)
{
	const char *user = scene_user();
	unsigned before = received_count();
	const struct scene_mail *copy;
	struct phone *ph;

	truth_command(scene_truth(user), "SETACL Sent owner lra");
	ph = scene_synced_phone(user, "PHONE1", v);
	for (int i = 0; i < 2; i++) {
		assert_sent(ph, &mail);
		received_expect(before + 1);
		copy = scene_mail(user, "INBOX", "kept");
		assert_non_null(copy);
		assert_false(copy->seen);
		assert_non_null(scene_mail(user, "INBOX", NOTE));
		assert_int_equal(scene_count(user, "INBOX"), 2);
	}
	assert_int_equal(scene_count(user, "Sent"), 0);
}
TEST_VERSIONS(sent_takes_nothing)

/* 36 MB, and 37 with CR: held as few times as can be. */
static const struct large_case {
	const char *name;
	bool is_reply;
} large_cases[] = { { "a mail", false }, { "a reply", true } };

static void a_large_mail_with_bare_line_ends(const struct large_case *c)
{
	enum { LINES = 490 * 1000, LINE = 77 };
	static const char head[] =
	    "From: me@example.org\nTo: bob@example.org\nBcc: eve@example.org\nSubject: large\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\n"
	    "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n";
	const char *user = scene_user();
	char *text = malloc(sizeof(head) + LINES * LINE + 16);
	unsigned before = received_count();
	struct phone_source source;
	struct phone_mail large;
	struct phone *ph;
	size_t n = sizeof(head) - 1;

	assert_non_null(text);
	memcpy(text, head, n);
	for (size_t i = 0; i < LINES; i++, n += LINE) {
		memset(text + n, 'Q', LINE);
		text[n + LINE - 1] = '\n';
	}
	n += (size_t)sprintf(text + n, "--b--\n");
	large = (struct phone_mail){ .mime = bytes_of((uint8_t *)text, n), .save_in_sent = true };
	scene_append_raw(user, "INBOX", BYTES(ORIGINAL), "", NULL);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	ph->timeout_ms = 60 * 1000;
	source = (struct phone_source){ .folder_id = scene_inbox(ph)->id,
		.item_id = phone_item_with_subject(scene_inbox(ph), "original")->id };
	if (c->is_reply)
		SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY, &large, &source));
	else
		SCENE_OK(ph, phone_send_mail(ph, &large));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
	assert_int_equal(scene_count(user, "Sent"), 1);
	free(text);
}
TEST_ROW(a_large_mail_with_bare_line_ends)

int main(void)
{
	static const char *const settings[] = { "server.workers=1", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 40, .settings = settings, .shared = true });
	TEST_ADD_VERSIONS(imap_is_down);
	TEST_ADD_ROWS(imap_goes_meanwhile, forward_cases);
	TEST_ADD_VERSIONS(sent_takes_nothing);
	TEST_ADD_ROWS(a_large_mail_with_bare_line_ends, large_cases);
	failed = test_run("sent_copy");
	scene_close();
	return failed;
}
