/* Address lists as mails have them and as ActiveSync shows them. */
#include "testing.h"
#include "mail/address.h"

/* "name <address>" joined by "|". */
static struct bytes as_text(const struct mail_addresses *list)
{
	struct bytes got;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_put_u8(&b, '|');
		buf_put(&b, list->v[i].name);
		buf_put_str(&b, "<");
		buf_put(&b, list->v[i].address);
		buf_put_str(&b, ">");
	}
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	return got;
}

static const struct list_case {
	const char *name, *value, *want;
} list_cases[] = {
	{ "bare", "a@b.example", "<a@b.example>" },
	{ "nothing", "", "" },
	{ "in brackets", "<a@b.example>", "<a@b.example>" },
	{ "with a name, RFC 5322 A.1.1", "John Doe <jdoe@machine.example>",
	    "John Doe<jdoe@machine.example>" },
	{ "RFC 5322 A.1.2: From", "\"Joe Q. Public\" <john.q.public@example.com>",
	    "Joe Q. Public<john.q.public@example.com>" },
	{ "RFC 5322 A.1.2: To", "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
	    "Mary Smith<mary@x.test>|<jdoe@example.org>|Who?<one@y.test>" },
	{ "RFC 5322 A.1.2: Cc", "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
	    "<boss@nil.test>|Giant; \"Big\" Box<sysservices@example.net>" },
	{ "a group, RFC 5322 A.1.3", "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	    "Ed Jones<c@a.test>|<joe@where.test>|John<jdoe@one.test>" },
	{ "an empty group, RFC 5322 A.1.3", "Undisclosed recipients:;", "" },
	{ "a group among others", "x@y, G: a@b, c@d;, e@f", "<x@y>|<a@b>|<c@d>|<e@f>" },
	{ "comments, RFC 5322 A.5", "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	    "Pete<pete@silly.test>" },
	{ "a comment as the name", "a@b (Anna)", "Anna<a@b>" },
	{ "nested comments", "a@b (Anna (or so))", "Anna (or so)<a@b>" },
	{ "obsolete blanks, RFC 5322 A.6.3", "Joe Q. Public <john . public @ example.org>",
	    "Joe Q. Public<john.public@example.org>" },
	{ "an obsolete route, RFC 5322 4.4", "Mary <@machine.tld,@other.tld:mary@example.net>",
	    "Mary<mary@example.net>" },
	{ "a name with dots and no quotes", "J. R. Doe <j@d>", "J. R. Doe<j@d>" },
	{ "a name without brackets", "Anna a@b", "Anna<a@b>" },
	{ "an address as the name", "\"a@b\" c@d", "\"a@b\"<c@d>" },
	{ "a comma is missing", "a@b c@d, e@f", "<a@b c@d>|<e@f>" },
	{ "a comma is missing, and bytes are broken", "a@b\xF5 c@d", "<a@b\xC3\xB5 c@d>" },
	{ "what can't be seen",
	    "<\xE2\x80\xAA"
	    "a\xE2\x80\x8B@b\xE2\x80\xAC>, \xEF\xBB\xBF"
	    "c@d",
	    "<a@b>|<c@d>" },
	{ "blanks around the at sign", "a @ b", "<a@b>" },
	{ "a quoted local part", "\"a b\"@c.example", "<\"a b\"@c.example>" },
	{ "an encoded name", "=?utf-8?Q?J=C3=B6rg?= <j@d>", "J\xC3\xB6rg<j@d>" },
	{ "an encoded name in quotes", "\"=?utf-8?Q?J=C3=B6rg?=\" <j@d>", "J\xC3\xB6rg<j@d>" },
	{ "a comma inside an encoded word", "=?utf-8?Q?Doe, J?= <j@d>, x@y", "Doe, J<j@d>|<x@y>" },
	{ "an encoded comma splits nothing", "=?utf-8?Q?Doe=2C_J?= <j@d>", "Doe, J<j@d>" },
	{ "raw UTF-8, RFC 6532", "J\xC3\xB6rg <j\xC3\xB6rg@d\xC3\xB6.example>",
	    "J\xC3\xB6rg<j\xC3\xB6rg@d\xC3\xB6.example>" },
	{ "folded", "a@b,\r\n c@d", "<a@b>|<c@d>" },
	{ "empty entries", ", ,a@b,,", "<a@b>" },
	{ "semicolons, as Outlook writes them", "a@b; c@d", "<a@b>|<c@d>" },
	{ "an empty address", "<>", "" },
	{ "a name without an address", "Anna", "<Anna>" },
	{ "a name with empty brackets", "Anna <>", "Anna<>" },
	{ "no closing bracket", "Anna <a@b, c@d", "Anna<a@b>|<c@d>" },
	{ "no closing bracket before the next", "Anna <a@b, Bob <c@d>", "Anna<a@b>|Bob<c@d>" },
	{ "no closing quote", "\"Anna <a@b>, c@d", "Anna<a@b>|<c@d>" },
	{ "a local address", "root", "<root>" },
	{ "a name of control characters", "\x01\x02 <>, a@b", "<a@b>" },
	{ "a lone CR before the address", "Anna\ra@b", "Anna<a@b>" },
	{ "no closing comment", "A ( <a@b>, c@d", "A (<a@b>|<c@d>" },
};

static void list(const struct list_case *c)
{
	struct mail_addresses got;

	assert_int_equal(address_list(test_arena(), test_copy(bytes_str(c->value)), &got), ERR_OK);
	assert_bytes_str(as_text(&got), c->want);
}
TEST_ROW(list)

static void fields_of_one_name(void **state)
{
	struct mail_addresses got;
	struct header h;

	(void)state;
	assert_int_equal(
	    header_parse(test_arena(), BYTES("To: a@b\r\nCc: x@y\r\nto: c@d, e@f\r\n"), &h), ERR_OK);
	assert_int_equal(header_addresses(test_arena(), &h, "To", &got), ERR_OK);
	assert_bytes_str(as_text(&got), "<a@b>|<c@d>|<e@f>");
	assert_int_equal(header_addresses(test_arena(), &h, "Bcc", &got), ERR_OK);
	assert_int_equal(got.n, 0);
}

static void too_many(void **state)
{
	struct mail_addresses got;
	struct bytes value;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	for (int i = 0; i < ADDRESS_MAX + 10; i++)
		buf_printf(&b, "a%d@b,", i);
	assert_int_equal(buf_done(&b, &value), ERR_OK);
	assert_int_equal(address_list(test_arena(), value, &got), ERR_OK);
	assert_int_equal(got.n, ADDRESS_MAX);
}

static const struct show_case {
	const char *name, *value, *separator;
	size_t max;
	const char *formatted, *names;
} show_cases[] = {
	{ "one without a name", "a@b", ", ", 100, "<a@b>", "a@b" },
	{ "as in MS-ASDTYPE 2.7.3", "Anna <a@b>, c@d", ", ", 100, "\"Anna\" <a@b>, <c@d>", "Anna;c@d" },
	{ "another separator", "Anna <a@b>, c@d", ";", 100, "\"Anna\" <a@b>;<c@d>", "Anna;c@d" },
	{ "quotes and backslashes in the name", "\"A \\\"B\\\" \\\\C\" <a@b>", ", ", 100,
	    "\"A \\\"B\\\" \\\\C\" <a@b>", "A \"B\" \\C" },
	{ "the address again as the name", "\"a@b\" <a@b>", ", ", 100, "<a@b>", "a@b" },
	{ "a name alone", "Anna <>", ", ", 100, "\"Anna\"", "Anna" },
	{ "whole entries only", "a@b, c@d, e@f", ", ", 14, "<a@b>, <c@d>", "a@b;c@d;e@f" },
	{ "exactly full", "a@b, c@d", ", ", 12, "<a@b>, <c@d>", "a@b;c@d" },
	{ "no room for the first", "a@b", ", ", 2, "", "" },
	{ "nobody", "", ", ", 100, "", "" },
};

static void shows(const struct show_case *c)
{
	struct mail_addresses all;
	struct bytes got;

	assert_int_equal(address_list(test_arena(), bytes_str(c->value), &all), ERR_OK);
	assert_int_equal(address_list_format(test_arena(), &all, c->separator, c->max, &got), ERR_OK);
	assert_bytes_str(got, c->formatted);
	assert_int_equal(address_names(test_arena(), &all, c->max, &got), ERR_OK);
	assert_bytes_str(got, c->names);
}
TEST_ROW(shows)

int main(void)
{
	TEST_ADD_ROWS(list, list_cases);
	TEST_ADD(fields_of_one_name);
	TEST_ADD(too_many);
	TEST_ADD_ROWS(shows, show_cases);
	return test_run("mail address");
}
