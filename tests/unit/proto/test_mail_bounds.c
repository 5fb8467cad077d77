/* Mails that are made to cost: whatever is repeated in them, work grows with their size and no faster. */
#include <time.h>

#include "testing.h"
#include "mail/conversation.h"
#include "mail/text.h"
#include "unit/proto/mail_sample.h"

/* MANY is 8 times FEW. Work that grows with the square takes 64 times as long; noise and what small mails are spared
 * (they are fetched whole, and limits are not reached) stay far below. */
enum { FEW = 64 * 1024, MANY = 512 * 1024, TIMES = 20, SLACK_MS = 300 };

static struct bytes repeated(const char *head, const char *piece, size_t bytes, const char *tail)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, head);
	while (b.len < bytes)
		buf_put_str(&b, piece);
	buf_put_str(&b, tail);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

/* CPU time to convert and write it, in that kind of body. */
static unsigned took_ms(struct bytes raw, enum body_type type, uint32_t limit)
{
	struct sync_options o = sample_options(type, limit, 200);
	struct arena *a = arena_new((size_t)1 << 30);
	clock_t start = clock();
	struct sample s;
	struct bytes doc;

	assert_int_equal(sample_make(a, raw, &o, EAS_16_1, false, &s), ERR_OK);
	assert_int_equal(sample_write(a, &s, EAS_16_1, &doc), ERR_OK);
	arena_free(&a);
	return (unsigned)((clock() - start) * 1000 / CLOCKS_PER_SEC);
}

static void grows_with_size(struct bytes few, struct bytes many)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML, BODY_MIME };

	if (getenv(
		"TEST_WRAPPER")) /* valgrind: it takes a quarter of an hour, and tells nothing about time */
		skip();
	for (size_t i = 0; i < 2 * sizeof(types) / sizeof(types[0]); i++) {
		uint32_t limit = i % 2 ? BODY_WHOLE : 1000;
		unsigned one = took_ms(few, types[i / 2], limit), eight = took_ms(many, types[i / 2], limit);

		if (eight > one * TIMES + SLACK_MS)
			fail_msg("body type %d: %u ms, 8 times as much %u ms", types[i / 2], one, eight);
	}
}

