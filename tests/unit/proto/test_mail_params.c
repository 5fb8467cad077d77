/* Parameters of Content-Type and Content-Disposition: RFC 2045, 5.1; RFC 2231. */
#include "testing.h"
#include "mail/header.h"

static const struct params_case {
	const char *name, *value, *want; /* "head|name=value|…" */
} params_cases[] = {
	{ "none", "text/plain", "text/plain" },
	{ "one", "text/plain; charset=utf-8", "text/plain|charset=utf-8" },
	{ "quoted", "text/plain; charset=\"utf-8\"", "text/plain|charset=utf-8" },
	{ "folded, blanks everywhere", "text/plain ;\r\n charset = utf-8 ;\r\n\tformat=flowed",
	    "text/plain|charset=utf-8|format=flowed" },
	{ "a comment behind the value, RFC 2045 5.1", "text/plain; charset=us-ascii (Plain text)",
	    "text/plain|charset=us-ascii" },
	{ "a semicolon in quotes", "a/b; name=\"x;y\"; c=d", "a/b|name=x;y|c=d" },
	{ "escaped quotes", "a/b; name=\"x\\\"y\\\\z\"", "a/b|name=x\"y\\z" },
	{ "a path of Windows that nobody escaped", "a/b; name=\"C:\\docs\\x.txt\"",
	    "a/b|name=C:\\docs\\x.txt" },
	{ "a quoted value folded in the middle", "a/b; name=\"x\r\n y\"", "a/b|name=x y" },
	{ "no closing quote", "a/b; name=\"x y; c=d", "a/b|name=x y|c=d" },
	{ "no closing quote at the end", "a/b; name=\"x y", "a/b|name=x y" },
	{ "blanks without quotes", "a/b; name=my file.txt; c=d", "a/b|name=my file.txt|c=d" },
	{ "an equal sign in the value", "a/b; boundary=a=b", "a/b|boundary=a=b" },
	{ "no value", "a/b; name; c=d", "a/b|name=|c=d" },
	{ "an empty value", "a/b; name=; c=d", "a/b|name=|c=d" },
	{ "an empty quoted value", "a/b; name=\"\"; c=d", "a/b|name=|c=d" },
	{ "empty ones", "a/b;;; c=d;", "a/b|c=d" },
	{ "text behind the closing quote", "a/b; name=\"x\" y; c=d", "a/b|name=x|c=d" },
	{ "no type", "; charset=utf-8", "|charset=utf-8" },
	{ "nothing", "", "" },
	{ "raw as they are, RFC 2231", "a/b; name*0*=utf-8''%C3; name*1=\"x\"",
	    "a/b|name*0*=utf-8''%C3|name*1=x" },
};

static void params(const struct params_case *c)
{
	struct bytes head, got;
	struct mime_params p;
	struct buf b;

	assert_int_equal(header_params(test_arena(), test_copy(bytes_str(c->value)), &head, &p), ERR_OK);
	buf_init(&b, test_arena(), 0);
	buf_put(&b, head);
	for (size_t i = 0; i < p.n; i++) {
		buf_put_u8(&b, '|');
		buf_put(&b, p.v[i].name);
		buf_put_u8(&b, '=');
		buf_put(&b, p.v[i].value);
	}
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(params)

static void too_many(void **state)
{
	struct bytes value, head;
	struct mime_params p;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, "a/b");
	for (int i = 0; i < 3 * MIME_MAX_PARAMS; i++)
		buf_printf(&b, "; p%d=%d", i, i);
	assert_int_equal(buf_done(&b, &value), ERR_OK);
	assert_int_equal(header_params(test_arena(), value, &head, &p), ERR_OK);
	assert_int_equal(p.n, MIME_MAX_PARAMS);
	assert_bytes_str(p.v[MIME_MAX_PARAMS - 1].value, "63");
}

static const struct decode_case {
	const char *name, *value, *want;
} decode_cases[] = {
	{ "plain", "a; name=\"x.txt\"", "x.txt" },
	{ "letter case", "a; NAME=x", "x" },
	{ "absent", "a; other=x", "" },
	{ "extended, RFC 2231 4", "a; name*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
	    "This is ***fun***" },
	{ "pieces, RFC 2231 3", "a; name*0=\"ftp://\"; name*1=\"cs.utk.edu/pub/moore\"",
	    "ftp://cs.utk.edu/pub/moore" },
	{ "pieces of both kinds, RFC 2231 4.1",
	    "a; name*0*=us-ascii'en'This%20is%20even%20more%20; name*1*=%2A%2A%2Afun%2A%2A%2A%20; "
	    "name*2=\"isn't it!\"",
	    "This is even more ***fun*** isn't it!" },
	{ "pieces in any order", "a; name*1=b; name*0=a; name*2=c", "abc" },
	{ "a gap ends them", "a; name*0=a; name*2=c", "a" },
	{ "latin-1", "a; name*=iso-8859-1''%E4.txt", "\xC3\xA4.txt" },
	{ "a character cut between pieces", "a; name*0*=utf-8''%C3; name*1*=%A4.txt", "\xC3\xA4.txt" },
	{ "an empty charset", "a; name*=''%C3%A4", "\xC3\xA4" },
	{ "no charset at all", "a; name*=%C3%A4", "\xC3\xA4" },
	{ "one quote only", "a; name*=it's%20x", "it's x" },
	{ "broken percent signs stay", "a; name*=utf-8''100%25%2%ZZ%", "100%%2%ZZ%" },
	{ "the extended form wins, RFC 6266 4.3", "a; name=plain.txt; name*=utf-8''%C3%A4.txt",
	    "\xC3\xA4.txt" },
	{ "an encoded word, wrong but usual", "a; name=\"=?utf-8?Q?=C3=A4?=.txt\"", "\xC3\xA4.txt" },
	{ "encoded words, folded", "a; name=\"=?utf-8?B?w6Q=?=\r\n =?utf-8?B?w7Y=?=\"", "\xC3\xA4\xC3\xB6" },
	{ "raw UTF-8, RFC 6532", "a; name=\"\xC3\xA4\"", "\xC3\xA4" },
	{ "raw latin-1", "a; name=\"\xE4\"", "\xC3\xA4" },
	{ "a control character", "a; name*=utf-8''a%0Ab%00c", "a b c" },
};

static void decodes(const struct decode_case *c)
{
	struct bytes head, got;
	struct mime_params p;

	assert_int_equal(header_params(test_arena(), test_copy(bytes_str(c->value)), &head, &p), ERR_OK);
	assert_int_equal(mime_param_decode(test_arena(), &p, "name", &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(decodes)

int main(void)
{
	TEST_ADD_ROWS(params, params_cases);
	TEST_ADD(too_many);
	TEST_ADD_ROWS(decodes, decode_cases);
	return test_run("mail params");
}
