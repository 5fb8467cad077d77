/* A follow-up flag between EAS and its stored form. */
#include "testing.h"
#include "mail/follow_up.h"

static const struct stored_case {
	const char *name, *stored;
	enum err want;
	enum follow_up_property property;
	const char *value; /* of the property */
} stored_cases[] = {
	{ "a date",
	    "{\"due\":\"2026-12-04T16:30:00.000Z\",\"start\":\"2026-12-04T16:30:00.000Z\","
	    "\"utcDue\":\"2026-12-04T16:30:00.000Z\",\"utcStart\":\"2026-12-04T16:30:00.000Z\"}",
	    ERR_OK, FOLLOW_UP_DUE, "2026-12-04T16:30:00.000Z" },
	{ "a text", "{\"subject\":\"\\u00c4rger\"}", ERR_OK, FOLLOW_UP_SUBJECT, "\xC3\x84rger" },
	{ "what we don't know yet", "{\"later\":1,\"type\":\"x\"}", ERR_OK, FOLLOW_UP_TYPE, "x" },
	{ "no text", "{\"type\":1}", ERR_OK, FOLLOW_UP_TYPE, "" },
	{ "nothing", "{}", ERR_OK, FOLLOW_UP_TYPE, "" },
	{ "empty", "", ERR_PROTO, FOLLOW_UP_TYPE, "" },
	{ "a list", "[]", ERR_PROTO, FOLLOW_UP_TYPE, "" },
	{ "cut", "{\"type\":\"x\"", ERR_PROTO, FOLLOW_UP_TYPE, "" },
	{ "a date that is none", "{\"type\":\"x\",\"ordinal\":\"tomorrow\"}", ERR_PROTO, FOLLOW_UP_TYPE, "" },
	{ "one date of four", "{\"due\":\"2026-12-04T16:30:00.000Z\"}", ERR_PROTO, FOLLOW_UP_DUE, "" },
};

static void stored(const struct stored_case *c)
{
	struct follow_up f = { .status = FOLLOW_UP_ACTIVE };

	assert_int_equal(follow_up_decode(test_arena(), test_copy(bytes_str(c->stored)), &f), c->want);
	assert_int_equal(f.status, FOLLOW_UP_ACTIVE);
	assert_bytes_str(f.v[c->property], c->value);
}
TEST_ROW(stored)

static void there_and_back(void **state)
{
	static const char date[] = "2026-12-04T16:30:00.000Z";
	struct follow_up f = { .status = FOLLOW_UP_ACTIVE }, back = { .status = FOLLOW_UP_ACTIVE };
	struct bytes text;

	(void)state;
	for (size_t i = 0; i < FOLLOW_UP_PROPERTIES; i++)
		f.v[i] = bytes_str(date);
	f.v[FOLLOW_UP_TYPE] = f.v[FOLLOW_UP_SUBJECT] = BYTES("\"\xE9\x87\x8D\\\r\n\"");
	f.v[FOLLOW_UP_SUB_ORDINAL] = BYTES("5");
	f.v[FOLLOW_UP_REMINDER_SET] = BYTES("1");
	assert_int_equal(follow_up_encode(test_arena(), &f, &text), ERR_OK);
	for (size_t i = 0; i < text.len; i++)
		assert_in_range(text.p[i], ' ', '~'); /* fits a quoted string of IMAP */
	assert_int_equal(follow_up_decode(test_arena(), text, &back), ERR_OK);
	for (size_t i = 0; i < FOLLOW_UP_PROPERTIES; i++)
		assert_bytes_equal(back.v[i], f.v[i]);
}

static const struct more_case {
	const char *name;
	enum follow_up_status status;
	enum follow_up_property property;
	const char *value;
	bool more;
} more_cases[] = {
	{ "bare", FOLLOW_UP_ACTIVE, FOLLOW_UP_TYPE, "", false },
	{ "the usual type", FOLLOW_UP_ACTIVE, FOLLOW_UP_TYPE, "Flag for follow up", false },
	{ "another type", FOLLOW_UP_ACTIVE, FOLLOW_UP_TYPE, "Call", true },
	{ "no reminder", FOLLOW_UP_ACTIVE, FOLLOW_UP_REMINDER_SET, "0", false },
	{ "a date", FOLLOW_UP_COMPLETE, FOLLOW_UP_COMPLETE_TIME, "2026-12-04T16:30:00.000Z", true },
	{ "no flag", FOLLOW_UP_NONE, FOLLOW_UP_SUBJECT, "x", false },
};

static void more(const struct more_case *c)
{
	struct follow_up f = { .status = c->status };

	f.v[c->property] = bytes_str(c->value);
	assert_int_equal(follow_up_has_more(&f), c->more);
}
TEST_ROW(more)

int main(void)
{
	TEST_ADD_ROWS(stored, stored_cases);
	TEST_ADD(there_and_back);
	TEST_ADD_ROWS(more, more_cases);
	return test_run("mail follow up");
}
