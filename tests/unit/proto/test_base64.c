#include "testing.h"
#include "base/base64.h"
#include "base/hex.h"

static const struct encode_case {
	const char *name, *in, *plain, *url;
} encode_cases[] = {
	/* RFC 4648, 10 */
	{ "empty", "", "", "" },
	{ "f", "f", "Zg==", "Zg" },
	{ "fo", "fo", "Zm8=", "Zm8" },
	{ "foo", "foo", "Zm9v", "Zm9v" },
	{ "foob", "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "the last two digits", "\xFB\xEF\xFF", "++//", "--__" },
};

static void encode(const struct encode_case *c)
{
	struct buf b;
	struct bytes got;

	buf_init(&b, test_arena(), 0);
	base64_put(&b, bytes_str(c->in), BASE64_PLAIN);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->plain);
	buf_init(&b, test_arena(), 0);
	base64_put(&b, bytes_str(c->in), BASE64_URL | BASE64_UNPADDED);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->url);
	assert_int_equal(base64_decode(test_arena(), test_copy(bytes_str(c->plain)), &got), ERR_OK);
	assert_bytes_str(got, c->in);
	assert_int_equal(base64_decode(test_arena(), test_copy(bytes_str(c->url)), &got), ERR_OK);
	assert_bytes_str(got, c->in);
}
TEST_ROW(encode)

static const struct decode_case {
	const char *name, *in;
	enum err want;
	const char *out;
} decode_cases[] = {
	{ "mixed alphabets", "+_/-", ERR_OK, "\xFB\xFF\xFE" },
	{ "line ends", "Zm9v\r\nYmFy\r\n", ERR_OK, "foobar" },
	{ "blanks around padding", "Zg = =", ERR_OK, "f" },
	{ "one digit left", "Zm9vY", ERR_PROTO, NULL },
	{ "too much padding", "Zm9v=", ERR_PROTO, NULL },
	{ "a whole group of padding", "Zm9v====", ERR_PROTO, NULL },
	{ "only padding", "====", ERR_PROTO, NULL },
	{ "too little padding", "Zg=", ERR_PROTO, NULL },
	{ "data after padding", "Zg==Zg==", ERR_PROTO, NULL },
	{ "another character", "Zm.v", ERR_PROTO, NULL },
	{ "eight bits", "Zm\xC3\xA4v", ERR_PROTO, NULL },
};

static void decode(const struct decode_case *c)
{
	struct bytes got;

	assert_int_equal(base64_decode(test_arena(), test_copy(bytes_str(c->in)), &got), c->want);
	if (c->out)
		assert_bytes_str(got, c->out);
}
TEST_ROW(decode)

static void any_length_round_trips(void **state)
{
	uint8_t data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + 13);
	for (size_t n = 0; n <= sizeof(data); n++) {
		struct buf b;
		struct bytes text, got;

		buf_init(&b, test_arena(), 0);
		base64_put(&b, bytes_of(data, n), n % 4);
		assert_int_equal(buf_done(&b, &text), ERR_OK);
		assert_int_equal(base64_decode(test_arena(), text, &got), ERR_OK);
		assert_bytes_equal(got, bytes_of(data, n));
	}
}

static const struct hex_case {
	const char *name, *in;
	enum err want;
	const char *lower;
} hex_cases[] = {
	{ "empty", "", ERR_OK, "" },
	{ "both cases", "00fFA9", ERR_OK, "00ffa9" },
	{ "odd", "0", ERR_PROTO, NULL },
	{ "no digit", "0g", ERR_PROTO, NULL },
	{ "no first digit", "/0", ERR_PROTO, NULL },
};

static void hex(const struct hex_case *c)
{
	struct bytes data, got;
	struct buf b;

	assert_int_equal(hex_decode(test_arena(), test_copy(bytes_str(c->in)), &data), c->want);
	if (c->want)
		return;
	buf_init(&b, test_arena(), 0);
	hex_put(&b, data);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->lower);
	buf_init(&b, test_arena(), 0);
	hex_put_upper(&b, data);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_true(bytes_eq_nocase(got, c->lower));
}
TEST_ROW(hex)

/* ---- the quick way ---- */

enum { QUICK = 80 };

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void fill(uint8_t text[QUICK])
{
	for (size_t i = 0; i < QUICK; i++)
		text[i] = (uint8_t)standard[(i * 37 + i / 7) % 64];
}

