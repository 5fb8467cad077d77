/* The original breaks off while it is forwarded: what has come of a file by then isn't sent for all of it. */
#include "eas/status.h"
#include "cutter.h"
#include "received.h"

enum { CHUNK = 256 << 10, FILE_LEN = 4 * CHUNK + 1000, LINE = 80 };

#define LAST "BODY.PEEK[2]<1048576." /* what is still to come then is less than sizes may be wrong by */
#define HEAD                                                                                            \
	"From: a@example.net\r\nSubject: original\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" \
	"--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"                       \
	"Content-Transfer-Encoding: base64\r\n\r\n"

static const struct phone_mail mail = {
	.mime = BYTES("From: me@example.org\r\nTo: bob@example.org\r\nSubject: Fw: original\r\n"
		      "Content-Type: text/plain\r\n\r\nfyi\r\n"),
	.client_id = "forward",
	.save_in_sent = true,
};

static struct cutter *cutter;

static struct bytes original(void)
{
	char *text = test_keep(sizeof(HEAD) + FILE_LEN + 16);
	size_t begin = sizeof(HEAD) - 1, n = begin;

	memcpy(text, HEAD, begin);
	for (; n < begin + FILE_LEN; n++)
		text[n] = (n - begin) % LINE == LINE - 2 ? '\r' : (n - begin) % LINE == LINE - 1 ? '\n' : 'Q';
	n += (size_t)sprintf(text + n, "\r\n--b--\r\n");
	return bytes_of((const uint8_t *)text, n);
}

static const struct break_case {
	const char *name;
	enum cutter_when when;
	const char *word;
	unsigned times, status;
} break_cases[] = {
	{ "the connection, once", CUTTER_BEFORE, LAST, 1, 1 },
	{ "the connection, each time", CUTTER_BEFORE, LAST, 2, STATUS_SERVER_ERROR_RETRY_LATER },
	{ "each time, in the middle", CUTTER_BEFORE, "BODY.PEEK[2]<524288.", 2,
	    STATUS_SERVER_ERROR_RETRY_LATER },
	{ "the mail goes", CUTTER_NOTHING_THERE, LAST, 1, STATUS_MESSAGE_REPLY_FAILED },
	{ "the mail goes, in the middle", CUTTER_NOTHING_THERE, "BODY.PEEK[2]<524288.", 1,
	    STATUS_MESSAGE_REPLY_FAILED },
};

static void expect_one(const char *user, unsigned before)
{
	struct scene_mail *sent;
	struct bytes text;

	received_expect(before + 1);
	assert_int_equal(
	    received_times(received(before + 1, "eml"), "Q"), FILE_LEN / LINE * (LINE - 2) + FILE_LEN % LINE);
	assert_int_equal(scene_mails(user, "Sent", &sent), 1);
	assert_true(truth_fetch(scene_truth(user), "Sent", sent[0].uid, &text));
	assert_bytes_equal(text, received(before + 1, "eml"));
}

static void a_break(const struct break_case *c)
{
	const char *user = scene_user();
	unsigned before = received_count();
	struct phone_source source = { 0 };
	struct scene_mail *sent;
	struct phone *ph;

	scene_append_many(
	    user, "INBOX", "other", 4); /* what can't be read is then known to be alone in that */
	scene_append_raw(user, "INBOX", original(), "", NULL);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	source.folder_id = scene_inbox(ph)->id;
	source.item_id = phone_item_with_subject(scene_inbox(ph), "original")->id;
	cutter_arm_times(cutter, c->when, c->word, c->times);
	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_FORWARD, &mail, &source));
	assert_int_equal(ph->status, c->status);
	if (c->status != 1) {
		assert_int_equal(received_count(), before);
		assert_int_equal(scene_mails(user, "Sent", &sent), 0);
		SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_FORWARD, &mail, &source));
		assert_int_equal(ph->status, 1);
	}
	expect_one(user, before);
	scene_assert_clean(ph);
}
TEST_ROW(a_break)

int main(void)
{
	static const char *const settings[] = { "server.workers=1", NULL };
	int failed;

	cutter = cutter_open_scene((struct bed_opts){ .users = 10, .settings = settings });
	TEST_ADD_ROWS(a_break, break_cases);
	failed = test_run("forward cut");
	cutter_close_scene(&cutter);
	return failed;
}
