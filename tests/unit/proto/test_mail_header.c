/* Header blocks, their fields, and values as text. */
#include "testing.h"
#include "mail/header.h"

static struct header parse(struct bytes block)
{
	struct header h;

	assert_int_equal(header_parse(test_arena(), block, &h), ERR_OK);
	return h;
}

/* ---- fields ---- */

static const struct fields_case {
	const char *name, *block, *want; /* "name=value" joined by "|" */
} fields_cases[] = {
	{ "two fields", "A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "A=1|B=2" },
	{ "nothing", "", "" },
	{ "only the empty line", "\r\nA: 1\r\n", "" },
	{ "bare LF", "A: 1\nB: 2\n\nC: 3\n", "A=1|B=2" },
	{ "no line end at the end", "A: 1", "A=1" },
	{ "folded values stay folded", "A: 1\r\n 2\r\n\t3\r\nB: 4\r\n", "A=1\r\n 2\r\n\t3|B=4" },
	{ "a value that begins on the next line", "A:\r\n 1\r\n", "A=1" },
	{ "an empty value", "A:\r\nB: \r\n", "A=|B=" },
	{ "a colon in the value", "A: b: c\r\n", "A=b: c" },
	{ "blanks before the colon, RFC 5322 4.5", "A : 1\r\nB\t: 2\r\n", "A=1|B=2" },
	{ "a name with a blank inside is no field", "A b: 1\r\nC: 2\r\n", "C=2" },
	{ "a name of 8-bit characters is no field", "\xC3\xA4: 1\r\nC: 2\r\n", "C=2" },
	{ "a line without a colon is skipped with its continuation", "A: 1\r\njunk\r\n more: 3\r\nB: 2\r\n",
	    "A=1|B=2" },
	{ "a line that begins with a colon", ": 1\r\nB: 2\r\n", "B=2" },
	{ "an mbox line", "From a@b Tue Nov 24\r\nA: 1\r\n", "A=1" },
	{ "a continuation of nothing", " x\r\nA: 1\r\n", "A=1" },
	{ "text behind a line of blanks", "A: 1\r\n \r\nDear all\r\nB: 2\r\n", "A=1" },
};

static void fields(const struct fields_case *c)
{
	struct header h = parse(test_copy(bytes_str(c->block)));
	struct bytes got;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	for (size_t i = 0; i < h.n; i++) {
		if (i)
			buf_put_u8(&b, '|');
		buf_put(&b, h.v[i].name);
		buf_put_u8(&b, '=');
		buf_put(&b, h.v[i].value);
	}
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(fields)

static void whole_fields(void **state)
{
	struct header h = parse(BYTES("A: 1\r\n 2\r\nB: 3\n\nC: 4\n"));

	(void)state;
	assert_int_equal(h.n, 2);
	assert_bytes_str(h.v[0].whole, "A: 1\r\n 2\r\n");
	assert_bytes_str(h.v[1].whole, "B: 3\n");
	assert_ptr_equal(header_find(&h, "b"), &h.v[1]);
	assert_null(header_find(&h, "C"));
	assert_bytes_str(header_get(&h, "b"), "3");
	assert_int_equal(header_get(&h, "C").len, 0);
}

static void the_first_of_a_name_counts(void **state)
{
	struct header h = parse(BYTES("Subject: one\r\nsubject: two\r\n"));

	(void)state;
	assert_bytes_str(header_get(&h, "SUBJECT"), "one");
}

static void too_many_fields(void **state)
{
	struct header h;
	struct bytes block;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	for (int i = 0; i < HEADER_MAX_FIELDS + 5; i++)
		buf_printf(&b, "F%d: %d\r\n", i, i);
	assert_int_equal(buf_done(&b, &block), ERR_OK);
	h = parse(block);
	assert_int_equal(h.n, HEADER_MAX_FIELDS);
	assert_bytes_str(header_get(&h, "F1999"), "1999");
}

/* ---- where the block ends ---- */

static const struct block_case {
	const char *name, *raw, *block;
} block_cases[] = {
	{ "CRLF", "A: 1\r\n\r\nbody", "A: 1\r\n\r\n" },
	{ "LF", "A: 1\n\nbody", "A: 1\n\n" },
	{ "no empty line", "A: 1\r\nB: 2\r\n", "A: 1\r\nB: 2\r\n" },
	{ "empty line first", "\r\nbody", "\r\n" },
	{ "nothing", "", "" },
	{ "no field at the beginning: all is body", "Hello,\r\nA: 1\r\n\r\nx", "" },
	{ "an mbox line at the beginning", "From x\r\nA: 1\r\n\r\nx", "From x\r\nA: 1\r\n\r\n" },
	{ "a junk line inside", "A: 1\r\njunk\r\nB: 2\r\n\r\nx", "A: 1\r\njunk\r\nB: 2\r\n\r\n" },
	{ "a line of blanks that was meant as the empty one", "A: 1\r\n \r\nHello\r\n\r\nx",
	    "A: 1\r\n \r\n" },
	{ "a line of blanks inside a field", "A: 1\r\n \r\n 2\r\nB: 3\r\n\r\nx",
	    "A: 1\r\n \r\n 2\r\nB: 3\r\n\r\n" },
	{ "a line of blanks between fields", "A: 1\r\n \r\nB: 3\r\n\r\nx", "A: 1\r\n \r\nB: 3\r\n\r\n" },
};

static void block_ends(const struct block_case *c)
{
	struct bytes raw = test_copy(bytes_str(c->raw));

	assert_bytes_str(bytes_of(raw.p, header_block_len(raw)), c->block);
}
TEST_ROW(block_ends)

static const struct junk_case {
	const char *name, *raw, *want;
} junk_cases[] = {
	{ "none", "A: 1\r\n", "A: 1\r\n" },
	{ "nothing at all", "", "" },
	{ "a byte order mark",
	    "\xEF\xBB\xBF"
	    "A: 1\r\n",
	    "A: 1\r\n" },
	{ "empty lines", "\r\n\r\nA: 1\r\n", "A: 1\r\n" },
	{ "lines of blanks", "  \r\n\t\nA: 1\r\n", "A: 1\r\n" },
	{ "empty lines before what is no field", "\r\nHello\r\n", "\r\nHello\r\n" },
	{ "only empty lines", "\r\n\r\n", "\r\n\r\n" },
};

static void skips_junk(const struct junk_case *c)
{
	assert_bytes_str(header_skip_junk(test_copy(bytes_str(c->raw))), c->want);
}
TEST_ROW(skips_junk)

/* ---- values as text ---- */

static const struct text_case {
	const char *name, *value, *charset, *want;
} text_cases[] = {
	{ "plain", "Hello", "", "Hello" },
	{ "nothing", "", "", "" },
	{ "folded", "one\r\n two\r\n\tthree", "", "one two three" },
	{ "folded with bare LF", "one\n two", "", "one two" },
	{ "Q, RFC 2047 8", "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "", "Keld J\xC3\xB8rn Simonsen" },
	{ "B, RFC 2047 8",
	    "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
	    "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
	    "", "If you can read this you understand the example." },
	{ "RFC 2047 8: (a)", "=?ISO-8859-1?Q?a?=", "", "a" },
	{ "RFC 2047 8: (a b)", "=?ISO-8859-1?Q?a?= b", "", "a b" },
	{ "RFC 2047 8: (ab)", "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "", "ab" },
	{ "RFC 2047 8: (ab), more blanks", "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "", "ab" },
	{ "RFC 2047 8: (ab), folded", "=?ISO-8859-1?Q?a?=\r\n       =?ISO-8859-1?Q?b?=", "", "ab" },
	{ "RFC 2047 8: (a b) in one word", "=?ISO-8859-1?Q?a_b?=", "", "a b" },
	{ "RFC 2047 8: (a b) in two words", "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "", "a b" },
	{ "a language, RFC 2231 5", "=?US-ASCII*EN?Q?Keith_Moore?=", "", "Keith Moore" },
	{ "small letters", "=?utf-8?q?=c3=a4?= =?utf-8?b?w7Y=?=", "", "\xC3\xA4\xC3\xB6" },
	{ "a character cut between two words", "=?utf-8?Q?a=C3?= =?UTF-8?Q?=A4b?=", "",
	    "a\xC3\xA4"
	    "b" },
	{ "the same in base64", "=?utf-8?B?YcM=?= =?utf-8?B?pGI=?=", "",
	    "a\xC3\xA4"
	    "b" },
	{ "inside a word of text", "x=?utf-8?Q?=C3=A4?=y", "", "x\xC3\xA4y" },
	{ "raw blanks inside", "=?utf-8?Q?a b =C3=A4?=", "", "a b \xC3\xA4" },
	{ "longer than 75 characters",
	    "=?utf-8?Q?0123456789012345678901234567890123456789012345678901234567890123456789=C3=A4?=", "",
	    "0123456789012345678901234567890123456789012345678901234567890123456789\xC3\xA4" },
	{ "without an end", "a =?utf-8?Q?b", "", "a =?utf-8?Q?b" },
	{ "an unknown encoding", "=?utf-8?X?b?=", "", "=?utf-8?X?b?=" },
	{ "two beginnings", "=?=?utf-8?Q?a?=", "", "=?a" },
	{ "a broken escape stays", "=?utf-8?Q?a=ZZ=?=", "", "a=ZZ=" },
	{ "an unknown charset", "=?x-nobody?Q?a=E4?=", "", "a\xC3\xA4" },
	{ "iso-2022-jp", "=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "", "\xE3\x81\x93\xE3\x82\x93" },
	{ "raw UTF-8, RFC 6532",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e",
	    "",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e" },
	{ "raw windows-1252",
	    "Gr\xFC\xDF"
	    "e \x80",
	    "",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e \xE2\x82\xAC" },
	{ "raw, in the given charset", "\xD0\xD2", "koi8-r", "\xD0\xBF\xD1\x80" },
	{ "raw iso-2022-jp with its escapes", "\x1B$B$3$s\x1B(B", "iso-2022-jp", "\xE3\x81\x93\xE3\x82\x93" },
	{ "control characters become blanks",
	    "a\x01"
	    "b\x7F"
	    "c",
	    "", "a b c" },
	{ "encoded control characters too", "=?utf-8?Q?a=00=0D=0Ab?=", "", "a   b" },
	{ "control characters around", "\x01 a\x02", "", "a" },
	{ "blanks around", "  a  ", "", "a" },
};

static void text(const struct text_case *c)
{
	struct bytes got;

	assert_int_equal(
	    header_text(test_arena(), test_copy(bytes_str(c->value)), bytes_str(c->charset), &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(text)

/* ---- message ids ---- */

static const struct ids_case {
	const char *name, *value, *want; /* joined by "|" */
} ids_cases[] = {
	{ "one", "<a@b>", "a@b" },
	{ "none", "", "" },
	{ "several, folded", "<a@b>\r\n <c@d><e@f>", "a@b|c@d|e@f" },
	{ "with a comment", "<a@b> (x) <c@d>", "a@b|c@d" },
	{ "without brackets", "a@b c@d", "a@b|c@d" },
	{ "without brackets, folded", "a@b\r\n\tc@d", "a@b|c@d" },
	{ "words are no ids", "your mail of Tuesday", "" },
	{ "without an end", "<a@b", "a@b" },
	{ "blanks inside the brackets", "< a@b >", "a@b" },
	{ "an empty one between", "<> <a@b>", "a@b" },
};

static void ids(const struct ids_case *c)
{
	struct bytes rest = test_copy(bytes_str(c->value)), id, got;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	while (message_id_next(&rest, &id)) {
		if (b.len)
			buf_put_u8(&b, '|');
		buf_put(&b, id);
	}
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(ids)

int main(void)
{
	TEST_ADD_ROWS(fields, fields_cases);
	TEST_ADD(whole_fields);
	TEST_ADD(the_first_of_a_name_counts);
	TEST_ADD(too_many_fields);
	TEST_ADD_ROWS(block_ends, block_cases);
	TEST_ADD_ROWS(skips_junk, junk_cases);
	TEST_ADD_ROWS(text, text_cases);
	TEST_ADD_ROWS(ids, ids_cases);
	return test_run("mail header");
}
