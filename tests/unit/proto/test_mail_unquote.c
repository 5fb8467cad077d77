/* What is new in a reply (MS-ASAIRS 2.2.2.10): HTML without its quotes, and BodyPart as it is made of a mail. */
#include "mail/body_part.h"
#include "mail/text.h"
#include "mail/unquote.h"
#include "unit/proto/mail_pieces.h"

/* ---- the HTML ---- */

static const struct unquote_case {
	const char *name, *html, *want;
	bool ended;
} unquote_cases[] = {
	{ "nothing quoted", "<p>Hello</p>", "<p>Hello</p>", false },
	{ "nothing at all", "", "", false },
	{ "a quote below", "<p>Yes.</p><blockquote type=\"cite\">Come?</blockquote>", "<p>Yes.</p>", false },
	{ "a quote above", "<blockquote type=cite>Come?</blockquote><p>Yes.</p>", "<p>Yes.</p>", false },
	{ "answers between quotes",
	    "<blockquote type=cite>A?</blockquote>a<blockquote type=cite>B?</blockquote>b", "ab", false },
	{ "quotes in a quote", "x<BLOCKQUOTE TYPE=CITE>a<blockquote>b</blockquote>c</BLOCKQUOTE>y", "xy",
	    false },
	{ "a blockquote that only indents", "<blockquote style=\"margin:0 0 0 40px\">x</blockquote>",
	    "<blockquote style=\"margin:0 0 0 40px\">x</blockquote>", false },
	{ "its introduction goes too",
	    "Yes.<br>On Tuesday Anna wrote:<br><blockquote type=cite>Come?</blockquote>", "Yes.<br>", false },
	{ "an introduction with a link",
	    "Yes.<br>Anna &lt;<a href=\"mailto:a@b\">a@b</a>&gt; wrote:<blockquote "
	    "type=cite>Come?</blockquote>",
	    "Yes.<br>", false },
	{ "a sentence before it stays", "See what you said.<blockquote type=cite>Come?</blockquote>",
	    "See what you said.", false },
	{ "Gmail",
	    "<div dir=\"ltr\">Yes.</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">On … Anna "
	    "wrote:<br></div><blockquote class=\"gmail_quote\">Come?</blockquote></div>",
	    "<div dir=\"ltr\">Yes.</div><br>", false },
	{ "GMX", "<div>Yes.</div><div name=\"quote\" style=\"margin:10px\">Anna: Come?</div>",
	    "<div>Yes.</div>", false },
	{ "Nine", "<div>Yes.</div><div class=\"nine_quote\">Come?</div>", "<div>Yes.</div>", false },
	{ "Thunderbird, answered below",
	    "<body><div class=\"moz-cite-prefix\">Anna wrote:<br></div><blockquote type=\"cite\" "
	    "cite=\"mid:1@x\"><p>Come?</p></blockquote><p>Yes.</p></body>",
	    "<body><p>Yes.</p></body>", false },
	{ "Outlook on the web",
	    "<div>Yes.</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\">From: "
	    "Anna</div>Come?",
	    "<div>Yes.</div>", true },
	{ "Outlook",
	    "<p>Yes.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt'><p>From: "
	    "Anna</p>"
	    "</div><p>Come?</p>",
	    "<p>Yes.</p>", true },
	{ "Samsung",
	    "Yes.<div style=\"color:#000\"><!-- originalMessage --><div>-------- Original message "
	    "--------</div><div>From: Anna </div>Come?</div>",
	    "Yes.<div style=\"color:#000\">", true },
	{ "another comment", "Yes.<!-- a comment --> No.", "Yes.<!-- a comment --> No.", false },
	{ "Outlook's lines in HTML",
	    "<p>Yes.</p><p><b>Von:</b>&nbsp;Anna<br><b>Gesendet:</b> Dienstag<br><b>An:</b> "
	    "Ben<br><b>Betreff:</b> Treffen</p><p>Come?</p>",
	    "<p>Yes.</p><p>", true },
	{ "only the line that introduces it", "Look:<br>Anna wrote:<blockquote type=cite>Come?</blockquote>",
	    "Look:<br>", false },
	{ "a quote without an end", "a<blockquote type=cite>b<p>c", "a", false },
	{ "a tag without an end", "a<blockquote type=cite", "a<blockquote type=cite", false },
	{ "an end without a beginning", "a</blockquote>b</div>c", "a</blockquote>b</div>c", false },
	{ "no tags", "a < b > c <", "a < b > c <", false },
};

