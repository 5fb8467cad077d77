/* KQL as phones send it, and what it asks for. */
#include "mail/kql.h"
#include "testing.h"

enum { NOW = 1795521600 }; /* 2026-11-24T12:00:00Z, day 20781 */

static void put_places(struct buf *b, unsigned places)
{
	static const char *const names[] = { "from", "to", "cc", "bcc", "subject", "body" };
	bool first = true;

	if (places == PLACE_ANY) {
		buf_put_str(b, "any");
		return;
	}
	for (unsigned i = 0; i < 6; i++)
		if (places & 1u << i) {
			buf_printf(b, "%s%s", first ? "" : "|", names[i]);
			first = false;
		}
}

/* As a line: (and from~ann subject="x"), with ~ for words and = for what must stand so. */
static void put_query(struct buf *b, const struct query *q)
{
	switch (q->kind) {
	case QUERY_AND:
	case QUERY_OR:
		buf_put_str(b, q->kind == QUERY_AND ? "(and " : "(or ");
		put_query(b, q->left);
		buf_put_u8(b, ' ');
		put_query(b, q->right);
		buf_put_u8(b, ')');
		break;
	case QUERY_NOT:
		buf_put_u8(b, '!');
		put_query(b, q->left);
		break;
	case QUERY_TEXT:
		put_places(b, q->places);
		buf_put_u8(b, q->exact ? '=' : '~');
		buf_put(b, q->text);
		break;
	case QUERY_SINCE:
		buf_printf(b, "since%lld", (long long)q->day - 20781);
		break;
	case QUERY_BEFORE:
		buf_printf(b, "before%lld", (long long)q->day - 20781);
		break;
	case QUERY_READ:
		buf_put_str(b, "read");
		break;
	case QUERY_FLAGGED:
		buf_put_str(b, "flagged");
		break;
	case QUERY_ATTACHMENT:
		buf_put_str(b, "attachment");
		break;
	}
}

