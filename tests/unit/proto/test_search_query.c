/* The Query of a mailbox Search. Requests are written as the phone writes them, and what they ask for is told in words. */
#include "eas/search_query.h"

#include "eas/class.h"
#include "testing.h"

enum { DAY = 86400, FIRST = 20000 }; /* 2024-10-04 */

/* One element of the request, or the end of the one that is open. */
struct step {
	wbxml_tag tag;
	const char *text; /* NULL: it stays open */
};
#define OPEN(tag)         \
	{                 \
		tag, NULL \
	}
#define CLOSE           \
	{               \
		0, NULL \
	}
#define DATE(value) OPEN(SEARCH_GREATER_THAN), { EMAIL_DATE_RECEIVED, "" }, { SEARCH_VALUE, value }, CLOSE
#define BEFORE(value) OPEN(SEARCH_LESS_THAN), { EMAIL_DATE_RECEIVED, "" }, { SEARCH_VALUE, value }, CLOSE

static const struct wbxml_node *query_of(const struct step *steps, size_t n)
{
	struct wbxml_writer w;
	struct wbxml_node *tree = NULL;
	struct bytes doc;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, SEARCH_QUERY);
	for (size_t i = 0; i < n && (steps[i].tag || i + 1 < n); i++) {
		if (!steps[i].tag) {
			if (w.depth > 1)
				wbxml_close(&w);
			continue;
		}
		wbxml_open(&w, steps[i].tag);
		if (!steps[i].text)
			continue;
		wbxml_text(&w, bytes_str(steps[i].text));
		wbxml_close(&w);
	}
	while (w.depth)
		wbxml_close(&w);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_tree(test_arena(), test_copy(doc), 1000, &tree, NULL, NULL), ERR_OK);
	return tree;
}

static void put_query(struct buf *b, const struct query *q)
{
	static const char *const names[] = { "and", "or", "not", "text", "since", "before", "read", "flagged",
		"attachment" };

	buf_put_str(b, names[q->kind]);
	if (q->text.len)
		buf_printf(b, ":%.*s", BYTES_ARG(q->text));
	if (q->kind == QUERY_SINCE || q->kind == QUERY_BEFORE)
		buf_printf(b, "%+lld", (long long)q->day - FIRST);
	if (!q->left)
		return;
	buf_put_u8(b, '(');
	put_query(b, q->left);
	if (q->right) {
		buf_put_u8(b, ' ');
		put_query(b, q->right);
	}
	buf_put_u8(b, ')');
}

