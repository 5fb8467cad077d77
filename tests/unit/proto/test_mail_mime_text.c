/* Raw mails as strings that XML can hold. */
#include "testing.h"
#include "mail/mime_text.h"
#include "unit/proto/mail_sample.h"

#define TEXT "Content-Type: text/plain; charset=iso-8859-1\r\n"
#define QP "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
#define B64 "Content-Transfer-Encoding: base64\r\n\r\n"

static const struct rewrite_case {
	const char *name, *raw, *want;
} rewrite_cases[] = {
	{ "clean", "Subject: x\r\n\r\nbody\r\n", "Subject: x\r\n\r\nbody\r\n" },
	{ "UTF-8", "Subject: \xC3\xA4\r\n\r\n\xE2\x82\xAC\r\n", "Subject: \xC3\xA4\r\n\r\n\xE2\x82\xAC\r\n" },
	{ "bare LF", "Subject: x\n\nbody\n", "Subject: x\r\n\r\nbody\r\n" },
	{ "an 8-bit body",
	    TEXT "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xFC\xDF"
		 "e\r\n",
	    TEXT QP "Gr=FC=DFe\r\n" },
	{ "no encoding declared",
	    TEXT "\r\nGr\xFC\xDF"
		 "e\r\n",
	    TEXT QP "Gr=FC=DFe\r\n" },
	{ "an 8-bit header",
	    "Subject: Gr\xFC\xDF"
	    "e\r\n\r\nx\r\n",
	    "Subject: Gr\xC3\xBC\xC3\x9F"
	    "e\r\n\r\nx\r\n" },
	{ "control characters in the body", TEXT "\r\na\x1B[1mb\x01\r\n", TEXT QP "a=1B[1mb=01\r\n" },
	{ "control characters in the header",
	    "Subject: a\x01"
	    "b\r\n\r\nx\r\n",
	    "Subject: a b\r\n\r\nx\r\n" },
	{ "binary data", "Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\x89PNG\r\n",
	    "Content-Type: image/png\r\n" B64 "iVBORw0K\r\n" },
	{ "a charset that is no ASCII", "Content-Type: text/plain; charset=utf-16le\r\n\r\na\x01\n\x02",
	    "Content-Type: text/plain; charset=utf-16le\r\n" B64 "YQEKAg==\r\n" },
	{ "only the part that needs it",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" TEXT
	    "\r\n\xE4\r\n--b\r\n\r\nclean  text \r\n--b--\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" TEXT QP
	    "=E4\r\n--b\r\n\r\nclean  text \r\n--b--\r\n" },
	{ "a part of an enclosed message", "Content-Type: message/rfc822\r\n\r\n" TEXT "\r\n\xE4\r\n",
	    "Content-Type: message/rfc822\r\n\r\n" TEXT QP "=E4\r\n" },
	{ "8-bit characters in quoted-printable", TEXT QP "\xE4=E4 =\r\nx\r\n", TEXT QP "=E4=E4 x\r\n" },
	{ "8-bit characters in base64", "Content-Type: image/png\r\n" B64 "iVB\xE4ORw0K\r\n",
	    "Content-Type: image/png\r\n" B64 "iVBORw0K\r\n" },
	{ "8-bit text in base64 stays that", TEXT B64 "R3\xFFL832U=\r\n", TEXT B64 "R3L832U=\r\n" },
	{ "around the parts",
	    "Content-Type: multipart/mixed; "
	    "boundary=b\r\n\r\npre\xE4\x02\r\n--b\r\n\r\nx\r\n--b--\r\npost\x02\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\xC3\xA4 \r\n--b\r\n\r\nx\r\n--b--\r\npost "
	    "\r\n" },
	{ "a character that is none", TEXT "\r\na\xEF\xBF\xBE\r\n", TEXT QP "a=EF=BF=BE\r\n" },
	{ "8-bit at the very end", TEXT "\r\nMen\xE9", TEXT QP "Men=E9" },
};

static void rewrites(const struct rewrite_case *c)
{
	struct bytes raw = test_copy(bytes_str(c->raw)), got;

	assert_int_equal(mime_text(test_arena(), raw, true, &got), ERR_OK);
	assert_bytes_str(got, c->want);
	assert_true(sample_is_xml_text(got) && sample_has_crlf_only(got));
	if (strcmp(c->raw, c->want) == 0)
		assert_ptr_equal(got.p, raw.p);
}
TEST_ROW(rewrites)

/* A mail that is cut anywhere. */
static void beginnings(const struct rewrite_case *c)
{
	struct bytes raw = bytes_str(c->raw), got;

	for (size_t n = 0; n < raw.len; n++) {
		assert_int_equal(mime_text(test_arena(), test_copy(bytes_of(raw.p, n)), false, &got), ERR_OK);
		assert_true(sample_is_xml_text(got) && sample_has_crlf_only(got));
	}
}
TEST_ROW(beginnings)

static void a_cut_character_encodes_nothing(void **state)
{
	struct bytes raw = BYTES("Subject: x\r\n\r\n\xC3\xA4\xE2\x82"), got;

	(void)state;
	assert_int_equal(mime_text(test_arena(), raw, false, &got), ERR_OK);
	assert_bytes_str(got, "Subject: x\r\n\r\n\xC3\xA4");
	assert_ptr_equal(got.p, raw.p);
}

/* In pieces of every size it is the same answer: text if nothing is rewritten. */
static void checked_in_pieces(const struct rewrite_case *c)
{
	struct bytes raw = bytes_str(c->raw);

	for (size_t size = 1; size <= raw.len; size++) {
		struct mime_text_check check = { 0 };
		struct bytes rest = raw, piece;

		while (rest.len && bytes_take(&rest, size < rest.len ? size : rest.len, &piece))
			mime_text_check_put(&check, test_copy(piece));
		assert_int_equal(mime_text_check_end(&check), strcmp(c->raw, c->want) == 0);
		assert_int_equal(check.size, raw.len);
	}
}
TEST_ROW(checked_in_pieces)

static const struct check_case {
	const char *name, *raw;
	bool text;
} check_cases[] = {
	{ "nothing", "", true },
	{ "characters of all lengths", "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\r\n", true },
	{ "a character that isn't whole", "\r\n\xE2\x82", false },
	{ "another byte in a character", "\xE2\x82z\r\n", false },
	{ "an overlong one", "\xC0\xAF\r\n", false },
	{ "a lone CR", "a\rb\r\n", false },
	{ "a CR at the end", "a\r", false },
	{ "CR CR LF", "a\r\r\n", false },
	{ "LF first", "\na", false },
	{ "U+FFFF", "\xEF\xBF\xBF", false },
	{ "U+FFFD", "\xEF\xBF\xBD", true },
};

static void checks(const struct check_case *c)
{
	struct bytes raw = bytes_str(c->raw);

	for (size_t size = 1; size <= raw.len + 1; size++) {
		struct mime_text_check check = { 0 };
		struct bytes rest = raw, piece;

		while (rest.len && bytes_take(&rest, size < rest.len ? size : rest.len, &piece))
			mime_text_check_put(&check, test_copy(piece));
		assert_int_equal(mime_text_check_end(&check), c->text);
	}
}
TEST_ROW(checks)

int main(void)
{
	TEST_ADD_ROWS(rewrites, rewrite_cases);
	TEST_ADD_ROWS(beginnings, rewrite_cases);
	TEST_ADD_ROWS(checked_in_pieces, rewrite_cases);
	TEST_ADD_ROWS(checks, check_cases);
	TEST_ADD(a_cut_character_encodes_nothing);
	return test_run("mail MIME text");
}
