/* Notes between the Notes class and mail: what phones send, what IMAP clients wrote, and that nothing gets lost between them. */
#include "mail_random.h"
#include "notes/note_mail.h"
#include "unit/proto/item_data.h"
#include "unit/proto/mail_sample.h"
#include "wbxml/dump.h"

enum { MAILS = 400 };

static const struct note_stamp stamp = { .uuid = BYTES("0A1B2C3D-1111-4222-8333-444455556666"),
	.message_id = BYTES("<new@x>"),
	.from = BYTES("anna@example.org"),
	.now = 1795000000 };

/* ---- identity ---- */

static const struct id_case {
	const char *name, *a, *b;
	bool same;
} id_cases[] = {
	{ "letter case", "0A1B-ff", "0a1b-FF", true },
	{ "another", "0A1B-ff", "0A1B-fe", false },
	{ "a beginning", "0A1B", "0A1B-", false },
};

static void identity(const struct id_case *c)
{
	assert_int_equal(note_id(bytes_str(c->a)) == note_id(bytes_str(c->b)), c->same);
}
TEST_ROW(identity)

static void made_uuids(void **state)
{
	char one[NOTE_UUID_LEN + 1], two[NOTE_UUID_LEN + 1];

	(void)state;
	note_uuid_format(UINT64_C(0x0123456789abcdef), UINT64_C(0x0123456789abcdef), one);
	assert_string_equal(one, "01234567-89AB-8DEF-8123-456789ABCDEF");
	note_uuid_of_mail(7, 12, one);
	note_uuid_of_mail(71, 2, two); /* the numbers are kept apart */
	assert_string_not_equal(one, two);
	note_uuid_of_mail(7, 12, two);
	assert_string_equal(one, two);
}

/* ---- what a phone says ---- */

static const struct edit_case {
	const char *name, *data;
	enum err want;
	bool has_subject, has_text;
	const char *subject;
	enum body_type type;
	const char *text;
	bool has_categories;
} edit_cases[] = {
	{ "all of it",
	    "\tNotes:Subject \"Title\"\n\tNotes:MessageClass \"IPM.StickyNote\"\n"
	    "\tNotes:Categories\n\t\tNotes:Category \"Red\"\n"
	    "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n\t\tAirSyncBase:Data \" a\\nb\"\n",
	    ERR_OK, true, true, "Title", BODY_PLAIN, " a\r\nb", true },
	{ "HTML", "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"2\"\n\t\tAirSyncBase:Data \"<p>a\"\n", ERR_OK,
	    false, true, "", BODY_HTML, "<p>a", false },
	{ "an empty text", "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n\t\tAirSyncBase:Data\n", ERR_OK,
	    false, true, "", BODY_PLAIN, "", false },
	{ "a class of its own", "\tNotes:MessageClass \"ipm.stickynote.x\"\n", ERR_OK, false, false, "",
	    BODY_NONE, "", false },
	{ "nothing", "", ERR_OK, false, false, "", BODY_NONE, "", false },
	{ "another class", "\tNotes:MessageClass \"IPM.Note\"\n", ERR_PROTO, false, false, NULL, 0, NULL,
	    false },
	{ "the class goes on", "\tNotes:MessageClass \"IPM.StickyNotes\"\n", ERR_PROTO, false, false, NULL, 0,
	    NULL, false },
	{ "a body without Data", "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n", ERR_PROTO, false, false,
	    NULL, 0, NULL, false },
	{ "a body without Type", "\tAirSyncBase:Body\n\t\tAirSyncBase:Data \"x\"\n", ERR_PROTO, false, false,
	    NULL, 0, NULL, false },
	{ "MIME", "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"4\"\n\t\tAirSyncBase:Data \"x\"\n", ERR_PROTO,
	    false, false, NULL, 0, NULL, false },
	{ "RTF that is none",
	    "\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"3\"\n\t\tAirSyncBase:Data \"AAAA\"\n", ERR_PROTO,
	    false, false, NULL, 0, NULL, false },
};

static void edit(const struct edit_case *c)
{
	struct note_edit got;

	assert_int_equal(note_edit_read(test_arena(), item_data(c->data), &got), c->want);
	if (c->want)
		return;
	assert_int_equal(got.has_subject, c->has_subject);
	assert_int_equal(got.has_text, c->has_text);
	assert_bytes_str(got.subject, c->subject);
	assert_int_equal(got.type, c->type);
	assert_bytes_str(got.text, c->text);
	assert_int_equal(got.categories != NULL, c->has_categories);
}
TEST_ROW(edit)

/* ---- new notes ---- */

