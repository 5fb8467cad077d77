/* The small ones of proto/base: err, bytes, arena, buf, varint, hash, percent. */
#include "testing.h"
#include "base/hash.h"
#include "base/percent.h"
#include "base/varint.h"

static void every_error_has_a_name(void **state)
{
	(void)state;
	for (int e = 0; e < ERR_COUNT; e++)
		assert_string_not_equal(err_name((enum err)e), "unknown error");
	assert_string_equal(err_name(ERR_COUNT), "unknown error");
	assert_string_equal(err_name((enum err) - 1), "unknown error");
}

static const struct number_case {
	const char *name, *in;
	uint64_t max;
	enum err want;
	uint64_t value;
} number_cases[] = {
	{ "zero", "0", 9, ERR_OK, 0 },
	{ "leading zeros", "0007", 9, ERR_OK, 7 },
	{ "the largest", "18446744073709551615", UINT64_MAX, ERR_OK, UINT64_MAX },
	{ "one more", "18446744073709551616", UINT64_MAX, ERR_LIMIT, 0 },
	{ "above max", "10", 9, ERR_LIMIT, 0 },
	{ "above a max of one digit", "9", 8, ERR_LIMIT, 0 },
	{ "empty", "", 9, ERR_PROTO, 0 },
	{ "sign", "+1", 9, ERR_PROTO, 0 },
	{ "blank", "1 ", 9, ERR_PROTO, 0 },
};

static void number(const struct number_case *c)
{
	uint64_t got = 0;

	assert_int_equal(bytes_to_u64(test_copy(bytes_str(c->in)), c->max, &got), c->want);
	assert_true(got == c->value);
}
TEST_ROW(number)

static void views(void **state)
{
	struct bytes in = test_copy(BYTES("a=b=c")), part = { 0 }, none = { 0 };

	(void)state;
	assert_false(bytes_take(&in, 6, &part));
	assert_true(bytes_split(&in, '=', &part));
	assert_bytes_str(part, "a");
	assert_true(bytes_split(&in, '&', &part));
	assert_bytes_str(part, "b=c");
	assert_false(bytes_split(&in, '&', &part));
	assert_true(bytes_eq(none, BYTES("")));
	assert_true(bytes_eq_nocase(BYTES("SyncKey"), "synckey"));
	assert_false(bytes_eq_nocase(BYTES("SyncKey"), "synckeys"));
	assert_true(bytes_starts(BYTES("abc"), "ab"));
	assert_false(bytes_starts(BYTES("a"), "ab"));
	assert_true(bytes_starts_nocase(BYTES("Basic x"), "basic "));
	assert_bytes_str(bytes_trim(BYTES(" \t a b\r\n")), "a b");
	assert_int_equal(bytes_trim(BYTES(" \r\n")).len, 0);
	assert_int_equal(bytes_str(NULL).len, 0);
}

static void arena_budget(void **state)
{
	struct arena *a = arena_new(1000);
	struct bytes copy;
	char *text = NULL;

	(void)state;
	assert_null(arena_alloc(a, 1001));
	assert_null(arena_array(a, SIZE_MAX, 2));
	assert_non_null(arena_alloc(a, 900));
	assert_non_null(arena_alloc(a, 0));
	assert_int_equal(
	    arena_dup(a,
		bytes_str("0123456789012345678901234567890123456789012345678901234567890123456789"
			  "01234567890123456789"),
		&copy),
	    ERR_LIMIT);
	assert_int_equal(arena_cstr(a, BYTES("a\0b"), &text), ERR_PROTO);
	assert_int_equal(arena_cstr(a, BYTES("ab"), &text), ERR_OK);
	assert_string_equal(text, "ab");
	assert_true(arena_used(a) <= 1000);
	arena_free(&a);
	assert_null(a);
	arena_free(&a);
}

static void arena_grows_in_place_or_copies(void **state)
{
	struct arena *a = arena_new(1 << 20);
	uint8_t *p = NULL;
	size_t size = 0;

	(void)state;
	for (size_t n = 1; n < 100000; n = n * 3 + 1) {
		p = arena_grow(a, p, size, n);
		assert_non_null(p);
		for (size_t i = 0; i < size; i++)
			assert_true(p[i] == (uint8_t)i);
		for (size_t i = size; i < n; i++) {
			assert_true(p[i] == 0);
			p[i] = (uint8_t)i;
		}
		size = n;
		if (n % 2)
			assert_non_null(arena_alloc(a, 1));
	}
	arena_free(&a);
}

/* A large array costs the budget once, however often it grows and whatever is allocated in between. */
static void arena_grows_large_arrays_in_their_block(void **state)
{
	struct arena *a = arena_new(4 << 20);
	size_t size = 4096;
	uint8_t *p = arena_alloc(a, 64), *big = NULL;

	(void)state;
	memset(p, 7, 64);
	big = arena_grow(a, big, 0, size);
	for (; size < 2 << 20; size *= 2) {
		memset(big, (int)(size >> 12), size);
		big = arena_grow(a, big, size, size * 2);
		assert_non_null(big);
		assert_true(big[0] == (uint8_t)(size >> 12) && big[size - 1] == (uint8_t)(size >> 12));
		assert_true(big[size] == 0 && big[size * 2 - 1] == 0);
		assert_non_null(arena_alloc(a, 100));
	}
	assert_true(arena_used(a) < (2 << 20) + 64 * 1024);
	assert_null(arena_grow(a, big, size, size * 2));
	assert_true(p[0] == 7 && p[63] == 7);
	arena_free(&a);
}

