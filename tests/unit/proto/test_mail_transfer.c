/* Content-Transfer-Encodings. */
#include "testing.h"
#include "mail/transfer.h"

static const struct decode_case {
	const char *name;
	enum mime_encoding encoding;
	const char *in, *want;
} decode_cases[] = {
	{ "7bit", MIME_7BIT, "a=41", "a=41" },
	{ "8bit", MIME_8BIT, "\xE4", "\xE4" },
	{ "binary", MIME_BINARY, "\x01", "\x01" },
	{ "unknown", MIME_ENCODING_UNKNOWN, "a=41", "a=41" },
	{ "QP: nothing", MIME_QUOTED_PRINTABLE, "", "" },
	{ "QP: escapes", MIME_QUOTED_PRINTABLE, "=41=c3=A4=3D", "A\xC3\xA4=" },
	{ "QP: the example in RFC 2045 6.7", MIME_QUOTED_PRINTABLE,
	    "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
	    "Now's the time for all folk to come to the aid of their country." },
	{ "QP: line ends stay", MIME_QUOTED_PRINTABLE, "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "QP: soft break with bare LF", MIME_QUOTED_PRINTABLE, "a=\nb", "ab" },
	{ "QP: soft break with blanks behind", MIME_QUOTED_PRINTABLE, "a= \t\r\nb", "ab" },
	{ "QP: soft break at the end", MIME_QUOTED_PRINTABLE, "a=\r\n", "a" },
	{ "QP: no escape", MIME_QUOTED_PRINTABLE, "a=ZZb <?xml a=\"1\"?>", "a=ZZb <?xml a=\"1\"?>" },
	{ "QP: cut behind the equal sign", MIME_QUOTED_PRINTABLE, "a=", "a" },
	{ "QP: cut in an escape", MIME_QUOTED_PRINTABLE, "a=4", "a" },
	{ "QP: raw 8-bit", MIME_QUOTED_PRINTABLE, "\xE4=E4", "\xE4\xE4" },
	{ "QP: an encoded blank at the end of a line", MIME_QUOTED_PRINTABLE, "a=20\r\nb", "a \r\nb" },
	{ "QP: blanks at the end of a line are not the text's, RFC 2045 6.7 (3)", MIME_QUOTED_PRINTABLE,
	    "a \t\r\n \r\nb  \nc ", "a\r\n\r\nb\nc " },
	{ "QP: blanks behind an escape", MIME_QUOTED_PRINTABLE, "=41  \r\nb", "A\r\nb" },
	{ "base64: the vectors of RFC 4648 10", MIME_BASE64, "Zm9vYmFy", "foobar" },
	{ "base64: nothing", MIME_BASE64, "", "" },
	{ "base64: one pad", MIME_BASE64, "Zm9vYmE=", "fooba" },
	{ "base64: two pads", MIME_BASE64, "Zm9vYg==", "foob" },
	{ "base64: no padding", MIME_BASE64, "Zm9vYmE", "fooba" },
	{ "base64: lines", MIME_BASE64, "Zm9v\r\nYmFy\r\n", "foobar" },
	{ "base64: lines that end inside a group", MIME_BASE64, "Zm\r\n9vY\nmFy", "foobar" },
	{ "base64: foreign characters, RFC 2045 6.8", MIME_BASE64, "Z!m-9v*Y\xFFmFy", "foobar" },
	{ "base64: pieces with padding each", MIME_BASE64, "Zm8=\r\nb2Jhcg==\r\n", "foobar" },
	{ "base64: a footer behind the end", MIME_BASE64, "Zm9vYg==\r\n____________\r\nA list\r\n", "foob" },
	{ "base64: a digit alone at the end", MIME_BASE64, "Zm9vY", "foo" },
	{ "base64: only padding", MIME_BASE64, "====", "" },
	{ "uuencode", MIME_UUENCODE, "begin 644 t.txt\r\n#0V%T\r\n`\r\nend\r\n", "Cat" },
	{ "uuencode: blanks for zero", MIME_UUENCODE, "begin 644 t\n#0V%T\n \nend\n", "Cat" },
	{ "uuencode: text before", MIME_UUENCODE, "Look:\nbegin 644 t\n#0V%T\n`\nend\n", "Cat" },
	{ "uuencode: a line shorter than it says", MIME_UUENCODE, "begin 644 t\n&0V%T\nend\n", "Cat" },
	{ "uuencode: without an end", MIME_UUENCODE, "begin 644 t\n#0V%T", "Cat" },
	{ "uuencode: none", MIME_UUENCODE, "just text", "just text" },
};

static void decodes(const struct decode_case *c)
{
	struct bytes got;

	assert_int_equal(
	    transfer_decode(test_arena(), c->encoding, test_copy(bytes_str(c->in)), &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(decodes)

/* Only the beginning of a part may have been fetched: what it gives is a beginning of the whole. */
static void beginnings(const struct decode_case *c)
{
	struct bytes in = bytes_str(c->in), whole, got;

	assert_int_equal(transfer_decode(test_arena(), c->encoding, in, &whole), ERR_OK);
	for (size_t n = 0; n < in.len; n++) {
		assert_int_equal(
		    transfer_decode(test_arena(), c->encoding, test_copy(bytes_of(in.p, n)), &got), ERR_OK);
		assert_true(got.len <= n);
	}
}
TEST_ROW(beginnings)

static struct bytes all_octets(size_t n)
{
	uint8_t *p = test_keep(n);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + i / 256);
	return bytes_of(p, n);
}

static void assert_short_lines(struct bytes in)
{
	struct bytes line;

	while (bytes_split(&in, '\n', &line)) {
		assert_true(line.len == 0 || line.p[line.len - 1] == '\r' || in.len == 0);
		assert_in_range(line.len, 0, 77); /* 76 and the CR */
	}
}

static const struct round_case {
	const char *name;
	size_t len;
} round_cases[] = {
	{ "nothing", 0 },
	{ "one", 1 },
	{ "two", 2 },
	{ "three", 3 },
	{ "just a line", 57 },
	{ "one more", 58 },
	{ "many", 5000 },
};

static void round_trip(const struct round_case *c)
{
	struct bytes in = all_octets(c->len), encoded, back;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	transfer_put_base64(&b, in);
	assert_int_equal(buf_done(&b, &encoded), ERR_OK);
	assert_short_lines(encoded);
	assert_int_equal(transfer_decode(test_arena(), MIME_BASE64, encoded, &back), ERR_OK);
	assert_bytes_equal(back, in);
	/* The estimate is exact for whole lines and never far off. */
	assert_in_range(transfer_decoded_size(MIME_BASE64, (uint32_t)encoded.len) + 3, c->len, c->len + 6);
	assert_true(transfer_encoded_size(MIME_BASE64, (uint32_t)c->len) >= encoded.len);
}
TEST_ROW(round_trip)

static const struct encode_case {
	const char *name, *in, *want;
} encode_cases[] = {
	{ "text", "a b\tc", "a b\tc" },
	{ "nothing", "", "" },
	{ "8-bit and the equal sign", "\xC3\xA4=", "=C3=A4=3D" },
	{ "controls", "\x01\x1B\x7F", "=01=1B=7F" },
	{ "line ends", "a\r\nb\nc", "a\r\nb\r\nc" },
	{ "a lone CR is data", "a\rb", "a=0Db" },
	{ "blanks at the end of a line", "a \r\nb\t\nc ", "a=20\r\nb=09\r\nc=20" },
	{ "a long line", "0123456789012345678901234567890123456789012345678901234567890123456789012345678",
	    "012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n5678" },
	{ "no escape is cut",
	    "0123456789012345678901234567890123456789012345678901234567890123456789012\xE4x",
	    "0123456789012345678901234567890123456789012345678901234567890123456789012=\r\n=E4x" },
};

static void encodes(const struct encode_case *c)
{
	struct bytes got, back, want;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	transfer_put_quoted_printable(&b, test_copy(bytes_str(c->in)));
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->want);
	assert_short_lines(got);
	assert_int_equal(transfer_decode(test_arena(), MIME_QUOTED_PRINTABLE, got, &back), ERR_OK);
	buf_init(&b, test_arena(), 0);
	for (const char *p = c->in; *p; p++) {
		if (*p == '\n' && (p == c->in || p[-1] != '\r'))
			buf_put_u8(&b, '\r');
		buf_put_u8(&b, (uint8_t)*p);
	}
	assert_int_equal(buf_done(&b, &want), ERR_OK);
	assert_bytes_equal(back, want);
}
TEST_ROW(encodes)

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(transfer_decoded_size(MIME_8BIT, 1000), 1000);
	assert_int_equal(transfer_decoded_size(MIME_BASE64, 78000), 57000);
	assert_int_equal(transfer_decoded_size(MIME_BASE64, UINT32_MAX), 3138629946);
	assert_int_equal(transfer_encoded_size(MIME_7BIT, 1000), 1000);
	assert_int_equal(transfer_encoded_size(MIME_BASE64, UINT32_MAX), UINT32_MAX);
	assert_int_equal(transfer_encoded_size(MIME_QUOTED_PRINTABLE, UINT32_MAX), UINT32_MAX);
}

int main(void)
{
	TEST_ADD_ROWS(decodes, decode_cases);
	TEST_ADD_ROWS(beginnings, decode_cases);
	TEST_ADD_ROWS(round_trip, round_cases);
	TEST_ADD_ROWS(encodes, encode_cases);
	TEST_ADD(sizes);
	return test_run("mail transfer");
}
