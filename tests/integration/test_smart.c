/* SmartReply and SmartForward: what the phone didn't send is in the mail all the same. */
#include <time.h>

#include "eas/status.h"
#include "finding.h"
#include "received.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define REPLY                                                                                           \
	"From: me@example.org\r\nTo: bob@example.org\r\nSubject: Re: original\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: text/plain; charset=utf-8\r\n\r\nmy own words\r\n"
#define HTML_REPLY                                                                                          \
	"From: me@example.org\r\nTo: bob@example.org\r\nBcc: hidden@example.org\r\nSubject: Re: "           \
	"original\r\nMIME-Version: 1.0\r\n"                                                                 \
	"Content-Type: multipart/alternative; boundary=p\r\n\r\n--p\r\nContent-Type: text/plain\r\n\r\nmy " \
	"own words\r\n"                                                                                     \
	"--p\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><b>my own "                       \
	"words</b></body></html>\r\n--p--\r\n"

#define ORIGINAL                                                                                          \
	"From: Carol <carol@example.net>\r\nTo: me@example.org\r\nSubject: original\r\nDate: Mon, 2 Mar " \
	"2026 10:00:00 +0000\r\n"                                                                         \
	"Message-ID: <original@example.net>\r\nReferences: <first@example.net>\r\nMIME-Version: 1.0\r\n"  \
	"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/related; "       \
	"boundary=i\r\n\r\n"                                                                              \
	"--i\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"   \
	"<html><head><style>p { color: red }</style></head><body><p>their w\xF6rds</p><img "              \
	"src=\"cid:pic@x\"></body></html>\r\n"                                                            \
	"--i\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Transfer-Encoding: "            \
	"base64\r\nContent-Disposition: inline\r\n\r\n"                                                   \
	"UElDVFVSRQ==\r\n--i--\r\n"                                                                       \
	"--o\r\nContent-Type: application/pdf; name=\"a \\\"b\\\".pdf\"\r\nContent-Transfer-Encoding: "   \
	"base64\r\n"                                                                                      \
	"Content-Disposition: attachment; filename*=utf-8''%E2%82%AC.pdf\r\n\r\nRklMRQ==\r\n--o--\r\n"

/* The account has the original in its inbox, and the phone knows it. */
static struct phone *phone_with(
    const char *user, enum eas_version v, const char *original, struct phone_source *source)
{
	struct phone *ph;

	scene_append_raw(user, "INBOX", bytes_str(original), "", NULL);
	ph = scene_synced_phone(user, "PHONE1", v);
	*source = (struct phone_source){ .folder_id = scene_inbox(ph)->id,
		.item_id = phone_item_with_subject(scene_inbox(ph), "original")->id };
	return ph;
}

static struct bytes sent_mail(const char *user, unsigned wanted)
{
	struct scene_mail *sent;
	struct bytes out = { 0 };

	assert_int_equal(scene_mails(user, "Sent", &sent), wanted);
	assert_true(truth_fetch(scene_truth(user), "Sent", sent[wanted - 1].uid, &out));
	return out;
}

static const char *flags_of(const char *user, const char *subject)
{
	return truth_mail(scene_truth(user), "INBOX", scene_mail(user, "INBOX", subject)->uid)->flags;
}

static void assert_same_text(struct bytes a, struct bytes b)
{
	assert_bytes_equal(a, b);
}

/* ---- replies ---- */

