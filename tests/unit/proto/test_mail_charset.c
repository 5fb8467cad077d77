/* Text of any charset as UTF-8. */
#include "testing.h"
#include "base/utf8.h"
#include "mail/charset.h"

static const struct charset_case {
	const char *name, *charset, *in, *want; /* in: hex */
} charset_cases[] = {
	{ "ASCII", "us-ascii", "41 42", "AB" },
	{ "nothing", "utf-8", "", "" },
	{ "UTF-8", "utf-8", "C3 A4", "\xC3\xA4" },
	{ "UTF-8 in any spelling", "\"UTF8\"", "C3 A4", "\xC3\xA4" },
	{ "nothing declared, but UTF-8", "", "C3 A4", "\xC3\xA4" },
	{ "nothing declared", "", "E4", "\xC3\xA4" },
	{ "ASCII declared, but UTF-8", "us-ascii", "C3 A4", "\xC3\xA4" },
	{ "unknown", "x-no-such-charset", "E4", "\xC3\xA4" },
	{ "a name that is none", "utf-8Return-Path: <a@b>", "C3 A4", "\xC3\xA4" },
	{ "a name beyond any length",
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "E4",
	    "\xC3\xA4" },
	{ "latin-1", "ISO-8859-1", "E4 F6", "\xC3\xA4\xC3\xB6" },
	{ "latin-1 with windows quotes", "iso-8859-1", "93 61 94 80",
	    "\xE2\x80\x9C"
	    "a\xE2\x80\x9D\xE2\x82\xAC" },
	{ "latin-1 declared, but UTF-8", "iso-8859-1", "C3 A4", "\xC3\xA4" },
	{ "windows-1252 without a character", "windows-1252", "61 81", "a\xEF\xBF\xBD" },
	{ "latin-9", "iso-8859-15", "A4 A6 A8 B4 B8 BC BD BE E4",
	    "\xE2\x82\xAC\xC5\xA0\xC5\xA1\xC5\xBD\xC5\xBE\xC5\x92\xC5\x93\xC5\xB8\xC3\xA4" },
	{ "latin-2", "iso-8859-2", "B1", "\xC4\x85" },
	{ "turkish as windows-1254", "iso-8859-9", "FD 80", "\xC4\xB1\xE2\x82\xAC" },
	{ "koi8-r", "koi8-r", "D0 D2", "\xD0\xBF\xD1\x80" },
	{ "windows-1251", "cp1251", "EF F0", "\xD0\xBF\xD1\x80" },
	{ "hebrew, logical order", "iso-8859-8-i", "E0", "\xD7\x90" },
	{ "thai", "tis-620", "A1", "\xE0\xB8\x81" },
	{ "gb2312 with a character of gbk", "gb2312", "C4 E3 87 D6", "\xE4\xBD\xA0\xE5\x9B\x8D" },
	{ "big5", "big5", "A7 41", "\xE4\xBD\xA0" },
	{ "korean by its oldest name", "ks_c_5601-1987", "C7 D1", "\xED\x95\x9C" },
	{ "shift_jis with a circled digit", "Shift_JIS", "82 B1 87 40", "\xE3\x81\x93\xE2\x91\xA0" },
	{ "euc-jp", "euc-jp", "A4 B3", "\xE3\x81\x93" },
	{ "iso-2022-jp", "iso-2022-jp", "1B 24 42 24 33 24 73 1B 28 42 21", "\xE3\x81\x93\xE3\x82\x93!" },
	{ "iso-2022-jp cut in a character", "iso-2022-jp", "1B 24 42 24 33 24", "\xE3\x81\x93" },
	{ "iso-2022-jp with a circled digit", "iso-2022-jp", "1B 24 42 42 68 2D 21 32 73 1B 28 42 2E",
	    "\xE7\xAC\xAC\xE2\x91\xA0\xE5\x9B\x9E." },
	{ "iso-2022-jp with a name's rare form", "iso-2022-jp", "1B 24 42 7C 62 66 3A 1B 28 42",
	    "\xE9\xAB\x99\xE7\xBE\xA3" },
	{ "iso-2022-jp with half-width kana", "ISO-2022-JP", "1B 28 49 31 32 1B 28 42 41",
	    "\xEF\xBD\xB1\xEF\xBD\xB2"
	    "A" },
	{ "iso-2022-jp of JIS X 0212", "iso-2022-jp-1", "1B 24 28 44 30 21 1B 28 42 41", "\xE4\xB8\x82\x41" },
	{ "iso-2022-jp that nobody declares", "us-ascii", "1B 24 42 24 33 24 73 1B 28 42",
	    "\xE3\x81\x93\xE3\x82\x93" },
	{ "an escape that is none of its", "", "1B 5B 31 6D 61", "\x1B[1ma" },
	{ "iso-2022-jp, the next line without escape", "iso-2022-jp", "1B 24 42 24 33 0D 0A 61 62",
	    "\xE3\x81\x93\r\nab" },
	{ "shift_jis that nobody declares", "", "93 FA 96 7B 82 CC 83 81 81 5B 83 8B 81 42 0D 0A 41",
	    "\xE6\x97\xA5\xE6\x9C\xAC\xE3\x81\xAE\xE3\x83\xA1\xE3\x83\xBC\xE3\x83\xAB\xE3\x80\x82\r\nA" },
	{ "the same, cut in a character", "us-ascii", "82 B1 82 F1 82", "\xE3\x81\x93\xE3\x82\x93" },
	{ "german that could be pairs of it", "", "66 E4 72 20 47 E4 73 74 65", "f\xC3\xA4r G\xC3\xA4ste" },
	{ "german between quotes", "", "82 C4 68 92 20 82 D6 6C 92 20",
	    "\xE2\x80\x9A\xC3\x84h\xE2\x80\x99 \xE2\x80\x9A\xC3\x96l\xE2\x80\x99 " },
	{ "broken UTF-8 in Japanese", "", "E3 81 82 E3 81 84 FF E3 81 86",
	    "\xE3\x81\x82\xE3\x81\x84\xEF\xBF\xBD\xE3\x81\x86" },
	{ "hz, RFC 1843", "hz-gb-2312", "61 7E 7B 3C 3A 7E 7D 7E 7E 62", "a\xE5\xB7\xB1~b" },
	{ "hz with a line that goes on", "HZ-GB-2312", "61 7E 0D 0A 62 7E 0A 63", "abc" },
	{ "hz, the next line without escape", "hz", "7E 7B 3C 3A 0D 0A 61 62", "\xE5\xB7\xB1\r\nab" },
	{ "hz cut in a character", "hz", "7E 7B 3C 3A 56", "\xE5\xB7\xB1" },
	{ "hz with another tilde", "hz", "7E 61 7E", "~a~" },
	{ "big5 with what it lacks", "big5", "A4 A4 A3 FE A4 E5", "\xE4\xB8\xAD\xEF\xBF\xBD\xE6\x96\x87" },
	{ "a code page without its dash", "windows1251", "EF F0", "\xD0\xBF\xD1\x80" },
	{ "a code page with a dash", "CP-850", "84", "\xC3\xA4" },
	{ "a code page of IBM", "ibm-850", "84", "\xC3\xA4" },
	{ "central europe on a Mac", "x-mac-ce", "8B", "\xC4\x8D" },
	{ "utf-7", "utf-7", "61 2B 41 4F 51 2D", "a\xC3\xA4" },
	{ "utf-16 with a mark", "utf-16", "FE FF 00 41 20 AC", "A\xE2\x82\xAC" },
	{ "utf-16 without a mark", "utf-16", "00 41 20 AC", "A\xE2\x82\xAC" },
	{ "utf-16 without a mark, in the other order", "utf-16", "41 00 AC 20", "A\xE2\x82\xAC" },
	{ "utf-16 with half a pair", "utf-16be", "00 41 DC 00 00 42",
	    "A\xEF\xBF\xBD"
	    "B" },
	{ "utf-16le", "utf-16le", "41 00 AC 20", "A\xE2\x82\xAC" },
	{ "utf-16be", "utf-16be", "00 41 20 AC", "A\xE2\x82\xAC" },
	{ "UTF-8 cut in a character", "utf-8", "61 E2 82", "a" },
	{ "UTF-8 broken in the middle", "utf-8", "61 C3 A4 FF 62",
	    "a\xC3\xA4\xEF\xBF\xBD"
	    "b" },
	{ "gbk cut in a character", "gbk", "C4 E3 C4", "\xE4\xBD\xA0" },
	{ "what no shift_jis is", "shift_jis", "82 B1 FF 61",
	    "\xE3\x81\x93\xEF\xBF\xBD"
	    "a" },
};

