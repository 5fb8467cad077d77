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

int main(void)
{
	TEST_ADD_ROWS(encode, encode_cases);
	TEST_ADD_ROWS(decode, decode_cases);
	TEST_ADD(any_length_round_trips);
	TEST_ADD_ROWS(hex, hex_cases);
	return test_run("base64");
}
