/* The size of base64 text, and where an octet stands in it, from a few samples. */
#include "testing.h"
#include "mail/base64_grid.h"
#include "mail/transfer.h"

static struct bytes encoded(size_t len)
{
	uint8_t *p = test_keep(len);
	struct bytes out;
	struct buf b;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + i / 251);
	buf_init(&b, test_arena(), 0);
	transfer_put_base64(&b, bytes_of(p, len));
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

/* Beginning, middle and end, `each` octets long. */
static bool find(struct bytes text, size_t each, struct base64_grid *g)
{
	size_t n = each < text.len ? each : text.len, middle = (text.len - n) / 2;
	const struct base64_sample s[] = { { 0, bytes_of(text.p, n) },
		{ (uint32_t)middle, bytes_of(text.p + middle, n) },
		{ (uint32_t)(text.len - n), bytes_of(text.p + text.len - n, n) } };

	return base64_grid_find((uint32_t)text.len, s, 3, g);
}

static void every_size(void **state)
{
	struct base64_grid g;
	struct bytes text;

	(void)state;
	for (size_t len = 58; len < 400; len++) {
		text = encoded(len);
		assert_true(find(text, 100, &g));
		assert_int_equal(g.size, len);
		assert_int_equal(g.line, 76);
		text.len -= 2; /* where the last line has no end */
		assert_true(find(text, 100, &g));
		assert_int_equal(g.size, len);
	}
}

static void every_place(void **state)
{
	struct bytes text = encoded(1000), whole, got;
	struct base64_grid g;

	(void)state;
	assert_int_equal(transfer_decode(test_arena(), MIME_BASE64, text, &whole), ERR_OK);
	assert_true(find(text, 200, &g));
	for (uint64_t first = 0; first < g.size; first += 13)
		for (uint64_t n = 1; first + n <= g.size; n += 57) {
			uint32_t skip, at = base64_grid_seek(&g, first, &skip);
			uint32_t span = base64_grid_span(&g, skip + n);
			struct bytes part = bytes_of(text.p + at, text.len - at);

			if (part.len > span)
				part.len = span;
			assert_int_equal(transfer_decode(test_arena(), MIME_BASE64, part, &got), ERR_OK);
			assert_true(got.len >= skip + n);
			assert_bytes_equal(bytes_of(got.p + skip, n), bytes_of(whole.p + first, n));
		}
}

static const struct odd_case {
	const char *name, *text;
} odd_cases[] = {
	{ "nothing", "" },
	{ "lines of another length", "Zm9v\r\nYmFyYmFy\r\nZm9v\r\n" },
	{ "a line in between that is short", "Zm9vYmFy\r\nZm9v\r\nZm9vYmFy\r\n" },
	{ "bare line ends", "Zm9v\nYmFy\nZm9v\n" },
	{ "foreign characters", "Zm9vYmFy\r\nZm9v*mFy\r\nZm9v\r\n" },
	{ "a footer", "Zm9vYmFy\r\nZm9=\r\n____\r\n" },
	{ "padding in the middle", "Zm9vYm==\r\nZm9v\r\n" },
	{ "lines that end inside a group", "Zm9vYm\r\nFyZm9v\r\n" },
	{ "half a group at the end", "Zm9vYmFy\r\nZm9\r\n" },
	{ "no digits but padding", "Zm9vYmFy\r\n===\r\n" },
};

static void odd(const struct odd_case *c)
{
	struct base64_grid g;

	assert_false(find(test_copy(bytes_str(c->text)), 1000, &g));
}
TEST_ROW(odd)

int main(void)
{
	TEST_ADD(every_size);
	TEST_ADD(every_place);
	TEST_ADD_ROWS(odd, odd_cases);
	return test_run("base64 grid");
}
