/* Decoding piece by piece gives what decoding the whole gives, however the pieces are cut. */
#include "testing.h"
#include "mail/transfer.h"
#include "mail/transfer_stream.h"

static struct bytes decode_in_pieces(enum mime_encoding encoding, struct bytes in, size_t piece)
{
	uint8_t *out = test_keep(in.len + 1), *to = test_keep(piece + TRANSFER_HOLD);
	struct transfer_stream s;
	size_t len = 0, n;
	struct bytes part;

	transfer_stream_init(&s, encoding);
	while (in.len) {
		assert_true(bytes_take(&in, in.len < piece ? in.len : piece, &part));
		n = transfer_stream_put(&s, test_copy(part), false, to);
		memcpy(out + len, to, n);
		len += n;
	}
	n = transfer_stream_put(&s, bytes_of(NULL, 0), true, to);
	memcpy(out + len, to, n);
	return bytes_of(out, len + n);
}

static const struct piece_case {
	const char *name;
	enum mime_encoding encoding;
	const char *in, *want;
} piece_cases[] = {
	{ "8bit", MIME_8BIT, "a=41\r\n", "a=41\r\n" },
	{ "QP: nothing", MIME_QUOTED_PRINTABLE, "", "" },
	{ "QP: an escape", MIME_QUOTED_PRINTABLE, "x=C3=A4y", "x\xC3\xA4y" },
	{ "QP: soft breaks", MIME_QUOTED_PRINTABLE, "one =\r\ntwo= \t\r\nthree=\nfour", "one twothreefour" },
	{ "QP: blanks at the ends of lines", MIME_QUOTED_PRINTABLE, "a \t\r\n \r\nb  \nc ",
	    "a\r\n\r\nb\nc " },
	{ "QP: no escape", MIME_QUOTED_PRINTABLE, "a=ZZ b==\r\nc", "a=ZZ b=c" },
	{ "QP: cut in an escape", MIME_QUOTED_PRINTABLE, "a=4", "a" },
	{ "base64: lines", MIME_BASE64, "Zm9v\r\nYmFy\r\n", "foobar" },
	{ "base64: lines that end inside a group", MIME_BASE64, "Zm\r\n9vY\nmFy", "foobar" },
	{ "base64: foreign characters", MIME_BASE64, "Z!m-9v*Y\xFFmFy", "foobar" },
	{ "base64: pieces with padding each", MIME_BASE64, "Zm8= \r\nb2Jhcg==\r\n", "foobar" },
	{ "base64: a footer behind the end", MIME_BASE64, "Zm9vYg==\r\n____\r\nA list of ours\r\n", "foob" },
	{ "base64: three digits behind the end", MIME_BASE64, "Zm9vYg==\r\nabc", "foob" },
	{ "base64: no padding", MIME_BASE64, "Zm9vYmE", "fooba" },
	{ "base64: a digit alone at the end", MIME_BASE64, "Zm9vY", "foo" },
};

static void in_pieces(const struct piece_case *c)
{
	struct bytes in = bytes_str(c->in), whole;

	assert_int_equal(transfer_decode(test_arena(), c->encoding, in, &whole), ERR_OK);
	assert_bytes_str(whole, c->want);
	for (size_t piece = 1; piece <= in.len + 1; piece++)
		assert_bytes_equal(decode_in_pieces(c->encoding, in, piece), whole);
}
TEST_ROW(in_pieces)

/* Octets that look like text with escapes, blanks and line ends now and then. */
static struct bytes random_text(size_t len, unsigned line_every)
{
	static const char some[] = "abcXYZ09=== \t+/.=41=C3";
	uint8_t *p = test_keep(len);
	uint32_t r = 12345;

	for (size_t i = 0; i < len; i++) {
		r = r * 1103515245 + 12345;
		p[i] = (r >> 16) % line_every == 0 ? '\n' : (uint8_t)some[(r >> 8) % (sizeof(some) - 1)];
	}
	return bytes_of(p, len);
}

static const struct long_case {
	const char *name;
	enum mime_encoding encoding;
	unsigned line_every;
} long_cases[] = {
	{ "QP with short lines", MIME_QUOTED_PRINTABLE, 40 },
	{ "QP with lines longer than what is held", MIME_QUOTED_PRINTABLE, 3000 },
	{ "base64 with much between the digits", MIME_BASE64, 40 },
};

static void long_text(const struct long_case *c)
{
	static const size_t pieces[] = { 1, 7, 76, 1023, 1024, 1025, 4000, 16 * 1024 };
	struct bytes in = random_text(50 * 1000, c->line_every), whole;

	assert_int_equal(transfer_decode(test_arena(), c->encoding, in, &whole), ERR_OK);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		assert_bytes_equal(decode_in_pieces(c->encoding, in, pieces[i]), whole);
}
TEST_ROW(long_text)

/* Nothing is written beyond the room that is asked for: blanks without an end, which can't be cut well. */
static void blanks_without_end(void **state)
{
	uint8_t *p = test_keep(10 * 1000);

	(void)state;
	memset(p, ' ', 10 * 1000);
	for (size_t piece = 500; piece <= 8000; piece *= 2)
		assert_int_equal(
		    decode_in_pieces(MIME_QUOTED_PRINTABLE, bytes_of(p, 10 * 1000), piece).len, 10 * 1000);
}

int main(void)
{
	TEST_ADD_ROWS(in_pieces, piece_cases);
	TEST_ADD_ROWS(long_text, long_cases);
	TEST_ADD(blanks_without_end);
	return test_run("transfer stream");
}
