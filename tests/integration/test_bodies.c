/* Bodies beyond plain text and HTML, as phones of each version get them (MS-ASAIRS 2.2.2.9 to 2.2.2.40). */
#include "mail/transfer.h"
#include "scene.h"

static const char reply[] = "From: a@example.org\r\nSubject: a reply\r\nIn-Reply-To: <1@example.org>\r\n"
			    "Content-Type: text/html; charset=utf-8\r\n\r\n"
			    "<p>Yes.</p><blockquote type=\"cite\"><p>Will you come?</p></blockquote>";

/* The first element of that tag in the newest answer, wherever it stands; NULL if there is none. */
static const struct wbxml_node *find(const struct wbxml_node *n, wbxml_tag tag)
{
	for (; n; n = n->next) {
		const struct wbxml_node *below = n->tag == tag ? n : find(n->child, tag);

		if (below)
			return below;
	}
	return NULL;
}

/* A phone that knows the folder but not yet its content, and then gets it with those options. */
static struct phone *phone_with(
    const char *user, enum eas_version v, const struct phone_options_block *options)
{
	struct phone *ph = scene_phone(user, "BODIES", v);
	struct phone_collection rq = { .options = options };

	SCENE_OK(ph, phone_setup(ph));
	rq.folder_id = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	SCENE_OK(ph, phone_sync_one(ph, &rq));
	return ph;
}

static const char *append(const char *mail)
{
	const char *user = scene_user();

	scene_append_raw(user, "INBOX", bytes_str(mail), "", NULL);
	return user;
}

static void body_part_is_what_is_new(enum eas_version v)
{
	static const struct phone_options_block options = { .bodies = { { .type = 1, .truncation = 10 } },
		.body_part = { .type = 2, .truncation = 1000, .preview = 50 } };
	struct phone *ph;
	const struct wbxml_node *part;

	if (v < EAS_14_1)
		return;
	ph = phone_with(append(reply), v, &options);
	part = find(ph->root, AIRSYNCBASE_BODY_PART);
	assert_non_null(part);
	assert_bytes_str(wbxml_child_text(part, AIRSYNCBASE_STATUS), "1");
	assert_bytes_str(wbxml_child_text(part, AIRSYNCBASE_TYPE), "2");
	assert_bytes_str(wbxml_child_text(part, AIRSYNCBASE_DATA), "<p>Yes.</p>");
	assert_bytes_str(wbxml_child_text(part, AIRSYNCBASE_PREVIEW), "Yes.");
	assert_null(wbxml_child(part, AIRSYNCBASE_TRUNCATED));
	assert_string_equal(phone_item_with_subject(scene_inbox(ph), "a reply")->body, "Yes.\r\n\r\n> ");
	scene_assert_clean(ph);
}
TEST_VERSIONS(body_part_is_what_is_new)

static void body_part_must_be_html(enum eas_version v)
{
	static const struct phone_options_block options = { .body_part = { .type = 1, .truncation = 1000 } };
	struct phone *ph;

	if (v < EAS_14_1)
		return;
	ph = phone_with(append(reply), v, &options);
	assert_int_equal(scene_inbox(ph)->status, 164);
}
TEST_VERSIONS(body_part_must_be_html)

static void mime_has_a_preview(enum eas_version v)
{
	static const struct phone_options_block options = { .mime_support = 1 + 2,
		.bodies = { { .type = 4, .truncation = 20, .preview = 50 } } };
	struct phone *ph = phone_with(append(reply), v, &options);
	const struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "a reply");

	assert_int_equal(i->body_type, 4);
	assert_string_equal(i->body, "From: a@example.org\r");
	assert_string_equal(i->preview, v >= EAS_14_0 ? "Yes." : "");
	scene_assert_clean(ph);
}
TEST_VERSIONS(mime_has_a_preview)

/* Too long as HTML, but not as plain text. */
static void all_or_none_takes_the_next(enum eas_version v)
{
	static const struct phone_options_block options = {
		.bodies = { { .type = 2, .truncation = 40, .all_or_none = true },
		    { .type = 1, .truncation = 40, .all_or_none = true } }
	};
	struct phone *ph = phone_with(append(reply), v, &options);
	const struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "a reply");

	assert_int_equal(i->body_type, 1);
	assert_string_equal(i->body, "Yes.\r\n\r\n> Will you come?");
	assert_int_equal(i->native_body, 2);
	scene_assert_clean(ph);
}
TEST_VERSIONS(all_or_none_takes_the_next)

