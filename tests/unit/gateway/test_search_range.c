/* Range: what Search is asked for. */
#include "search/finding.h"
#include "testing.h"

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
	TEST_ADD_ROWS(ranges, range_cases);
	return test_run("search range");
}
