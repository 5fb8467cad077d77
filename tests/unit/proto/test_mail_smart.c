/* Replies and forwards: the phone's text and the original in one mail. */
#include "mail/fingerprint.h"
#include "mail/mime_parse.h"
#include "mail/part_header.h"
#include "mail/smart.h"
#include "testing.h"

#define TOP "From: me@x\r\nTo: b@x\r\nSubject: Re: s\r\n"

static struct mime_part pdf = { .type = BYTES("application"),
	.subtype = BYTES("pdf"),
	.encoding = MIME_BASE64,
	.size = 8,
	.disposition = MIME_ATTACHMENT,
	.section = "2" };
static struct mime_part png = { .type = BYTES("image"),
	.subtype = BYTES("png"),
	.encoding = MIME_BASE64,
	.size = 4,
	.id = BYTES("<pic>"),
	.section = "1.2" };

/* The original of all rows. */
static struct smart_original original(struct attachment files[2])
{
	struct smart_original o = { .root = &pdf,
		.size = 1000,
		.plain = BYTES("theirs\r\n> older\r\n"),
		.html = BYTES("<HTML><head><style>s</style></head><BODY bgcolor=x><p>theirs <img "
			      "src='cid:pic'></BODY></HTML>"),
		.attachments = files,
		.n_attachments = 2 };

	files[0] = (struct attachment){ .part = &pdf };
	files[1] = (struct attachment){ .part = &png, .content_id = BYTES("pic") };
	assert_int_equal(
	    header_parse(test_arena(),
		BYTES("From: C <c@x>\r\nDate: then\r\nMessage-ID: <o@x>\r\nIn-Reply-To: <f@x>\r\n\r\n"),
		&o.header),
	    ERR_OK);
	return o;
}

/* All of it, with <<section>> where the original's bytes go. */
static struct bytes joined(const struct smart *m)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put(&b, m->header);
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].section)
			buf_printf(&b, "<<%s>>", m->v[i].section);
		else
			buf_put(&b, m->v[i].text);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

#define QUOTE_MARKED \
	"=2D----Original Message-----\r\nFrom: C <c@x>\r\nSent: then\r\n\r\n> theirs\r\n>> older\r\n"
#define QUOTE_BARE "=2D----Original Message-----\r\nFrom: C <c@x>\r\nSent: then\r\n\r\ntheirs\r\n> older\r\n"
#define REFERENCES "References:\r\n <f@x>\r\n <o@x>\r\n"
#define UTF8_PLAIN \
	"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"