static const struct kql_case {
	const char *name, *text, *want; /* want NULL: nothing is asked for */
} kql_cases[] = {
	{ "a word", "report", "any~report" },
	{ "two words", "annual report", "(and any~annual any~report)" },
	{ "a phrase", "\"annual report\"", "any=annual report" },
	{ "an open quote", "\"annual rep", "any=annual rep" },
	{ "as iOS asks", "to:\"x\" OR subject:\"x\"", "(or to=x subject=x)" },
	{ "as iOS asks, of three", "from:\"a b\" OR to:\"a b\" OR cc:\"a b\"",
	    "(or (or from=a b to=a b) cc=a b)" },
	{ "AND binds tighter", "a OR b c OR d", "(or (or any~a (and any~b any~c)) any~d)" },
	{ "AND by name", "a AND b", "(and any~a any~b)" },
	{ "a small and is a word", "a and b", "(and (and any~a any~and) any~b)" },
	{ "groups", "(a OR b) c", "(and (or any~a any~b) any~c)" },
	{ "groups in groups", "a (b OR (c d))", "(and any~a (or any~b (and any~c any~d)))" },
	{ "NOT", "a NOT b", "(and any~a !any~b)" },
	{ "NOT of a group", "NOT (a OR b)", "!(or any~a any~b)" },
	{ "NOT twice", "NOT NOT a", "any~a" },
	{ "a minus", "a -b", "(and any~a !any~b)" },
	{ "a lonely minus", "a - b", "(and any~a any~b)" },
	{ "a hyphen", "e-mail", "any~e-mail" },
	{ "a plus", "+a +b", "(and any~a any~b)" },
	{ "stars", "*ann* *", "any~ann" },
	{ "a property of a word", "from:ann", "from~ann" },
	{ "in capitals", "FROM:Ann", "from~Ann" },
	{ "a blank behind the colon", "from: ann", "from~ann" },
	{ "of a group", "from:(ann OR bob) x", "(and (or from~ann from~bob) any~x)" },
	{ "not that", "subject<>x", "!subject~x" },
	{ "several places", "recipients:ann", "to|cc|bcc~ann" },
	{ "no property", "http://example.org/", "any~http://example.org/" },
	{ "kinds are passed over", "kind:email a", "any~a" },
	{ "unread", "isread:false", "!read" },
	{ "flagged", "isflagged:yes", "flagged" },
	{ "with attachment", "hasattachment:true", "attachment" },
	{ "without, the other way", "hasattachment<>true", "!attachment" },
	{ "neither yes nor no", "isread:maybe", "any~isread:maybe" },
	{ "a day", "received:2026-11-24", "(and since0 before1)" },
	{ "since a day", "received>=2026-11-20", "since-4" },
	{ "after a day", "received>2026-11-20", "since-3" },
	{ "before a day", "received<2026-11-20", "before-4" },
	{ "until a day", "received<=2026-11-20", "before-3" },
	{ "after an hour", "received>2026-11-20T10:00:00Z", "since-4" },
	{ "before an hour", "received<2026-11-20T10:00:00Z", "before-3" },
	{ "not that day", "received<>2026-11-24", "!(and since0 before1)" },
	{ "a range", "received:2026-11-01..2026-11-24", "(and since-23 before1)" },
	{ "half a range", "received:2026-11-01..", "any~received:2026-11-01.." },
	{ "with slashes", "received:11/24/2026", "(and since0 before1)" },
	{ "no such month", "received:24/11/2026", "any~received:24/11/2026" },
	{ "today", "received:today", "(and since0 before1)" },
	{ "since yesterday", "received>=yesterday", "since-1" },
	{ "older than mail", "received>=1950-01-01", "since-20781" },
	{ "a quoted day", "received:\"2026-11-24\"", "(and since0 before1)" },
	{ "no day", "received:never", "any~received:never" },
	{ "other letters", "from:\xC3\x84nne", "from~\xC3\x84nne" },
	{ "broken letters", "a\xFF", "any~a\xEF\xBF\xBD" },
	{ "nothing", "", NULL },
	{ "blanks", " \t ", NULL },
	{ "only grammar", "AND OR NOT ( ) \"\" -", NULL },
	{ "an operator first", "OR a", "any~a" },
	{ "an operator last", "a OR", "any~a" },
	{ "an empty group", "a OR () b", "(and any~a any~b)" },
	{ "an empty group is no side", "x (y OR ()) z", "(and (and any~x any~y) any~z)" },
	{ "not an empty group", "-((NOT", NULL },
	{ "a group left open", "a (b OR c", "(and any~a (or any~b any~c))" },
	{ "closed too often", "a) b", "(and any~a any~b)" },
	{ "a property of nothing", "a subject:", "any~a" },
};

static void kql(const struct kql_case *c)
{
	const struct query *q;
	struct bytes got;
	struct buf b;

	assert_int_equal(kql_parse(test_arena(), test_copy(bytes_str(c->text)), NOW, &q), ERR_OK);
	if (!c->want) {
		assert_null(q);
		return;
	}
	assert_non_null(q);
	buf_init(&b, test_arena(), 0);
	put_query(&b, q);
	buf_put_u8(&b, 0);
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_string_equal((const char *)got.p, c->want);
}
TEST_ROW(kql)

static struct bytes repeated(const char *text, unsigned n)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	while (n-- > 0)
		buf_put_str(&b, text);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static void bounds(void **state)
{
	const struct query *q;

	(void)state;
	assert_int_equal(kql_parse(test_arena(), repeated("a ", QUERY_MAX_TERMS), NOW, &q), ERR_OK);
	assert_int_equal(kql_parse(test_arena(), repeated("a ", QUERY_MAX_TERMS + 1), NOW, &q), ERR_LIMIT);
	assert_int_equal(kql_parse(test_arena(), repeated("(", 100000), NOW, &q), ERR_LIMIT);
	assert_int_equal(kql_parse(test_arena(), repeated("NOT (", 1000), NOW, &q), ERR_LIMIT);
	assert_int_equal(kql_parse(test_arena(), repeated(") ", 1000), NOW, &q), ERR_OK);
}

int main(void)
{
	TEST_ADD_ROWS(kql, kql_cases);
	TEST_ADD(bounds);
	return test_run("kql");
}
