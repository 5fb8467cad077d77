#include "testing.h"
#include "wbxml/dump.h"

static const struct undump_case {
	const char *name, *text;
	enum err want;
	size_t line; /* of the fault */
} undump_cases[] = {
	{ "one element", "AirSync:Sync\n", ERR_OK, 0 },
	{ "without the last line end", "AirSync:Sync", ERR_OK, 0 },
	{ "comments and blank lines", "# a comment\n\nAirSync:Sync\n# another\n\n\tAirSync:Status \"1\"\n",
	    ERR_OK, 0 },
	{ "every escape", "AirSync:Sync \"\\n\\r\\t\\\"\\\\\\x41\"\n", ERR_OK, 0 },
	{ "nothing", "", ERR_PROTO, 1 },
	{ "only a comment", "# a comment\n", ERR_PROTO, 2 },
	{ "an unknown tag", "AirSync:Nothing\n", ERR_PROTO, 1 },
	{ "a number in place of a tag", "0x0005\n", ERR_PROTO, 1 },
	{ "indented too far", "AirSync:Sync\n\t\tAirSync:Status\n", ERR_PROTO, 2 },
	{ "a second root", "AirSync:Sync\nAirSync:Sync\n", ERR_PROTO, 2 },
	{ "an indented root", "\tAirSync:Sync\n", ERR_PROTO, 1 },
	{ "a text without its end", "AirSync:Sync \"abc\n", ERR_PROTO, 1 },
	{ "an unknown escape", "AirSync:Sync \"\\q\"\n", ERR_PROTO, 1 },
	{ "half an escape", "AirSync:Sync \"\\x4\"\n", ERR_PROTO, 1 },
	{ "odd hex", "AirSync:Sync #414\n", ERR_PROTO, 1 },
	{ "something else", "AirSync:Sync 7\n", ERR_PROTO, 1 },
	{ "a blank at the end", "AirSync:Sync \n", ERR_PROTO, 1 },
};

static void undump(const struct undump_case *c)
{
	struct bytes doc, text, again;
	size_t line = 0;

	assert_int_equal(wbxml_undump(test_arena(), test_copy(bytes_str(c->text)), &doc, &line), c->want);
	if (c->want) {
		assert_int_equal(line, c->line);
		return;
	}
	assert_int_equal(wbxml_dump(test_arena(), doc, &text), ERR_OK);
	assert_int_equal(wbxml_undump(test_arena(), text, &again, &line), ERR_OK);
	assert_bytes_equal(again, doc);
}
TEST_ROW(undump)

static void shows_what_could_be_read(void **state)
{
	struct bytes text;

	(void)state;
	assert_int_equal(
	    wbxml_dump(test_arena(), test_hex("03 01 6A 00 45 4E 03 31 01 00 01 4B 03 FF"), &text),
	    ERR_TRUNCATED);
	assert_bytes_str(text, "AirSync:Sync\n\tAirSync:Status \"1\\x01\"\n\tAirSync:SyncKey\n");
	assert_int_equal(wbxml_dump(test_arena(), test_hex("03"), &text), ERR_TRUNCATED);
	assert_int_equal(text.len, 0);
}

int main(void)
{
	TEST_ADD_ROWS(undump, undump_cases);
	TEST_ADD(shows_what_could_be_read);
	return test_run("wbxml_dump");
}