/* Whole groups, one digit after the other. */
static size_t slowly(const uint8_t *text, size_t groups, uint8_t *to)
{
	for (size_t i = 0; i < 4 * groups; i += 4) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++)
			v = v << 6 | (uint32_t)(strchr(standard, text[i + k]) - standard);
		to[i / 4 * 3] = (uint8_t)(v >> 16);
		to[i / 4 * 3 + 1] = (uint8_t)(v >> 8);
		to[i / 4 * 3 + 2] = (uint8_t)v;
	}
	return groups * 3;
}

/* Stops behind that many groups, with their octets and nothing touched beyond the slack. */
static void expect_groups(const uint8_t *text, size_t len, size_t groups)
{
	uint8_t want[QUICK], got[QUICK + BASE64_SLACK], *to = got;
	struct bytes in = test_copy(bytes_of(text, len)); /* so that a look behind the end is noticed */
	size_t n = slowly(text, groups, want);

	memset(got, 0xEE, sizeof(got));
	assert_ptr_equal(base64_decode_groups(in.p, in.p + in.len, &to), in.p + 4 * groups);
	assert_bytes_equal(bytes_of(got, (size_t)(to - got)), bytes_of(want, n));
	for (size_t i = n + BASE64_SLACK; i < sizeof(got); i++)
		assert_int_equal(got[i], 0xEE);
}

static void groups_of_any_length(void **state)
{
	uint8_t text[QUICK];

	(void)state;
	fill(text);
	for (size_t len = 0; len <= QUICK; len++)
		expect_groups(text, len, len / 4);
}

static void groups_end_before_any_other_character(void **state)
{
	uint8_t text[QUICK];

	(void)state;
	for (size_t at = 0; at < QUICK; at++) {
		for (unsigned c = 0; c < 256; c++) {
			fill(text);
			text[at] = (uint8_t)c;
			expect_groups(text, QUICK, c && strchr(standard, (int)c) ? QUICK / 4 : at / 4);
		}
	}
}

/* A text in lines of these many digits, the last of them repeated: what it stands for, whatever the quick way makes of the line
 * ends. Groups that go on in the next line are among it, lines that get longer and shorter, and line ends of one character. */
static const struct lines_case {
	const char *name;
	const char *ends;
	uint8_t digits[4];
} lines_cases[] = {
	{ "as in mails", "\r\n", { 76, 76, 76, 76 } },
	{ "of whole vectors", "\r\n", { 64, 64, 64, 64 } },
	{ "short", "\r\n", { 4, 4, 4, 4 } },
	{ "of other lengths", "\r\n", { 76, 60, 72, 8 } },
	{ "that end within groups", "\r\n", { 75, 73, 76, 74 } },
	{ "ended by LF", "\n", { 76, 72, 76, 76 } },
	{ "ended by CR", "\r", { 76, 72, 76, 76 } },
	{ "with an empty line between", "\r\n\r\n", { 76, 76, 68, 76 } },
	{ "with a blank at the end", " \r\n", { 76, 76, 76, 76 } },
};

static void lines(const struct lines_case *c)
{
	enum { DIGITS = 4096 };
	uint8_t digits[DIGITS], want[DIGITS];
	size_t line = 0, at = 0, n;
	struct bytes text, got;
	struct buf b;

	for (size_t i = 0; i < DIGITS; i++)
		digits[i] = (uint8_t)standard[(i * 37 + i / 7) % 64];
	buf_init(&b, test_arena(), 0);
	while (at < DIGITS) {
		n = c->digits[line < 3 ? line++ : 3];
		n = n < DIGITS - at ? n : DIGITS - at;
		buf_put(&b, bytes_of(digits + at, n));
		buf_put_str(&b, c->ends);
		at += n;
	}
	assert_int_equal(buf_done(&b, &text), ERR_OK);
	assert_int_equal(base64_decode(test_arena(), test_copy(text), &got), ERR_OK);
	assert_bytes_equal(got, bytes_of(want, slowly(digits, DIGITS / 4, want)));
}
TEST_ROW(lines)

int main(void)
{
	TEST_ADD_ROWS(encode, encode_cases);
	TEST_ADD_ROWS(decode, decode_cases);
	TEST_ADD(any_length_round_trips);
	TEST_ADD_ROWS(hex, hex_cases);
	TEST_ADD(groups_of_any_length);
	TEST_ADD(groups_end_before_any_other_character);
	TEST_ADD_ROWS(lines, lines_cases);
	return test_run("base64");
}