static void a_plain_reply(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph = phone_with(user, v, ORIGINAL, &source);
	unsigned before = received_count();
	struct bytes got;

	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY,
			 &(struct phone_mail){ .mime = BYTES(REPLY), .save_in_sent = true }, &source));
	assert_int_equal(ph->status, 1);
	assert_int_equal(ph->reply.body.len, 0);
	received_expect(before + 1);
	got = received(before + 1, "eml");
	assert_true(received_has(got, "my own words\r\n"));
	assert_true(received_has(got, "\r\nFrom: Carol <carol@example.net>\r\nSent: Mon, 2 Mar 2026"));
	assert_true(received_has(got, "\r\n> their w=C3=B6rds"));
	assert_true(received_has(got, "In-Reply-To:\r\n <original@example.net>\r\n"));
	assert_true(received_has(got, "References:\r\n <first@example.net>\r\n <original@example.net>\r\n"));
	assert_false(received_has(got, "UElDVFVSRQ"));
	assert_false(received_has(got, "RklMRQ"));
	assert_same_text(sent_mail(user, 1), got);
	assert_non_null(strstr(flags_of(user, "original"), "\\Answered"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_plain_reply)

static void an_html_reply(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph = phone_with(user, v, ORIGINAL, &source);
	unsigned before = received_count();
	struct bytes got, sent;

	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY,
			 &(struct phone_mail){ .mime = BYTES(HTML_REPLY), .save_in_sent = true }, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
	got = received(before + 1, "eml");
	assert_true(received_has(got, "\r\n> their w=C3=B6rds"));
	assert_true(received_has(got, "<b>my own words</b>"));
	assert_true(received_has(got, "<p>their w=C3=B6rds</p>"));
	assert_true(received_has(got, "</blockquote>\r\n</body></html>"));
	assert_int_equal(received_times(got, "<body>"), 1);
	assert_true(received_has(got, "Content-ID: <pic@x>")); /* the picture that the quote shows */
	assert_true(received_has(got, "\r\n\r\nUElDVFVSRQ==\r\n"));
	assert_false(received_has(got, "RklMRQ")); /* replies have no files */
	assert_false(received_has(got, "hidden@"));
	assert_true(received_has(received(before + 1, "json"), "hidden@example.org"));
	sent = sent_mail(user, 1);
	assert_true(received_has(sent, "Bcc: hidden@example.org\r\n"));
	assert_int_equal(sent.len, got.len + strlen("Bcc: hidden@example.org\r\n"));
}
TEST_VERSIONS(an_html_reply)

/* ---- what was done last ---- */

static const struct verb_case {
	const char *name, *to;
	enum eas_command cmd;
	unsigned verb;
} verb_cases[] = {
	{ "a reply", "carol@example.net", CMD_SMART_REPLY, 1 },
	{ "a reply to all", "carol@example.net, dan@example.net", CMD_SMART_REPLY, 2 },
	{ "a forward", "dan@example.net", CMD_SMART_FORWARD, 3 },
};

static void goes_along(
    struct phone *ph, struct phone_folder *from, struct phone_folder *to, unsigned verb, int64_t since)
{
	const struct phone_item *i = phone_item_with_subject(from, "original");
	const char *new_id;
	unsigned status;

	SCENE_OK(ph, phone_move_item(ph, i->id, from->id, to->id, &status, &new_id));
	assert_int_equal(status, 3);
	SCENE_OK(ph, phone_sync_folder(ph, from, NULL));
	SCENE_OK(ph, phone_sync_folder(ph, to, NULL));
	i = phone_item_with_subject(to, "original");
	assert_int_equal(i->last_verb, verb);
	assert_in_range(i->last_verb_time, since - 1, since + 60);
}

static void one_verb(const struct verb_case *c, enum eas_version v)
{
	const char *user = scene_user();
	const struct phone_item *i;
	struct phone_source source;
	struct phone *ph = phone_with(user, v, ORIGINAL, &source), *two;
	struct phone_folder *trash;
	int64_t now = time(NULL);
	char mail[300];

	snprintf(mail, sizeof(mail), "From: me@example.org\r\nTo: %s\r\nSubject: x\r\n\r\nhi\r\n", c->to);
	SCENE_OK(ph, phone_send_smart(ph, c->cmd, &(struct phone_mail){ .mime = bytes_str(mail) }, &source));
	assert_int_equal(ph->status, 1);
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	trash = phone_folder_of_type(&ph->replica, 4);
	if (v >= EAS_14_0) {
		goes_along(ph, scene_inbox(ph), trash, c->verb, now);
		goes_along(ph, trash, scene_inbox(ph), c->verb, now);
	}
	two = scene_synced_phone(user, "PHONE2", v);
	for (int n = 0; n < 2; n++) {
		i = phone_item_with_subject(scene_inbox(n ? two : ph), "original");
		assert_int_equal(i->last_verb, v < EAS_14_0 ? 0 : c->verb);
		if (v >= EAS_14_0)
			assert_in_range(i->last_verb_time, now - 1, now + 60);
	}
	scene_store(user, "INBOX", "original", "-FLAGS", "\\Answered $Forwarded");
	scene_store(user, "INBOX", "original", "+FLAGS", c->verb == 3 ? "\\Answered" : "$Forwarded");
	ph = scene_synced_phone(user, "PHONE3", v); /* another program has done something else since */
	i = phone_item_with_subject(scene_inbox(ph), "original");
	assert_int_equal(i->last_verb, v < EAS_14_0 ? 0 : c->verb == 3 ? 1 : 3);
	assert_int_equal(i->last_verb_time, 0);
}

static void a_verb(const struct verb_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++)
		one_verb(c, scene_versions[n].version);
}
TEST_ROW(a_verb)

