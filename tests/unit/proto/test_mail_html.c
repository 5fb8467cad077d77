/* HTML as plain text, by libxml2 and by leaving out tags. */
#include "testing.h"
#include "base/utf8.h"
#include "mail/html_strip.h"
#include "mail/text.h"

static const struct html_case {
	const char *name, *html, *want;
} html_cases[] = {
	{ "nothing", "", "" },
	{ "text alone", "Hello world", "Hello world" },
	{ "white space", "  a \n\t b&nbsp;c  ", "a b c" },
	{ "a document", "<!DOCTYPE html><html><head><title>T</title></head><body>x</body></html>", "x" },
	{ "paragraphs", "<p>a</p><p>b</p>", "a\r\n\r\nb" },
	{ "divs", "<div>a</div><div>b</div>", "a\r\nb" },
	{ "an empty div with a break is an empty line", "<div>a</div><div><br></div><div>b</div>",
	    "a\r\n\r\nb" },
	{ "br", "a<br>b<br/>c", "a\r\nb\r\nc" },
	{ "many br", "a<br><br><br><br>b", "a\r\n\r\nb" },
	{ "inline elements", "a <b>b</b><i>c</i> <span>d</span>", "a bc d" },
	{ "entities", "&lt;&amp;&gt; &euro;&#8364;&#x20AC; &auml;",
	    "<&> \xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC \xC3\xA4" },
	{ "an unknown entity stays", "a &bogus; b", "a &bogus; b" },
	{ "a bare ampersand", "a & b", "a & b" },
	{ "UTF-8", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80" },
	{ "a declared charset is not believed", "<meta charset=iso-8859-1>\xC3\xA4", "\xC3\xA4" },
	{ "style and script", "<style>p{color:red}</style>a<script>if(a<b)x()</script>b", "ab" },
	{ "comments", "a<!-- x --> b<!--[if mso]>y<![endif]-->", "a b" },
	{ "hidden", "<div style=\"Display : none\">teaser</div><p>text</p>", "text" },
	{ "hidden with elements inside", "<div style='display:none'><p>a<br>b</p></div>c", "c" },
	{ "not hidden", "<p style='display:block'>a</p>", "a" },
	{ "a list", "<ul><li>a</li><li>b</li></ul>c", "- a\r\n- b\r\n\r\nc" },
	{ "a list without end tags", "<ul><li>a<li>b</ul>", "- a\r\n- b" },
	{ "a numbered list", "<ol><li>a</li><li>b</li></ol>", "1. a\r\n2. b" },
	{ "a list in a list", "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", "- a\r\n  1. b\r\n- c" },
	{ "paragraphs in items", "<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\r\n\r\n- b" },
	{ "a quote", "a<blockquote>b<br>c</blockquote>d", "a\r\n\r\n> b\r\n> c\r\n\r\nd" },
	{ "a quote in a quote", "<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\r\n>\r\n> > b" },
	{ "pre", "<pre>a  b\n  c\n\nd</pre>", "a  b\r\n  c\r\n\r\nd" },
	{ "a rule", "<div>a<hr>b</div>", "a\r\n----------------------------------------\r\nb" },
	{ "a table", "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>",
	    "1\t2\r\n3\t4" },
	{ "a link", "<a href=\"http://example.org/x\">here</a>", "here <http://example.org/x>" },
	{ "a link that shows its address", "<a href=\"https://example.org/\">example.org</a>",
	    "example.org" },
	{ "a mail link", "<a href=\"mailto:a@b\">write</a>", "write <a@b>" },
	{ "a link that is none", "<a href=\"javascript:x()\">x</a> <a name=y>y</a>", "x y" },
	{ "a link without text", "<a href=\"http://example.org/\"><img src=x></a>z", "z" },
	{ "a link before any text", "<a href=\"http://example.org/\"></a>z</a>", "z" },
	{ "an image", "a <img alt=\"logo\"> b <img src=x>", "a [logo] b" },
	{ "headings", "<h1>a</h1>b", "a\r\n\r\nb" },
	{ "invisible characters",
	    "a\xC2\xAD"
	    "b\xE2\x80\x8B"
	    "c",
	    "abc" },
	{ "other blanks", "\xD0\xB4\xC2\xA0\xD0\xB0\xE2\x80\x83\xE4\xBD\xA0",
	    "\xD0\xB4 \xD0\xB0 \xE4\xBD\xA0" },
	{ "an empty preheader", "\xCD\x8F\xE2\x80\x8C \xE2\x80\x8C\xEF\xBB\xBF\xD0\xB4",
	    "\xE2\x80\x8C \xD0\xB4" },
	{ "a joiner inside a word stays", "\xD9\x85\xE2\x80\x8C\xDB\x8C", "\xD9\x85\xE2\x80\x8C\xDB\x8C" },
	{ "unclosed elements", "<b>a<p>b<i>c", "a\r\n\r\nbc" },
	{ "end tags of nothing", "a</div></b>b", "ab" },
	{ "a less-than sign", "1 < 2", "1 < 2" },
	{ "cut in a tag", "<p>a</p><p sty", "a" },
	{ "a control character",
	    "a\x01"
	    "b",
	    "ab" },
	{ "upper case", "<P>A</P><BR><DIV STYLE=\"DISPLAY:NONE\">x</DIV>B", "A\r\n\r\nB" },
	{ "pre with CRLF and CR", "<pre>a\r\nb\rc\r\rd\r\n</pre>", "a\r\nb\r\nc\r\n\r\nd" },
	{ "line ends inside an address", "<a href=\"http://example.org/\r\n x\ty\">here</a>",
	    "here <http://example.org/ xy>" },
};

static void html_to_text(const struct html_case *c)
{
	struct bytes got;
	size_t used;

	assert_int_equal(text_from_html(test_arena(), test_copy(bytes_str(c->html)), 0, &got, &used), ERR_OK);
	assert_bytes_str(got, c->want);
	assert_int_equal(used, strlen(c->html));
}
TEST_ROW(html_to_text)

/* With a limit the text is a beginning of the whole, as long as the limit at least, and says whether it is all. */
static void limits(const struct html_case *c)
{
	struct bytes all, got, in = bytes_str(c->html);
	size_t used;

	assert_int_equal(text_from_html(test_arena(), in, 0, &all, &used), ERR_OK);
	for (size_t max = 1; max < all.len + 3; max++) {
		assert_int_equal(text_from_html(test_arena(), in, max, &got, &used), ERR_OK);
		assert_true(used == in.len ? bytes_eq(got, all) : got.len >= max - 1);
		assert_in_range(used, 0, in.len);
		assert_true(got.len <= all.len);
		assert_bytes_equal(got, bytes_of(all.p, got.len));
	}
}
TEST_ROW(limits)

static void a_nul_is_a_blank(void **state)
{
	struct bytes got;
	size_t used;

	(void)state;
	assert_int_equal(text_from_html(test_arena(), BYTES("<p>a\0b</p>\0c"), 0, &got, &used), ERR_OK);
	assert_bytes_str(got, "a b\r\n\r\nc");
}

static struct bytes strip(struct bytes html)
{
	struct layout l;
	struct bytes out;

	layout_init(&l, test_arena(), 0);
	html_strip(&l, html);
	assert_int_equal(layout_done(&l, &out), ERR_OK);
	return out;
}

static const struct strip_case {
	const char *name, *html, *want;
} strip_cases[] = {
	{ "nothing", "", "" },
	{ "lines", "<p>a</p><div>b<br>c</div>", "a\r\nb\r\nc" },
	{ "inline elements", "a<b>b</b> <i>c</i>", "ab c" },
	{ "entities", "&lt;&amp; &#8364;&#x20AC;&euro; &bogus; &",
	    "<& \xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC &bogus; &" },
	{ "style and script", "<style>p{}</style>a<script>1<2</script>b<title>t</title>", "ab" },
	{ "comments", "a<!-- <b> -->b", "ab" },
	{ "an open comment", "a<!-- b", "a" },
	{ "a less-than sign", "1 < 2 <3", "1 < 2" },
	{ "attributes with brackets", "<a title=\"a>b\">x</a>", "x" },
	{ "an open tag", "a<b", "a" },
	{ "a name that begins like another", "<pricing>a</pricing>b", "ab" },
	{ "control characters by number", "a&#1;b&#0;c&#xFFFF;d&#x1F;e", "a b&#0;c d e" },
	{ "text behind a number", "&#65bc &#x42; &#xFFFF\xC3\xA4\xC3\xA4\xC3\xA4 &#; &#x;",
	    "Abc B \xC3\xA4\xC3\xA4\xC3\xA4 &#; &#x;" },
};

static void strips(const struct strip_case *c)
{
	assert_bytes_str(strip(test_copy(bytes_str(c->html))), c->want);
}
TEST_ROW(strips)

static struct bytes repeated(const char *head, const char *piece, size_t n, const char *tail)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, head);
	for (size_t i = 0; i < n; i++)
		buf_put_str(&b, piece);
	buf_put_str(&b, tail);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static const struct tame_case {
	const char *name, *head, *piece, *tail;
	size_t n;
	bool tame;
} tame_cases[] = {
	{ "few attributes", "<a", " b=c", ">x", 300, true },
	{ "too many attributes", "<a", " b=c", ">x", 301, false },
	{ "too many without values", "<a", " b", ">x", 301, false },
	{ "attributes of many tags", "", "<a b=c d=e>", "x", 1000, true },
	{ "text", "", "a b=c ", "x", 1000, true },
	{ "over 8 MB", "", "0123456789abcde ", "x", 600000, false },
};

/* Either way the text is there. */
static void is_tame(const struct tame_case *c)
{
	struct bytes html = repeated(c->head, c->piece, c->n, c->tail), got;
	size_t used;

	assert_int_equal(html_is_tame(html), c->tame);
	assert_int_equal(text_from_html(test_arena(), html, 0, &got, &used), ERR_OK);
	assert_true(got.len > 0 && got.p[got.len - 1] == 'x');
}
TEST_ROW(is_tame)

int main(void)
{
	TEST_ADD_ROWS(html_to_text, html_cases);
	TEST_ADD_ROWS(limits, html_cases);
	TEST_ADD(a_nul_is_a_blank);
	TEST_ADD_ROWS(strips, strip_cases);
	TEST_ADD_ROWS(is_tame, tame_cases);
	return test_run("mail HTML");
}
