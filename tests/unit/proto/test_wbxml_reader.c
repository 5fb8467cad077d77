#include "testing.h"
#include "wbxml/wbxml.h"

static const struct uint_case {
	const char *name, *hex;
	enum err want;
	uint32_t value;
	size_t left;
} uint_cases[] = {
	{ "the example in 5.1", "81 20", ERR_OK, 0xA0, 0 },
	{ "one byte", "7F FF", ERR_OK, 0x7F, 1 },
	{ "the largest", "8F FF FF FF 7F", ERR_OK, UINT32_MAX, 0 },
	{ "leading zeros", "80 80 80 80 01", ERR_OK, 1, 0 },
	{ "nothing", "", ERR_TRUNCATED, 0, 0 },
	{ "ends inside", "81", ERR_TRUNCATED, 0, 1 },
	{ "ends inside after four", "81 80 80 80", ERR_TRUNCATED, 0, 4 },
	{ "does not fit 32 bits", "90 80 80 80 00", ERR_PROTO, 0, 5 },
	{ "six bytes", "80 80 80 80 80 01", ERR_PROTO, 0, 6 },
	{ "five bytes and more to come", "80 80 80 80 80", ERR_PROTO, 0, 5 },
};

static void read_uint(const struct uint_case *c)
{
	struct bytes in = test_hex(c->hex);
	uint32_t got = 0;

	assert_int_equal(wbxml_read_uint(&in, &got), c->want);
	assert_int_equal(got, c->value);
	assert_int_equal(in.len, c->left);
}
TEST_ROW(read_uint)

/* Events as text: "<0005", ">", "'text", "#hex". */
static enum err events(struct bytes doc, struct buf *b, struct wbxml_reader *r)
{
	struct wbxml_event ev;
	enum err e = wbxml_reader_init(r, doc);

	while (!e && !(e = wbxml_reader_next(r, &ev)) && ev.kind != WBXML_EOF) {
		if (ev.kind == WBXML_START)
			buf_printf(b, "<%04X", ev.tag);
		else if (ev.kind == WBXML_END)
			buf_printf(b, ">");
		else
			buf_printf(b, "%c%.*s", ev.opaque ? '#' : '\'', BYTES_ARG(ev.value));
	}
	return e;
}

#define HEAD "03 01 6A 00 "
#define NEST_8 "45 45 45 45 45 45 45 45 "

