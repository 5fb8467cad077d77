/* A mail goes out exactly once, or clearly not, in whatever way a phone sends it: whatever SMTP does at whatever step, and whoever dies
 * meanwhile. The original of a reply or forward is marked when it is out, and not before. */
#include <poll.h>
#include <signal.h>

#include "eas/status.h"
#include "integration/processes.h"
#include "received.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MAIL                                                                                            \
	"From: me@example.org\r\nTo: bob@example.org, carol@example.org\r\nBcc: hidden@example.org\r\n" \
	"Subject: once\r\n\r\nhello\r\n"
#define NOTE "Not certain whether this was sent: once"
#define FILE_BASE64 "RklMRQ=="
#define ORIGINAL                                                                                             \
	"From: a@example.net\r\nSubject: original\r\nMessage-ID: <original@example.net>\r\n"                 \
	"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\ntext\r\n--o\r\n"                        \
	"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" FILE_BASE64 \
	"\r\n--o--\r\n"

/* ---- who sends ---- */

static const struct sending_way {
	const char *name;
	enum eas_command cmd;
	bool replaces;    /* ReplaceMime */
	const char *mark; /* on the original, once the mail is out */
	bool has_file;    /* the original's */
} ways[] = {
	{ "SendMail", CMD_SEND_MAIL, false, "", false },
	{ "SmartReply", CMD_SMART_REPLY, false, "\\Answered", false },
	{ "SmartForward", CMD_SMART_FORWARD, false, "$Forwarded", true },
	{ "SmartReply with ReplaceMime", CMD_SMART_REPLY, true, "\\Answered", false },
	{ "SmartForward with ReplaceMime", CMD_SMART_FORWARD, true, "$Forwarded", false },
};

struct sender {
	const struct sending_way *way;
	const char *user;
	struct phone *ph;
	struct phone_source source;
	enum err e; /* of the latest try */
};

static void sender_open(struct sender *s, const struct sending_way *way, enum eas_version v)
{
	*s = (struct sender){ .way = way, .user = scene_user() };
	scene_append_raw(s->user, "INBOX", BYTES(ORIGINAL), "", NULL);
	s->ph = scene_synced_phone(s->user, "PHONE1", v);
	s->source = (struct phone_source){ .folder_id = scene_inbox(s->ph)->id,
		.item_id = phone_item_with_subject(scene_inbox(s->ph), "original")->id,
		.replace_mime = way->replaces };
}

static void sender_send(struct sender *s, const struct phone_mail *mail)
{
	s->e = s->way->cmd == CMD_SEND_MAIL ? phone_send_mail(s->ph, mail)
					    : phone_send_smart(s->ph, s->way->cmd, mail, &s->source);
}

/* The request alone, from 14.0 on: sender_receive brings the answer. Older ones wait for it here. */
static void sender_start(struct sender *s, const struct phone_mail *mail)
{
	if (s->ph->version < EAS_14_0)
		sender_send(s, mail);
	else
		s->e = s->way->cmd == CMD_SEND_MAIL
			   ? phone_send_mail_start(s->ph, mail)
			   : phone_send_smart_start(s->ph, s->way->cmd, mail, &s->source);
}

static void sender_receive(struct sender *s)
{
	if (s->ph->version < EAS_14_0)
		return;
	SCENE_OK(s->ph, s->e);
	s->e = phone_command_receive(s->ph, 0);
}

/* Nothing of the mail is anywhere, or all of it is in its place. */
static void expect_state(const struct sender *s, bool is_sent, bool is_noted)
{
	size_t copies = scene_count(s->user, "Sent");
	const char *flags =
	    truth_mail(scene_truth(s->user), "INBOX", scene_mail(s->user, "INBOX", "original")->uid)->flags;
	bool noted = scene_mail(s->user, "INBOX", NOTE) != NULL;

	if (copies != is_sent || strcmp(flags, is_sent ? s->way->mark : "") != 0 || noted != is_noted)
		fail_msg("%s in %s: %zu in Sent, the original is \"%s\", there is %s note", s->way->name,
		    eas_version_name(s->ph->version), copies, flags, noted ? "a" : "no");
}

static void expect_copy_with_file(const struct sender *s)
{
	struct scene_mail *sent;
	struct bytes copy;

	assert_int_equal(scene_mails(s->user, "Sent", &sent), 1);
	assert_true(truth_fetch(scene_truth(s->user), "Sent", sent[0].uid, &copy));
	assert_int_equal(received_has(copy, FILE_BASE64), s->way->has_file);
}

static void expect_success(struct sender *s)
{
	SCENE_OK(s->ph, s->e);
	assert_int_equal(s->ph->status, 1);
}

/* ---- what SMTP does ---- */

enum fate {
	CLEARLY_NOT, /* the phone hears that it isn't sent, sends it again, and it goes out */
	UNSURE,      /* the server had all of it: it isn't sent again, and the user is told */
};

