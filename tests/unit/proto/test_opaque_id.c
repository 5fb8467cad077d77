/* LongId and FileReference: what a phone gives back as it got it. */
#include "testing.h"
#include "eas/opaque_id.h"

static const struct id_case {
	const char *name;
	uint32_t folder;
	uint64_t item;
	const char *part;
} id_cases[] = {
	{ "small", 1, 1, "" },
	{ "usual", 17, 4711, "" },
	{ "largest", UINT32_MAX, UINT64_MAX, "" },
	{ "a part", 17, 4711, "2.1" },
	{ "a file in a part", 17, 4711, "2~13" },
};

static void there_and_back(const struct id_case *c)
{
	struct opaque_id id = { c->folder, c->item, bytes_str(c->part) }, back;
	struct bytes ann = BYTES("ann@example.org"), text, again, cut;

	assert_int_equal(opaque_id_format(test_arena(), ann, &id, &text), ERR_OK);
	assert_int_equal(opaque_id_format(test_arena(), ann, &id, &again), ERR_OK);
	assert_bytes_equal(text, again);      /* stable */
	for (size_t i = 0; i < text.len; i++) /* fit for a URL, as GetAttachment wants it */
		assert_true(
		    (text.p[i] | 32) >= 'a' || (text.p[i] >= '0' && text.p[i] <= '9') || text.p[i] == '-');
	assert_int_equal(opaque_id_parse(test_arena(), ann, test_copy(text), &back), ERR_OK);
	assert_int_equal(back.folder, c->folder);
	assert_true(back.item == c->item);
	assert_bytes_str(back.part, c->part);
	assert_int_equal(opaque_id_parse(test_arena(), BYTES("bob@example.org"), text, &back), ERR_NOT_FOUND);
	for (cut = text; cut.len > 0;) {
		cut.len--;
		assert_int_equal(opaque_id_parse(test_arena(), ann, test_copy(cut), &back), ERR_NOT_FOUND);
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
	{ "empty", "" },
	{ "a very long one",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
};

static void none_of_ours(const struct stranger_case *c)
{
	struct opaque_id id;

	assert_int_equal(opaque_id_parse(test_arena(), BYTES("ann"), bytes_str(c->text), &id), ERR_NOT_FOUND);
}
TEST_ROW(none_of_ours)

static void a_long_part(void **state)
{
	char part[OPAQUE_PART_MAX + 2] = "";
	struct opaque_id id = { 1, 1, { 0 } }, back;
	struct bytes text;

	(void)state;
	memset(part, '1', OPAQUE_PART_MAX + 1);
	id.part = bytes_of((const uint8_t *)part, OPAQUE_PART_MAX);
	assert_int_equal(opaque_id_format(test_arena(), BYTES("ann"), &id, &text), ERR_OK);
	assert_int_equal(opaque_id_parse(test_arena(), BYTES("ann"), text, &back), ERR_OK);
	assert_bytes_equal(back.part, id.part);
	id.part.len++;
	assert_int_equal(opaque_id_format(test_arena(), BYTES("ann"), &id, &text), ERR_LIMIT);
}

int main(void)
{
	TEST_ADD_ROWS(there_and_back, id_cases);
	TEST_ADD_ROWS(none_of_ours, stranger_cases);
	TEST_ADD(a_long_part);
	return test_run("opaque id");
}
