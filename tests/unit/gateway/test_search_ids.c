/* LongId and Range: what Search tells and is asked. */
#include "search/finding.h"
#include "search/long_id.h"
#include "testing.h"

static const struct id_case {
	const char *name;
	uint32_t folder;
	uint64_t item;
} id_cases[] = {
	{ "small", 1, 1 },
	{ "usual", 17, 4711 },
	{ "largest", UINT32_MAX, UINT64_MAX },
};

static void there_and_back(const struct id_case *c)
{
	struct bytes ann = BYTES("ann@example.org"), text, again, cut;
	uint32_t folder = 0;
	uint64_t item = 0;

	assert_int_equal(long_id_format(test_arena(), ann, c->folder, c->item, &text), ERR_OK);
	assert_int_equal(long_id_format(test_arena(), ann, c->folder, c->item, &again), ERR_OK);
	assert_bytes_equal(text, again); /* stable */
	assert_int_equal(long_id_parse(test_arena(), ann, test_copy(text), &folder, &item), ERR_OK);
	assert_int_equal(folder, c->folder);
	assert_true(item == c->item);
	assert_int_equal(
	    long_id_parse(test_arena(), BYTES("bob@example.org"), text, &folder, &item), ERR_NOT_FOUND);
	for (cut = text; cut.len > 0;) {
		cut.len--;
		assert_int_equal(
		    long_id_parse(test_arena(), ann, test_copy(cut), &folder, &item), ERR_NOT_FOUND);
	}
}
TEST_ROW(there_and_back)

static const struct stranger_case {
	const char *name, *text;
} stranger_cases[] = {
	{ "a ServerId", "17:4711" },
	{ "of Exchange", "RgAAAAAcBhQ3ZyLjT4CX0e%2fXAz6oBwD%2b" },
	{ "other letters", "\xC3\xA4" },
	{ "no check", "AQEB" },
	{ "a very long one",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
};

static void none_of_ours(const struct stranger_case *c)
{
	uint32_t folder;
	uint64_t item;

	assert_int_equal(
	    long_id_parse(test_arena(), BYTES("ann"), bytes_str(c->text), &folder, &item), ERR_NOT_FOUND);
}
TEST_ROW(none_of_ours)

static const struct range_case {
	const char *name;
	bool want;
	uint32_t first, last;
} range_cases[] = {
	{ "", true, 0, 99 },
	{ "0-0", true, 0, 0 },
	{ " 10-19 ", true, 10, 19 },
	{ "0-2147483647", true, 0, INT32_MAX },
	{ "0-2147483648", false, 0, 0 },
	{ "5-4", false, 0, 0 },
	{ "5", false, 0, 0 },
	{ "5-", false, 0, 0 },
	{ "-5", false, 0, 0 },
	{ "a-b", false, 0, 0 },
	{ "1-2-3", false, 0, 0 },
};

static void ranges(const struct range_case *c)
{
	struct finding_range r;

	assert_int_equal(finding_range_parse(bytes_str(c->name), &r), c->want);
	if (!c->want)
		return;
	assert_int_equal(r.first, c->first);
	assert_int_equal(r.last, c->last);
}
TEST_ROW(ranges)

int main(void)
{
	TEST_ADD_ROWS(there_and_back, id_cases);
	TEST_ADD_ROWS(none_of_ours, stranger_cases);
	TEST_ADD_ROWS(ranges, range_cases);
	return test_run("search ids");
}