static const struct smart_case {
	const char *name;
	enum smart_kind kind;
	bool sealed;
	const char *raw;
	const char *has[5], *has_not[3];
} smart_cases[] = {
	{ "a bare reply", SMART_REPLY, false, TOP "\r\nmine",
	    { TOP "In-Reply-To:\r\n <o@x>\r\n" REFERENCES "MIME-Version: 1.0\r\n" UTF8_PLAIN
		  "mine\r\n\r\n" QUOTE_MARKED },
	    { "<<", "boundary" } },
	{ "bare line ends, another charset, encoded", SMART_REPLY, false,
	    TOP "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
		"quoted-printable\n\nm=FCde=\n !\n",
	    { UTF8_PLAIN "m=C3=BCde !\r\n\r\n" QUOTE_MARKED }, { "iso-8859-1" } },
	{ "the phone threads itself", SMART_REPLY, false, TOP "References: <mine@x>\r\n\r\nmine\r\n",
	    { TOP "References: <mine@x>\r\nMIME-Version" }, { "<o@x>" } },
	{ "HTML: inside its document, with the picture beside it", SMART_REPLY, false,
	    TOP "Content-Type: text/html\r\n\r\n<html><body><i>mine</i></Body></html>\r\n",
	    { "Content-Type: multipart/related; type=\"text/html\"; "
	      "boundary=\"rB\"\r\n\r\n--rB\r\nContent-Type: text/html; charset=utf-8\r\n",
		"<html><body><i>mine</i><br><hr>", "<style>s</style><p>theirs",
		"</blockquote>\r\n</Body></html>\r\n",
		"\r\n--rB\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
		"Content-ID: <pic>\r\n\r\n<<1.2>>\r\n--rB--\r\n" },
	    { "<<2>>", "BODY bgcolor", "mB" } },
	{ "a plain forward: both files", SMART_FORWARD, false, TOP "\r\nmine\r\n",
	    { REFERENCES "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
			 "boundary=\"mB\"\r\n\r\n--mB\r\n" UTF8_PLAIN "mine\r\n\r\n" QUOTE_BARE
			 "\r\n--mB\r\nContent-Type: application/pdf\r\n",
		"Content-Disposition: attachment\r\n\r\n<<2>>\r\n--mB\r\n", "<<1.2>>\r\n--mB--\r\n" },
	    { "In-Reply-To" } },
	{ "two forms, and a file of the phone's", SMART_FORWARD, false,
	    TOP "Content-Type: multipart/mixed; boundary=p\r\n\r\npreamble\r\n--p\r\nContent-Type: "
		"multipart/alternative; boundary=q\r\n\r\n"
		"--q\r\n\r\nmine\r\n--q\r\nContent-Type: text/html\r\n\r\n<i>mine</i>\r\n--q--\r\n"
		"--p\r\nContent-Type: text/plain; name=own.txt\r\n\r\nmy  file\r\n--p--\r\nepilogue\r\n",
	    { "--mB\r\nContent-Type: multipart/mixed; boundary=p\r\n\r\npreamble\r\n--p\r\n",
		"--q\r\n" UTF8_PLAIN "mine\r\n\r\n" QUOTE_BARE "\r\n--q\r\nContent-Type: multipart/related",
		"<<1.2>>\r\n--rB--\r\n\r\n--q--\r\n--p\r\nContent-Type: text/plain; name=own.txt\r\n\r\nmy  "
		"file\r\n--p--\r\nepilogue\r\n",
		"\r\n--mB\r\nContent-Type: application/pdf", "<<2>>\r\n--mB--\r\n" },
	    { "filename" } },
	{ "signed by the phone", SMART_REPLY, false,
	    TOP "Content-Type: multipart/signed; boundary=p\r\n\r\n--p\r\n\r\nmine  \r\n--p--\r\n",
	    { "\r\n--mB\r\nContent-Type: multipart/signed; boundary=p\r\n\r\n--p\r\n\r\nmine  "
	      "\r\n--p--\r\n\r\n--mB\r\nContent-Type: message/rfc822\r\n"
	      "Content-Transfer-Encoding: 7bit\r\n",
		"\r\n\r\n<<>>\r\n--mB--\r\n" },
	    { "theirs" } },
	{ "a sealed original", SMART_FORWARD, true, TOP "\r\nmine\r\n",
	    { "--mB\r\n\r\nmine\r\n\r\n--mB\r\nContent-Type: message/rfc822\r\n", "<<>>\r\n--mB--\r\n" },
	    { "theirs", "<<2>>" } },
	{ "a mail that ends in its header", SMART_REPLY, false, "To: b@x",
	    { "To: b@x\r\nIn-Reply-To:", UTF8_PLAIN "\r\n" QUOTE_MARKED }, { NULL } },
};

static void smart(const struct smart_case *c)
{
	struct attachment files[2];
	struct smart_original o = original(files);
	struct smart m;
	struct bytes got;

	o.sealed = c->sealed;
	assert_int_equal(smart_compose(test_arena(), bytes_str(c->raw), c->kind, &o, "B", &m), ERR_OK);
	got = joined(&m);
	for (size_t i = 0; i < 5 && c->has[i]; i++)
		if (!memmem(got.p, got.len, c->has[i], strlen(c->has[i])))
			fail_msg("missing: %s\nin: %.*s", c->has[i], BYTES_ARG(got));
	for (size_t i = 0; i < 3 && c->has_not[i]; i++)
		if (memmem(got.p, got.len, c->has_not[i], strlen(c->has_not[i])))
			fail_msg("should not be there: %s\nin: %.*s", c->has_not[i], BYTES_ARG(got));
	assert_int_equal(m.has_sections, memmem(got.p, got.len, "<<", 2) != NULL);
}
TEST_ROW(smart)

static void no_mail(void **state)
{
	struct attachment files[2];
	struct smart_original o = original(files);
	struct smart m;

	(void)state;
	assert_int_equal(smart_compose(test_arena(), BYTES(""), SMART_REPLY, &o, "B", &m), ERR_PROTO);
	assert_int_equal(
	    smart_compose(test_arena(), BYTES("To: b\r\n\r\na\0b"), SMART_REPLY, &o, "B", &m), ERR_PROTO);
}

/* ---- the header of a copied part ---- */

static struct mime_param param(const char *name, const char *value)
{
	return (struct mime_param){ bytes_str(name), bytes_str(value) };
}