static const struct query_case {
	const char *name;
	struct step steps[12];
	uint32_t status;
	const char *root;    /* "" for none */
	const char *folders; /* joined by a blank */
	unsigned classes;
	int64_t later, earlier; /* seconds from FIRST; 0: not said */
} query_cases[] = {
	{ "words", { OPEN(SEARCH_AND), { SEARCH_FREE_TEXT, "a b" } }, 1, "and(text:a text:b)", "", 0, 0, 0 },
	{ "as Android asks",
	    { OPEN(SEARCH_AND), { AIRSYNC_CLASS, "Email" }, { AIRSYNC_COLLECTION_ID, "5" },
		{ SEARCH_FREE_TEXT, "a" } },
	    1, "text:a", "5", 1u << CLASS_EMAIL, 0, 0 },
	{ "several folders",
	    { OPEN(SEARCH_AND), { AIRSYNC_COLLECTION_ID, "5" }, { AIRSYNC_COLLECTION_ID, " 7 " } }, 1, "",
	    "5 7", 0, 0, 0 },
	{ "several classes", { OPEN(SEARCH_AND), { AIRSYNC_CLASS, "Tasks" }, { AIRSYNC_CLASS, "Email" } }, 1,
	    "", "", 1u << CLASS_TASKS | 1u << CLASS_EMAIL, 0, 0 },
	{ "another class", { OPEN(SEARCH_AND), { AIRSYNC_CLASS, "Tasks" } }, 1, "", "", 1u << CLASS_TASKS, 0,
	    0 },
	{ "later than", { OPEN(SEARCH_AND), DATE("2024-10-04T01:00:00.000Z") }, 1, "since-1", "", 0, 3600,
	    0 },
	{ "earlier than", { OPEN(SEARCH_AND), BEFORE("2024-10-04T01:00:00.000Z") }, 1, "before+2", "", 0, 0,
	    3600 },
	{ "between",
	    { OPEN(SEARCH_AND), DATE("2024-10-04T01:00:00.000Z"), BEFORE("2024-10-06T00:00:00.000Z") }, 1,
	    "and(since-1 before+4)", "", 0, 3600, 2 * DAY },
	{ "Or in And",
	    { OPEN(SEARCH_AND), { SEARCH_FREE_TEXT, "a" }, OPEN(SEARCH_OR), { SEARCH_FREE_TEXT, "b c" },
		DATE("2024-10-04T01:00:00.000Z"), CLOSE, { SEARCH_FREE_TEXT, "d" } },
	    1, "and(and(text:a or(and(text:b text:c) since+0)) text:d)", "", 0, 0, 0 },
	{ "Or alone", { OPEN(SEARCH_OR), { SEARCH_FREE_TEXT, "a" }, { SEARCH_FREE_TEXT, "b" } }, 1,
	    "or(text:a text:b)", "", 0, 0, 0 },
	{ "an empty Or", { OPEN(SEARCH_AND), { SEARCH_FREE_TEXT, "a" }, { SEARCH_OR, "" } }, 1, "text:a", "",
	    0, 0, 0 },
	{ "nothing in And", { { SEARCH_AND, "" } }, 1, "", "", 0, 0, 0 },
	{ "nothing", { { 0, NULL } }, 2, "", "", 0, 0, 0 },
	{ "outside of And", { { SEARCH_FREE_TEXT, "a" } }, 8, NULL, NULL, 0, 0, 0 },
	{ "two Ands", { { SEARCH_AND, "" }, { SEARCH_AND, "" } }, 8, NULL, NULL, 0, 0, 0 },
	{ "And in And", { OPEN(SEARCH_AND), { SEARCH_AND, "" } }, 8, NULL, NULL, 0, 0, 0 },
	{ "Or in Or", { OPEN(SEARCH_AND), OPEN(SEARCH_OR), { SEARCH_OR, "" } }, 8, NULL, NULL, 0, 0, 0 },
	{ "a folder in Or", { OPEN(SEARCH_OR), { AIRSYNC_COLLECTION_ID, "5" } }, 8, NULL, NULL, 0, 0, 0 },
	{ "two conversations",
	    { OPEN(SEARCH_AND), { SEARCH_CONVERSATION_ID, "a" }, { SEARCH_CONVERSATION_ID, "b" } }, 8, NULL,
	    NULL, 0, 0, 0 },
	{ "an element of mails", { OPEN(SEARCH_AND), { EMAIL_SUBJECT, "a" } }, 2, NULL, NULL, 0, 0, 0 },
	{ "no such class", { OPEN(SEARCH_AND), { AIRSYNC_CLASS, "Cats" } }, 2, NULL, NULL, 0, 0, 0 },
	{ "no date", { OPEN(SEARCH_AND), DATE("tomorrow") }, 2, NULL, NULL, 0, 0, 0 },
	{ "a value without property",
	    { OPEN(SEARCH_AND), OPEN(SEARCH_GREATER_THAN), { SEARCH_VALUE, "2024-10-04" } }, 2, NULL, NULL, 0,
	    0, 0 },
};

static struct bytes joined(const struct bytes *v, size_t n)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%.*s", i ? " " : "", BYTES_ARG(v[i]));
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static void query(const struct query_case *c)
{
	struct search_query got;
	struct bytes text;
	uint32_t status = 0;
	struct buf b;

	assert_int_equal(search_query_parse(test_arena(),
			     query_of(c->steps, sizeof(c->steps) / sizeof(c->steps[0])), 0, &got, &status),
	    ERR_OK);
	assert_int_equal(status, c->status);
	if (!c->root)
		return;
	buf_init(&b, test_arena(), 0);
	if (got.root)
		put_query(&b, got.root);
	assert_int_equal(buf_done(&b, &text), ERR_OK);
	assert_bytes_equal(text, bytes_str(c->root));
	assert_bytes_equal(joined(got.folders, got.n_folders), bytes_str(c->folders));
	assert_int_equal(got.classes, c->classes);
	assert_true(got.later_than == (c->later ? (int64_t)FIRST * DAY + c->later : INT64_MIN));
	assert_true(got.earlier_than == (c->earlier ? (int64_t)FIRST * DAY + c->earlier : INT64_MAX));
}
TEST_ROW(query)

/* Each FreeText is within KQL's bound; it is their sum that counts. */
static void too_many_words(void **state)
{
	char words[2 * (QUERY_MAX_TERMS - 1)]; /* one less than the bound */
	struct step steps[] = { OPEN(SEARCH_AND), { SEARCH_FREE_TEXT, words }, { SEARCH_FREE_TEXT, "x" } };
	struct search_query got;
	uint32_t status = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(words); i += 2) {
		words[i] = 'a';
		words[i + 1] = ' ';
	}
	words[sizeof(words) - 1] = 0;
	assert_int_equal(search_query_parse(test_arena(), query_of(steps, 3), 0, &got, &status), ERR_OK);
	assert_int_equal(status, SEARCH_QUERY_OK);
	steps[2].text = "x y";
	assert_int_equal(search_query_parse(test_arena(), query_of(steps, 3), 0, &got, &status), ERR_OK);
	assert_int_equal(status, SEARCH_QUERY_TOO_COMPLEX);
}

int main(void)
{
	TEST_ADD_ROWS(query, query_cases);
	TEST_ADD(too_many_words);
	return test_run("search_query");
}
