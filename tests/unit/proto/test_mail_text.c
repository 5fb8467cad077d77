/* Plain text: line ends, format=flowed, previews, and the way to HTML. */
#include "testing.h"
#include "base/utf8.h"
#include "mail/enriched.h"
#include "mail/text.h"

static const struct crlf_case {
	const char *name, *in, *want;
} crlf_cases[] = {
	{ "as it should be", "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "nothing", "", "" },
	{ "LF", "a\nb\n", "a\r\nb\r\n" },
	{ "CR", "a\rb\r", "a\r\nb\r\n" },
	{ "mixed", "a\r\nb\nc\rd\n\r\ne\r\r\nf", "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n\r\nf" },
	{ "LF first", "\na", "\r\na" },
};

static void crlf(const struct crlf_case *c)
{
	struct bytes in = test_copy(bytes_str(c->in)), got;

	assert_int_equal(text_crlf(test_arena(), in, &got), ERR_OK);
	assert_bytes_str(got, c->want);
	if (strcmp(c->in, c->want) == 0)
		assert_ptr_equal(got.p, in.p);
}
TEST_ROW(crlf)

/* A large mail with bare LF: the arena holds it once more, and not several times. */
static void crlf_of_much(void **state)
{
	enum { LINES = 20000, LINE = 100, BEFORE = LINES * LINE, AFTER = BEFORE + LINES };
	struct arena *a = arena_new(AFTER + 4096);
	uint8_t *text = malloc(BEFORE);
	struct bytes got;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', BEFORE);
	for (size_t i = LINE - 1; i < BEFORE; i += LINE)
		text[i] = '\n';
	assert_int_equal(text_crlf(a, bytes_of(text, BEFORE), &got), ERR_OK);
	assert_int_equal(got.len, AFTER);
	arena_free(&a);
	free(text);
}

static const struct flow_case {
	const char *name;
	bool delsp;
	const char *in, *want;
} flow_cases[] = {
	{ "fixed lines", false, "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "nothing", false, "", "" },
	{ "a flowed paragraph, RFC 3676 4.1", false, "one \r\ntwo \r\nthree\r\nfour\r\n",
	    "one two three\r\nfour\r\n" },
	{ "the blank goes, RFC 3676 4.1 DelSp", true, "one \r\ntwo  \r\nthree\r\n", "onetwo three\r\n" },
	{ "stuffed, RFC 3676 4.4", false, " From here\r\n  two blanks\r\n >no quote\r\n",
	    "From here\r\n two blanks\r\n>no quote\r\n" },
	{ "quotes, RFC 3676 4.5", false, "> one \r\n> two\r\n>> deep \r\n>> er\r\nown\r\n",
	    "> one two\r\n>> deep er\r\nown\r\n" },
	{ "another depth ends the paragraph", false, "> one \r\n>> two\r\nthree\r\n",
	    "> one \r\n>> two\r\nthree\r\n" },
	{ "the signature's line, RFC 3676 4.3", false, "one \r\n-- \r\nme\r\n", "one \r\n-- \r\nme\r\n" },
	{ "a quoted signature", false, "> one\r\n> -- \r\n> me\r\n", "> one\r\n> -- \r\n> me\r\n" },
	{ "an empty line ends the paragraph", false, "one \r\n\r\ntwo\r\n", "one \r\ntwo\r\n" },
	{ "no line end at the end", false, "one \r\ntwo", "one two" },
	{ "bare LF", false, "one \ntwo\n", "one two\r\n" },
};

static void unflow(const struct flow_case *c)
{
	struct bytes got;

	assert_int_equal(text_unflow(test_arena(), test_copy(bytes_str(c->in)), c->delsp, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(unflow)

static const struct preview_case {
	const char *name, *in;
	size_t max;
	const char *want;
} preview_cases[] = {
	{ "short", "Hello", 10, "Hello" },
	{ "nothing", "", 10, "" },
	{ "cut", "Hello world", 7, "Hello w" },
	{ "one line, single blanks", "  a \r\n\r\n b\t\tc ", 10, "a b c" },
	{ "characters, not bytes", "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F", 3, "\xC3\xA4\xC3\xB6\xC3\xBC" },
	{ "characters of four bytes", "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 2,
	    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80" },
	{ "quotes are left out", "> old\r\nnew\r\n>old", 20, "new" },
	{ "addresses in brackets are left out",
	    "Here <https://example.org/1> and [cid:logo][https://example.org/2]there <mailto:a@b>.", 99,
	    "Here and there ." },
	{ "one that is cut", "Here <https://example.org/1", 99, "Here" },
	{ "one at the end of a line", "Here <https://example.org/1\r\nthere", 99, "Here there" },
	{ "others stay", "https://example.org/ <a@b> [1] a <https: b", 99,
	    "https://example.org/ <a@b> [1] a <https: b" },
	{ "nothing but an address", "<https://example.org/>", 99, "<https://example.org/>" },
	{ "nothing but quotes", "> old\r\n> text", 20, "> old > text" },
};

static void preview(const struct preview_case *c)
{
	struct bytes got;

	assert_int_equal(text_preview(test_arena(), test_copy(bytes_str(c->in)), c->max, &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(preview)

static const struct enriched_case {
	const char *name;
	bool richtext;
	const char *in, *want;
} enriched_cases[] = {
	{ "fonts and colours go", false,
	    "<bold>Now</bold> is <color><param>red</param>the</color> t\xC3\xAFme",
	    "Now is the t\xC3\xAFme" },
	{ "one line end is a blank", false, "a\r\nb", "a b" },
	{ "two are one", false, "a\r\n\r\nb", "a\r\nb" },
	{ "three are two", false, "a\n\n\nb", "a\r\n\r\nb" },
	{ "a less-than sign", false, "1 << 2 <<bold>", "1 < 2 <bold>" },
	{ "as it is", false, "a<nofill>b\r\n  c\r\n</nofill>d\r\ne", "a\r\nb\r\n  c\r\nd e" },
	{ "a quote", false, "<Excerpt>Come?\r\n\r\nPlease</Excerpt>Yes.", "> Come?\r\n> Please\r\nYes." },
	{ "an indent", false, "a<indent>b</indent></indent>c", "a\r\n    b\r\nc" },
	{ "lines of their own", false, "a<center>b</center>c", "a\r\nb\r\nc" },
	{ "no command", false, "a < b <", "a < b <" },
	{ "cut in a command", false, "a<bold>b</bo", "ab</bo" },
	{ "without its end", false, "a<param>b<comment>c<b>d", "abcd" },
	{ "hidden, with commands in it", false, "a<comment>b<bold>c</Bold></COMMENT>d", "ad" },
	{ "an address", false, "Anna <anna@example.org>, or <a href=\"x\">here</a>",
	    "Anna <anna@example.org>, or <a href=\"x\">here" },
	{ "signs of comparison", false, "if a<b and c>d", "if a<b and c>d" },
	{ "nothing", false, "", "" },
	{ "richtext", true, "<bold>a</bold>\r\n\r\nb<nl>c <lt> d<comment>no<nl></comment><np>e",
	    "a b\r\nc < d\r\n\r\ne" },
	{ "plain text that says it is richtext", true, "Dear Anna,\r\nyes.\r\n\r\nBen",
	    "Dear Anna,\r\nyes.\r\n\r\nBen" },
};

static void from_enriched(const struct enriched_case *c)
{
	struct bytes in = test_copy(bytes_str(c->in)), got;

	assert_int_equal(c->richtext ? text_from_richtext(test_arena(), in, &got)
				     : text_from_enriched(test_arena(), in, &got),
	    ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(from_enriched)

#define QUOTE \
	"<blockquote type=\"cite\" style=\"margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex\">"

static const struct html_case {
	const char *name, *in, *want;
} html_cases[] = {
	{ "lines", "a\r\nb\r\n", "a<br>\r\nb<br>\r\n" },
	{ "nothing", "", "" },
	{ "no line end at the end", "a", "a<br>\r\n" },
	{ "markup", "<b> & \"x\"", "&lt;b&gt; &amp; &quot;x&quot;<br>\r\n" },
	{ "runs of blanks", "a  b   c", "a&nbsp; b&nbsp;&nbsp; c<br>\r\n" },
	{ "blanks at the beginning", "  a", "&nbsp;&nbsp;a<br>\r\n" },
	{ "a tab", "a\tb", "a&nbsp;&nbsp;&nbsp; b<br>\r\n" },
	{ "a link", "see http://example.org/x?a=1&b=2.",
	    "see <a "
	    "href=\"http://example.org/x?a=1&amp;b=2\">http://example.org/x?a=1&amp;b=2</a>.<br>\r\n" },
	{ "a link without scheme", "www.example.org, x",
	    "<a href=\"http://www.example.org\">www.example.org</a>, x<br>\r\n" },
	{ "a link in brackets", "(https://example.org/a_(b))",
	    "(<a href=\"https://example.org/a_(b))\">https://example.org/a_(b))</a><br>\r\n" },
	{ "a link in angle brackets", "<http://example.org>",
	    "&lt;<a href=\"http://example.org\">http://example.org</a>&gt;<br>\r\n" },
	{ "no link inside a word", "xhttp://example.org", "xhttp://example.org<br>\r\n" },
	{ "no link without a host", "http:// www.", "http:// www.<br>\r\n" },
	{ "a quote", "> a\r\nb\r\n", QUOTE "a<br>\r\n</blockquote>b<br>\r\n" },
	{ "a deep quote", "> > a\r\n>> b", QUOTE QUOTE "a<br>\r\nb<br>\r\n</blockquote></blockquote>" },
	{ "a quote that is deeper than all", ">>>>>>> a",
	    QUOTE QUOTE QUOTE QUOTE QUOTE
	    "&gt;&gt; a<br>\r\n</blockquote></blockquote></blockquote></blockquote></blockquote>" },
};

static void to_html(const struct html_case *c)
{
	struct bytes got;

	assert_int_equal(text_to_html(test_arena(), test_copy(bytes_str(c->in)), &got), ERR_OK);
	assert_bytes_str(got, c->want);
}
TEST_ROW(to_html)

/* Cut at a whole character, wherever the longest link ends. */
static void a_link_without_end(void **state)
{
	(void)state;
	for (int shift = 0; shift < 3; shift++) {
		struct bytes text, got;
		struct buf b;

		buf_init(&b, test_arena(), 0);
		buf_printf(&b, "http://example.org/%.*s", shift, "abc");
		for (int i = 0; i < 3000; i++)
			buf_put_str(&b, "\xE2\x82\xAC");
		assert_int_equal(buf_done(&b, &text), ERR_OK);
		assert_int_equal(text_to_html(test_arena(), text, &got), ERR_OK);
		assert_true(utf8_valid(got));
	}
}

static const struct declared_case {
	const char *name, *html, *want;
} declared_cases[] = {
	{ "HTML 5", "<html><head><meta charset=\"utf-8\">", "utf-8" },
	{ "HTML 4", "<META http-equiv='Content-Type' content='text/html; charset=iso-8859-1'>",
	    "iso-8859-1" },
	{ "without quotes", "<meta charset=koi8-r>", "koi8-r" },
	{ "blanks around the equal sign", "<meta charset = \"utf-8\">", "utf-8" },
	{ "XHTML", "<?xml version=\"1.0\" encoding=\"windows-1252\"?><html>", "windows-1252" },
	{ "none", "<html><head><title>charset=x</title>", "" },
	{ "another element", "<p charset=utf-8>", "" },
	{ "an empty one before", "<meta charset=\"\"><meta charset=utf-8>", "utf-8" },
	{ "an open tag", "<meta charset=utf-8", "utf-8" },
	{ "the name is all there is", "<meta charset", "" },
	{ "nothing", "", "" },
};

static void declared(const struct declared_case *c)
{
	assert_bytes_str(html_declared_charset(test_copy(bytes_str(c->html))), c->want);
}
TEST_ROW(declared)

int main(void)
{
	TEST_ADD_ROWS(crlf, crlf_cases);
	TEST_ADD(crlf_of_much);
	TEST_ADD_ROWS(unflow, flow_cases);
	TEST_ADD_ROWS(from_enriched, enriched_cases);
	TEST_ADD_ROWS(preview, preview_cases);
	TEST_ADD_ROWS(to_html, html_cases);
	TEST_ADD(a_link_without_end);
	TEST_ADD_ROWS(declared, declared_cases);
	return test_run("mail text");
}
