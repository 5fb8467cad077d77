#include "testing.h"

#include "mail/encoded_word.h"
#include "mail/header.h"

static const struct field_case {
	const char *name, *text, *want;
} field_cases[] = {
	{ "plain", "Shopping list", "Subject: Shopping list\r\n" },
	{ "empty", "", "Subject: \r\n" },
	{ "an umlaut", "Käse", "Subject: =?utf-8?Q?K=C3=A4se?=\r\n" },
	{ "looks like a word", "=?utf-8?Q?x?=", "Subject: =?utf-8?Q?=3D=3Futf=2D8=3FQ=3Fx=3F=3D?=\r\n" },
	{ "blanks at the ends", " x ", "Subject: =?utf-8?Q?=20x=20?=\r\n" },
	{ "line ends are blanks", "a\r\nBcc: x", "Subject: a  Bcc: x\r\n" },
	{ "folded at a blank",
	    "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 x",
	    "Subject: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\r\n 0123456789 "
	    "x\r\n" },
	{ "cut between characters", "ääääääääääääääää",
	    "Subject: =?utf-8?Q?=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4?=\r\n"
	    " =?utf-8?Q?=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4=C3=A4?=\r\n" },
};

static struct bytes field_of(struct bytes text)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	header_field_put(&b, "Subject", text);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static void field(const struct field_case *c)
{
	assert_bytes_str(field_of(bytes_str(c->text)), c->want);
}
TEST_ROW(field)

static void longest_line(struct bytes field)
{
	struct bytes line;

	while (bytes_split(&field, '\n', &line))
		if (line.len > 79 && bytes_find(line, ' ') + 2 < line.len &&
		    memmem(line.p, line.len, "=?", 2))
			fail_msg("a line of %zu: %.*s", line.len, BYTES_ARG(line));
}

/* Whatever the text is, a reader gets it back. */
static void any_text_comes_back(void **state)
{
	static const char *const pieces[] = { "a", "Z9", " ", "  ", "ä", "€", "😀", "=?", "?=", "_", "\"", ":",
		"0123456789012345678901234567890123456789012345678901234567890123456789", "日本語" };
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct bytes text, field, got;
		struct header h;
		struct buf b;

		buf_init(&b, test_arena(), 0);
		for (unsigned i = 0; i < seed % 19; i++) {
			seed = seed * 1664525u + 1013904223u;
			buf_put_str(&b, pieces[(seed >> 9) % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		seed = seed * 1664525u + 1013904223u;
		assert_int_equal(buf_done(&b, &text), ERR_OK);
		field = field_of(text);
		longest_line(field);
		assert_int_equal(header_parse(test_arena(), field, &h), ERR_OK);
		assert_int_equal(h.n, 1);
		assert_int_equal(header_get_text(test_arena(), &h, "Subject", &got), ERR_OK);
		assert_bytes_equal(bytes_trim(got), bytes_trim(text));
	}
}

int main(void)
{
	TEST_ADD_ROWS(field, field_cases);
	TEST_ADD(any_text_comes_back);
	return test_run("encoded words");
}