static const struct fault_case {
	const char *name, *behave;
	enum fate fate;
	unsigned kept; /* by the server, although it said nothing */
	unsigned status;
	bool slow; /* takes the whole request_timeout */
} fault_cases[] = {
	{ "the login is refused", "auth=535", CLEARLY_NOT, 0, STATUS_MAIL_SUBMISSION_FAILED, false },
	{ "the sender later", "mail=451", CLEARLY_NOT, 0, STATUS_SERVER_ERROR_RETRY_LATER, false },
	{ "the sender is refused", "mail=550", CLEARLY_NOT, 0, STATUS_MAIL_SUBMISSION_FAILED, false },
	{ "cut at the sender", "cut=mail", CLEARLY_NOT, 0, STATUS_SERVER_ERROR_RETRY_LATER, false },
	{ "the recipients are refused", "rcpt=550", CLEARLY_NOT, 0, STATUS_MESSAGE_RECIPIENT_UNRESOLVED,
	    false },
	{ "one recipient is refused", "partial=550", CLEARLY_NOT, 0, STATUS_MESSAGE_RECIPIENT_UNRESOLVED,
	    false },
	{ "too many recipients", "partial=452", CLEARLY_NOT, 0, STATUS_SEND_QUOTA_EXCEEDED, false },
	{ "the recipients later", "rcpt=451", CLEARLY_NOT, 0, STATUS_SERVER_ERROR_RETRY_LATER, false },
	{ "a mailbox is full", "rcpt=552", CLEARLY_NOT, 0, STATUS_SEND_QUOTA_EXCEEDED, false },
	{ "cut at the recipients", "cut=rcpt", CLEARLY_NOT, 0, STATUS_SERVER_ERROR_RETRY_LATER, false },
	{ "the text is not wanted", "data=554", CLEARLY_NOT, 0, STATUS_MAIL_SUBMISSION_FAILED, false },
	{ "the text is refused", "end=554", CLEARLY_NOT, 0, STATUS_MAIL_SUBMISSION_FAILED, false },
	{ "the text later", "end=451", CLEARLY_NOT, 0, STATUS_SERVER_ERROR_RETRY_LATER, false },
	{ "too large", "size=100", CLEARLY_NOT, 0, STATUS_ATTACHMENT_IS_TOO_LARGE, false },
	{ "silent from the start", "hang=banner", CLEARLY_NOT, 0, STATUS_SERVER_ERROR_RETRY_LATER, true },
	{ "silent at the recipients", "hang=rcpt", CLEARLY_NOT, 0, STATUS_SERVER_ERROR_RETRY_LATER, true },
	{ "cut after the text, lost", "cut=data", UNSURE, 0, STATUS_SERVER_ERROR_RETRY_LATER, false },
	{ "cut after the text, kept", "late=cut", UNSURE, 1, STATUS_SERVER_ERROR_RETRY_LATER, false },
	{ "silent after the text, lost", "hang=end", UNSURE, 0, STATUS_SERVER_ERROR_RETRY_LATER, true },
	{ "silent after the text, kept", "late=hang", UNSURE, 1, STATUS_SERVER_ERROR_RETRY_LATER, true },
};

enum { MOST_SENDERS = 32 };

/* Where it takes seconds, not all: the versions have that in common. */
static bool is_tried(const struct fault_case *c, const struct sending_way *way, enum eas_version v)
{
	if (way->replaces && v < EAS_14_0)
		return false; /* it came with 14.0 */
	if (c->slow)
		return v == EAS_16_1 || (v == EAS_12_1 && way->cmd == CMD_SEND_MAIL);
	return way->cmd == CMD_SEND_MAIL || v == EAS_12_1 || v == EAS_14_1 || v == EAS_16_1;
}

/* The newest versions first: their requests can be under way at once. */
static size_t open_senders(const struct fault_case *c, struct sender *out)
{
	size_t count = 0;

	for (size_t n = COUNT(scene_versions); n-- > 0;)
		for (size_t i = 0; i < COUNT(ways); i++)
			if (is_tried(c, &ways[i], scene_versions[n].version)) {
				assert_true(count < MOST_SENDERS);
				sender_open(&out[count++], &ways[i], scene_versions[n].version);
			}
	return count;
}