static void nothing_breaks_out_of_a_part_header(void **state)
{
	struct mime_param evil[] = { param("name", "a\"\r\n\r\n--b"), param("n\r\nX: y", "z"),
		param("f*0*", "utf-8''%41;\r\nX: y") };
	struct mime_part p = { .type = BYTES("te\r\nxt"),
		.subtype = BYTES("plain"),
		.params = { evil, 3 },
		.id = BYTES("id\r\nX: y"),
		.description = BYTES("d\r\n\r\nbody"),
		.encoding = MIME_ENCODING_UNKNOWN };
	struct bytes out, line;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	part_header_put(&b, &p);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	assert_bytes_str(out, "Content-Type: text/plain;\r\n\tname=\"a\\\"    "
			      "--b\";\r\n\tnX:y=\"z\";\r\n\tf*0*=utf-8''%41X:y\r\n"
			      "Content-ID: <id  X: y>\r\nContent-Description: d    body\r\n\r\n");
	while (bytes_split(&out, '\n', &line))
		assert_false(bytes_starts(line, "X:"));
}

/* ---- fingerprints ---- */

#define SIGNED(text, subtype, signature)                                                            \
	"To: b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n" text "\r\n--s\r\n" \
	"Content-Type: application/" subtype "\r\n\r\n" signature "\r\n--s--\r\n"

static const struct same_case {
	const char *name, *a, *b;
	bool same;
} same_cases[] = {
	{ "put together anew",
	    "To: b\r\nDate: 1\r\nMessage-ID: <1>\r\nContent-Type: multipart/mixed; "
	    "boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x--\r\n",
	    "To: b\r\nDate: 2\r\nMessage-ID: <1>\r\nContent-Type: multipart/mixed; "
	    "boundary=y\r\n\r\n--y\r\n\r\nhi\r\n--y--\r\n",
	    true },
	{ "another text", "To: b\r\n\r\nhi\r\n", "To: b\r\n\r\nho\r\n", false },
	{ "another recipient", "To: b\r\n\r\nhi\r\n", "To: c\r\n\r\nhi\r\n", false },
	{ "another subject", "To: b\r\nSubject: 1\r\n\r\nhi\r\n", "To: b\r\nSubject: 2\r\n\r\nhi\r\n",
	    false },
	{ "text or HTML", "To: b\r\n\r\nhi\r\n", "To: b\r\nContent-Type: text/html\r\n\r\nhi\r\n", false },
	{ "the same words in two mails", "To: b\r\nMessage-ID: <1>\r\n\r\nhi\r\n",
	    "To: b\r\nMessage-ID: <2>\r\n\r\nhi\r\n", false },
	{ "signed anew", SIGNED("hi", "pkcs7-signature", "AAAA"), SIGNED("hi", "pkcs7-signature", "BBBB"),
	    true },
	{ "signed anew, PGP", SIGNED("hi", "pgp-signature", "AAAA"), SIGNED("hi", "pgp-signature", "BBBB"),
	    true },
	{ "another text that is signed", SIGNED("hi", "pkcs7-signature", "AAAA"),
	    SIGNED("ho", "pkcs7-signature", "AAAA"), false },
	{ "signed, but no signature", SIGNED("hi", "pdf", "AAAA"), SIGNED("hi", "pdf", "BBBB"), false },
	{ "a signature as a file", "To: b\r\nContent-Type: application/pgp-signature\r\n\r\nAAAA\r\n",
	    "To: b\r\nContent-Type: application/pgp-signature\r\n\r\nBBBB\r\n", false },
	{ "encrypted anew: who knows what it says",
	    "To: b\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nAAAA\r\n",
	    "To: b\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nBBBB\r\n",
	    false },
	{ "no mails", "", "\r\n", true },
};

static void fingerprints(const struct same_case *c)
{
	struct bytes a, b;

	assert_int_equal(
	    mail_fingerprint(test_arena(), bytes_str(c->a), 0, FINGERPRINT_MESSAGE_ID, &a), ERR_OK);
	assert_int_equal(
	    mail_fingerprint(test_arena(), bytes_str(c->b), 0, FINGERPRINT_MESSAGE_ID, &b), ERR_OK);
	assert_int_equal(a.len, 32);
	assert_int_equal(bytes_eq(a, b), c->same);
}
TEST_ROW(fingerprints)

static void a_fingerprint_of_two_requests(void **state)
{
	struct bytes a, b, mail = BYTES("To: b\r\n\r\nhi\r\n");

	(void)state;
	assert_int_equal(mail_fingerprint(test_arena(), mail, 1, FINGERPRINT_MESSAGE_ID, &a), ERR_OK);
	assert_int_equal(mail_fingerprint(test_arena(), mail, 2, FINGERPRINT_MESSAGE_ID, &b), ERR_OK);
	assert_false(bytes_eq(a, b));
}