static void buf_sticks_at_its_limit(void **state)
{
	struct buf b;
	struct bytes got;

	(void)state;
	buf_init(&b, test_arena(), 5);
	buf_put_str(&b, "abc");
	buf_printf(&b, "%d", 1);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, "abc1");
	buf_put_str(&b, "xy");
	buf_put_u8(&b, 'z');
	assert_null(buf_room(&b, 0));
	assert_int_equal(buf_done(&b, &got), ERR_LIMIT);
	assert_bytes_str(got, "abc1");
}

static const struct varint_case {
	const char *name, *hex;
	enum err want;
	uint64_t value;
	bool canonical; /* writing the value gives these bytes */
} varint_cases[] = {
	{ "zero", "00", ERR_OK, 0, true },
	{ "127", "7F", ERR_OK, 127, true },
	{ "128", "80 01", ERR_OK, 128, true },
	{ "2^32", "80 80 80 80 10", ERR_OK, UINT64_C(1) << 32, true },
	{ "the largest", "FF FF FF FF FF FF FF FF FF 01", ERR_OK, UINT64_MAX, true },
	{ "nothing", "", ERR_TRUNCATED, 0, false },
	{ "ends inside", "80", ERR_TRUNCATED, 0, false },
	{ "needless last byte", "80 00", ERR_PROTO, 0, false },
	{ "does not fit", "FF FF FF FF FF FF FF FF FF 02", ERR_PROTO, 0, false },
	{ "eleven bytes", "80 80 80 80 80 80 80 80 80 80 01", ERR_PROTO, 0, false },
};

static void varint(const struct varint_case *c)
{
	struct bytes in = test_hex(c->hex), rest = in, got;
	uint64_t n = 0;
	struct buf b;

	assert_int_equal(varint_get(&rest, &n), c->want);
	assert_true(n == c->value);
	assert_int_equal(rest.len, c->want ? in.len : 0);
	if (!c->canonical)
		return;
	buf_init(&b, test_arena(), 0);
	varint_put(&b, n);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_equal(got, in);
}
TEST_ROW(varint)

static void varint_limits(void **state)
{
	struct bytes in = test_hex("05 61 62"), got;
	uint64_t n;

	(void)state;
	assert_int_equal(varint_get_max(&in, 4, &n), ERR_LIMIT);
	assert_int_equal(varint_get_bytes(&in, &got), ERR_TRUNCATED);
	assert_int_equal(in.len, 3);
	assert_int_equal(varint_get_max(&in, 5, &n), ERR_OK);
	assert_int_equal(in.len, 2);
	in = test_hex("02 61 62 63");
	assert_int_equal(varint_get_bytes(&in, &got), ERR_OK);
	assert_bytes_str(got, "ab");
	assert_int_equal(in.len, 1);
}

/* Stored checksums rely on these: they must never change. */
static void hash_values_are_fixed(void **state)
{
	(void)state;
	assert_true(hash64(BYTES(""), 0) == UINT64_C(0x07C27DC3F9FF5021));
	assert_true(hash64(BYTES("a"), 0) == UINT64_C(0x6C9DCBE9D8896CAB));
	assert_true(hash64(BYTES("0123456789abcdef!"), 7) == UINT64_C(0x9AF939BBE8A37449));
}

/* One flipped bit changes about half of the result, wherever it is. */
static void hash_mixes(void **state)
{
	uint8_t data[40] = { 0 };

	(void)state;
	for (size_t len = 1; len <= sizeof(data); len++) {
		uint64_t base = hash64(bytes_of(data, len), 0);

		for (size_t bit = 0; bit < len * 8; bit++) {
			int changed;

			data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			changed = __builtin_popcountll(base ^ hash64(bytes_of(data, len), 0));
			assert_in_range(changed, 12, 52);
			data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_true(hash64(bytes_of(data, len - 1), 0) != base);
		assert_true(hash64(bytes_of(data, len), 1) != base);
	}
}

static const struct percent_case {
	const char *name, *in, *out;
} percent_cases[] = {
	{ "nothing to do", "user@example.org", "user@example.org" },
	{ "encoded", "user%40example.org%2F%c3%A4", "user@example.org/\xC3\xA4" },
	{ "a plus stays", "a+b%2Bc", "a+b+c" },
	{ "no digits", "100%", "100%" },
	{ "one digit", "%4", "%4" },
	{ "wrong digits", "%zz%4", "%zz%4" },
	{ "a percent before a code", "%%41", "%A" },
};

static void percent(const struct percent_case *c)
{
	struct bytes got, back;
	struct buf b;

	assert_int_equal(percent_decode(test_arena(), test_copy(bytes_str(c->in)), &got), ERR_OK);
	assert_bytes_str(got, c->out);
	buf_init(&b, test_arena(), 0);
	percent_put(&b, got);
	assert_int_equal(buf_done(&b, &back), ERR_OK);
	assert_int_equal(percent_decode(test_arena(), back, &back), ERR_OK);
	assert_bytes_equal(back, got);
}
TEST_ROW(percent)

int main(void)
{
	TEST_ADD(every_error_has_a_name);
	TEST_ADD_ROWS(number, number_cases);
	TEST_ADD(views);
	TEST_ADD(arena_budget);
	TEST_ADD(arena_grows_in_place_or_copies);
	TEST_ADD(arena_grows_large_arrays_in_their_block);
	TEST_ADD(buf_sticks_at_its_limit);
	TEST_ADD_ROWS(varint, varint_cases);
	TEST_ADD(varint_limits);
	TEST_ADD(hash_values_are_fixed);
	TEST_ADD(hash_mixes);
	TEST_ADD_ROWS(percent, percent_cases);
	return test_run("base");
}