/* The other phone hears of every one, although IMAP has the same flag as before. */
static void one_verb_after_another(const struct verb_case *c, enum eas_version v)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph = phone_with(user, v, ORIGINAL, &source), *two;
	char mail[300];

	scene_store(user, "INBOX", "original", "+FLAGS", c->verb == 3 ? "$Forwarded" : "\\Answered");
	two = scene_synced_phone(user, "PHONE2", v);
	for (unsigned n = 1; n <= 4; n++) {
		const struct phone_item *i = phone_item_with_subject(scene_inbox(two), "original");

		snprintf(mail, sizeof(mail),
		    "From: me@example.org\r\nTo: %s\r\nSubject: %u\r\nIn-Reply-To: "
		    "<original@example.net>\r\n\r\nhi\r\n",
		    c->to, n);
		source.replace_mime = v >= EAS_14_0 && n >= 3; /* then the original isn't read */
		SCENE_OK(ph,
		    phone_send_smart(ph, c->cmd, &(struct phone_mail){ .mime = bytes_str(mail) }, &source));
		assert_int_equal(ph->status, 1);
		scene_sync(two, scene_inbox(two));
		assert_int_equal(i->changes, v < EAS_14_0 ? 0 : n);
		if (v >= EAS_14_0)
			assert_string_equal(i->told, "LastVerbExecuted LastVerbExecutionTime");
	}
	scene_assert_clean(two);
}

static void a_verb_after_another(const struct verb_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++)
		one_verb_after_another(c, scene_versions[n].version);
}
TEST_ROW(a_verb_after_another)

/* ---- forwards ---- */

static void a_forward_has_the_files(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph = phone_with(user, v, ORIGINAL, &source);
	unsigned before = received_count();
	struct bytes got;

	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_FORWARD,
			 &(struct phone_mail){ .mime = BYTES(REPLY), .save_in_sent = true }, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
	got = received(before + 1, "eml");
	assert_true(received_has(got, "my own words\r\n"));
	assert_true(received_has(got, "\r\ntheir w=C3=B6rds"));
	assert_true(
	    received_has(got, "Content-Disposition: attachment;\r\n\tfilename*=utf-8''%E2%82%AC.pdf\r\n"));
	assert_true(received_has(got, "name=\"a \\\"b\\\".pdf\""));
	assert_true(received_has(got, "\r\n\r\nRklMRQ==\r\n"));
	assert_true(received_has(got, "\r\n\r\nUElDVFVSRQ==\r\n"));
	assert_same_text(sent_mail(user, 1), got);
	assert_non_null(strstr(flags_of(user, "original"), "$Forwarded"));
	assert_null(strstr(flags_of(user, "original"), "\\Answered"));
	/* what was sent can be read again: as a mail with these files */
	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_of_type(&ph->replica, 5), NULL));
	assert_int_equal(phone_folder_of_type(&ph->replica, 5)->count, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_forward_has_the_files)