static void unquotes(const struct unquote_case *c)
{
	struct bytes out;
	bool ended;

	assert_int_equal(html_unquote(test_arena(), pieces_copy(c->html), &out, &ended), ERR_OK);
	assert_bytes_str(out, c->want);
	assert_int_equal(ended, c->ended);
}
TEST_ROW(unquotes)

/* ---- plain text ---- */

static const struct plain_case {
	const char *name, *text, *want;
} plain_cases[] = {
	{ "Outlook", "Yes.\r\n\r\n-----Original Message-----\r\nFrom: Anna\r\nSent: Tuesday\r\n\r\nCome?",
	    "Yes.\r\n\r\n" },
	{ "Outlook, German",
	    "Ja.\r\n-----Ursprüngliche Nachricht-----\r\nVon: Anna\r\nGesendet: Dienstag\r\n\r\nKommst du?",
	    "Ja.\r\n" },
	{ "Outlook, French", "Oui.\r\n-----Message d'origine-----\r\nDe : Anna\r\n\r\nTu viens ?",
	    "Oui.\r\n" },
	{ "Outlook, Japanese", "はい\r\n-----元のメッセージ-----\r\n差出人： Anna\r\n\r\n?", "はい\r\n" },
	{ "Samsung", "Yes.\r\n\r\n-------- Original message --------\r\n\r\nFrom: Anna \r\n\r\nCome?",
	    "Yes.\r\n\r\n" },
	{ "below a rule",
	    "Yes.\r\n________________________________\r\nFrom: Anna <a@example.org>\r\nSent: Tuesday\r\n"
	    "To: Ben\r\nSubject: Meeting\r\n\r\nCome?",
	    "Yes.\r\n" },
	{ "four lines alone",
	    "Yes.\r\n\r\nFrom: Anna\r\nSent: Tuesday\r\nTo: Ben,\r\n Carl\r\nCc: Dora\r\nSubject: "
	    "Meeting\r\n\r\nCome?",
	    "Yes.\r\n\r\n" },
	{ "in bold letters",
	    "Oui.\r\n*De :* Anna\r\n*Envoyé :* mardi\r\n*À :* Ben\r\n*Objet :* Réunion\r\n\r\nTu viens ?",
	    "Oui.\r\n" },
	{ "an introduction", "Yes.\r\n\r\nAnna wrote:\r\n> Come?\r\n", "Yes.\r\n\r\n" },
	{ "an introduction with an empty line", "Yes.\r\n\r\nOn 5 May 2026 Anna wrote:\r\n\r\n> Come?\r\n",
	    "Yes.\r\n\r\n" },
	{ "an introduction of two lines",
	    "Yes.\r\n\r\nOn Tue, 5 May 2026 at 10:00, Anna Example\r\n<anna@example.org> wrote:\r\n\r\n> "
	    "Come?\r\n",
	    "Yes.\r\n\r\n" },
	{ "an introduction without a verb", "Yes.\r\n2026-05-05 9:30 GMT+02:00 Anna:\r\n> Come?\r\n",
	    "Yes.\r\n" },
	{ "an introduction in Japanese", "はい\r\n2026年5月5日(火) 10:00 Anna <a@example.org>:\r\n> ?\r\n",
	    "はい\r\n" },
	{ "an introduction in German", "Ja.\r\nAm Dienstag schrieb Anna:\r\n> Kommst du?\r\n", "Ja.\r\n" },
	{ "an introduction in French", "Oui.\r\nLe 5 mai, Anna a écrit :\r\n\r\n> Tu viens ?\r\n",
	    "Oui.\r\n" },
	{ "the address on the first one",
	    "Yes.\r\n\r\nOn 5 May 2026, Anna Example <anna@example.org>\r\nwrote:\r\n> Come?\r\n",
	    "Yes.\r\n\r\n" },
	{ "answers between quotes", "> A?\r\na\r\n> B?\r\nb", "a\r\nb" },
	/* what is the sender's own */
	{ "a sentence above the introduction", "See you on 5 May.\r\nAnna@example.org wrote:\r\n> Come?\r\n",
	    "See you on 5 May.\r\n" },
	{ "a line above without a date", "That is fine\r\nanna@example.org wrote:\r\n> Come?\r\n",
	    "That is fine\r\n" },
	{ "words with a colon", "But I disagree with this:\r\n> Come?\r\nNo.",
	    "But I disagree with this:\r\nNo." },
	{ "words with a colon and a number", "What I think about item 2:\r\n\r\n> Come?\r\nNo.",
	    "What I think about item 2:\r\n\r\nNo." },
	{ "words with a colon, and an empty line", "This is what I mean:\r\n\r\n> Come?\r\n",
	    "This is what I mean:\r\n\r\n" },
	{ "a forwarded mail",
	    "See:\r\n---------- Forwarded message ---------\r\nFrom: Anna\r\nDate: Tue\r\n\r\nCome?",
	    "See:\r\n---------- Forwarded message ---------\r\nFrom: Anna\r\nDate: Tue\r\n\r\nCome?" },
	{ "a separator and words", "-----Original Message-----\r\nis what Outlook writes.",
	    "-----Original Message-----\r\nis what Outlook writes." },
	{ "a table of travel", "From: Berlin\r\nTo: Paris\r\nDate: Tuesday\r\nSubject: none",
	    "From: Berlin\r\nTo: Paris\r\nDate: Tuesday\r\nSubject: none" },
	{ "labels apart", "From: Berlin\r\n\r\nSent: Tuesday\r\n\r\nSubject: x",
	    "From: Berlin\r\n\r\nSent: Tuesday\r\n\r\nSubject: x" },
	{ "a rule", "a\r\n________________________________\r\nb",
	    "a\r\n________________________________\r\nb" },
	{ "a separator at the end", "a\r\n-----Original Message-----", "a\r\n-----Original Message-----" },
};

