/* Text messages between the SMS class and mail. */
#include "sms/sms.h"
#include "unit/proto/item_data.h"
#include "unit/proto/mail_sample.h"
#include "wbxml/dump.h"

#define TEXT(text) "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n\t\tAirSyncBase:Data \"" text "\"\n"

static const struct read_case {
	const char *name, *data;
	enum err want;
	struct sms sms;
} read_cases[] = {
	{ "all of it",
	    "\tEmail:To \"[MOBILE:2]\"\n\tEmail:From \"[MOBILE:1]\"\n\tEmail:DateReceived "
	    "\"1970-01-01T00:01:00.000Z\"\n\tEmail:Importance \"2\"\n\tEmail:Read "
	    "\"1\"\n\tEmail:Flag\n\t\tEmail:Status "
	    "\"2\"\n" TEXT("a\\nb"),
	    ERR_OK,
	    { .from = BYTES("[MOBILE:1]"),
		.to = BYTES("[MOBILE:2]"),
		.text = BYTES("a\r\nb"),
		.received = 60,
		.importance = 2,
		.read = true,
		.flag = { .status = FOLLOW_UP_ACTIVE } } },
	{ "a text alone", TEXT("x"), ERR_OK, { .text = BYTES("x"), .importance = 1 } },
	{ "a sender alone", "\tEmail:From \"1\"\n", ERR_OK, { .from = BYTES("1"), .importance = 1 } },
	{ "nothing", "", ERR_PROTO, { .text = { 0 } } },
	{ "HTML", "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"2\"\n\t\tAirSyncBase:Data \"x\"\n", ERR_PROTO,
	    { .text = { 0 } } },
	{ "a date that is none", "\tEmail:DateReceived \"x\"\n" TEXT("x"), ERR_PROTO, { .text = { 0 } } },
	{ "Importance beyond", "\tEmail:Importance \"3\"\n" TEXT("x"), ERR_PROTO, { .text = { 0 } } },
	{ "a flag that is done", "\tEmail:Flag\n\t\tEmail:Status \"1\"\n\t\tEmail:FlagType \"x\"\n" TEXT("x"),
	    ERR_OK,
	    { .text = BYTES("x"),
		.importance = 1,
		.flag = { .status = FOLLOW_UP_COMPLETE, .v = { [FOLLOW_UP_TYPE] = BYTES("x") } } } },
	{ "no flag", "\tEmail:Flag\n" TEXT("x"), ERR_OK, { .text = BYTES("x"), .importance = 1 } },
	{ "an unknown flag", "\tEmail:Flag\n\t\tEmail:Status \"3\"\n" TEXT("x"), ERR_PROTO,
	    { .text = { 0 } } },
	{ "Read that is no boolean", "\tEmail:Read \"x\"\n" TEXT("x"), ERR_PROTO, { .text = { 0 } } },
};

static void read_sms(const struct read_case *c)
{
	struct sms got;

	assert_int_equal(sms_read(test_arena(), item_data(c->data), &got), c->want);
	if (c->want)
		return;
	assert_bytes_equal(got.from, c->sms.from);
	assert_bytes_equal(got.to, c->sms.to);
	assert_bytes_equal(got.text, c->sms.text);
	assert_int_equal(got.received, c->sms.received);
	assert_int_equal(got.importance, c->sms.importance);
	assert_int_equal(got.read, c->sms.read);
	assert_int_equal(got.flag.status, c->sms.flag.status);
	assert_bytes_equal(got.flag.v[FOLLOW_UP_TYPE], c->sms.flag.v[FOLLOW_UP_TYPE]);
}
TEST_ROW(read_sms)

