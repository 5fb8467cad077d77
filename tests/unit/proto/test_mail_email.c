/* Mails as the Email class has them: MS-ASEMAIL 2.2.2. Whole trees, as wbxml_dump shows them. */
#include "testing.h"
#include "unit/proto/mail_sample.h"
#include "wbxml/dump.h"

static const char full[] = "From: =?utf-8?Q?J=C3=B6rg?= <joerg@example.org>\r\n"
			   "Sender: office@example.org\r\n"
			   "To: \"Miller, Anna\" <anna@example.org>, bob@example.org\r\n"
			   "Cc: Carol <carol@example.org>\r\n"
			   "Bcc: dan@example.org\r\n"
			   "Reply-To: a@example.org, B <b@example.org>\r\n"
			   "Subject: Re: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n"
			   "Message-ID: <2@example.org>\r\n"
			   "In-Reply-To: <1@example.org>\r\n"
			   "Importance: High\r\n"
			   "Content-Type: multipart/mixed; boundary=b\r\n"
			   "\r\n"
			   "--b\r\nContent-Type: text/html\r\n\r\n<p>Hallo</p>\r\n"
			   "--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n0123456789\r\n"
			   "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n"
			   "--b--\r\n";

#define ADDRESSES                                                                     \
	"\tEmail:To \"\\\"Miller, Anna\\\" <anna@example.org>, <bob@example.org>\"\n" \
	"\tEmail:Cc \"\\\"Carol\\\" <carol@example.org>\"\n"                          \
	"\tEmail:From \"\\\"J\xC3\xB6rg\\\" <joerg@example.org>\"\n"                  \
	"\tEmail:Subject \"Re: Gr\xC3\xBC\xC3\x9F"                                    \
	"e\"\n"                                                                       \
	"\tEmail:ReplyTo \"<a@example.org>;\\\"B\\\" <b@example.org>\"\n"             \
	"\tEmail:DateReceived \"2024-05-21T08:15:00.000Z\"\n"                         \
	"\tEmail:DisplayTo \"Miller, Anna;bob@example.org\"\n"                        \
	"\tEmail:ThreadTopic \"Gr\xC3\xBC\xC3\x9F"                                    \
	"e\"\n"                                                                       \
	"\tEmail:Importance \"2\"\n"                                                  \
	"\tEmail:Read \"1\"\n"
#define ATTACHMENTS                                         \
	"\tAirSyncBase:Attachments\n"                       \
	"\t\tAirSyncBase:Attachment\n"                      \
	"\t\t\tAirSyncBase:DisplayName \"a.pdf\"\n"         \
	"\t\t\tAirSyncBase:FileReference \"AQURMr1m_LE\"\n" \
	"\t\t\tAirSyncBase:Method \"1\"\n"                  \
	"\t\t\tAirSyncBase:EstimatedDataSize \"10\"\n"      \
	"\t\tAirSyncBase:Attachment\n"                      \
	"\t\t\tAirSyncBase:DisplayName \"ATT00002.eml\"\n"  \
	"\t\t\tAirSyncBase:FileReference \"AQURM7tTgwY\"\n" \
	"\t\t\tAirSyncBase:Method \"5\"\n"                  \
	"\t\t\tAirSyncBase:EstimatedDataSize \"15\"\n"
#define BODY(rest)                     \
	"\tAirSyncBase:Body\n"         \
	"\t\tAirSyncBase:Type \"2\"\n" \
	"\t\tAirSyncBase:EstimatedDataSize \"12\"\n" rest
#define FLAG                       \
	"\tEmail:Flag\n"           \
	"\t\tEmail:Status \"2\"\n" \
	"\t\tEmail:FlagType \"Flag for follow up\"\n"