/* Both as HTML: that is what becomes of them. */
static void unquotes_plain(const struct plain_case *c)
{
	struct bytes html, want;
	bool ended;

	assert_int_equal(text_to_html(test_arena(), pieces_copy(c->text), &html), ERR_OK);
	assert_int_equal(html_unquote(test_arena(), html, &html, &ended), ERR_OK);
	assert_int_equal(text_to_html(test_arena(), pieces_copy(c->want), &want), ERR_OK);
	assert_bytes_equal(bytes_trim(html), bytes_trim(want));
}
TEST_ROW(unquotes_plain)

/* A megabyte of whatever could be looked at twice. */
static void time_is_linear(void **state)
{
	static const char *const pieces[] = { "<", "<div ", "<blockquote type=cite>", "</blockquote>",
		"<br>a:", "x:", "<div class=gmail_quote>", "<p>", "<!-- ", "<br>From: a", "<br>Sent:", "x" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct arena *a = arena_new((size_t)64 << 20);
		struct bytes html, out;
		struct buf b;
		bool ended;

		buf_init(&b, a, 0);
		while (b.len < 1 << 20)
			buf_put_str(&b, pieces[i]);
		assert_int_equal(buf_done(&b, &html), ERR_OK);
		assert_int_equal(html_unquote(a, html, &out, &ended), ERR_OK);
		assert_true(out.len <= html.len);
		arena_free(&a);
	}
}

/* ---- the whole of BodyPart ---- */

#define REPLY "In-Reply-To: <1@example.org>\r\n"
#define QUOTED_HTML "<p>Yes.</p><blockquote type=cite>Come?</blockquote>"

/* Outlook's separator is there, but the answer stands below it. */
#define ANSWERED_BELOW "<div id=divRplyFwdMsg>From: Anna</div><p>Come?</p><p>Yes.</p>"

