/* From a raw mail and a phone's wish to the body: MS-ASAIRS 2.2.2.9 to 2.2.2.40; MS-ASCMD 2.2.3.115. */
#include "unit/proto/mail_pieces.h"

#define TO_HTML(text)                                                         \
	"<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; " \
	"charset=utf-8\"></head><body>\r\n" text "</body></html>\r\n"

/* ---- the text, without a limit ---- */

static const struct text_case {
	const char *name, *raw, *plain, *html;
	enum body_type native;
} text_cases[] = {
	{ "plain", PLAIN "Hello\r\n", "Hello\r\n", TO_HTML("Hello<br>\r\n"), BODY_PLAIN },
	{ "HTML", HTML "<p>Hello</p>", "Hello", "<p>Hello</p>", BODY_HTML },
	{ "nothing declared", HEAD "\r\nHello\r\n", "Hello\r\n", TO_HTML("Hello<br>\r\n"), BODY_PLAIN },
	{ "controls that no document may hold", PLAIN "a\x01\x1B[1mb\fc\r\n", "a[1mbc\r\n",
	    TO_HTML("a[1mbc<br>\r\n"), BODY_PLAIN },
	{ "no body", HEAD "\r\n", "", TO_HTML(""), BODY_PLAIN },
	{ "an empty mail", "", "", TO_HTML(""), BODY_PLAIN },
	{ "bare LF", PLAIN "a\nb\n", "a\r\nb\r\n", TO_HTML("a<br>\r\nb<br>\r\n"), BODY_PLAIN },
	{ "alternative, RFC 2046 5.1.4", ALTERNATIVE, "plain text", "<p>html text</p>", BODY_HTML },
	{ "alternative with an empty plain text",
	    MULTI("alternative", PART("text/plain", "") PART("text/html", "<p>h</p>")), "h", "<p>h</p>",
	    BODY_HTML },
	{ "alternative of very short texts",
	    MULTI("alternative", PART("text/plain", "a") PART("text/html", "b")), "a", "b", BODY_HTML },
	{ "alternative of plain texts: the last",
	    MULTI("alternative", PART("text/plain", "one") PART("text/plain", "two")), "two",
	    TO_HTML("two<br>\r\n"), BODY_PLAIN },
	{ "alternative with a related, RFC 2387",
	    HEAD "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nplain\r\n--a\r\n"
		 "Content-Type: multipart/related; boundary=b\r\n\r\n" PART("text/html", "<p>h</p>")
		     PART("image/png", "x") "--b--\r\n--a--\r\n",
	    "plain", "<p>h</p>", BODY_HTML },
	{ "related: the named root",
	    HEAD "Content-Type: multipart/related; boundary=b; start=\"<r>\"\r\n\r\n" PART(
		"text/html", "<p>other</p>") "--b\r\nContent-Type: text/html\r\nContent-ID: "
					     "<r>\r\n\r\n<p>root</p>\r\n--b--\r\n",
	    "root", "<p>root</p>", BODY_HTML },
	{ "two texts", MULTI("mixed", PART("text/plain", "one") PART("text/plain", "two")), "one\r\n\r\ntwo",
	    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
	    "charset=utf-8\"></head><body>\r\none<br>\r\ntwo<br>\r\n",
	    BODY_PLAIN },
	{ "a text file is none",
	    MULTI("mixed",
		PART("text/plain", "one") "--b\r\nContent-Type: text/plain\r\nContent-Disposition: "
					  "attachment\r\n\r\ntwo\r\n"),
	    "one", TO_HTML("one<br>\r\n"), BODY_PLAIN },
	{ "a named text behind another",
	    MULTI("mixed", PART("text/plain", "one") PART("text/plain; name=f.txt", "two")), "one",
	    TO_HTML("one<br>\r\n"), BODY_PLAIN },
	{ "an enclosed message is closed",
	    MULTI("mixed", PART("text/plain", "one") PART("message/rfc822", "Subject: x\r\n\r\ntwo")), "one",
	    TO_HTML("one<br>\r\n"), BODY_PLAIN },
	{ "a lost boundary: all is text", HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\nHello\r\n",
	    "Hello\r\n", TO_HTML("Hello<br>\r\n"), BODY_PLAIN },
	{ "base64",
	    HEAD "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
		 "base64\r\n\r\nR3L832U=\r\n",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e",
	    TO_HTML("Gr\xC3\xBC\xC3\x9F"
		    "e<br>\r\n"),
	    BODY_PLAIN },
	{ "quoted-printable",
	    HEAD "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
		 "quoted-printable\r\n\r\nGr=C3=BC=\r\n=C3=9Fe\r\n",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e\r\n",
	    TO_HTML("Gr\xC3\xBC\xC3\x9F"
		    "e<br>\r\n"),
	    BODY_PLAIN },
	{ "raw 8-bit that nobody declared",
	    HEAD "\r\nGr\xFC\xDF"
		 "e\r\n",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e\r\n",
	    TO_HTML("Gr\xC3\xBC\xC3\x9F"
		    "e<br>\r\n"),
	    BODY_PLAIN },
	{ "a charset in RFC 2231 form",
	    HEAD "Content-Type: text/plain; charset*=us-ascii''koi8-r\r\n\r\n\xD0\xD2", "\xD0\xBF\xD1\x80",
	    TO_HTML("\xD0\xBF\xD1\x80<br>\r\n"), BODY_PLAIN },
	{ "flowed, RFC 3676", HEAD "Content-Type: text/plain; format=flowed\r\n\r\none \r\ntwo\r\n",
	    "one two\r\n", TO_HTML("one two<br>\r\n"), BODY_PLAIN },
	{ "flowed with DelSp",
	    HEAD "Content-Type: text/plain; format=Flowed; delsp=Yes\r\n\r\none \r\ntwo\r\n", "onetwo\r\n",
	    TO_HTML("onetwo<br>\r\n"), BODY_PLAIN },
	{ "enriched", HEAD "Content-Type: text/enriched\r\n\r\n<bold>one</bold>\r\n\r\ntwo\r\n", "one\r\ntwo",
	    TO_HTML("one<br>\r\ntwo<br>\r\n"), BODY_PLAIN },
	{ "richtext", HEAD "Content-Type: text/richtext\r\n\r\none<nl>\r\ntwo\r\n", "one\r\ntwo",
	    TO_HTML("one<br>\r\ntwo<br>\r\n"), BODY_PLAIN },
	{ "HTML that names it, while the server says that it is ASCII",
	    HEAD "Content-Type: text/html; charset=us-ascii\r\n\r\n<meta charset=koi8-r><p>\xD0\xD2</p>",
	    "\xD0\xBF\xD1\x80", "<meta charset=utf-8><p>\xD0\xBF\xD1\x80</p>", BODY_HTML },
	{ "HTML that names what it can't be",
	    HEAD "Content-Type: text/html\r\n\r\n<meta charset=utf-16><p>\xC3\xA4</p>", "\xC3\xA4",
	    "<meta charset=utf-8><p>\xC3\xA4</p>", BODY_HTML },
	{ "HTML that declares its own charset",
	    HEAD "Content-Type: text/html\r\n\r\n<meta charset=koi8-r><p>\xD0\xD2</p>", "\xD0\xBF\xD1\x80",
	    "<meta charset=utf-8><p>\xD0\xBF\xD1\x80</p>", BODY_HTML },
	{ "the header's charset wins",
	    HEAD "Content-Type: text/html; charset=utf-8\r\n\r\n<meta charset=iso-8859-1><p>\xC3\xA4</p>",
	    "\xC3\xA4", "<meta charset=utf-8><p>\xC3\xA4</p>", BODY_HTML },
	{ "a picture is no text", HEAD "Content-Type: image/png\r\n\r\nx", "", "", BODY_PLAIN },
	{ "encrypted",
	    HEAD "Content-Type: multipart/encrypted; boundary=b\r\n\r\n" PART(
		"application/pgp-encrypted", "Version: 1") PART("application/octet-stream", "x") "--b--\r\n",
	    "This message is encrypted. Its content is attached.",
	    "This message is encrypted. Its content is attached.", BODY_PLAIN },
	{ "S/MIME, signed", HEAD "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nx",
	    "This message is signed. Its content is attached.",
	    "This message is signed. Its content is attached.", BODY_PLAIN },
	{ "a report shows its first part",
	    MULTI("report", PART("text/plain", "Sorry.") PART("message/delivery-status", "Action: failed")),
	    "Sorry.", TO_HTML("Sorry.<br>\r\n"), BODY_PLAIN },
};

