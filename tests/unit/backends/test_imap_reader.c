#include "imap/reader.h"
#include "testing.h"

/* Responses from memory, in steps of several sizes: what is read, and where each ends. */

struct memory {
	struct bytes left;
	size_t step;
};

static enum err read_memory(void *arg, void *to, size_t cap, size_t *out)
{
	struct memory *m = arg;
	size_t n = m->left.len < m->step ? m->left.len : m->step;
	struct bytes part;

	bytes_take(&m->left, n < cap ? n : cap, &part);
	if (part.len)
		memcpy(to, part.p, part.len);
	*out = part.len;
	return ERR_OK;
}

static void start(struct imap_reader *r, struct memory *m, struct bytes in, size_t step)
{
	*m = (struct memory){ in, step };
	imap_reader_init(r, read_memory, m);
}

/* "(a NIL (b))": lists in parentheses, strings as they are, "" for an empty one. */
static void put_value(struct buf *out, const struct imap_value *root)
{
	const struct imap_value *up[128], *v = root;
	size_t depth = 0;

	while (v || depth) {
		if (!v) {
			buf_put_str(out, ")");
			v = up[--depth]->next;
		} else if (v->kind == IMAP_LIST) {
			buf_put_str(out, out->len && out->p[out->len - 1] != '(' ? " (" : "(");
			assert_true(depth < 128);
			up[depth++] = v;
			v = v->first;
		} else {
			buf_put_str(out, out->len && out->p[out->len - 1] != '(' ? " " : "");
			if (v->kind == IMAP_NIL)
				buf_put_str(out, "NIL");
			else if (!v->text.len)
				buf_put_str(out, "\"\"");
			else
				buf_put(out, v->text);
			v = v->next;
		}
	}
}

static const struct value_case {
	const char *name, *in;
	enum err want;
	const char *value;
} value_cases[] = {
	{ "atom", "abc\r\n", ERR_OK, "abc" },
	{ "line feed alone", "abc\n", ERR_OK, "abc" },
	{ "quoted", "\"a \\\"b\\\\ )\"\r\n", ERR_OK, "a \"b\\ )" },
	{ "NIL", "nil\r\n", ERR_OK, "NIL" },
	{ "NIL in quotes", "\"NIL\"\r\n", ERR_OK, "NIL" },
	{ "literal", "{4}\r\na\r\nb\r\n", ERR_OK, "a\r\nb" },
	{ "empty literal", "({0}\r\n x)\r\n", ERR_OK, "(\"\" x)" },
	{ "literal8", "~{2}\r\nab\r\n", ERR_OK, "ab" },
	{ "literal+", "{2+}\r\nab\r\n", ERR_OK, "ab" },
	{ "list", "(a (b NIL) () \"c\" {1}\r\nd)\r\n", ERR_OK, "(a (b NIL) () c d)" },
	{ "section with blanks", "BODY[HEADER.FIELDS (A B)]<0>\r\n", ERR_OK, "BODY[HEADER.FIELDS (A B)]<0>" },
	{ "list that doesn't end", "(a (b)\r\n", ERR_PROTO, NULL },
	{ "quote that doesn't end", "\"abc\r\n", ERR_PROTO, NULL },
	{ "quote that ends in a backslash", "\"abc\\\r\n", ERR_PROTO, NULL },
	{ "bracket that doesn't end", "BODY[1\r\n", ERR_PROTO, NULL },
	{ "literal in the middle of a line", "{2} a\r\n", ERR_PROTO, NULL },
	{ "literal without a size", "{}\r\nab\r\n", ERR_PROTO, NULL },
	{ "literal of 2^32", "{4294967296}\r\nab\r\n", ERR_PROTO, NULL },
	{ "literal larger than the arena", "{4294967295}\r\nab\r\n", ERR_LIMIT, NULL },
	{ "literal cut", "{5}\r\nab", ERR_UNAVAILABLE, NULL },
	{ "line cut", "(a b", ERR_UNAVAILABLE, NULL },
	{ "nothing", "\r\n", ERR_PROTO, NULL },
};

static void value(const struct value_case *c)
{
	for (size_t step = 1; step < 100; step = step * 3 + 1) {
		struct arena *a = arena_new(64 * 1024);
		struct imap_value *v = NULL;
		struct imap_reader r;
		struct memory m;
		struct bytes got;
		struct buf b;
		enum err e;

		start(&r, &m, test_copy(bytes_str(c->in)), step);
		e = imap_reader_next(&r);
		if (!e)
			e = imap_read_value(&r, a, &v);
		assert_int_equal(e, c->want);
		if (!e) {
			buf_init(&b, a, 0);
			put_value(&b, v);
			assert_int_equal(buf_done(&b, &got), ERR_OK);
			assert_bytes_str(got, c->value);
		}
		imap_reader_deinit(&r);
		arena_free(&a);
	}
}
TEST_ROW(value)

/* However much of a response was read before, the next one is found. */
static const struct end_case {
	const char *name, *in;
	bool text;
} end_cases[] = {
	{ "a line", "a (b c)\r\nNEXT\r\n", false },
	{ "literals", "a ({3}\r\n)\r\n {2}\r\n\r\n x) {0}\r\n\r\nNEXT\r\n", false },
	{ "a literal that looks like responses", "{12}\r\nNOT\r\nYET {9}\r\nNEXT\r\n", false },
	{ "broken", "a (((( \"x {1}\r\ny ]]]\r\nNEXT\r\n", false },
	{ "text", "a NO see {12}\r\nNEXT\r\n", true },
};

