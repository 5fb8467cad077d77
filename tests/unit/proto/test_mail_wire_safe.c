/* What SMTP can't carry is encoded anew. */
#include "testing.h"
#include "mail/mime_parse.h"
#include "mail/transfer.h"
#include "mail/wire_safe.h"

#define HEAD "To: a@b\r\nMIME-Version: 1.0\r\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
#define SIGNED HEAD "Content-Type: multipart/signed; boundary=B\r\n\r\n--B\r\n"
#define PLAIN "Content-Type: text/plain\r\n\r\nHello\r\n"
#define HUNDRED                                                                                              \
	"01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"89"
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

#define RAW(s) BYTES(s)
static const struct kept_case {
	const char *name;
	struct bytes raw;
} kept_cases[] = {
	{ "nothing to do", RAW(MIXED PLAIN "--B--\r\n") },
	{ "8-bit text", RAW(HEAD "\r\n\xC3\xA4\xFF\r\n") },
	{ "998 octets",
	    RAW(HEAD "\r\n" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
		     "01234567890123456789012345678901234567890123456789012345678901234567890123456789"
		     "012345678901234567\r\n") },
	{ "binary, but of lines",
	    RAW(MIXED
		"Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\nab\r\ncd\r\n--B--\r\n") },
	{ "lone line ends of a text",
	    RAW(MIXED "Content-Transfer-Encoding: binary\r\n\r\na\nb\rc\r\n--B--\r\n") },
	{ "signed",
	    RAW(SIGNED "Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\nc" THOUSAND
		       "\r\n--B--\r\n") },
	{ "an unknown encoding", RAW(MIXED "Content-Transfer-Encoding: x-zip\r\n\r\na\0b\r\n--B--\r\n") },
};

static void kept(const struct kept_case *c)
{
	struct bytes out;

	assert_int_equal(mail_wire_safe(test_arena(), c->raw, &out), ERR_OK);
	assert_bytes_equal(out, c->raw);
}
TEST_ROW(kept)

static const struct recoded_case {
	const char *name;
	struct bytes raw;
	const char *section;
	enum mime_encoding encoding;
	struct bytes octets;
} recoded_cases[] = {
	{ "a binary part",
	    RAW(MIXED PLAIN "--B\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: "
			    "BINARY\r\n\r\na\0b\nc\rd\r\n--B--\r\n"),
	    "2", MIME_BASE64, RAW("a\0b\nc\rd") },
	{ "lone line ends in a binary part",
	    RAW(MIXED "Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\r\n--B--\r\n"),
	    "1", MIME_BASE64, RAW("a\nb") },
	{ "a long line of text", RAW(HEAD "\r\n" THOUSAND "=\r\n"), "1", MIME_QUOTED_PRINTABLE,
	    RAW(THOUSAND "=\r\n") },
	{ "a NUL in a text", RAW(HEAD "\r\nx\0y\r\n"), "1", MIME_QUOTED_PRINTABLE, RAW("x\0y\r\n") },
	{ "a long line of UTF-16",
	    RAW(HEAD "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: "
		     "binary\r\n\r\n\0a\0\n\0b"),
	    "1", MIME_BASE64, RAW("\0a\0\n\0b") },
	{ "base64 in one line",
	    RAW(MIXED "Content-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\n" THOUSAND
		      "\r\n--B--\r\n"),
	    "1", MIME_BASE64, { 0 } },
	{ "within an enclosed mail",
	    RAW(MIXED "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\na\0b\r\n--B--\r\n"), "1.1",
	    MIME_QUOTED_PRINTABLE, RAW("a\0b") },
	{ "what was no boundary becomes none",
	    RAW(MIXED "Content-Transfer-Encoding: quoted-printable\r\n\r\n=2D-B--\r\n" THOUSAND
		      "\r\n--B--\r\n"),
	    "1", MIME_QUOTED_PRINTABLE, RAW("--B--\r\n" THOUSAND) },
	{ "beside a signed part",
	    RAW(MIXED "Content-Type: multipart/signed; boundary=C\r\n\r\n--C\r\n\r\nx\r\n--C--\r\n--B\r\n"
		      "Content-Type: image/x\r\n\r\na\0b\r\n--B--\r\n"),
	    "2", MIME_BASE64, RAW("a\0b") },
};

/* The octets of a part, after the way through base64 or quoted-printable; those line ends aside that the boundary brings. */
static struct bytes octets_of(struct bytes mail, const char *section, enum mime_encoding *encoding)
{
	struct bytes header, out;
	struct mime_part *root, *p;

	assert_int_equal(mime_parse(test_arena(), mail, &header, &root), ERR_OK);
	p = mime_part_find(root, bytes_str(section));
	assert_non_null(p);
	*encoding = p->encoding;
	assert_int_equal(transfer_decode(test_arena(), p->encoding, p->body, &out), ERR_OK);
	return out;
}

static void recoded(const struct recoded_case *c)
{
	struct bytes out, want = c->octets;
	enum mime_encoding encoding;

	if (!want.p)
		want = octets_of(c->raw, c->section, &encoding);
	assert_int_equal(mail_wire_safe(test_arena(), c->raw, &out), ERR_OK);
	assert_int_equal(bytes_find(out, 0), out.len);
	assert_bytes_equal(octets_of(out, c->section, &encoding), want);
	assert_int_equal(encoding, c->encoding);
	for (struct bytes rest = out, line; bytes_split(&rest, '\n', &line);)
		assert_in_range(line.len, 0, 999);
}
TEST_ROW(recoded)

int main(void)
{
	TEST_ADD_ROWS(kept, kept_cases);
	TEST_ADD_ROWS(recoded, recoded_cases);
	return test_run("mail wire safe");
}