static void meet_the_fault(const struct fault_case *c, struct sender *v, size_t count)
{
	static const struct phone_mail mail = {
		.mime = BYTES(MAIL), .client_id = "fault", .save_in_sent = true
	};
	unsigned before = received_count();

	bed_mocksmtp_behave(scene_bed(), c->behave);
	for (size_t i = 0; i < count; i++)
		sender_start(&v[i], &mail);
	for (size_t i = 0; i < count; i++)
		sender_receive(&v[i]);
	bed_mocksmtp_behave(scene_bed(), "");
	received_expect(before + c->kept * (unsigned)count);
	for (size_t i = 0; i < count; i++) {
		SCENE_REFUSED(v[i].ph, v[i].e, c->status);
		expect_state(&v[i], false, false);
	}
	for (unsigned repeat = 0; repeat < 2; repeat++) {
		for (size_t i = 0; i < count; i++) {
			sender_send(&v[i], &mail);
			expect_success(&v[i]);
			expect_state(&v[i], true, c->fate == UNSURE);
		}
		received_expect(before + (c->fate == UNSURE ? c->kept : 1) * (unsigned)count);
	}
}

static void a_fault(const struct fault_case *c)
{
	struct sender v[MOST_SENDERS];
	size_t count = open_senders(c, v);

	meet_the_fault(c, v, count);
	for (size_t i = 0; i < count; i++) {
		expect_copy_with_file(&v[i]);
		scene_assert_clean(v[i].ph);
		phone_hang_up(v[i].ph);
	}
}
TEST_ROW(a_fault)

/* ---- who dies ---- */

#define DATED(date, fields) "Date: Mon, 2 Mar 2026 " date " +0000\r\n" fields MAIL

static const struct dying_case {
	const struct sending_way *way;
	struct bytes first, again; /* how the phone writes it */
	bool is_copied;            /* the worker came as far as that */
} dying_cases[] = {
	{ &ways[0], BYTES(MAIL), BYTES(MAIL), false },
	{ &ways[0], BYTES(MAIL), BYTES(MAIL), true },
	{ &ways[0], BYTES(DATED("10:00:00", "")), BYTES(DATED("10:05:00", "")), true },
	{ &ways[0], BYTES(DATED("10:00:00", "Message-ID: <a@phone>\r\n")),
	    BYTES(DATED("10:05:00", "Message-ID: <b@phone>\r\n")), true },
	{ &ways[1], BYTES(MAIL), BYTES(MAIL), false },
	{ &ways[2], BYTES(MAIL), BYTES(MAIL), false },
	{ &ways[2], BYTES(MAIL), BYTES(MAIL), true },
	{ &ways[3], BYTES(MAIL), BYTES(MAIL), false },
	{ &ways[4], BYTES(MAIL), BYTES(MAIL), true },
};

static struct phone_mail dying_mail(struct bytes mime)
{
	return (struct phone_mail){ .mime = mime, .client_id = "dies", .save_in_sent = true };
}

static void send_and_hang_up(struct sender *s, const struct dying_case *c)
{
	const struct phone_mail mail = dying_mail(c->first);
	unsigned before = received_count();

	sender_open(s, c->way, EAS_14_1);
	s->ph->resends = false;
	sender_start(s, &mail);
	SCENE_OK(s->ph, s->e);
	received_expect(before + 1);
	if (c->is_copied)
		scene_append_raw(s->user, "Sent", received(before + 1, "eml"), "\\Seen", NULL);
	phone_hang_up(s->ph);
}

static void repeat_until_answered(struct sender *s, const struct dying_case *c)
{
	const struct phone_mail mail = dying_mail(c->again);

	s->e = ERR_UNAVAILABLE;
	for (unsigned i = 0; (s->e || s->ph->status != 1) && i < 400; i++) {
		poll(NULL, 0, 250);
		sender_send(s, &mail);
		assert_true(s->e == ERR_UNAVAILABLE || s->ph->status == 1 ||
			    s->ph->status == STATUS_SERVER_ERROR_RETRY_LATER);
	}
	expect_success(s);
}

/* SMTP has the mail, and the worker dies before it hears so, or before it has noted that there is a copy. The phone asks again until it
 * gets an answer. */
static void a_worker_dies_before_the_verdict(void **state)
{
	struct sender v[COUNT(dying_cases)];
	unsigned before = received_count();

	(void)state;
	bed_mocksmtp_behave(scene_bed(), "late=hang");
	for (size_t i = 0; i < COUNT(v); i++)
		send_and_hang_up(&v[i], &dying_cases[i]);
	kill(process_worker(), SIGKILL);
	bed_mocksmtp_behave(scene_bed(), "");
	for (size_t i = 0; i < COUNT(v); i++) {
		repeat_until_answered(&v[i], &dying_cases[i]);
		expect_state(&v[i], true, true);
		expect_copy_with_file(&v[i]);
	}
	assert_int_equal(received_count(), before + COUNT(v));
}

int main(void)
{
	static const char *const settings[] = { "limits.request_timeout=4s", "smtp.command_timeout=2s",
		"server.workers=1", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 400, .settings = settings });
	TEST_ADD_ROWS(a_fault, fault_cases);
	TEST_ADD(a_worker_dies_before_the_verdict);
	failed = test_run("sending faults");
	scene_close();
	return failed;
}
