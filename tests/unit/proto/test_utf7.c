#include "testing.h"
#include "base/utf7.h"

static const struct name_case {
	const char *name, *utf7, *utf8;
} name_cases[] = {
	{ "empty", "", "" },
	{ "ASCII", "INBOX/Drafts 2", "INBOX/Drafts 2" },
	{ "an ampersand", "Tom &- Jerry", "Tom & Jerry" },
	{ "the example of RFC 3501", "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	    "~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E" },
	{ "umlauts", "Entw&APw-rfe", "Entw\xC3\xBCrfe" },
	{ "above U+FFFF", "&2D3c8Q-", "\xF0\x9F\x93\xB1" },
	{ "a control character", "a&AAk-b", "a\tb" },
	{ "a shift, then an ampersand", "&APw-&-", "\xC3\xBC&" },
	{ "U+FFFD", "&,,0-", "\xEF\xBF\xBD" },
};

static void both_ways(const struct name_case *c)
{
	struct bytes got;

	assert_int_equal(utf7_to_utf8(test_arena(), test_copy(bytes_str(c->utf7)), &got), ERR_OK);
	assert_bytes_str(got, c->utf8);
	assert_int_equal(utf7_from_utf8(test_arena(), test_copy(bytes_str(c->utf8)), &got), ERR_OK);
	assert_bytes_str(got, c->utf7);
}
TEST_ROW(both_ways)

static const struct bad_case {
	const char *name, *in;
} bad_cases[] = {
	{ "UTF-8 as it is", "Entw\xC3\xBCrfe" },
	{ "a control character", "a\tb" },
	{ "a shift without its end", "&APw" },
	{ "an ampersand at the end", "Tom &" },
	{ "an ampersand as it is", "Tom & Jerry" },
	{ "a digit that is none", "&AP/w-" },
	{ "padding characters", "&APw=-" },
	{ "encoded ASCII", "&AGE-" },
	{ "an encoded NUL", "&AAA-" },
	{ "superfluous shift", "&U,BTFw-&ZeVnLIqe-" },
	{ "odd bits left", "&APx-" },
	{ "a digit too many", "&APwA-" },
	{ "one digit", "&A-" },
	{ "a lone high surrogate", "&2D0-" },
	{ "a lone low surrogate", "&3PE-" },
	{ "a high surrogate before a character", "&2D0A,A-" },
};

static void kept_raw(const struct bad_case *c)
{
	struct bytes in = test_copy(bytes_str(c->in)), got = { 0 };

	assert_int_equal(utf7_to_utf8(test_arena(), in, &got), ERR_PROTO);
	assert_bytes_equal(got, in);
}
TEST_ROW(kept_raw)

static void broken_utf8_is_refused(void **state)
{
	struct bytes got;

	(void)state;
	assert_int_equal(utf7_from_utf8(test_arena(), BYTES("a\xFC"), &got), ERR_PROTO);
	assert_int_equal(utf7_from_utf8(test_arena(), BYTES("a\0b"), &got), ERR_PROTO);
}

int main(void)
{
	TEST_ADD_ROWS(both_ways, name_cases);
	TEST_ADD_ROWS(kept_raw, bad_cases);
	TEST_ADD(broken_utf8_is_refused);
	return test_run("utf7");
}