#define CLASSES "\tEmail:MessageClass \"IPM.Note\"\n\tEmail:InternetCPID \"65001\"\n"
#define CONTENT "\tEmail:ContentClass \"urn:content-classes:message\"\n\tAirSyncBase:NativeBodyType \"2\"\n"
#define CONVERSATION "\tEmail2:ConversationId #ID\n\tEmail2:ConversationIndex #DAAB56F95C\n"
#define VERB_SENDER "\tEmail2:LastVerbExecuted \"1\"\n\tEmail2:Sender \"<office@example.org>\"\n"
#define CATEGORIES "\tEmail:Categories\n\t\tEmail:Category \"Work\"\n\t\tEmail:Category \"Blue\"\n"
#define ROOT "AirSync:ApplicationData\n"

/* ConversationId is a hash: its digits are not what is tested here. */
static struct bytes without_id(struct bytes dump)
{
	static const char tag[] = "ConversationId #";
	const uint8_t *at = memmem(dump.p, dump.len, tag, strlen(tag));
	struct bytes got;
	struct buf b;
	size_t n;

	if (!at)
		return dump;
	n = (size_t)(at - dump.p) + strlen(tag);
	assert_true(dump.len > n + 32 && dump.p[n + 32] == '\n');
	buf_init(&b, test_arena(), 0);
	buf_put(&b, bytes_of(dump.p, n));
	buf_put_str(&b, "ID");
	buf_put(&b, bytes_of(dump.p + n + 32, dump.len - n - 32));
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	return got;
}

static const struct follow_up active = { .status = FOLLOW_UP_ACTIVE };
static const struct bytes keywords[] = { { (const uint8_t *)"$label2", 7 }, { (const uint8_t *)"NonJunk", 7 },
	{ (const uint8_t *)"Blue", 4 } };

static struct email email_of(const struct sample *s)
{
	return (struct email){ .header = s->header,
		.plan = &s->plan,
		.body = &s->body,
		.received = 1716279300,
		.read = true,
		.flag = &active,
		.answered = true,
		.keywords = keywords,
		.n_keywords = 3,
		.id = { .folder = 5, .item = 17 },
		.account = BYTES("ann"),
		.draft = true };
}

typedef enum err write_fn(struct wbxml_writer *w, enum eas_version v, const struct email *m);

static struct bytes written(write_fn *write, enum eas_version v, const struct email *m)
{
	struct wbxml_writer w;
	struct bytes doc, dump;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_APPLICATION_DATA);
	assert_int_equal(write(&w, v, m), ERR_OK);
	wbxml_close(&w);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_dump(test_arena(), test_copy(doc), &dump), ERR_OK);
	return without_id(dump);
}

static const struct tree_case {
	const char *name;
	enum eas_version version;
	const char *want;
} tree_cases[] = {
	{ "2.5", EAS_2_5,
	    ROOT ADDRESSES "\tEmail:Attachments\n"
			   "\t\tEmail:Attachment\n"
			   "\t\t\tEmail:AttName \"AQURMr1m_LE\"\n"
			   "\t\t\tEmail:AttSize \"10\"\n"
			   "\t\t\tEmail:AttMethod \"1\"\n"
			   "\t\t\tEmail:DisplayName \"a.pdf\"\n"
			   "\t\tEmail:Attachment\n"
			   "\t\t\tEmail:AttName \"AQURM7tTgwY\"\n"
			   "\t\t\tEmail:AttSize \"15\"\n"
			   "\t\t\tEmail:AttMethod \"5\"\n"
			   "\t\t\tEmail:DisplayName \"ATT00002.eml\"\n"
			   "\tEmail:BodyTruncated \"1\"\n"
			   "\tEmail:Body \"Hal\"\n"
			   "\tEmail:BodySize \"6\"\n" CLASSES },
	{ "12.1", EAS_12_1,
	    ROOT ADDRESSES ATTACHMENTS BODY("\t\tAirSyncBase:Data \"<p>Hallo</p>\"\n") CLASSES FLAG CONTENT },
	{ "14.1", EAS_14_1,
	    ROOT ADDRESSES ATTACHMENTS BODY(
		"\t\tAirSyncBase:Data \"<p>Hallo</p>\"\n\t\tAirSyncBase:Preview \"Hallo\"\n")
		CLASSES FLAG CONTENT CONVERSATION VERB_SENDER CATEGORIES },
	{ "16.1", EAS_16_1,
	    ROOT ADDRESSES ATTACHMENTS BODY(
		"\t\tAirSyncBase:Data \"<p>Hallo</p>\"\n\t\tAirSyncBase:Preview \"Hallo\"\n")
		CLASSES FLAG CONTENT CONVERSATION VERB_SENDER CATEGORIES
	    "\tEmail2:IsDraft \"1\"\n"
	    "\tEmail2:Bcc \"<dan@example.org>\"\n" },
};

