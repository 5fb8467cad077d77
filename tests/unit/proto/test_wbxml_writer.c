#include "testing.h"
#include "wbxml/wbxml.h"

#define HEAD "03 01 6A 00 "

static struct buf buffer;
static struct wbxml_writer writer;

static struct wbxml_writer *start(size_t max)
{
	buf_init(&buffer, test_arena(), max);
	wbxml_writer_init(&writer, &buffer);
	return &writer;
}

static void assert_written(const char *hex)
{
	struct bytes got;

	assert_int_equal(wbxml_done(&writer, &got), ERR_OK);
	assert_bytes_equal(got, test_hex(hex));
}

/* The example of MS-ASWBXML 3.1 in its shape: a page switch, text, an element that stays empty. */
static void pages_and_empty_tags(void **state)
{
	struct wbxml_writer *w = start(0);

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_put_str(w, AIRSYNC_SYNC_KEY, "1");
	wbxml_put_empty(w, AIRSYNC_GET_CHANGES);
	wbxml_open(w, AIRSYNCBASE_BODY);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, 1);
	wbxml_close(w);
	wbxml_put_empty(w, AIRSYNC_MORE_AVAILABLE);
	wbxml_close(w);
	assert_written(HEAD "45 4B 03 31 00 01 13 00 11 4A 46 03 31 00 01 01 00 00 14 01");
}

static const struct text_case {
	const char *name, *in, *hex; /* of the value: both in hex */
} text_cases[] = {
	{ "plain", "61 62", "4E 03 61 62 00 01" },
	{ "empty", "", "0E" },
	{ "tab, line ends", "09 0D 0A", "4E 03 09 0D 0A 00 01" },
	{ "a NUL inside", "61 00 62", "4E 03 61 62 00 01" },
	{ "controls", "01 08 61 0B 1F 1B", "4E 03 61 00 01" },
	{ "DEL stays", "7F", "4E 03 7F 00 01" },
	{ "only controls: no content", "00 01 02", "0E" },
	{ "controls inside a long run", "30 31 32 33 34 35 36 37 38 39 0C 41 42 43 44 45 46 47 48 49",
	    "4E 03 30 31 32 33 34 35 36 37 38 39 41 42 43 44 45 46 47 48 49 00 01" },
	{ "UTF-8", "C3 A4 E6 97 A5 F0 9F 93 B1", "4E 03 C3 A4 E6 97 A5 F0 9F 93 B1 00 01" },
	{ "Latin-1", "4D FC 6C", "4E 03 4D EF BF BD 6C 00 01" },
	{ "cut character", "61 E6 97", "4E 03 61 EF BF BD 00 01" },
	{ "surrogate", "ED A0 80", "4E 03 EF BF BD EF BF BD EF BF BD 00 01" },
	{ "U+FFFE and U+FFFF", "61 EF BF BE EF BF BF 62", "4E 03 61 62 00 01" },
	{ "U+FFFD stays", "EF BF BD", "4E 03 EF BF BD 00 01" },
};

static void text(const struct text_case *c)
{
	struct wbxml_writer *w = start(0);
	char hex[512];

	wbxml_put(w, AIRSYNC_STATUS, test_hex(c->in));
	snprintf(hex, sizeof(hex), HEAD "%s", c->hex);
	assert_written(hex);
}
TEST_ROW(text)

static const struct opaque_case {
	const char *name;
	size_t len;
	const char *head;
} opaque_cases[] = {
	{ "one byte", 1, "C3 01" },
	{ "127", 127, "C3 7F" },
	{ "128", 128, "C3 81 00" },
	{ "16383", 16383, "C3 FF 7F" },
	{ "16384", 16384, "C3 81 80 00" },
	{ "3 MiB", 3 << 20, "C3 81 C0 80 00" },
};

static void opaque(const struct opaque_case *c)
{
	struct bytes head = test_hex(c->head), data = bytes_of(test_keep(c->len), c->len), got;
	struct wbxml_writer *w = start(0);
	struct wbxml_node *root = NULL;

	memset((uint8_t *)(uintptr_t)data.p, 0, data.len);
	wbxml_put(w, COMPOSEMAIL_MIME, data);
	assert_int_equal(wbxml_done(w, &got), ERR_OK);
	assert_bytes_equal(bytes_of(got.p + 4 + 2 + 1, head.len), head);
	assert_int_equal(wbxml_tree(test_arena(), got, 1, &root, NULL, NULL), ERR_OK);
	assert_bytes_equal(root->text, data);
}
TEST_ROW(opaque)