/* A Fetch in Sync is how a phone asks for the rest. */
static void a_fetch_is_whole(enum eas_version v)
{
	static const struct phone_options_block options = { .bodies = { { .type = 1, .truncation = 10 } } };
	const char *user = append("From: a@example.org\r\nSubject: cut\r\n\r\nmore than ten octets\r\n");
	struct phone *ph = phone_with(user, v, &options);
	struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "cut");
	struct phone_edit fetch = { .command = AIRSYNC_FETCH, .id = i->id };
	unsigned status;

	assert_true(i->body_truncated);
	SCENE_OK(ph, phone_edit_one(ph, scene_inbox(ph), &fetch, &status));
	assert_int_equal(status, 1);
	i = phone_item_with_subject(scene_inbox(ph), "cut");
	assert_string_equal(i->body, "more than ten octets\r\n");
	assert_false(i->body_truncated);
	scene_append_raw(user, "INBOX", BYTES("Subject: next\r\n\r\nis cut again\r\n"), "", NULL);
	scene_sync(ph, scene_inbox(ph));
	assert_true(phone_item_with_subject(scene_inbox(ph), "next")->body_truncated);
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_fetch_is_whole)

/* ---- mails of many parts ---- */

/* A text of nine octets and a picture, n times. */
static const char *append_pairs(size_t n)
{
	struct buf b;
	struct bytes mail;
	const char *user = scene_user();

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, "From: a@example.org\r\nSubject: pairs\r\nMIME-Version: 1.0\r\n"
			"Content-Type: multipart/mixed; boundary=cut\r\n\r\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b,
		    "--cut\r\n\r\ntext %04zu\r\n--cut\r\nContent-Type: image/png; name=%zu.png\r\n\r\nx\r\n",
		    i, i);
	buf_put_str(&b, "--cut--\r\n");
	assert_int_equal(buf_done(&b, &mail), ERR_OK);
	scene_append_raw(user, "INBOX", mail, "", NULL);
	return user;
}

/* As Apple Mail writes what has pictures in it; and what nobody writes, of which is shown what is looked at. */
static void many_texts_between_pictures(enum eas_version v)
{
	enum { SOME = 40, ABSURD = 600, SHOWN = 500 /* with the pictures, and the whole, 1,000 parts */ };
	static const struct phone_options_block whole = { .bodies = {
							      { .type = 1, .truncation = PHONE_WHOLE } } };
	const struct phone_item *i =
	    phone_item_with_subject(scene_inbox(phone_with(append_pairs(SOME), v, &whole)), "pairs");

	assert_int_equal(i->body_len, SOME * strlen("text 0000\r\n\r\n") - 4);
	assert_non_null(strstr(i->body, "text 0039"));
	assert_false(i->body_truncated);
	assert_int_equal(i->attachment_count, SOME);
	i = phone_item_with_subject(scene_inbox(phone_with(append_pairs(ABSURD), v, &whole)), "pairs");
	assert_non_null(strstr(i->body, "text 0499"));
	assert_null(strstr(i->body, "text 0500"));
	assert_true(i->body_truncated);
	assert_int_equal(i->attachment_count, SHOWN - 1);
}
TEST_VERSIONS(many_texts_between_pictures)

/* ---- mails that the server reads otherwise ---- */

/* Of what says nothing of its charset the server says that it is us-ascii. */
static void html_names_its_charset(enum eas_version v)
{
	static const struct phone_options_block options = { .bodies = { { .type = 1, .truncation = 1000 } } };
	struct phone *ph =
	    phone_with(append("From: a@example.org\r\nSubject: meta\r\nContent-Type: text/html\r\n\r\n"
			      "<meta charset=koi8-r><p>\xD0\xD2</p>\r\n"),
		v, &options);

	assert_string_equal(phone_item_with_subject(scene_inbox(ph), "meta")->body, "\xD0\xBF\xD1\x80");
	scene_assert_clean(ph);
}
TEST_VERSIONS(html_names_its_charset)

/* With a blank in the empty line all of the text is header to the server. */
static void a_blank_in_the_empty_line(enum eas_version v)
{
	static const struct phone_options_block options = { .bodies = { { .type = 1, .truncation = 1000 } } };
	struct phone *ph = phone_with(append("From: a@example.org\r\nSubject: blank\r\n \r\n"
					     "Dear all,\r\nTo: be or not to be\r\n\r\nYours\r\n"),
	    v, &options);
	const struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "blank");

	assert_string_equal(i->body, "Dear all,\r\nTo: be or not to be\r\n\r\nYours\r\n");
	assert_string_equal(i->to, "");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_blank_in_the_empty_line)