static void end(const struct end_case *c)
{
	for (size_t step = 1; step < 100; step = step * 3 + 1) {
		for (size_t values = 0; values < 5; values++) {
			struct arena *a = arena_new(64 * 1024);
			struct imap_reader r;
			struct imap_value *v;
			struct memory m;
			struct bytes next;
			enum err e = ERR_OK;

			start(&r, &m, test_copy(bytes_str(c->in)), step);
			assert_int_equal(imap_reader_next(&r), ERR_OK);
			for (size_t i = 0; i < values && !e && imap_peek(&r) && !c->text; i++) {
				e = i % 2 ? imap_skip_value(&r) : imap_read_value(&r, a, &v);
				(void)imap_accept(&r, ' ');
			}
			assert_int_equal(imap_reader_finish(&r, c->text), ERR_OK);
			assert_int_equal(imap_reader_next(&r), ERR_OK);
			assert_int_equal(imap_read_atom(&r, &next), ERR_OK);
			assert_bytes_str(next, "NEXT");
			imap_reader_deinit(&r);
			arena_free(&a);
		}
	}
}
TEST_ROW(end)

/* ---- bounds ---- */

static void deep_list(void **state)
{
	enum { DEPTH = 100 * 1000 };
	char *text = test_keep(DEPTH * 2 + 16);
	struct arena *a = arena_new(1 << 20);
	struct imap_value *v;
	struct imap_reader r;
	struct memory m;
	size_t depth = 0;

	(void)state;
	memset(text, '(', DEPTH);
	memset(text + DEPTH, ')', DEPTH);
	strcpy(text + 2 * DEPTH, " x\r\n");
	start(&r, &m, bytes_str(text), SIZE_MAX);
	assert_int_equal(imap_reader_next(&r), ERR_OK);
	assert_int_equal(imap_read_value(&r, a, &v), ERR_OK);
	for (; v && v->kind == IMAP_LIST; v = v->first)
		depth++;
	assert_int_equal(depth, 128);
	assert_true(imap_accept(&r, ' ') && imap_accept(&r, 'x'));
	imap_reader_deinit(&r);
	arena_free(&a);
}

static void many_values(void **state)
{
	enum { COUNT = 200 * 1000 };
	char *text = test_keep(COUNT * 2 + 16);
	struct imap_value *v;
	struct imap_reader r;
	struct memory m;

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		memcpy(text + 2 * i, i ? " a" : "(a", 2);
	strcpy(text + 2 * COUNT, ")\r\n");
	start(&r, &m, bytes_str(text), SIZE_MAX);
	assert_int_equal(imap_reader_next(&r), ERR_OK);
	assert_int_equal(imap_read_value(&r, test_arena(), &v), ERR_LIMIT);
	imap_reader_deinit(&r);
}

/* ---- lines that are too long ---- */

enum { LONG_LINE = 9 << 20 };

/* Of which the beginning is there, whatever the end of it is; the response goes on behind, and the next one is found. */
static const struct long_case {
	const char *name, *before, *behind;
	bool text;
} long_cases[] = {
	{ "a line", "(a (", "b))\r\n", false },
	{ "ends in a literal", "(a (", " {5}\r\n)\r\nx)\r\n", false },
	{ "ends in a literal of a long line's length", "(a (", " {3}\r\nabc {2}\r\nde)\r\n", false },
	{ "seems to end in a literal", "a (", "{5}\r\n", true },
	{ "ends in half a literal's head", "(a (", "{5\r\n", false },
	{ "behind a literal", "{3}\r\nabc (", ")\r\n", false },
};

static void long_line(const struct long_case *c)
{
	size_t before = strlen(c->before);
	char *text = test_keep(LONG_LINE + 256);
	struct imap_reader r;
	struct memory m;
	struct bytes got;

	strcpy(text, c->before);
	memset(text + before, 'x', LONG_LINE);
	snprintf(text + before + LONG_LINE, 128, "%sNEXT\r\n", c->behind);
	for (size_t step = 1000; step <= 1000 * 1000 * 1000; step *= 1000) {
		start(&r, &m, bytes_str(text), step);
		assert_int_equal(imap_reader_next(&r), ERR_OK);
		if (c->before[0] == '{')
			assert_int_equal(imap_read_string(&r, test_arena(), &got), ERR_OK);
		assert_true(r.is_cut && !r.has_literal);
		assert_int_equal(imap_reader_finish(&r, c->text), ERR_OK);
		assert_int_equal(imap_peek(&r), 0);
		assert_int_equal(imap_reader_next(&r), ERR_OK);
		assert_false(r.is_cut);
		assert_int_equal(imap_read_word(&r, &got), ERR_OK);
		assert_bytes_str(got, "NEXT");
		imap_reader_deinit(&r);
	}
}
TEST_ROW(long_line)

static void long_line_without_end(void **state)
{
	char *text = test_keep(LONG_LINE);
	struct imap_reader r;
	struct memory m;

	(void)state;
	memset(text, 'x', LONG_LINE);
	start(&r, &m, bytes_of(text, LONG_LINE), SIZE_MAX);
	assert_int_equal(imap_reader_next(&r), ERR_OK);
	assert_int_equal(imap_reader_finish(&r, false), ERR_UNAVAILABLE);
	imap_reader_deinit(&r);
}

int main(void)
{
	TEST_ADD_ROWS(value, value_cases);
	TEST_ADD_ROWS(end, end_cases);
	TEST_ADD(deep_list);
	TEST_ADD(many_values);
	TEST_ADD_ROWS(long_line, long_cases);
	TEST_ADD(long_line_without_end);
	return test_run("imap_reader");
}