static const struct read_case {
	const char *name, *hex;
	enum err want;
	const char *events; /* up to the error */
	size_t at;          /* where the reader stands then */
} read_cases[] = {
	{ "an empty root", HEAD "05", ERR_OK, "<0005>", 5 },
	{ "content bit without content", HEAD "45 01", ERR_OK, "<0005>", 6 },
	{ "text", HEAD "45 4B 03 31 00 01 01", ERR_OK, "<0005<000B'1>>", 11 },
	{ "an empty string", HEAD "45 03 00 01", ERR_OK, "<0005'>", 8 },
	{ "opaque data", HEAD "45 C3 02 61 62 01", ERR_OK, "<0005#ab>", 10 },
	{ "empty opaque data", HEAD "45 C3 00 01", ERR_OK, "<0005#>", 8 },
	{ "several values", HEAD "45 03 61 00 C3 01 62 03 63 00 01", ERR_OK, "<0005'a#b'c>", 15 },
	{ "page switches", HEAD "00 07 56 00 01 00 07 52 03 30 00 01 01", ERR_OK, "<0716<0712'0>>", 17 },
	{ "page stays after an end", HEAD "45 00 11 45 01 06 01", ERR_OK, "<0005<1105><1106>>", 11 },
	{ "page switch before an end", HEAD "45 06 00 11 01", ERR_OK, "<0005<0006>>", 9 },
	{ "an unknown tag of an unknown page", HEAD "00 77 3F", ERR_OK, "<773F>", 7 },
	{ "WBXML 1.1", "01 01 6A 00 05", ERR_OK, "<0005>", 5 },
	{ "a public id in the string table", "03 00 00 6A 02 41 00 05", ERR_OK, "<0005>", 8 },
	{ "a string table", "03 01 6A 03 61 62 00 05", ERR_OK, "<0005>", 8 },
	{ "as deep as may be",
	    HEAD NEST_8 NEST_8 NEST_8
	    "45 45 45 45 45 45 45 05 01 01 01 01 01 01 01"
	    "01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01",
	    ERR_OK, NULL, 67 },
	{ "nothing at all", "", ERR_TRUNCATED, "", 0 },
	{ "only a version", "03", ERR_TRUNCATED, "", 1 },
	{ "only a head", HEAD, ERR_TRUNCATED, "", 4 },
	{ "WBXML 1.4", "04 01 6A 00 05", ERR_PROTO, "", 1 },
	{ "XML", "3C 3F 78 6D 6C", ERR_PROTO, "", 1 },
	{ "Latin-1", "03 01 04 00 05", ERR_PROTO, "", 4 },
	{ "a string table that is cut", "03 01 6A 7F 61", ERR_TRUNCATED, "", 4 },
	{ "no end of the root", HEAD "45 06", ERR_TRUNCATED, "<0005<0006>", 6 },
	{ "a string without its end", HEAD "45 03 61 62", ERR_TRUNCATED, "<0005", 5 },
	{ "a string without anything", HEAD "45 03", ERR_TRUNCATED, "<0005", 5 },
	{ "opaque data that is cut", HEAD "45 C3 05 61", ERR_TRUNCATED, "<0005", 5 },
	{ "opaque data of 4 GiB", HEAD "45 C3 8F FF FF FF 7F 61", ERR_TRUNCATED, "<0005", 5 },
	{ "opaque length too long", HEAD "45 C3 FF FF FF FF FF FF 01", ERR_PROTO, "<0005", 5 },
	{ "half a page switch", HEAD "45 00", ERR_TRUNCATED, "<0005", 5 },
	{ "an attribute bit", HEAD "85", ERR_PROTO, "", 4 },
	{ "attributes and content", HEAD "C5 01 01", ERR_PROTO, "", 4 },
	{ "an entity", HEAD "45 02 40 01", ERR_PROTO, "<0005", 5 },
	{ "a literal tag", HEAD "44 00 01", ERR_PROTO, "", 4 },
	{ "a processing instruction", HEAD "43 05 01", ERR_PROTO, "", 4 },
	{ "a string table reference", HEAD "45 83 00 01", ERR_PROTO, "<0005", 5 },
	{ "an extension", HEAD "45 C0 01", ERR_PROTO, "<0005", 5 },
	{ "text outside of the root", HEAD "03 61 00", ERR_PROTO, "", 4 },
	{ "an end outside of the root", HEAD "01", ERR_PROTO, "", 4 },
	{ "a second root", HEAD "05 05", ERR_PROTO, "<0005>", 5 },
	{ "bytes after the root", HEAD "45 01 00", ERR_PROTO, "<0005>", 6 },
	{ "too deep", HEAD NEST_8 NEST_8 NEST_8 NEST_8 "05", ERR_LIMIT, NULL, 36 },
};

static void read_document(const struct read_case *c)
{
	struct wbxml_reader r;
	struct bytes got;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	assert_int_equal(events(test_hex(c->hex), &b, &r), c->want);
	assert_int_equal(wbxml_reader_offset(&r), c->at);
	assert_int_equal(r.problem != NULL, c->want != ERR_OK);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	if (c->events)
		assert_bytes_str(got, c->events);
}
TEST_ROW(read_document)

/* The tree reports the same places, and a cut document is never taken for a whole one. */
static void tree_of_row(const struct read_case *c)
{
	struct bytes doc = test_hex(c->hex);
	struct wbxml_node *root = NULL;
	const char *problem = NULL;
	size_t at = 0;

	assert_int_equal(wbxml_tree(test_arena(), doc, 1000, &root, &at, &problem), c->want);
	assert_int_equal(root != NULL, c->want == ERR_OK);
	assert_int_equal(problem != NULL, c->want != ERR_OK);
	if (c->want)
		assert_int_equal(at, c->at);
	for (size_t n = 0; c->want == ERR_OK && n < doc.len; n++)
		assert_int_equal(
		    wbxml_tree(test_arena(), test_copy(bytes_of(doc.p, n)), 1000, &root, NULL, NULL),
		    ERR_TRUNCATED);
}
TEST_ROW(tree_of_row)