static void texts(const struct text_case *c)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML };

	for (size_t i = 0; i < 2; i++) {
		struct sync_options o = sample_options(types[i], BODY_WHOLE, 0);
		struct sample s = pieces_make(pieces_copy(c->raw), &o, EAS_16_1);

		assert_int_equal(s.body.type, types[i]);
		assert_int_equal(s.body.native, c->native);
		assert_bytes_str(s.body.data, types[i] == BODY_PLAIN ? c->plain : c->html);
		assert_false(s.body.truncated);
		assert_int_equal(s.body.estimated_size, s.body.data.len);
	}
}
TEST_ROW(texts)

/* ---- limits ---- */

/* With a limit of n bytes: as many as fit of whole characters; Truncated if and only if there is more. */
static void limits(const struct text_case *c)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML };

	for (size_t i = 0; i < 2; i++) {
		struct bytes all = bytes_str(types[i] == BODY_PLAIN ? c->plain : c->html);

		/* Of an empty mail nothing is left to be fetched, not even the HTML around it. */
		for (uint32_t n = c->plain[0] ? 0 : 1; n <= all.len + 1; n++) {
			struct sync_options o = sample_options(types[i], n, 0);
			struct sample s = pieces_make(pieces_copy(c->raw), &o, EAS_16_1);

			assert_bytes_equal(s.body.data, utf8_cut(all, n));
			assert_int_equal(s.body.truncated, n < all.len);
			assert_true(s.body.truncated ? s.body.estimated_size > n || n == 0
						     : s.body.estimated_size == all.len);
			o.body[0].all_or_none = true;
			s = pieces_make(pieces_copy(c->raw), &o, EAS_16_1);
			assert_bytes_equal(s.body.data, n < all.len ? BYTES("") : all);
			assert_int_equal(s.body.truncated, n < all.len);
		}
	}
}
TEST_ROW(limits)