static void a_new_note(void **state)
{
	struct note_edit e = { .has_subject = true,
		.subject = BYTES("Käse"),
		.has_text = true,
		.type = BODY_PLAIN,
		.text = BYTES("Käse\r\nbuy it") };
	struct bytes out;

	(void)state;
	assert_int_equal(note_make(test_arena(), &e, &stamp, &out), ERR_OK);
	assert_bytes_str(out, "From: <anna@example.org>\r\n"
			      "Subject: =?utf-8?Q?K=C3=A4se?=\r\n"
			      "Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
			      "Message-ID: <new@x>\r\n"
			      "X-Uniform-Type-Identifier: com.apple.mail-note\r\n"
			      "X-Universally-Unique-Identifier: 0A1B2C3D-1111-4222-8333-444455556666\r\n"
			      "X-Mail-Created-Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
			      "MIME-Version: 1.0\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			      "K=C3=A4se\r\nbuy it=\r\n");
}

/* ---- changes ---- */

#define NOTE_FIELDS                                          \
	"Message-ID: <new@x>\r\n"                            \
	"X-Uniform-Type-Identifier: com.apple.mail-note\r\n" \
	"X-Universally-Unique-Identifier: 0A1B2C3D-1111-4222-8333-444455556666\r\n"
#define NEW_DATE "Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
#define NEW_PLAIN \
	"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
#define NEW_HTML \
	"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"

static const struct patch_case {
	const char *name, *raw;
	const char *subject; /* NULL: not said */
	enum body_type type;
	const char *text; /* NULL: not said */
	enum err want;
	const char *mail; /* "": nothing to be done */
} patch_cases[] = {
	{ "a title", "Subject: a\r\nDate: x\r\nX-Own: 1\r\nMessage-ID: <old@x>\r\n\r\nbody\r\n", "b", 0, NULL,
	    ERR_OK,
	    "X-Own: 1\r\nSubject: b\r\n" NEW_DATE NOTE_FIELDS "X-Mail-Created-Date: x\r\n\r\nbody\r\n" },
	{ "a text", "Subject: a\r\nX-Own: 1\r\n\r\nbody\r\n", NULL, BODY_PLAIN, "new\r\n", ERR_OK,
	    "Subject: a\r\nX-Own: 1\r\n" NEW_DATE NOTE_FIELDS
	    "X-Mail-Created-Date: Wed, 18 Nov 2026 11:06:40 +0000\r\nMIME-Version: 1.0\r\n" NEW_PLAIN
	    "new\r\n" },
	{ "the same title", "Subject: =?utf-8?Q?=C3=A4?=\r\n\r\nbody\r\n", "ä", 0, NULL, ERR_OK, "" },
	{ "the same text", "Subject: a\r\n\r\nbody\r\n", NULL, BODY_PLAIN, "body", ERR_OK, "" },
	{ "the same text, shown plain", "Content-Type: text/html\r\n\r\n<p>some <b>text</b></p>", NULL,
	    BODY_PLAIN, "some text\r\n", ERR_OK, "" },
	{ "a blank at its beginning is a change", "\r\nbody\r\n", NULL, BODY_PLAIN, " body\r\n", ERR_OK,
	    NEW_DATE NOTE_FIELDS
	    "X-Mail-Created-Date: Wed, 18 Nov 2026 11:06:40 +0000\r\nMIME-Version: 1.0\r\n" NEW_PLAIN
	    " body\r\n" },
	{ "plain text in HTML",
	    "MIME-Version: 1.0\r\nContent-Type: text/html\r\nX-Mail-Created-Date: y\r\n\r\n<p>x", NULL,
	    BODY_PLAIN, "1 < 2", ERR_OK,
	    "MIME-Version: 1.0\r\nX-Mail-Created-Date: y\r\n" NEW_DATE NOTE_FIELDS NEW_HTML
	    "<html><head></head><body>1 &lt; 2<br>\r\n</body></html>\r\n" },
	{ "HTML in plain text", "MIME-Version: 1.0\r\nX-Mail-Created-Date: y\r\n\r\nx", NULL, BODY_HTML,
	    "<p>2\r\n", ERR_OK,
	    "MIME-Version: 1.0\r\nX-Mail-Created-Date: y\r\n" NEW_DATE NOTE_FIELDS NEW_HTML "<p>2\r\n" },
	{ "both forms",
	    "MIME-Version: 1.0\r\nX-Mail-Created-Date: y\r\nContent-Type: multipart/alternative; "
	    "boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/plain\r\nContent-ID: <1>\r\n\r\nold\r\n"
	    "--b\r\nContent-Type: text/html\r\n\r\n<b>old</b>\r\n--b--\r\n",
	    NULL, BODY_HTML, "<i>new</i>\r\n", ERR_OK,
	    "MIME-Version: 1.0\r\nX-Mail-Created-Date: y\r\nContent-Type: multipart/alternative; "
	    "boundary=b\r\n" NEW_DATE NOTE_FIELDS "\r\n--b\r\nContent-ID: <1>\r\n" NEW_PLAIN "new=\r\n\r\n"
	    "--b\r\n" NEW_HTML "<i>new</i>\r\n\r\n--b--\r\n" },
	{ "a text that looks like a boundary", "MIME-Version: 1.0\r\nX-Mail-Created-Date: y\r\n\r\nx", NULL,
	    BODY_PLAIN, "--b", ERR_OK,
	    "MIME-Version: 1.0\r\nX-Mail-Created-Date: y\r\n" NEW_DATE NOTE_FIELDS
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nLS1i\r\n" },
	{ "signed",
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nold\r\n--b\r\nContent-Type: "
	    "application/pgp-signature\r\n\r\nx\r\n--b--\r\n",
	    NULL, BODY_PLAIN, "new", ERR_UNSUPPORTED, NULL },
	{ "a signed one's title",
	    "Subject: a\r\nX-Mail-Created-Date: y\r\nContent-Type: multipart/signed; boundary=b\r\n"
	    "\r\n--b\r\n\r\nold\r\n--b--\r\n",
	    "b", 0, NULL, ERR_OK,
	    "X-Mail-Created-Date: y\r\nContent-Type: multipart/signed; boundary=b\r\nSubject: b\r\n" NEW_DATE
		NOTE_FIELDS "\r\n--b\r\n\r\nold\r\n--b--\r\n" },
	{ "no text at all", "Content-Type: image/png\r\n\r\nx", NULL, BODY_PLAIN, "new", ERR_UNSUPPORTED,
	    NULL },
	{ "a header that breaks off", "X-Own: 1", "b", 0, NULL, ERR_OK,
	    "X-Own: 1\r\nSubject: b\r\n" NEW_DATE NOTE_FIELDS
	    "X-Mail-Created-Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n\r\n" },
	{ "empty", "", "title", BODY_PLAIN, "new\r\n", ERR_OK,
	    "Subject: title\r\n" NEW_DATE NOTE_FIELDS
	    "X-Mail-Created-Date: Wed, 18 Nov 2026 11:06:40 +0000\r\nMIME-Version: 1.0\r\n" NEW_PLAIN
	    "new\r\n" },
};

static void patch(const struct patch_case *c)
{
	struct sync_options shown = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct note_edit e = { .has_subject = c->subject != NULL,
		.subject = bytes_str(c->subject),
		.has_text = c->text != NULL,
		.type = c->type,
		.text = bytes_str(c->text) };
	struct bytes out;

	assert_int_equal(
	    note_patch(test_arena(), test_copy(bytes_str(c->raw)), &shown, EAS_14_1, &e, &stamp, &out),
	    c->want);
	if (!c->want)
		assert_bytes_str(out, c->mail);
}
TEST_ROW(patch)

static void a_text_that_says_that_it_is_cut(void **state)
{
	struct sync_options shown = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct note_edit e;
	struct bytes out;

	(void)state;
	assert_int_equal(
	    note_edit_read(test_arena(),
		item_data("\tAirSyncBase:Body\n\t\tAirSyncBase:Type \"1\"\n\t\tAirSyncBase:Truncated "
			  "\"1\"\n\t\tAirSyncBase:Data \"other\"\n"),
		&e),
	    ERR_OK);
	assert_int_equal(
	    note_patch(test_arena(), BYTES("\r\nlong text\r\n"), &shown, EAS_14_1, &e, &stamp, &out), ERR_OK);
	assert_int_equal(out.len, 0);
}

static void a_cut_text_is_no_change(void **state)
{
	struct sync_options shown = sample_options(BODY_PLAIN, 10, 0);
	struct note_edit e = { .has_text = true, .type = BODY_PLAIN, .text = BYTES("0123456789") };
	struct bytes out;

	(void)state;
	assert_int_equal(
	    note_patch(test_arena(), BYTES("\r\n0123456789abc\r\n"), &shown, EAS_14_1, &e, &stamp, &out),
	    ERR_OK);
	assert_int_equal(out.len, 0);
	e.text = BYTES("012345678");
	assert_int_equal(
	    note_patch(test_arena(), BYTES("\r\n0123456789abc\r\n"), &shown, EAS_14_1, &e, &stamp, &out),
	    ERR_OK);
	assert_true(out.len > 0);
}

/* ---- any mail ---- */

static void files_are_there(const struct random_mail *m, const struct sample *s)
{
	assert_int_equal(s->plan.n_attachments, m->n_files);
	for (size_t i = 0; i < m->n_files; i++) {
		const struct attachment *at = &s->plan.attachments[i];
		struct bytes data;

		assert_bytes_str(at->display_name, m->files[i].name);
		assert_int_equal(
		    transfer_decode(test_arena(), at->part->encoding, at->part->body, &data), ERR_OK);
		assert_bytes_equal(data, m->files[i].data);
	}
}

/* The phone's text is all the text there is, and every file is still there. */
static void has_only(const struct random_mail *m, struct bytes mail, enum body_type type, struct bytes text)
{
	struct sync_options o = sample_options(type, BODY_WHOLE, 0);
	struct sample s;

	assert_int_equal(sample_make(test_arena(), mail, &o, EAS_16_1, false, &s), ERR_OK);
	if (type == BODY_PLAIN && !memmem(text.p, text.len, "<p>", 3))
		assert_bytes_equal(bytes_trim(s.body.data), bytes_trim(text));
	random_check(&text, 1, s.body.data);
	files_are_there(m, &s);
}

static void any_mail_can_be_changed(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= MAILS; n++) {
		struct sync_options shown = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
		struct note_edit e = { .has_text = true };
		struct random_mail m;
		struct bytes raw = random_mail(&m, n), out, words;

		e.type = n & 1 ? BODY_PLAIN : BODY_HTML;
		words = BYTES("word1000 Gr\xC3\xBC\xC3\x9F end1000");
		e.text = n & 1 ? words : BYTES("<p>word1000 Gr\xC3\xBC\xC3\x9F end1000</p>");
		assert_int_equal(note_patch(test_arena(), raw, &shown, EAS_16_1, &e, &stamp, &out), ERR_OK);
		has_only(&m, out, BODY_PLAIN, words);
		has_only(&m, out, BODY_HTML, words);
	}
}

/* ---- what a phone is told ---- */

static void a_note_is_written(void **state)
{
	struct sync_options o = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct bytes keywords[] = { BYTES("Red"), BYTES("$MDNSent") }, doc, dump;
	struct wbxml_writer w;
	struct email m;
	struct sample s;
	struct buf b;

	(void)state;
	assert_int_equal(sample_make(test_arena(),
			     BYTES("Subject: =?utf-8?Q?K=C3=A4se?=\r\nDate: Fri, 06 Nov 2026 10:19:33 "
				   "+0100\r\nContent-Type: text/html\r\n\r\n<p>one<p>two"),
			     &o, EAS_14_1, false, &s),
	    ERR_OK);
	m = (struct email){ .header = s.header,
		.plan = &s.plan,
		.body = &s.body,
		.received = 1,
		.keywords = keywords,
		.n_keywords = 2 };
	buf_init(&b, test_arena(), 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_APPLICATION_DATA);
	assert_int_equal(note_write(&w, EAS_14_1, &m), ERR_OK);
	wbxml_close(&w);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_dump(test_arena(), doc, &dump), ERR_OK);
	assert_bytes_str(dump, "AirSync:ApplicationData\n"
			       "\tNotes:Subject \"Käse\"\n"
			       "\tAirSyncBase:Body\n"
			       "\t\tAirSyncBase:Type \"1\"\n"
			       "\t\tAirSyncBase:EstimatedDataSize \"10\"\n"
			       "\t\tAirSyncBase:Data \"one\\r\\n\\r\\ntwo\"\n"
			       "\tNotes:MessageClass \"IPM.StickyNote\"\n"
			       "\tNotes:LastModifiedDate \"20261106T091933Z\"\n"
			       "\tNotes:Categories\n"
			       "\t\tNotes:Category \"Red\"\n"
			       "\tAirSyncBase:NativeBodyType \"2\"\n");
}

int main(void)
{
	TEST_ADD_ROWS(identity, id_cases);
	TEST_ADD(made_uuids);
	TEST_ADD_ROWS(edit, edit_cases);
	TEST_ADD(a_new_note);
	TEST_ADD_ROWS(patch, patch_cases);
	TEST_ADD(a_cut_text_is_no_change);
	TEST_ADD(a_text_that_says_that_it_is_cut);
	TEST_ADD(any_mail_can_be_changed);
	TEST_ADD(a_note_is_written);
	return test_run("notes");
}