/* ---- winmail.dat ---- */

/* One that holds its text as HTML in RTF, a file and a picture. */
static const char winmail[] =
    "From: a@example.org\r\nSubject: from Outlook\r\nMIME-Version: 1.0\r\n"
    "Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "eJ8+IgEAAQeQBgAIAAAA5AQAAAAAAADoAAEIgAcAGAAAAElQTS5NaWNyb3NvZnQgTWFpbC5Ob3Rl\r\n"
    "ADEIAQSAAQAIAAAATWludXRlcwDlAgEDkAYA2AAAAAIAAAAfAAGAMDEyMzQ1Njc4OWFiY2RlZgEA\r\n"
    "AAAGAAAAbgBhAAAAAAABAAAABAAAAHgAAAACAQkQAQAAAJgAAACUAAAAiAAAAE1FTEEAAAAAe1xy\r\n"
    "dGYxXGFuc2lcYW5zaWNwZzEyNTJcZnJvbWh0bWwxIHtcKlxodG1sdGFnNjQgPHA+fVxodG1scnRm\r\n"
    "IHtcYlxodG1scnRmMCBHb29kIG1vcm5pbmcsIEtcJ2U0dGhlXGh0bWxydGYgfVxodG1scnRmMCB7\r\n"
    "XCpcaHRtbHRhZzcyIDwvcD59fY06AgKQBgACAAAAAQABAAIPgAYAGAAAAG1pbnV0ZXMgb2YgdGhl\r\n"
    "IG1lZXRpbmcNCnsIAhCAAQANAAAATUlOVVRFfjEuVFhUAK8DAgWQBgBcAAAAAgAAAB8ABzcBAAAA\r\n"
    "MgAAAE0AaQBuAHUAdABlAHMAIABmAPwAcgAgAEQAaQBlAG4AcwB0AGEAZwAuAHQAeAB0AAAAAAAe\r\n"
    "AA43AQAAAAsAAAB0ZXh0L3BsYWluAAC/DgICkAYAAgAAAAEAAQACEIABAAkAAABsb2dvLnBuZwAk\r\n"
    "AwIPgAYABgAAAIlQTkcNCoUBAgWQBgAwAAAAAgAAAB4ADjcBAAAACgAAAGltYWdlL3BuZwAAAB4A\r\n"
    "EjcBAAAABwAAAGxvZ29AeAAAvwY=\r\n";

static void winmail_is_unpacked(enum eas_version v)
{
	static const struct phone_options_block options = { .bodies = { { .type = 2, .truncation = 1000 } } };
	struct phone *ph = phone_with(append(winmail), v, &options);
	const struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "from Outlook");
	struct bytes data, type;
	unsigned status;

	assert_string_equal(i->body, "<p>Good morning, K\xC3\xA4the</p>");
	assert_int_equal(i->native_body, 2);
	assert_int_equal(i->attachment_count, 2);
	assert_string_equal(i->attachments[0].name, "Minutes f\xC3\xBCr Dienstag.txt");
	assert_string_equal(i->attachments[1].name, "logo.png");
	SCENE_OK(ph, phone_fetch_attachment(
			 ph, i->attachments[0].reference, NULL, v < EAS_14_0, &status, &data, &type));
	assert_int_equal(status, 1);
	assert_bytes_str(data, "minutes of the meeting\r\n");
	assert_bytes_str(type, "text/plain");
	scene_assert_clean(ph);
}
TEST_VERSIONS(winmail_is_unpacked)

static void put_number(struct buf *b, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		buf_put_u8(b, (uint8_t)(n >> 8 * i));
}

static void put_attribute(struct buf *b, uint8_t level, uint32_t id, struct bytes data)
{
	buf_put_u8(b, level);
	put_number(b, id);
	put_number(b, (uint32_t)data.len);
	buf_put(b, data);
	buf_put(b, BYTES("\0\0"));
}

static void put_file(struct buf *b, const char *name, struct bytes data)
{
	put_attribute(b, 2, 0x00069002, BYTES("\1\0"));
	put_attribute(b, 2, 0x0006800F, data);
	put_attribute(b, 2, 0x00018010, bytes_str(name));
}

/* A text, a file of that size, and a small one. */
static struct bytes large_winmail(struct bytes file)
{
	struct buf stream, mail;
	struct bytes out;