static void numbers(void **state)
{
	struct wbxml_writer *w = start(0);

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_put_uint(w, AIRSYNC_STATUS, 0);
	wbxml_put_uint(w, AIRSYNC_STATUS, UINT64_MAX);
	wbxml_close(w);
	assert_written(HEAD
	    "45 4E 03 30 00 01 4E 03 31 38 34 34 36 37 34 34 30 37 33 37 30 39 35 35 31 36 31 35 00 01 01");
}

static void text_continues(void **state)
{
	struct wbxml_writer *w = start(0);

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_text(w, BYTES("ab"));
	wbxml_text(w, BYTES("\x01"));
	wbxml_text(w, BYTES(""));
	wbxml_text(w, BYTES("cd"));
	wbxml_opaque(w, BYTES("e"));
	wbxml_text(w, BYTES("f"));
	wbxml_close(w);
	assert_written(HEAD "45 03 61 62 63 64 00 C3 01 65 03 66 00 01");
}

static void empty_containers_are_dropped(void **state)
{
	struct wbxml_writer *w = start(0);

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_open(w, AIRSYNC_COMMANDS);
	wbxml_open(w, EMAIL2_SENDER); /* another page, which goes with it */
	wbxml_close_or_drop(w);
	wbxml_close_or_drop(w);
	wbxml_put_empty(w, AIRSYNC_ADD);
	wbxml_open(w, AIRSYNC_RESPONSES);
	wbxml_open(w, AIRSYNC_CHANGE);
	wbxml_close(w);
	wbxml_close_or_drop(w);
	wbxml_open(w, AIRSYNC_COMMANDS);
	wbxml_close_or_drop(w);
	wbxml_close_or_drop(w);
	assert_written(HEAD "45 07 46 08 01 01");
}

static void all_dropped_leaves_an_empty_root(void **state)
{
	struct wbxml_writer *w = start(0);

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_open(w, EMAIL_CATEGORIES);
	wbxml_open(w, EMAIL2_SENDER);
	wbxml_close_or_drop(w);
	wbxml_close_or_drop(w);
	wbxml_close(w);
	assert_written(HEAD "05");
}

/* What a gap leaves open is filled when the document is sent. */
static void a_gap_is_an_empty_string(void **state)
{
	struct wbxml_writer *w = start(0);
	size_t at;

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_open(w, AIRSYNC_SYNC_KEY);
	at = wbxml_gap(w);
	assert_int_equal(at, 7);
	wbxml_close(w);
	wbxml_put_str(w, AIRSYNC_SYNC_KEY, "b"); /* another string, not more of that one */
	wbxml_close(w);
	assert_written(HEAD "45 4B 03 00 01 4B 03 62 00 01 01");
}

/* The same elements, written apart or at once, after a tag of page 0 and of another. */
static void put_two(struct wbxml_writer *w)
{
	wbxml_put_str(w, EMAIL_SUBJECT, "x");
	wbxml_put_empty(w, AIRSYNC_ADD);
	wbxml_put_str(w, EMAIL_SUBJECT, "y");
}

static void a_fragment_is_as_if_written_there(void **state)
{
	struct wbxml_fragment f;
	struct wbxml_writer part, *w;
	struct buf apart;

	(void)state;
	buf_init(&apart, test_arena(), 0);
	wbxml_fragment_init(&part, &apart);
	put_two(&part);
	assert_int_equal(wbxml_fragment_done(&part, &f), ERR_OK);
	w = start(0);
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_put_fragment(w, &f);
	wbxml_put_str(w, EMAIL_SUBJECT, "z");
	wbxml_put_fragment(w, &f);
	wbxml_put_fragment(w, &(struct wbxml_fragment){ { 0 }, 0 });
	wbxml_close(w);
	assert_written(HEAD "45 00 02 54 03 78 00 01 00 00 07 00 02 54 03 79 00 01 54 03 7A 00 01 "
			    "00 00 00 02 54 03 78 00 01 00 00 07 00 02 54 03 79 00 01 01");
}