/* ---- MIME ---- */

static void mime_is_byte_exact(const struct text_case *c)
{
	struct sync_options o = sample_options(BODY_MIME, BODY_WHOLE, 0);
	struct bytes raw = pieces_copy(c->raw);
	struct sample s = pieces_make(raw, &o, EAS_16_1);

	assert_int_equal(s.body.type, BODY_MIME);
	assert_false(s.body.truncated);
	assert_int_equal(s.body.estimated_size, s.body.data.len);
	if (sample_is_xml_text(raw) && sample_has_crlf_only(raw))
		assert_bytes_equal(s.body.data, raw);
	else
		assert_true(sample_is_xml_text(s.body.data) && sample_has_crlf_only(s.body.data));
}
TEST_ROW(mime_is_byte_exact)

static void mime_is_cut(void **state)
{
	struct bytes raw = BYTES(PLAIN "\xC3\xA4\xC3\xA4\r\n");

	(void)state;
	for (uint32_t n = 0; n <= raw.len + 1; n++) {
		struct sync_options o = sample_options(BODY_MIME, n, 0);
		struct sample s = pieces_make(raw, &o, EAS_16_1);

		assert_bytes_equal(s.body.data, utf8_cut(raw, n));
		assert_int_equal(s.body.truncated, n < raw.len);
		assert_int_equal(s.body.estimated_size, raw.len);
		/* MIMETruncation says the same with the smaller value. */
		o.body[0].truncation_size = BODY_WHOLE;
		o.mime_truncation = n;
		s = pieces_make(raw, &o, EAS_16_1);
		assert_bytes_equal(s.body.data, utf8_cut(raw, n));
	}
}

/* ---- previews ---- */

enum { ALL_OR_NONE = 10 };

/* Its text begins with an image and a link, whose address is longer than all that a preview reads. */
#define CENT                                                                                                 \
	"01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"89"
#define NEWSLETTER                                                              \
	"<img alt=Logo><a href=\"https://example.org/" CENT CENT CENT CENT CENT \
	"\">In your browser</a><hr>Hello"

static const struct preview_case {
	const char *name, *raw;
	enum body_type type;
	uint32_t limit;
	uint8_t chars;
	enum eas_version version;
	const char *want;
} preview_cases[] = {
	{ "beside HTML", ALTERNATIVE, BODY_HTML, BODY_WHOLE, 100, EAS_16_1, "html text" },
	{ "of so many characters", HTML "<p>\xC3\xA4\xC3\xB6\xC3\xBC", BODY_HTML, BODY_WHOLE, 2, EAS_14_0,
	    "\xC3\xA4\xC3\xB6" },
	{ "not beside a plain text, MS-ASAIRS 2.2.2.35", PLAIN "text", BODY_PLAIN, BODY_WHOLE, 100, EAS_16_1,
	    "" },
	{ "instead of a plain text", PLAIN "text\r\n> quote\r\n", BODY_PLAIN, 0, 100, EAS_16_1, "text" },
	{ "instead of HTML", HTML "<p>text</p>", BODY_HTML, 0, 100, EAS_16_1, "text" },
	{ "not before 14.0", HTML "<p>text</p>", BODY_HTML, BODY_WHOLE, 100, EAS_12_1, "" },
	{ "not asked for", HTML "<p>text</p>", BODY_HTML, BODY_WHOLE, 0, EAS_16_1, "" },
	{ "instead of a plain text that was HTML", HTML "<p>text <b>and</b> more", BODY_PLAIN, 0, 100,
	    EAS_16_1, "text and more" },
	{ "beside MIME", ALTERNATIVE, BODY_MIME, BODY_WHOLE, 100, EAS_14_1, "plain text" },
	{ "beside MIME that is cut in its header", HTML "<p>text</p>", BODY_MIME, 5, 100, EAS_16_1, "text" },
	{ "beside MIME, none asked for", HTML "<p>text</p>", BODY_MIME, 5, 0, EAS_16_1, "" },
	{ "beside MIME without a text", HEAD "Content-Type: image/png\r\n\r\nx", BODY_MIME, 5, 100, EAS_16_1,
	    "" },
	{ "without addresses", HTML NEWSLETTER, BODY_HTML, BODY_WHOLE, 20, EAS_16_1, "In your browser Hell" },
	{ "without addresses, instead of a plain text", HTML NEWSLETTER, BODY_PLAIN, 0, 20, EAS_16_1,
	    "In your browser Hell" },
	{ "without addresses, where a plain text is too long", HTML NEWSLETTER, BODY_PLAIN, ALL_OR_NONE, 20,
	    EAS_16_1, "In your browser Hell" },
	{ "without addresses, beside MIME", HTML NEWSLETTER, BODY_MIME, 5, 20, EAS_16_1,
	    "In your browser Hell" },
	{ "of images alone", HTML "<img alt=Logo>", BODY_HTML, BODY_WHOLE, 20, EAS_16_1, "[Logo]" },
	{ "of an empty mail", HEAD "\r\n", BODY_HTML, BODY_WHOLE, 100, EAS_16_1, "" },
};