static void trees(const struct tree_case *c)
{
	struct sync_options o = sample_options(BODY_HTML, BODY_WHOLE, 100);
	struct email m;
	struct sample s;

	if (c->version == EAS_2_5) {
		sync_options_default(&o);
		o.truncation = 3;
	}
	assert_int_equal(sample_make(test_arena(), bytes_str(full), &o, c->version, false, &s), ERR_OK);
	m = email_of(&s);
	assert_bytes_str(written(email_write, c->version, &m), c->want);
}
TEST_ROW(trees)

/* What says nothing is left out; an empty Flag and empty Categories say that there are none. */
static void a_mail_without_anything(void **state)
{
	struct email m = { .received = 1716279300 };

	(void)state;
	assert_bytes_str(written(email_write, EAS_16_1, &m),
	    ROOT "\tEmail:DateReceived \"2024-05-21T08:15:00.000Z\"\n"
		 "\tEmail:Importance \"1\"\n"
		 "\tEmail:Read \"0\"\n" CLASSES "\tEmail:Flag\n"
		 "\tEmail:ContentClass \"urn:content-classes:message\"\n"
		 "\tEmail2:ConversationIndex #DAAB56F95C\n"
		 "\tEmail:Categories\n");
}

#define ALL_STATE (EMAIL_STATE_READ | EMAIL_STATE_FLAG | EMAIL_STATE_VERB | EMAIL_STATE_CATEGORIES)
static unsigned state_written;

static enum err write_state(struct wbxml_writer *w, enum eas_version v, const struct email *m)
{
	return email_write_state(w, v, m, state_written);
}

/* Only what has changed, as far as the version has it. */
static const struct state_case {
	const char *name;
	enum eas_version version;
	unsigned what;
	const char *want;
} state_cases[] = {
	{ "all in 2.5", EAS_2_5, ALL_STATE, ROOT "\tEmail:Read \"1\"\n" },
	{ "all in 12.1", EAS_12_1, ALL_STATE, ROOT "\tEmail:Read \"1\"\n" FLAG },
	{ "all in 14.0", EAS_14_0, ALL_STATE,
	    ROOT "\tEmail:Read \"1\"\n" FLAG "\tEmail2:LastVerbExecuted \"3\"\n" CATEGORIES },
	{ "the read mark", EAS_16_1, EMAIL_STATE_READ, ROOT "\tEmail:Read \"1\"\n" },
	{ "the flag", EAS_16_1, EMAIL_STATE_FLAG, ROOT FLAG },
	{ "categories", EAS_16_1, EMAIL_STATE_CATEGORIES, ROOT CATEGORIES },
	{ "a forward", EAS_16_1, EMAIL_STATE_VERB, ROOT "\tEmail2:LastVerbExecuted \"3\"\n" },
	{ "read and categories", EAS_16_1, EMAIL_STATE_READ | EMAIL_STATE_CATEGORIES,
	    ROOT "\tEmail:Read \"1\"\n" CATEGORIES },
};

static void state_alone(const struct state_case *c)
{
	const struct email m = {
		.read = true, .flag = &active, .forwarded = true, .keywords = keywords, .n_keywords = 3
	};

	state_written = c->what;
	assert_bytes_str(written(write_state, c->version, &m), c->want);
}
TEST_ROW(state_alone)

/* What a mail hasn't any more is said in a Change. */
static void state_that_is_gone(void **state)
{
	(void)state;
	state_written = ALL_STATE;
	assert_bytes_str(written(write_state, EAS_14_1, &(struct email){ 0 }),
	    ROOT "\tEmail:Read \"0\"\n\tEmail:Flag\n\tEmail2:LastVerbExecuted \"0\"\n\tEmail:Categories\n");
}