static const struct mail_case {
	const char *name, *head, *piece;
	const char *tail;
} mail_cases[] = {
	{ "quoted strings without an end", "To: ", "\"\\", "\r\n\r\nx" },
	{ "comments without an end", "To: ", "(", "\r\n\r\nx" },
	{ "comments that nest", "To: ", "(a", "\r\n\r\nx" },
	{ "groups behind an at sign", "To: 0123456789@", ":", "\r\n\r\nx" },
	{ "group names", "To: ", "a:", "\r\n\r\nx" },
	{ "angle brackets", "To: ", "<", "\r\n\r\nx" },
	{ "one long address", "To: ", "aaaaaaaaaaaaaaa ", "@b\r\n\r\nx" },
	{ "encoded words without an end in addresses", "To: ", "=?a?q?x", "\r\n\r\nx" },
	{ "encoded words without an end", "Subject: ", "=?a?q?x", "\r\n\r\nx" },
	{ "encoded words of many charsets",
	    "Subject: ", "=?koi8-r?q?=C1?= =?cp1251?q?=C1?= =?x-no?q?=C1?= ", "\r\n\r\nx" },
	{ "fields", "A: b\r\n", "X:\r\n", "\r\nx" },
	{ "lines of blanks", "A: b\r\n", " \r\n", "\r\nx" },
	{ "empty message ids", "References: ", "<>", "\r\n\r\nx" },
	{ "reply prefixes", "Subject: ", "Re: ", "\r\n\r\nx" },
	{ "parameters", "Content-Type: text/plain", "; a=\"", "\r\n\r\nx" },
	{ "declared charsets", "Content-Type: text/html\r\n\r\n", "<meta charset", "x" },
	{ "parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", "--b--\r\n" },
	{ "almost boundaries", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--bb\r\n", "--b--\r\n" },
	{ "texts of an alternative", "Content-Type: multipart/alternative; boundary=b\r\n\r\n",
	    "--b\r\nContent-Type: text/html\r\n\r\nabc\r\n", "" },
	{ "multiparts in multiparts", "", "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n",
	    "x" },
	{ "messages in messages", "", "Content-Type: message/rfc822\r\n\r\n", "x" },
	{ "URLs of brackets", "A: b\r\n\r\n", "http://)))))))))))))))))))))))))))))))))))))))))))))))) ",
	    "" },
	{ "URLs of brackets without end", "A: b\r\n\r\nhttp://", ")", "" },
	{ "quote marks", "A: b\r\n\r\n", "> ", "" },
	{ "quotes of any depth", "A: b\r\n\r\n", ">>>>>x\r\nx\r\n", "" },
	{ "base64 of padding", "Content-Transfer-Encoding: base64\r\n\r\n", "=A", "" },
	{ "equal signs", "Content-Transfer-Encoding: quoted-printable\r\n\r\n", "= ", "" },
	{ "blanks behind an equal sign", "Content-Transfer-Encoding: quoted-printable\r\n\r\n=", " ", "x" },
	{ "broken characters", "Content-Type: text/plain; charset=gbk\r\n\r\n", "\xFF, and more text", "" },
	{ "open elements", "Content-Type: text/html\r\n\r\n", "<b><i>", "x" },
	{ "open lists", "Content-Type: text/html\r\n\r\n", "<ul><li>x", "x" },
	{ "open quotes", "Content-Type: text/html\r\n\r\n", "<blockquote>x", "x" },
	{ "end tags of nothing", "Content-Type: text/html\r\n\r\n<b>", "</p></i>", "x" },
	{ "tags without an end", "Content-Type: text/html\r\n\r\n", "<a ", "x" },
	{ "attributes", "Content-Type: text/html\r\n\r\n<a", " b=c", ">x" },
	{ "tables in tables", "Content-Type: text/html\r\n\r\n", "<table><tr><td>", "x" },
	{ "forms and links", "Content-Type: text/html\r\n\r\n", "<form><a href=http://x>", "x" },
	{ "less-than signs", "Content-Type: text/html\r\n\r\n", "<", "x" },
	{ "open comments", "Content-Type: text/html\r\n\r\n", "<!-- ", "x" },
	{ "open declarations", "Content-Type: text/html\r\n\r\n", "<!", "x" },
	{ "open instructions", "Content-Type: text/html\r\n\r\n", "<?", "x" },
	{ "open scripts", "Content-Type: text/html\r\n\r\n", "<script>", "x" },
	{ "titles in titles", "Content-Type: text/html\r\n\r\n", "<title></titl", "x" },
	{ "ampersands", "Content-Type: text/html\r\n\r\n", "&", "x" },
	{ "entities", "Content-Type: text/html\r\n\r\n", "&nosuchentity", "x" },
	{ "styles", "Content-Type: text/html\r\n\r\n<p style='", "display:", "'>x" },
};

static void mail(const struct mail_case *c)
{
	grows_with_size(
	    repeated(c->head, c->piece, FEW, c->tail), repeated(c->head, c->piece, MANY, c->tail));
}
TEST_ROW(mail)

/* Parts at the greatest depth, each a choice among the others on every level above. */
static struct bytes alternatives(int parts)
{
	struct bytes raw;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	for (int i = 0; i < MIME_MAX_DEPTH - 2; i++)
		buf_printf(&b, "Content-Type: multipart/alternative; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	for (int i = 0; i < parts; i++) {
		if (i)
			buf_printf(&b, "--b%d\r\n", MIME_MAX_DEPTH - 3);
		buf_printf(&b, "Content-Type: text/%s", i % 3 ? "plain" : "html");
		for (int k = 0; k < MIME_MAX_PARAMS; k++)
			buf_printf(&b, "; p%d=x", k);
		buf_put_str(&b, "\r\n\r\nabc\r\n");
	}
	assert_int_equal(buf_done(&b, &raw), ERR_OK);
	return raw;
}

static void alternatives_in_alternatives(void **state)
{
	(void)state;
	grows_with_size(alternatives(MIME_MAX_PARTS / 8), alternatives(MIME_MAX_PARTS));
}

int main(void)
{
	TEST_ADD_ROWS(mail, mail_cases);
	TEST_ADD(alternatives_in_alternatives);
	return test_run("mail bounds");
}