/* "fyi" and the same subject, to the same person: the originals make two mails of it, and replying or forwarding, too. Each is
 * sent once more, as by a phone that has missed the answer. */
static void the_same_words_about_two_mails(enum eas_version v)
{
	static const struct {
		const char *subject, *client_id;
		enum eas_command cmd;
	} mails[] = {
		{ "original", "1", CMD_SMART_FORWARD },
		{ "another", "2", CMD_SMART_FORWARD },
		{ "another", "3", CMD_SMART_REPLY },
	};
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph;
	unsigned before = received_count();

	scene_append(user, "INBOX", "another", "");
	ph = phone_with(user, v, ORIGINAL, &source);
	for (unsigned i = 0; i < 2 * COUNT(mails); i++) {
		source.item_id = phone_item_with_subject(scene_inbox(ph), mails[i / 2].subject)->id;
		SCENE_OK(
		    ph, phone_send_smart(ph, mails[i / 2].cmd,
			    &(struct phone_mail){ .mime = BYTES(REPLY), .client_id = mails[i / 2].client_id },
			    &source));
		assert_int_equal(ph->status, 1);
		received_expect(before + i / 2 + 1);
	}
}
TEST_VERSIONS(the_same_words_about_two_mails)

/* Text that nobody may change, and originals that can't be read: the original goes along as it is, byte for byte. */
static const struct whole_case {
	const char *name, *mime, *original;
} whole_cases[] = {
	{ "the phone's text is signed",
	    "From: me@example.org\r\nTo: bob@example.org\r\nSubject: Fw: original\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; "
	    "boundary=s\r\n\r\n"
	    "--s\r\nContent-Type: text/plain\r\n\r\nsigned  words\r\n--s\r\nContent-Type: "
	    "application/pkcs7-signature\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nU0lH\r\n--s--\r\n",
	    ORIGINAL },
	{ "the original is encrypted", REPLY,
	    "From: c@example.net\r\nSubject: original\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nU0VDUkVU\r\n" },
	{ "the phone has no text",
	    "From: me@example.org\r\nTo: bob@example.org\r\nSubject: Fw: original\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
	    ORIGINAL },
};

static void the_original_goes_whole(const struct whole_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone_source source;
		struct phone *ph = phone_with(user, scene_versions[n].version, c->original, &source);
		unsigned before = received_count();
		struct bytes got;

		SCENE_OK(ph,
		    phone_send_smart(ph, CMD_SMART_FORWARD,
			&(struct phone_mail){ .mime = bytes_str(c->mime), .save_in_sent = true }, &source));
		assert_int_equal(ph->status, 1);
		received_expect(before + 1);
		got = received(before + 1, "eml");
		assert_true(received_has(got, "Content-Type: message/rfc822\r\n"));
		assert_true(received_has(got, c->original));
		assert_true(received_has(
		    got, strstr(c->mime, "\r\n\r\n"))); /* not a byte of the phone's is changed */
		assert_same_text(sent_mail(user, 1), got);
	}
}
TEST_ROW(the_original_goes_whole)

/* ---- the forms of a request ---- */