static void previews(const struct preview_case *c)
{
	struct sync_options o = sample_options(c->type, c->limit, c->chars);
	struct sample s;

	o.body[0].all_or_none = c->limit == ALL_OR_NONE;
	s = pieces_make(pieces_copy(c->raw), &o, c->version);
	assert_bytes_str(s.body.preview, c->want);
}
TEST_ROW(previews)

/* MIME that is cut, of a mail whose structure the server can't tell: it is read all the same, for its attachments. */
static void cut_mime_lists_attachments(void **state)
{
	struct sync_options o = sample_options(BODY_MIME, 100, 50);
	struct bytes raw =
	    BYTES(MULTI("mixed", PART("text/plain", "Hello") PART("image/png; name=a.png", "0123456789")));
	struct sample s;

	(void)state;
	for (int limit = 0; limit <= 100; limit += 20) {
		o.body[0].truncation_size = (uint32_t)limit;
		assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, true, &s), ERR_OK);
		assert_int_equal(s.plan.n_attachments, 1);
		assert_bytes_str(s.plan.attachments[0].display_name, "a.png");
		assert_int_equal(s.plan.attachments[0].size, 10);
		assert_bytes_equal(s.body.data, bytes_of(raw.p, (size_t)limit));
		assert_true(s.body.truncated);
		assert_int_equal(s.body.estimated_size, raw.len);
		assert_bytes_str(s.body.preview, "Hello");
	}
}

/* And what is read beyond the limit changes nothing of what stands before it. */
static void cut_mime_is_the_same_unknown(void **state)
{
	struct bytes raw = BYTES("Subject: \xA3\r\n\r\n\xA3\xA3\xA3\r\n");
	struct sample known, unknown;

	(void)state;
	for (uint32_t limit = 0; limit <= raw.len; limit++) {
		struct sync_options o = sample_options(BODY_MIME, limit, 0);

		assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, false, &known), ERR_OK);
		assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, true, &unknown), ERR_OK);
		assert_bytes_equal(unknown.body.data, known.body.data);
		assert_int_equal(unknown.body.truncated, known.body.truncated);
	}
}

/* Control characters that are left out make the first text shorter than it seemed: the HTML doesn't end behind it. */
static void cut_html_has_no_end(void **state)
{
	struct sync_options o = sample_options(BODY_HTML, 200, 0);
	struct bytes raw, end = BYTES("</html>");
	struct sample s;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n");
	for (int i = 0; i < 300; i++)
		buf_put_u8(&b, 1);
	buf_put_str(&b, "one\r\n--b\r\n\r\ntwo\r\n--b--\r\n");
	assert_int_equal(buf_done(&b, &raw), ERR_OK);
	assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, false, &s), ERR_OK);
	assert_true(s.body.truncated);
	assert_null(memmem(s.body.data.p, s.body.data.len, end.p, end.len));
}

int main(void)
{
	TEST_ADD_ROWS(texts, text_cases);
	TEST_ADD_ROWS(limits, text_cases);
	TEST_ADD_ROWS(mime_is_byte_exact, text_cases);
	TEST_ADD(mime_is_cut);
	TEST_ADD_ROWS(previews, preview_cases);
	TEST_ADD(cut_mime_lists_attachments);
	TEST_ADD(cut_mime_is_the_same_unknown);
	TEST_ADD(cut_html_has_no_end);
	return test_run("mail body");
}