	buf_init(&stream, test_arena(), 0);
	put_number(&stream, 0x223E9F78);
	buf_put(&stream, BYTES("\1\0"));
	put_attribute(&stream, 1, 0x0002800C, BYTES("Good morning"));
	put_file(&stream, "large.bin", file);
	put_file(&stream, "small.bin", BYTES("small"));
	assert_int_equal(buf_done(&stream, &out), ERR_OK);
	buf_init(&mail, test_arena(), 0);
	buf_put_str(&mail, "From: a@example.org\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: "
			   "application/ms-tnef; "
			   "name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	transfer_put_base64(&mail, out);
	assert_int_equal(buf_done(&mail, &out), ERR_OK);
	return test_copy(out);
}

/* Its list is made of pieces; the files are whole when they are fetched. */
static void a_large_winmail_is_skimmed(enum eas_version v)
{
	static const struct phone_options_block options = { .bodies = { { .type = 1, .truncation = 1000 } },
		.body_part = { .type = 2, .truncation = 1000 } };
	enum { SIZE = 2000 * 1000 };
	const char *user = scene_user();
	uint8_t *file = test_keep(SIZE);
	const struct phone_item *i;
	struct bytes data, type;
	struct phone *ph;
	unsigned status;

	for (size_t k = 0; k < SIZE; k++)
		file[k] = (uint8_t)(k * k >> 7);
	scene_append_raw(user, "INBOX", large_winmail(bytes_of(file, SIZE)), "", NULL);
	ph = phone_with(user, v, &options);
	i = phone_item_with_subject(scene_inbox(ph), "large");
	assert_string_equal(i->body, "Good morning");
	assert_int_equal(i->attachment_count, 2);
	assert_string_equal(i->attachments[0].name, "large.bin");
	assert_string_equal(i->attachments[1].name, "small.bin");
	SCENE_OK(ph, phone_fetch_attachment(
			 ph, i->attachments[0].reference, NULL, v < EAS_14_0, &status, &data, &type));
	assert_true(bytes_eq(data, bytes_of(file, SIZE)));
	SCENE_OK(ph, phone_fetch_attachment(
			 ph, i->attachments[1].reference, NULL, v < EAS_14_0, &status, &data, &type));
	assert_bytes_str(data, "small");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_large_winmail_is_skimmed)

/* ---- voice mail ---- */

static void voice_mail(enum eas_version v)
{
	static const struct phone_options_block options = { .bodies = { { .type = 1, .truncation = 1000 } } };
	struct phone *ph = phone_with(
	    append(
		"From: a@example.org\r\nSubject: voice\r\nContent-Class: "
		"voice-ca\r\nX-CallingTelephoneNumber: "
		"+49 30 12345\r\nX-VoiceMessageDuration: 35\r\nX-AttachmentOrder: v.wav\r\nContent-Type: "
		"multipart/mixed; "
		"boundary=b\r\n\r\n--b\r\n\r\n"
		"You have a message.\r\n--b\r\nContent-Type: audio/wav; name=v.wav\r\n\r\nRIFF\r\n--b--\r\n"),
	    v, &options);
	const struct phone_item *i = phone_item_with_subject(scene_inbox(ph), "voice");
	const struct wbxml_node *caller = find(ph->root, EMAIL2_UM_CALLER_ID), *duration, *order;

	assert_string_equal(i->message_class, "IPM.Note.Microsoft.Voicemail");
	duration = find(ph->root, EMAIL2_UM_ATT_DURATION);
	order = find(ph->root, EMAIL2_UM_ATT_ORDER);
	if (v < EAS_14_0) {
		assert_true(!caller && !duration && !order);
	} else {
		assert_true(caller && duration && order);
		assert_bytes_str(caller->text, "+49 30 12345");
		assert_bytes_str(duration->text, "35");
		assert_bytes_str(order->text, "1");
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(voice_mail)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 80, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(body_part_is_what_is_new);
	TEST_ADD_VERSIONS(body_part_must_be_html);
	TEST_ADD_VERSIONS(mime_has_a_preview);
	TEST_ADD_VERSIONS(all_or_none_takes_the_next);
	TEST_ADD_VERSIONS(a_fetch_is_whole);
	TEST_ADD_VERSIONS(many_texts_between_pictures);
	TEST_ADD_VERSIONS(html_names_its_charset);
	TEST_ADD_VERSIONS(a_blank_in_the_empty_line);
	TEST_ADD_VERSIONS(winmail_is_unpacked);
	TEST_ADD_VERSIONS(a_large_winmail_is_skimmed);
	TEST_ADD_VERSIONS(voice_mail);
	failed = test_run("bodies");
	scene_close();
	return failed;
}