static void end_of_document_repeats(void **state)
{
	struct wbxml_reader r;
	struct wbxml_event ev;

	(void)state;
	assert_int_equal(wbxml_reader_init(&r, test_hex(HEAD "05")), ERR_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(wbxml_reader_next(&r, &ev), ERR_OK);
	assert_int_equal(ev.kind, WBXML_EOF);
}

static struct wbxml_node *parse(const char *hex)
{
	struct wbxml_node *root = NULL;

	assert_int_equal(wbxml_tree(test_arena(), test_hex(hex), 1000, &root, NULL, NULL), ERR_OK);
	return root;
}

static void tree_links(void **state)
{
	/* Sync { Add { ClientId "a" }, Change, Add "b" + opaque "c" + "d" } */
	struct wbxml_node *root =
	    parse(HEAD "45 47 4C 03 61 00 01 01 08 47 03 62 00 C3 01 63 03 64 00 01 01");
	const struct wbxml_node *first = wbxml_child(root, AIRSYNC_ADD),
				*second = wbxml_next(first, AIRSYNC_ADD);

	(void)state;
	assert_int_equal(root->tag, AIRSYNC_SYNC);
	assert_null(root->parent);
	assert_non_null(first);
	assert_ptr_equal(first->parent, root);
	assert_bytes_str(wbxml_child_text(first, AIRSYNC_CLIENT_ID), "a");
	assert_int_equal(first->next->tag, AIRSYNC_CHANGE);
	assert_bytes_str(second->text, "bcd");
	assert_null(wbxml_next(second, AIRSYNC_ADD));
	assert_null(wbxml_child(root, AIRSYNC_DELETE));
	assert_null(wbxml_child(NULL, AIRSYNC_DELETE));
	assert_int_equal(wbxml_child_text(NULL, AIRSYNC_DELETE).len, 0);
	assert_int_equal(wbxml_child_text(root, AIRSYNC_DELETE).len, 0);
}

static void tree_limits(void **state)
{
	struct arena *small = arena_new(1024);
	struct bytes doc = test_hex(HEAD "45 06 07 08 01");
	struct wbxml_node *root = NULL;
	const char *problem;

	(void)state;
	assert_int_equal(wbxml_tree(test_arena(), doc, 4, &root, NULL, NULL), ERR_OK);
	assert_int_equal(wbxml_tree(test_arena(), doc, 3, &root, NULL, &problem), ERR_LIMIT);
	assert_non_null(problem);
	assert_int_equal(wbxml_tree(small, doc, 4, &root, NULL, &problem), ERR_LIMIT);
	arena_free(&small);
}

/* Sync { WindowSize TEXT } */
static const struct value_case {
	const char *name, *hex;
	enum err boolean, number;
	bool b;
	uint32_t n;
} value_cases[] = {
	{ "absent", HEAD "05", ERR_OK, ERR_OK, true, 7 },
	{ "an empty tag", HEAD "45 15 01", ERR_OK, ERR_PROTO, true, 0 },
	{ "an empty string", HEAD "45 55 03 00 01 01", ERR_OK, ERR_PROTO, true, 0 },
	{ "one", HEAD "45 55 03 31 00 01 01", ERR_OK, ERR_OK, true, 1 },
	{ "zero", HEAD "45 55 03 30 00 01 01", ERR_OK, ERR_OK, false, 0 },
	{ "zero between blanks", HEAD "45 55 03 20 30 0A 00 01 01", ERR_OK, ERR_OK, false, 0 },
	{ "the largest", HEAD "45 55 03 35 31 32 00 01 01", ERR_PROTO, ERR_OK, false, 512 },
	{ "above the largest", HEAD "45 55 03 35 31 33 00 01 01", ERR_PROTO, ERR_LIMIT, false, 0 },
	{ "a word", HEAD "45 55 03 74 72 75 65 00 01 01", ERR_PROTO, ERR_PROTO, false, 0 },
	{ "negative", HEAD "45 55 03 2D 31 00 01 01", ERR_PROTO, ERR_PROTO, false, 0 },
};

static void child_values(const struct value_case *c)
{
	struct wbxml_node *root = parse(c->hex);
	bool b = false;
	uint32_t n = 0;

	assert_int_equal(wbxml_child_bool(root, AIRSYNC_WINDOW_SIZE, true, &b), c->boolean);
	assert_int_equal(b, c->b);
	assert_int_equal(wbxml_child_uint(root, AIRSYNC_WINDOW_SIZE, 7, 512, &n), c->number);
	assert_int_equal(n, c->n);
}
TEST_ROW(child_values)

int main(void)
{
	TEST_ADD_ROWS(read_uint, uint_cases);
	TEST_ADD_ROWS(read_document, read_cases);
	TEST_ADD_ROWS(tree_of_row, read_cases);
	TEST_ADD_ROWS(child_values, value_cases);
	TEST_ADD(end_of_document_repeats);
	TEST_ADD(tree_links);
	TEST_ADD(tree_limits);
	return test_run("wbxml_reader");
}