/* In ItemOperations: Schema names what is wanted (MS-ASCMD 2.2.3.158), and in a multipart answer a Part stands for the Data
 * of the body; a body without Data has no part. */
static void some_properties(void **state)
{
	struct wbxml_node body = { .tag = AIRSYNCBASE_BODY };
	struct wbxml_node subject = { .tag = EMAIL_SUBJECT, .next = &body }, schema = { .child = &subject };
	struct body text = {
		.type = BODY_PLAIN, .estimated_size = 4, .data = BYTES("text"), .preview = BYTES("te")
	};
	struct email m = { .header = BYTES("Subject: s\r\nTo: a@b\r\n"), .schema = &schema, .body = &text };

	(void)state;
	assert_bytes_str(written(email_write, EAS_14_1, &m),
	    ROOT "\tEmail:Subject \"s\"\n\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n"
		 "\t\tAirSyncBase:EstimatedDataSize \"4\"\n\t\tAirSyncBase:Data \"text\"\n"
		 "\t\tAirSyncBase:Preview \"te\"\n");
	m.multipart_number = 3;
	assert_bytes_str(written(email_write, EAS_14_1, &m),
	    ROOT "\tEmail:Subject \"s\"\n\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n"
		 "\t\tAirSyncBase:EstimatedDataSize \"4\"\n\t\tAirSyncBase:Preview \"te\"\n"
		 "\t\tItemOperations:Part \"3\"\n");
	text.data.len = 0;
	assert_null(
	    memmem(written(email_write, EAS_14_1, &m).p, written(email_write, EAS_14_1, &m).len, "Part", 4));
	subject.next = NULL;
	assert_bytes_str(written(email_write, EAS_14_1, &m), ROOT "\tEmail:Subject \"s\"\n");
}

static enum err stub_with_reason(struct wbxml_writer *w, enum eas_version v, const struct email *m)
{
	return email_write_stub(w, v, m, "too large");
}

static enum err stub_without(struct wbxml_writer *w, enum eas_version v, const struct email *m)
{
	return email_write_stub(w, v, m, NULL);
}

static void stubs(void **state)
{
	struct email m = { .header = BYTES("From: a@b\r\nSubject: s\r\nMessage-ID: <1@x>\r\n"),
		.received = 1716279300,
		.read = true };

	(void)state;
	assert_bytes_str(written(stub_with_reason, EAS_12_1, &m),
	    ROOT "\tEmail:From \"<a@b>\"\n"
		 "\tEmail:Subject \"s\"\n"
		 "\tEmail:DateReceived \"2024-05-21T08:15:00.000Z\"\n"
		 "\tEmail:ThreadTopic \"s\"\n"
		 "\tEmail:Importance \"1\"\n"
		 "\tEmail:Read \"1\"\n"
		 "\tAirSyncBase:Body\n"
		 "\t\tAirSyncBase:Type \"1\"\n"
		 "\t\tAirSyncBase:EstimatedDataSize \"86\"\n"
		 "\t\tAirSyncBase:Data \"This message could not be shown here: too large. It is unchanged on "
		 "the mail server.\\r\\n\"\n" CLASSES "\tEmail:Flag\n"
		 "\tEmail:ContentClass \"urn:content-classes:message\"\n"
		 "\tAirSyncBase:NativeBodyType \"1\"\n");
	assert_non_null(memmem(written(stub_without, EAS_2_5, &m).p, 300, "shown here. It", 14));
}

static const struct importance_case {
	const char *name, *header, *want;
} importance_cases[] = {
	{ "nothing", "", "1" },
	{ "Importance", "Importance: high\r\n", "2" },
	{ "Importance low", "Importance: Low\r\n", "0" },
	{ "X-Priority 1", "X-Priority: 1 (Highest)\r\n", "2" },
	{ "X-Priority 2", "X-Priority: 2\r\n", "2" },
	{ "X-Priority 3", "X-Priority: 3\r\n", "1" },
	{ "X-Priority 5", "X-Priority: 5\r\n", "0" },
	{ "Importance before X-Priority", "X-Priority: 1\r\nImportance: normal\r\n", "1" },
	{ "X-MSMail-Priority", "X-MSMail-Priority: High\r\n", "2" },
	{ "Priority, RFC 2156 5.3.6", "Priority: urgent\r\n", "2" },
	{ "Priority low", "Priority: non-urgent\r\n", "0" },
};