static void rollback_restores_everything(void **state)
{
	struct wbxml_writer *w = start(0);
	struct wbxml_mark outer, inner;

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	outer = wbxml_mark(w);
	wbxml_open(w, EMAIL_SUBJECT);
	wbxml_text(w, BYTES("half an item"));
	inner = wbxml_mark(w);
	wbxml_text(w, BYTES(" and more"));
	wbxml_rollback(w, inner);
	wbxml_close(w);
	wbxml_put_empty(w, AIRSYNC_ADD);
	wbxml_rollback(w, outer);
	wbxml_put_str(w, AIRSYNC_STATUS, "1");
	inner = wbxml_mark(w);
	wbxml_open(w, EMAIL_SUBJECT);
	wbxml_rollback(w, inner);
	wbxml_close(w);
	assert_written(HEAD "45 4E 03 31 00 01 01");
}

static void rollback_to_an_empty_root(void **state)
{
	struct wbxml_writer *w = start(0);
	struct wbxml_mark m;

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	m = wbxml_mark(w);
	wbxml_put_str(w, EMAIL_SUBJECT, "x");
	wbxml_rollback(w, m);
	wbxml_close(w);
	assert_written(HEAD "05");
}

static void rollback_inside_a_string(void **state)
{
	struct wbxml_writer *w = start(0);
	struct wbxml_mark m;

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_text(w, BYTES("ab"));
	m = wbxml_mark(w);
	wbxml_text(w, BYTES("cd"));
	wbxml_rollback(w, m);
	wbxml_close(w);
	assert_written(HEAD "45 03 61 62 00 01");
}

/* An item that is too long for the response is taken back, and the response is still good. */
static void rollback_heals_a_full_buffer(void **state)
{
	struct wbxml_writer *w = start(40);
	struct wbxml_mark m;

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_put_str(w, AIRSYNC_STATUS, "1");
	m = wbxml_mark(w);
	wbxml_open(w, AIRSYNC_ADD);
	wbxml_put_str(w, AIRSYNC_SERVER_ID, "much longer than forty bytes, so that it can not fit any more");
	wbxml_open(w, EMAIL_CATEGORIES);
	wbxml_close_or_drop(w);
	wbxml_opaque(w, BYTES("x"));
	wbxml_close(w);
	assert_int_equal(buffer.failed, ERR_LIMIT);
	wbxml_rollback(w, m);
	wbxml_put_empty(w, AIRSYNC_MORE_AVAILABLE);
	wbxml_close(w);
	assert_written(HEAD "45 4E 03 31 00 01 14 01");
}

static void failure_sticks(void **state)
{
	struct wbxml_writer *w = start(8);
	struct bytes got;

	(void)state;
	wbxml_open(w, AIRSYNC_SYNC);
	wbxml_put_str(w, AIRSYNC_STATUS, "too long");
	wbxml_close_or_drop(w);
	assert_int_equal(wbxml_done(w, &got), ERR_LIMIT);
}

/* Every budget either gives the whole document or an error, never a crash or half a document. */
static void any_budget(void **state)
{
	(void)state;
	for (size_t budget = 0; budget < 4096; budget += 16) {
		struct arena *a = arena_new(budget);
		struct wbxml_writer w;
		struct buf b;
		struct bytes got;
		struct wbxml_node *root;

		buf_init(&b, a, 0);
		wbxml_writer_init(&w, &b);
		wbxml_open(&w, AIRSYNC_SYNC);
		for (unsigned i = 0; i < 100; i++) {
			wbxml_open(&w, AIRSYNC_ADD);
			wbxml_put_uint(&w, EMAIL_SUBJECT, i);
			wbxml_close(&w);
		}
		wbxml_close(&w);
		if (wbxml_done(&w, &got) == ERR_OK)
			assert_int_equal(wbxml_tree(test_arena(), got, 1000, &root, NULL, NULL), ERR_OK);
		arena_free(&a);
	}
}

int main(void)
{
	TEST_ADD_ROWS(text, text_cases);
	TEST_ADD_ROWS(opaque, opaque_cases);
	TEST_ADD(pages_and_empty_tags);
	TEST_ADD(numbers);
	TEST_ADD(text_continues);
	TEST_ADD(empty_containers_are_dropped);
	TEST_ADD(all_dropped_leaves_an_empty_root);
	TEST_ADD(a_gap_is_an_empty_string);
	TEST_ADD(a_fragment_is_as_if_written_there);
	TEST_ADD(rollback_restores_everything);
	TEST_ADD(rollback_to_an_empty_root);
	TEST_ADD(rollback_inside_a_string);
	TEST_ADD(rollback_heals_a_full_buffer);
	TEST_ADD(failure_sticks);
	TEST_ADD(any_budget);
	return test_run("wbxml_writer");
}