static void an_sms_as_mail(void **state)
{
	struct sms s = { .from = BYTES("\"Änne\" [MOBILE:+1 (555) 0100]"),
		.to = BYTES("[MOBILE:12], 34, nobody"),
		.text = BYTES("Käse and milk"),
		.received = 1795000000,
		.importance = 2 };
	struct bytes out;

	(void)state;
	assert_int_equal(sms_make(test_arena(), &s, BYTES("<1@x>"), 0, &out), ERR_OK);
	assert_bytes_str(out, "X-SMS-From: =?utf-8?Q?=22=C3=84nne=22=20=5BMOBILE=3A=2B1=20=28555=29?=\r\n "
			      "=?utf-8?Q?=200100=5D?=\r\n"
			      "From: \"+15550100\" <+15550100@sms.invalid>\r\n"
			      "X-SMS-To: [MOBILE:12], 34, nobody\r\n"
			      "To: \"12\" <12@sms.invalid>,\r\n \"34\" <34@sms.invalid>\r\n"
			      "Subject: =?utf-8?Q?K=C3=A4se=20and=20milk?=\r\n"
			      "Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
			      "Message-ID: <1@x>\r\n"
			      "X-Message-Class: IPM.Note.Mobile.SMS\r\n"
			      "Importance: high\r\n"
			      "MIME-Version: 1.0\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			      "K=C3=A4se and milk=\r\n");
}

static const struct write_case {
	const char *name, *mail, *from, *to; /* NULL: not told */
} write_cases[] = {
	{ "its own fields",
	    "Message-ID: <1@x>\r\nX-SMS-From: \"A\" [MOBILE:1]\r\nFrom: 2@sms.invalid\r\nTo: "
	    "3@sms.invalid\r\n\r\ntext",
	    "\"A\" [MOBILE:1]", "[MOBILE:3]" },
	{ "made by others",
	    "Message-ID: <1@x>\r\nFrom: Anna <+15550100@sms.example>\r\nTo: 1@x, Bob <2@x>\r\n\r\ntext",
	    "\"Anna\" [MOBILE:+15550100]", "[MOBILE:1], \"Bob\" [MOBILE:2]" },
	{ "nobody", "Message-ID: <1@x>\r\n\r\ntext", NULL, NULL },
};

static void assert_has(struct bytes dump, const char *tag, const char *value)
{
	struct bytes want;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_printf(&b, "\t%s \"", tag);
	for (const char *c = value; c && *c; c++) {
		if (*c == '"')
			buf_put_u8(&b, '\\');
		buf_put_u8(&b, (uint8_t)*c);
	}
	buf_put_str(&b, value ? "\"\n" : "");
	assert_int_equal(buf_done(&b, &want), ERR_OK);
	assert_int_equal(memmem(dump.p, dump.len, want.p, want.len) != NULL, value != NULL);
}

static void write_sms(const struct write_case *c)
{
	struct sync_options o = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct wbxml_writer w;
	struct bytes doc, dump;
	struct sample s;
	struct email m;
	struct buf b;

	assert_int_equal(sample_make(test_arena(), bytes_str(c->mail), &o, EAS_14_1, false, &s), ERR_OK);
	m = (struct email){ .header = s.header, .plan = &s.plan, .body = &s.body, .received = 60 };
	buf_init(&b, test_arena(), 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_APPLICATION_DATA);
	assert_int_equal(sms_write(&w, EAS_14_1, &m), ERR_OK);
	wbxml_close(&w);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_dump(test_arena(), doc, &dump), ERR_OK);
	assert_has(dump, "Email:From", c->from);
	assert_has(dump, "Email:To", c->to);
	assert_has(dump, "Email:MessageClass", "IPM.Note.Mobile.SMS");
	assert_has(dump, "Email:DateReceived", "1970-01-01T00:01:00.000Z");
	assert_has(dump, "Email:InternetCPID", "65001");
	assert_has(dump, "AirSyncBase:Data", "text");
	assert_non_null(memmem(dump.p, dump.len, "Email2:ConversationId", 21));
	assert_null(memmem(dump.p, dump.len, "ThreadTopic", 11));
}
TEST_ROW(write_sms)

int main(void)
{
	TEST_ADD_ROWS(read_sms, read_cases);
	TEST_ADD(an_sms_as_mail);
	TEST_ADD_ROWS(write_sms, write_cases);
	return test_run("sms");
}