static struct bytes value_of(const char *header, wbxml_tag tag)
{
	struct email m = { .header = bytes_str(header), .own = BYTES("me@x") };
	struct wbxml_node *root = NULL;
	struct wbxml_writer w;
	struct bytes doc;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_APPLICATION_DATA);
	assert_int_equal(email_write(&w, EAS_16_1, &m), ERR_OK);
	wbxml_close(&w);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_tree(test_arena(), doc, 1000, &root, NULL, NULL), ERR_OK);
	return wbxml_child_text(root, tag);
}

static void importances(const struct importance_case *c)
{
	assert_bytes_str(value_of(c->header, EMAIL_IMPORTANCE), c->want);
}
TEST_ROW(importances)

static const struct bcc_case {
	const char *name, *header, *want;
} bcc_cases[] = {
	{ "named in To", "X-Original-To: me@x\r\nTo: a@b, Me <ME@x>\r\n", "" },
	{ "named in Cc", "X-Original-To: me@x\r\nTo: a@b\r\nCc: me@x\r\n", "" },
	{ "named nowhere, Postfix", "X-Original-To: me@x\r\nTo: a@b\r\n", "1" },
	{ "named nowhere, Exim", "Envelope-To: me@x\r\n", "1" },
	{ "named nowhere, Dovecot", "Delivered-To: ME@x\r\nTo: a@b\r\n", "1" },
	{ "named in Cc, Dovecot", "Delivered-To: me@x\r\nTo: a@b\r\nCc: me@x\r\n", "" },
	{ "passed on", "Delivered-To: me@x\r\nDelivered-To: old@y\r\nTo: old@y\r\n", "" },
	{ "another's copy", "Delivered-To: a@b\r\nTo: c@d\r\n", "" },
	{ "by an alias", "X-Original-To: alias@x\r\nDelivered-To: me@x\r\nTo: alias@x\r\n", "" },
	{ "by a list", "X-Original-To: me@x\r\nTo: list@b\r\nList-Id: <list.b>\r\n", "" },
	{ "sent on", "X-Original-To: me@x\r\nTo: a@b\r\nResent-To: me@x\r\n", "" },
	{ "nobody says so", "To: a@b\r\n", "" },
};

static void received_as_bcc(const struct bcc_case *c)
{
	assert_bytes_str(value_of(c->header, EMAIL2_RECEIVED_AS_BCC), c->want);
}
TEST_ROW(received_as_bcc)

static void single_values(void **state)
{
	(void)state;
	/* Without INTERNALDATE the Date field; a Sender only where it differs; From from Sender where there is none. */
	assert_bytes_str(value_of("Date: Tue, 21 May 2024 10:15:00 +0200\r\n", EMAIL_DATE_RECEIVED),
	    "2024-05-21T08:15:00.000Z");
	assert_bytes_str(value_of("Date: yesterday\r\n", EMAIL_DATE_RECEIVED), "1970-01-01T00:00:00.000Z");
	assert_int_equal(value_of("From: a@b\r\nSender: <a@b>\r\n", EMAIL2_SENDER).len, 0);
	assert_int_equal(value_of("From: a@b\r\nSender: A <A@B>\r\n", EMAIL2_SENDER).len, 0);
	assert_bytes_str(value_of("From: a@b\r\nSender: c@d\r\n", EMAIL2_SENDER), "<c@d>");
	assert_bytes_str(value_of("Sender: c@d\r\n", EMAIL_FROM), "<c@d>");
}