static void a_replaced_text_stays_alone(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph;
	unsigned before = received_count();
	struct bytes got;

	if (v < EAS_14_0)
		return; /* it came with 14.0 */
	ph = phone_with(user, v, ORIGINAL, &source);
	source.replace_mime = true;
	SCENE_OK(ph,
	    phone_send_smart(ph, CMD_SMART_FORWARD, &(struct phone_mail){ .mime = BYTES(REPLY) }, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
	got = received(before + 1, "eml");
	assert_false(received_has(got, "their w"));
	assert_false(received_has(got, "RklMRQ"));
	assert_true(received_has(got, "References:\r\n <first@example.net>\r\n <original@example.net>\r\n"));
	assert_false(received_has(got, "In-Reply-To:"));
	assert_non_null(strstr(flags_of(user, "original"), "$Forwarded"));
	scene_expunge(user, "INBOX", "original"); /* it doesn't depend on the original */
	SCENE_OK(ph,
	    phone_send_smart(ph, CMD_SMART_FORWARD, &(struct phone_mail){ .mime = BYTES(REPLY) }, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 2);
}
TEST_VERSIONS(a_replaced_text_stays_alone)

static const struct thread_case {
	const char *name, *own, *wanted, *unwanted;
} thread_cases[] = {
	{ "the phone leaves it to the server", "", "In-Reply-To:\r\n <original@example.net>\r\n",
	    "elsewhere" },
	{ "the phone has named the original alone", "In-Reply-To: <original@example.net>\r\n",
	    "References:\r\n <first@example.net>\r\n <original@example.net>\r\n", "elsewhere" },
	{ "the phone has named another thread", "In-Reply-To: <elsewhere@example.net>\r\n",
	    "In-Reply-To: <elsewhere@example.net>\r\n", "original@example.net" },
};

static void a_replaced_text_has_its_thread(const struct thread_case *c)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph = phone_with(user, EAS_14_1, ORIGINAL, &source);
	unsigned before = received_count();
	struct bytes got;
	char text[400];

	source.replace_mime = true;
	snprintf(text, sizeof(text), "%s" REPLY, c->own);
	SCENE_OK(ph, phone_send_smart(ph, CMD_SMART_REPLY,
			 &(struct phone_mail){ .mime = bytes_str(text), .save_in_sent = true }, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
	got = received(before + 1, "eml");
	assert_true(received_has(got, c->wanted));
	assert_false(received_has(got, c->unwanted));
	assert_same_text(sent_mail(user, 1), got);
}
TEST_ROW(a_replaced_text_has_its_thread)

/* As a phone gets it: by a search. Lives as long as the program. */
static const char *long_id_of(struct phone *ph, const char *text)
{
	const struct wbxml_node *store = finding_search(ph, &(struct asked){ .text = text });
	struct bytes id;
	char *kept;

	id = wbxml_child_text(wbxml_child(store, SEARCH_RESULT), SEARCH_LONG_ID);
	assert_true(id.len > 0);
	kept = test_keep(id.len + 1);
	snprintf(kept, id.len + 1, "%.*s", BYTES_ARG(id));
	return kept;
}

static void a_long_id_names_the_original(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_source source;
	struct phone *ph = phone_with(user, v, ORIGINAL, &source);
	unsigned before = received_count();

	source = (struct phone_source){ .long_id = long_id_of(ph, "subject:original") };
	SCENE_OK(
	    ph, phone_send_smart(ph, CMD_SMART_REPLY, &(struct phone_mail){ .mime = BYTES(REPLY) }, &source));
	assert_int_equal(ph->status, 1);
	received_expect(before + 1);
	assert_true(received_has(received(before + 1, "eml"), "> their w"));
}
TEST_VERSIONS(a_long_id_names_the_original)

static const struct refusal_case {
	const char *name;
	struct phone_source source;
	unsigned status;
	int http; /* up to 12.1 */
} refusal_cases[] = {
	{ "no such mail", { .item_id = "1:4711" }, STATUS_ITEM_NOT_FOUND, 500 },
	{ "no such folder", { .item_id = "4711:1" }, STATUS_ITEM_NOT_FOUND, 500 },
	{ "no id at all", { 0 }, STATUS_INVALID_IDS, 500 },
	{ "two kinds of ids", { .item_id = "1:1", .long_id = "1:1" }, STATUS_INVALID_COMBINATION_OF_IDS,
	    400 },
	{ "nonsense", { .item_id = "' OR 1=1" }, STATUS_ITEM_NOT_FOUND, 500 },
};

static void an_original_is_refused(const struct refusal_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *user = scene_user();
		struct phone *ph = scene_synced_phone(user, "PHONE1", scene_versions[n].version);
		unsigned before = received_count();
		enum err e = phone_send_smart(ph, CMD_SMART_REPLY,
		    &(struct phone_mail){ .mime = BYTES(REPLY), .save_in_sent = true }, &c->source);
		struct scene_mail *sent;

		if (ph->version < EAS_14_0) {
			assert_int_equal(ph->reply.status, c->http);
		} else {
			SCENE_OK(ph, e);
			assert_int_equal(ph->status, c->status);
		}
		assert_int_equal(received_count(), before);
		assert_int_equal(scene_mails(user, "Sent", &sent), 0);
	}
}
TEST_ROW(an_original_is_refused)

/* Forwardees are for meetings: a mail that names them isn't sent, to nobody. MS-ASCMD 2.2.2, 178 and 179. */
static const struct forwardee_case {
	const char *name;
	bool mime;
	unsigned status;
} forwardee_cases[] = {
	{ "with a mail of its own", true, STATUS_INVALID_MIME_BODY_COMBINATION },
	{ "of a mail", false, STATUS_INVALID_SMART_FORWARD_PARAMETERS },
};

static void put_forwardees(struct wbxml_writer *w, const struct phone_source *source, bool mime)
{
	wbxml_open(w, COMPOSEMAIL_SMART_FORWARD);
	wbxml_put_str(w, COMPOSEMAIL_CLIENT_ID, "forwardees");
	wbxml_open(w, COMPOSEMAIL_SOURCE);
	wbxml_put_str(w, COMPOSEMAIL_FOLDER_ID, source->folder_id);
	wbxml_put_str(w, COMPOSEMAIL_ITEM_ID, source->item_id);
	wbxml_close(w);
	wbxml_open(w, COMPOSEMAIL_FORWARDEES);
	wbxml_open(w, COMPOSEMAIL_FORWARDEE);
	wbxml_put_str(w, COMPOSEMAIL_EMAIL, "bob@example.org");
	wbxml_close(w);
	wbxml_close(w);
	if (mime) {
		wbxml_open(w, COMPOSEMAIL_MIME);
		wbxml_opaque(w, BYTES(REPLY));
		wbxml_close(w);
	}
	wbxml_close(w);
}

static void forwardees_are_refused(const struct forwardee_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		unsigned before = received_count();
		uint32_t status;
		struct phone_source source;
		struct phone *ph;

		if (scene_versions[n].version < EAS_16_0)
			continue; /* they came with 16.0 */
		ph = phone_with(scene_user(), scene_versions[n].version, ORIGINAL, &source);
		put_forwardees(phone_request(ph), &source, c->mime);
		SCENE_OK(ph, phone_command(ph, CMD_SMART_FORWARD, NULL));
		assert_int_equal(wbxml_child_uint(ph->root, COMPOSEMAIL_STATUS, 0, 999, &status), ERR_OK);
		assert_int_equal(status, c->status);
		assert_int_equal(received_count(), before);
	}
}
TEST_ROW(forwardees_are_refused)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 120 });
	TEST_ADD_VERSIONS(a_plain_reply);
	TEST_ADD_VERSIONS(an_html_reply);
	TEST_ADD_ROWS(a_verb, verb_cases);
	TEST_ADD_ROWS(a_verb_after_another, verb_cases);
	TEST_ADD_VERSIONS(a_forward_has_the_files);
	TEST_ADD_VERSIONS(the_same_words_about_two_mails);
	TEST_ADD_ROWS(the_original_goes_whole, whole_cases);
	TEST_ADD_VERSIONS(a_replaced_text_stays_alone);
	TEST_ADD_ROWS(a_replaced_text_has_its_thread, thread_cases);
	TEST_ADD_VERSIONS(a_long_id_names_the_original);
	TEST_ADD_ROWS(an_original_is_refused, refusal_cases);
	TEST_ADD_ROWS(forwardees_are_refused, forwardee_cases);
	failed = test_run("smart");
	scene_close();
	return failed;
}