static const struct part_case {
	const char *name, *raw;
	uint32_t limit;
	bool all_or_none;
	uint8_t preview;
	const char *data, *shown; /* Data, Preview */
	bool truncated;
} part_cases[] = {
	{ "a reply in HTML", REPLY HTML QUOTED_HTML, BODY_WHOLE, false, 0, "<p>Yes.</p>", "", false },
	{ "not a reply: all of it is new", HTML QUOTED_HTML, BODY_WHOLE, false, 0, QUOTED_HTML, "", false },
	{ "a reply by its references", "References: <1@example.org>\r\n" HTML QUOTED_HTML, BODY_WHOLE, false,
	    0, "<p>Yes.</p>", "", false },
	{ "cut", REPLY HTML QUOTED_HTML, 6, false, 0, "<p>Yes", "", true },
	{ "just as long as allowed", REPLY HTML QUOTED_HTML, 11, false, 0, "<p>Yes.</p>", "", false },
	{ "all or none", REPLY HTML QUOTED_HTML, 10, true, 0, "", "", true },
	{ "all of it fits", REPLY HTML QUOTED_HTML, 11, true, 0, "<p>Yes.</p>", "", false },
	{ "with a preview", REPLY HTML QUOTED_HTML, 3, false, 100, "<p>", "Yes.", true },
	{ "the preview alone", REPLY HTML QUOTED_HTML, 0, false, 100, "", "Yes.", true },
	{ "a reply in plain text", REPLY PLAIN "Yes.\r\n\r\nAnna wrote:\r\n> Come?\r\n", BODY_WHOLE, false, 0,
	    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
	    "charset=utf-8\"></head><body>\r\n"
	    "Yes.<br>\r\n<br></body></html>\r\n",
	    "", false },
	{ "a forward quotes what its reader may not have", "Subject: WG: Plan\r\n" REPLY HTML QUOTED_HTML,
	    BODY_WHOLE, false, 0, QUOTED_HTML, "", false },
	{ "an answer where a quote has no end", REPLY HTML ANSWERED_BELOW, BODY_WHOLE, false, 20,
	    ANSWERED_BELOW, "From: Anna Come? Yes", false },
	{ "an answer within the quote", REPLY HTML "<blockquote type=cite>Come? Yes.</blockquote>",
	    BODY_WHOLE, false, 0, "<blockquote type=cite>Come? Yes.</blockquote>", "", false },
	{ "a picture with a name alone",
	    REPLY HTML "<img src=1 alt=a><blockquote type=cite>Come?</blockquote>", BODY_WHOLE, false, 0,
	    "<img src=1 alt=a>", "", false },
	{ "a reply to a forward", "Subject: Re: Fwd: Plan\r\n" REPLY HTML QUOTED_HTML, BODY_WHOLE, false, 0,
	    "<p>Yes.</p>", "", false },
};

static struct body_part make_part(struct bytes raw, const struct part_case *c)
{
	struct sync_options o = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct bytes header;
	struct mime_part *root;
	struct body_part part;
	bool enough = false;

	o.body_part = (struct body_preference){ BODY_HTML, c->limit, c->all_or_none, c->preview };
	assert_true(body_part_wanted(&o, EAS_14_1));
	assert_false(body_part_wanted(&o, EAS_14_0));
	assert_int_equal(mime_parse(test_arena(), raw, &header, &root), ERR_OK);
	assert_int_equal(
	    body_part_plan(test_arena(), header, root, (uint32_t)raw.len, &o, EAS_14_1, &part), ERR_OK);
	while (!enough) {
		for (size_t i = 0; i < part.plan.n_fetch; i++) {
			struct body_fetch *f = &part.plan.fetch[i];

			f->data = f->part->body;
			if (f->count && f->data.len > f->count)
				f->data.len = f->count;
			f->fetched = true;
		}
		assert_int_equal(body_part_make(test_arena(), &part, &enough), ERR_OK);
	}
	return part;
}

static void parts(const struct part_case *c)
{
	struct body_part part = make_part(pieces_copy(c->raw), c);

	assert_int_equal(part.status, BODY_PART_OK);
	assert_bytes_str(part.body.data, c->data);
	assert_bytes_str(part.body.preview, c->shown);
	assert_int_equal(part.body.truncated, c->truncated);
	if (c->truncated)
		assert_true(part.body.estimated_size > part.body.data.len);
	else
		assert_int_equal(part.body.estimated_size, part.body.data.len);
}
TEST_ROW(parts)

/* A quote longer than what is looked at, in front of the answer. */
static void a_quote_without_end(void **state)
{
	static const struct part_case wish = { .limit = 1000, .preview = 100 };
	struct body_part part;
	struct bytes raw;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, REPLY HTML "<blockquote type=cite>");
	while (b.len < 200000)
		buf_put_str(&b, "<p>Come to the meeting on Tuesday?</p>\r\n");
	buf_put_str(&b, "</blockquote>Yes.");
	assert_int_equal(buf_done(&b, &raw), ERR_OK);
	part = make_part(raw, &wish);
	assert_int_equal(part.status, BODY_PART_TOO_LARGE);
	assert_int_equal(part.body.data.len + part.body.preview.len, 0);
}

int main(void)
{
	TEST_ADD_ROWS(unquotes, unquote_cases);
	TEST_ADD_ROWS(unquotes_plain, plain_cases);
	TEST_ADD(time_is_linear);
	TEST_ADD_ROWS(parts, part_cases);
	TEST_ADD(a_quote_without_end);
	return test_run("mail unquote");
}