static const struct category_case {
	const char *name, *category, *back; /* keyword, what it is as a category, and that as a keyword */
} category_cases[] = {
	{ "Blue", "Blue", "Blue" },
	{ "$label1", "Important", "$label1" },
	{ "$Label5", "Later", "$label5" },
	{ "to_read", "to read", "to_read" },
	{ "a&l4-b", "a_b", "a&l4-b" },
	{ "a&b", "a&b", "a&ey-b" },
	{ "a&L4-b", "a&L4-b", "a&ey-L4-b" },
	{ "&ii-lue", "&ii-lue", "&ey-ii-lue" }, /* we would not write Blue so */
	{ "$MDNSent", "", "" },
	{ "$Forwarded", "", "" },
	{ "$FollowUpA", "", "" },
	{ "NonJunk", "", "" },
	{ "\\Recent", "", "" },
	{ "", "", "" },
};

static void categories(const struct category_case *c)
{
	struct bytes category, keyword;

	assert_int_equal(email_category(test_arena(), bytes_str(c->name), &category), ERR_OK);
	assert_bytes_str(category, c->category);
	assert_int_equal(email_is_category(bytes_str(c->name)), category.len > 0);
	assert_int_equal(email_keyword(test_arena(), category, &keyword), ERR_OK);
	assert_bytes_str(keyword, c->back);
}
TEST_ROW(categories)

/* Each comes back as it was. */
static const struct keyword_case {
	const char *name, *want;
} keyword_cases[] = {
	{ "To Do", "$label4" },
	{ "to do", "to_do" },
	{ "Red Category", "Red_Category" },
	{ "a(b)\"c", "a&fa-b&fera-c" },
	{ "B\xC3\xBCro", "B&yo6a-ro" },
	{ "***", "&fivcu-" },
	{ "\xE9\x87\x8D\xE8\xA6\x81", "&5gdy32fgqe-" },
	{ "Junk", "&ji-unk" },
	{ "$label1", "&eq-label1" },
	{ "Forwarded", "&iy-orwarded" },
	{ "a&b", "a&ey-b" },
	{ "a_b", "a&l4-b" },
};

static void keyword(const struct keyword_case *c)
{
	struct bytes got, back;

	assert_int_equal(email_keyword(test_arena(), bytes_str(c->name), &got), ERR_OK);
	assert_bytes_str(got, c->want);
	assert_int_equal(email_category(test_arena(), got, &back), ERR_OK);
	assert_bytes_str(back, c->name);
}
TEST_ROW(keyword)

static void odd_categories(void **state)
{
	static const char fifty[] = "12345678901234567890123456789012345678901234567890";
	struct bytes got;

	(void)state;
	assert_int_equal(email_keyword(test_arena(), BYTES(" x "), &got), ERR_OK);
	assert_bytes_str(got, "x");
	assert_int_equal(email_keyword(test_arena(), BYTES("  "), &got), ERR_OK);
	assert_int_equal(got.len, 0);
	assert_int_equal(email_keyword(test_arena(), BYTES("a\nb"), &got), ERR_UNSUPPORTED);
	assert_int_equal(email_keyword(test_arena(), bytes_str(fifty), &got), ERR_OK);
	assert_bytes_str(got, fifty);
	assert_int_equal(
	    email_keyword(test_arena(), BYTES("123456789012345678901234567890123456789012345678901"), &got),
	    ERR_UNSUPPORTED);
	assert_int_equal(email_keyword(test_arena(),
			     BYTES("1234567890123456789012345678901234567890123456789\xC3\xA4"), &got),
	    ERR_UNSUPPORTED);
}

/* ---- voice mail ---- */

#define VOICE_BODY                                                                                  \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: " \
	"audio/wav; name=v.wav\r\n\r\nRIFF\r\n--b--\r\n"
#define CALLER "Email2:UmCallerID \"+49 30 12345\"\n"
#define DURATION "Email2:UmAttDuration \"35\"\n"
#define VOICE_CLASS "Email:MessageClass \"IPM.Note.Microsoft.Voicemail\"\n"