static void converts(const struct charset_case *c)
{
	struct bytes got;

	assert_int_equal(charset_to_utf8(test_arena(), bytes_str(c->charset), test_hex(c->in), &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(converts)

/* A beginning of any length gives a beginning of the text: never a broken character at its end. */
static void beginnings(const struct charset_case *c)
{
	struct bytes in = test_hex(c->in), got;

	for (size_t n = 0; n <= in.len; n++) {
		assert_int_equal(
		    charset_to_utf8(test_arena(), bytes_str(c->charset), test_copy(bytes_of(in.p, n)), &got),
		    ERR_OK);
		assert_true(utf8_valid(got));
	}
}
TEST_ROW(beginnings)

static void unchanged_text_is_not_copied(void **state)
{
	struct bytes in = BYTES("Gr\xC3\xBC\xC3\x9F"
				"e"),
		     got;

	(void)state;
	assert_int_equal(charset_to_utf8(test_arena(), BYTES("iso-8859-1"), in, &got), ERR_OK);
	assert_ptr_equal(got.p, in.p);
}

static void which_are_ascii_based(void **state)
{
	(void)state;
	assert_true(charset_is_ascii_based(BYTES("")));
	assert_true(charset_is_ascii_based(BYTES("utf-8")));
	assert_true(charset_is_ascii_based(BYTES("Shift_JIS")));
	assert_true(charset_is_ascii_based(BYTES("x-nobody")));
	assert_false(charset_is_ascii_based(BYTES("ISO-2022-JP")));
	assert_false(charset_is_ascii_based(BYTES("utf-7")));
	assert_false(charset_is_ascii_based(BYTES("UTF-16LE")));
	assert_false(charset_is_ascii_based(BYTES("hz-gb-2312")));
}

int main(void)
{
	TEST_ADD_ROWS(converts, charset_cases);
	TEST_ADD_ROWS(beginnings, charset_cases);
	TEST_ADD(unchanged_text_is_not_copied);
	TEST_ADD(which_are_ascii_based);
	return test_run("mail charset");
}
