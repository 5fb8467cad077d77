#include "testing.h"
#include "base/utf8.h"
#include "utf8_count.h"

static const struct repair_case {
	const char *name, *in, *want;
	size_t valid_len;
} repair_cases[] = {
	{ "empty", "", "", 0 },
	{ "ASCII longer than a word", "the quick brown fox", "the quick brown fox", 19 },
	{ "two, three and four bytes", "\xC3\xA4 \xE6\x97\xA5 \xF0\x9F\x93\xB1",
	    "\xC3\xA4 \xE6\x97\xA5 \xF0\x9F\x93\xB1", 11 },
	{ "the last character of each length", "\x7F\xDF\xBF\xEF\xBF\xBF\xF4\x8F\xBF\xBF",
	    "\x7F\xDF\xBF\xEF\xBF\xBF\xF4\x8F\xBF\xBF", 10 },
	{ "Latin-1", "M\xFCller", "M\xEF\xBF\xBDller", 1 },
	{ "lone continuation", "a\x80z", "a\xEF\xBF\xBDz", 1 },
	{ "overlong slash", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD", 0 },
	{ "overlong in three bytes", "\xE0\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 0 },
	{ "surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 0 },
	{ "above U+10FFFF", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 0 },
	{ "cut at the end is one character", "ab\xE6\x97", "ab\xEF\xBF\xBD", 2 },
	{ "cut before another",
	    "\xF0\x9F\x93"
	    "a",
	    "\xEF\xBF\xBD"
	    "a",
	    0 },
	{ "late fault after a word", "0123456789abcdef\xFF", "0123456789abcdef\xEF\xBF\xBD", 16 },
};

static void repair(const struct repair_case *c)
{
	struct bytes in = test_copy(bytes_str(c->in)), out;

	assert_int_equal(utf8_valid_len(in), c->valid_len);
	assert_int_equal(utf8_valid(in), c->valid_len == in.len);
	assert_int_equal(utf8_repair(test_arena(), in, &out), ERR_OK);
	assert_bytes_str(out, c->want);
	assert_true(utf8_valid(out));
}
TEST_ROW(repair)

static const struct cut_case {
	const char *name, *in;
	size_t max;
	const char *bytes, *chars;
} cut_cases[] = {
	{ "shorter", "abc", 5, "abc", "abc" },
	{ "exact", "abc", 3, "abc", "abc" },
	{ "inside", "abc", 2, "ab", "ab" },
	{ "to nothing", "abc", 0, "", "" },
	{ "in the middle of a character", "a\xC3\xA4z", 2, "a", "a\xC3\xA4" },
	{ "after a character", "a\xC3\xA4z", 3, "a\xC3\xA4", "a\xC3\xA4z" },
	{ "in the first one", "\xF0\x9F\x93\xB1", 3, "", "\xF0\x9F\x93\xB1" },
};

static void cut(const struct cut_case *c)
{
	struct bytes in = test_copy(bytes_str(c->in));

	assert_bytes_str(utf8_cut(in, c->max), c->bytes);
	assert_bytes_str(utf8_cut_chars(in, c->max), c->chars);
	assert_true(utf8_count(utf8_cut_chars(in, c->max)) <= c->max);
}
TEST_ROW(cut)

static void every_character_round_trips(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 13) {
		struct arena *a = arena_new(4096);
		struct buf b;
		struct bytes text;
		uint32_t want = c >= 0xD800 && c <= 0xDFFF ? UTF8_REPLACEMENT : c;

		buf_init(&b, a, 0);
		utf8_put(&b, c);
		assert_int_equal(buf_done(&b, &text), ERR_OK);
		assert_int_equal(utf8_char_len(text), text.len);
		assert_int_equal(utf8_next(&text), want);
		assert_int_equal(text.len, 0);
		arena_free(&a);
	}
}

int main(void)
{
	TEST_ADD_ROWS(repair, repair_cases);
	TEST_ADD_ROWS(cut, cut_cases);
	TEST_ADD(every_character_round_trips);
	return test_run("utf8");
}