static const struct voice_case {
	const char *name, *raw;
	enum eas_version version;
	bool class, caller, duration;
} voice_cases[] = {
	{ "as Exchange says it",
	    "Content-Class: voice-ca\r\nX-CallingTelephoneNumber: +49 30 12345\r\nX-VoiceMessageDuration: "
	    "35\r\n" VOICE_BODY,
	    EAS_14_0, true, true, true },
	{ "RFC 3458, RFC 3803", "Message-Context: voice-message\r\nContent-Duration: 35\r\n" VOICE_BODY,
	    EAS_16_1, true, false, true },
	{ "before 14.0",
	    "Content-Class: voice\r\nX-CallingTelephoneNumber: +49 30 12345\r\nX-VoiceMessageDuration: "
	    "35\r\n" VOICE_BODY,
	    EAS_12_1, true, false, false },
	{ "a recall that carries the fields",
	    "X-CallingTelephoneNumber: +49 30 12345\r\nX-VoiceMessageDuration: 35\r\n" VOICE_BODY, EAS_14_1,
	    false, false, false },
	{ "a duration that is no number",
	    "Content-Class: voice\r\nX-VoiceMessageDuration: 35s\r\nX-CallingTelephoneNumber: +49 30 "
	    "12345\r\n" VOICE_BODY,
	    EAS_14_1, true, true, false },
	{ "signed: S/MIME comes first",
	    "Message-Context: voice-message\r\nContent-Type: application/pkcs7-mime\r\n\r\nx", EAS_14_1,
	    false, false, false },
};

static bool stands_in(struct bytes in, const char *text)
{
	return memmem(in.p, in.len, text, strlen(text)) != NULL;
}

static void voice(const struct voice_case *c)
{
	struct sync_options o = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct sample s;
	struct email m;
	struct bytes dump;

	assert_int_equal(sample_make(test_arena(), bytes_str(c->raw), &o, c->version, false, &s), ERR_OK);
	m = email_of(&s);
	dump = written(email_write, c->version, &m);
	assert_int_equal(stands_in(dump, VOICE_CLASS), c->class);
	assert_int_equal(stands_in(dump, CALLER), c->caller);
	assert_int_equal(stands_in(dump, DURATION), c->duration);
}
TEST_ROW(voice)

/* UmAttOrder of a.wav, b.wav, a text and c.wav; 0: none. The duration is that of the newest. */
static const struct order_case {
	const char *name, *field;
	unsigned order[4];
} order_cases[] = {
	{ "the newest stands last", "", { 3, 2, 0, 1 } },
	{ "as listed", "X-AttachmentOrder: b.wav;c.wav;a.wav\r\n", { 3, 1, 0, 2 } },
	{ "with blanks, and in other letters", "X-AttachmentOrder: ; A.wav ;B.WAV; c.wav;\r\n",
	    { 1, 2, 0, 3 } },
	{ "one isn't listed", "X-AttachmentOrder: c.wav;a.wav\r\n", { 2, 0, 0, 1 } },
	{ "one is gone", "X-AttachmentOrder: d.wav;c.wav;b.wav;a.wav\r\n", { 3, 2, 0, 1 } },
	{ "what is no recording by its type", "X-AttachmentOrder: t.csv;a.wav\r\n", { 2, 0, 1, 0 } },
};