static void a_fingerprint_without_the_message_id(void **state)
{
	struct bytes a, b;

	(void)state;
	assert_int_equal(
	    mail_fingerprint(test_arena(), BYTES("To: b\r\nMessage-ID: <1>\r\n\r\nhi\r\n"), 0, 0, &a),
	    ERR_OK);
	assert_int_equal(
	    mail_fingerprint(test_arena(), BYTES("To: b\r\nMessage-ID: <2>\r\n\r\nhi\r\n"), 0, 0, &b),
	    ERR_OK);
	assert_true(bytes_eq(a, b));
}

/* ---- the thread ---- */

#define LONG_ID "<" TEN_TIMES(TEN_TIMES("0123456789")) "@x>"
#define TEN_TIMES(s) s s s s s s s s s s

/* A stranger's ids, from which nothing may get into our header. */
static const struct thread_case {
	const char *name, *own, *original, *wanted;
} thread_cases[] = {
	{ "sound", "", "Message-ID: <o@x>\r\nReferences: <f@x>\r\n",
	    "In-Reply-To:\r\n <o@x>\r\nReferences:\r\n <f@x>\r\n <o@x>\r\n" },
	{ "a lone CR", "", "Message-ID: <o\rBcc: b@x>\r\nReferences: <f@x>\r\n", "" },
	{ "a lone CR in the chain", "", "Message-ID: <o@x>\r\nReferences: <f\rBcc: b@x> <g@x>\r\n",
	    "In-Reply-To:\r\n <o@x>\r\nReferences:\r\n <g@x>\r\n <o@x>\r\n" },
	{ "longer than a line", "", "Message-ID: " LONG_ID "\r\n", "" },
	{ "longer than a line in the chain", "", "Message-ID: <o@x>\r\nReferences: " LONG_ID "\r\n",
	    "In-Reply-To:\r\n <o@x>\r\nReferences:\r\n <o@x>\r\n" },
	{ "In-Reply-To alone", "", "Message-ID: <o@x>\r\nIn-Reply-To: <f@x>\r\n",
	    "In-Reply-To:\r\n <o@x>\r\nReferences:\r\n <f@x>\r\n <o@x>\r\n" },
	{ "In-Reply-To with several", "", "Message-ID: <o@x>\r\nIn-Reply-To: <f@x> <g@x>\r\n",
	    "In-Reply-To:\r\n <o@x>\r\nReferences:\r\n <f@x>\r\n <o@x>\r\n" },
	{ "References without an id", "", "Message-ID: <o@x>\r\nReferences: none\r\nIn-Reply-To: <f@x>\r\n",
	    "In-Reply-To:\r\n <o@x>\r\nReferences:\r\n <f@x>\r\n <o@x>\r\n" },
	{ "the reply says to what it replies", "In-Reply-To: <o@x>\r\n",
	    "Message-ID: <o@x>\r\nReferences: <f@x>\r\n", "References:\r\n <f@x>\r\n <o@x>\r\n" },
	{ "it replies to another", "In-Reply-To: <p@x>\r\n", "Message-ID: <o@x>\r\nReferences: <f@x>\r\n",
	    "" },
	{ "it has its thread", "In-Reply-To: <o@x>\r\nReferences: <f@x> <o@x>\r\n",
	    "Message-ID: <o@x>\r\nReferences: <f@x>\r\n", "" },
};

static void thread(const struct thread_case *c)
{
	struct bytes got = { 0 };
	struct header original, own;
	struct buf b;

	assert_int_equal(header_parse(test_arena(), test_copy(bytes_str(c->original)), &original), ERR_OK);
	assert_int_equal(header_parse(test_arena(), test_copy(bytes_str(c->own)), &own), ERR_OK);
	buf_init(&b, test_arena(), 0);
	smart_put_threading(&b, SMART_REPLY, &own, &original);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->wanted);
}
TEST_ROW(thread)

int main(void)
{
	TEST_ADD_ROWS(thread, thread_cases);
	TEST_ADD_ROWS(smart, smart_cases);
	TEST_ADD(no_mail);
	TEST_ADD(nothing_breaks_out_of_a_part_header);
	TEST_ADD_ROWS(fingerprints, same_cases);
	TEST_ADD(a_fingerprint_of_two_requests);
	TEST_ADD(a_fingerprint_without_the_message_id);
	return test_run("mail_smart");
}