static void voice_orders(const struct order_case *c)
{
	static const char *const names[] = { "a.wav", "b.wav", "t.csv", "c.wav" };
	struct sync_options o = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct bytes dump;
	struct sample s;
	struct email m;
	char *at,
	    *raw = arena_printf(test_arena(),
		"Content-Class: voice\r\nX-VoiceMessageDuration: 35\r\n%sContent-Type: multipart/mixed; "
		"boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
		"--b\r\nContent-Type: audio/wav; name=a.wav\r\n\r\nRIFF\r\n"
		"--b\r\nContent-Type: audio/wav; name=b.wav\r\n\r\nRIFF\r\n"
		"--b\r\nContent-Type: text/csv; name=t.csv\r\n\r\n1,2\r\n"
		"--b\r\nContent-Type: audio/wav; name=c.wav\r\n\r\nRIFF\r\n--b--\r\n",
		c->field);

	assert_int_equal(sample_make(test_arena(), bytes_str(raw), &o, EAS_14_0, false, &s), ERR_OK);
	m = email_of(&s);
	dump = written(email_write, EAS_14_0, &m);
	at = arena_printf(test_arena(), "%.*s", BYTES_ARG(dump));
	for (size_t i = 0; i < 4; i++) {
		char *end, *order;

		at = strstr(at, arena_printf(test_arena(), "DisplayName \"%s\"", names[i]));
		assert_non_null(at);
		end = strstr(at, "AirSyncBase:Attachment\n");
		if (end)
			*end = 0;
		order = strstr(at, "Email2:UmAttOrder \"");
		assert_int_equal(order ? strtoul(order + 19, NULL, 10) : 0, c->order[i]);
		assert_int_equal(strstr(at, "UmAttDuration \"35\"") != NULL, c->order[i] == 1);
		if (end)
			*end = 'A';
	}
}
TEST_ROW(voice_orders)

/* ---- as a result of Find ---- */

static enum err write_found(struct wbxml_writer *w, enum eas_version v, const struct email *m)
{
	(void)v;
	return email_write_found(w, m);
}

static void found(void **state)
{
	struct body body = { .type = BODY_PLAIN, .preview = BYTES("At noon?") };
	struct email m = {
		.header =
		    BYTES("From: Bob <bob@x>\r\nTo: Ann <ann@x>, c@x\r\nCc: Carol <carol@x>\r\n"
			  "Bcc: d@x\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nImportance: high\r\n\r\n"),
		.body = &body,
		.received = 1716279300,
		.read = true
	};

	(void)state;
	assert_bytes_str(written(write_found, EAS_16_1, &m),
	    ROOT "\tEmail:Subject \"Gr\xC3\xBC\xC3\x9F"
		 "e\"\n"
		 "\tEmail:DateReceived \"2024-05-21T08:15:00.000Z\"\n"
		 "\tEmail:DisplayTo \"Ann;c@x\"\n"
		 "\tFind:DisplayCc \"Carol\"\n"
		 "\tFind:DisplayBcc \"d@x\"\n"
		 "\tEmail:Importance \"2\"\n"
		 "\tEmail:Read \"1\"\n"
		 "\tEmail2:IsDraft \"0\"\n"
		 "\tFind:Preview \"At noon?\"\n"
		 "\tFind:HasAttachments \"0\"\n"
		 "\tEmail:From \"\\\"Bob\\\" <bob@x>\"\n");
}

static void found_attachments(void **state)
{
	struct attachment v[] = { { .is_inline = true }, { .is_inline = true } };
	struct body_plan plan = { .attachments = v, .n_attachments = 2 };
	struct email m = { .plan = &plan };
	struct bytes got;

	(void)state;
	got = written(write_found, EAS_16_1, &m);
	assert_non_null(
	    memmem(got.p, got.len, "HasAttachments \"0\"", 18)); /* pictures of the text are none */
	v[1].is_inline = false;
	got = written(write_found, EAS_16_1, &m);
	assert_non_null(memmem(got.p, got.len, "HasAttachments \"1\"", 18));
}

int main(void)
{
	TEST_ADD_ROWS(trees, tree_cases);
	TEST_ADD(a_mail_without_anything);
	TEST_ADD_ROWS(state_alone, state_cases);
	TEST_ADD(state_that_is_gone);
	TEST_ADD(some_properties);
	TEST_ADD(stubs);
	TEST_ADD(found);
	TEST_ADD(found_attachments);
	TEST_ADD_ROWS(received_as_bcc, bcc_cases);
	TEST_ADD_ROWS(importances, importance_cases);
	TEST_ADD(single_values);
	TEST_ADD_ROWS(categories, category_cases);
	TEST_ADD_ROWS(keyword, keyword_cases);
	TEST_ADD(odd_categories);
	TEST_ADD_ROWS(voice, voice_cases);
	TEST_ADD_ROWS(voice_orders, order_cases);
	return test_run("mail email");
}
