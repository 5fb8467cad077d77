/* Parts as attachments: MS-ASAIRS 2.2.2.7. */
#include "testing.h"
#include "unit/proto/mail_sample.h"

static const struct name_case {
	const char *name, *header, *want;
} name_cases[] = {
	{ "a file name",
	    "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n", "a.pdf" },
	{ "a name alone", "Content-Type: application/pdf; name=a.pdf\r\n", "a.pdf" },
	{ "the file name wins",
	    "Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: inline; filename=b.pdf\r\n",
	    "b.pdf" },
	{ "RFC 2231", "Content-Disposition: attachment; filename*=utf-8''%C3%A4.pdf\r\n", "\xC3\xA4.pdf" },
	{ "an encoded word", "Content-Disposition: attachment; filename=\"=?utf-8?Q?=C3=A4.pdf?=\"\r\n",
	    "\xC3\xA4.pdf" },
	{ "a path", "Content-Disposition: attachment; filename=\"/etc/../x/a.pdf\"\r\n", "a.pdf" },
	{ "a path of Windows", "Content-Disposition: attachment; filename=\"C:\\x\\a.pdf\"\r\n", "a.pdf" },
	{ "nothing but a path",
	    "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"x/\"\r\n",
	    "ATT00001.pdf" },
	{ "control characters", "Content-Disposition: attachment; filename*=utf-8''a%00%0Ab.pdf\r\n",
	    "a  b.pdf" },
	{ "none", "Content-Type: image/jpeg\r\n", "ATT00001.jpg" },
	{ "none, no known type", "Content-Type: application/x-y\r\n", "ATT00001.bin" },
	{ "none, some text", "Content-Type: text/x-log\r\nContent-Disposition: attachment\r\n",
	    "ATT00001.txt" },
	{ "a message with its subject", "Content-Type: message/rfc822\r\nContent-Description: Lunch\r\n",
	    "Lunch.eml" },
	{ "a message", "Content-Type: message/rfc822\r\n", "ATT00001.eml" },
};

static struct sample sample_of(struct bytes raw, enum body_type type)
{
	struct sync_options o = sample_options(type, BODY_WHOLE, 0);
	struct sample s;

	assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, false, &s), ERR_OK);
	return s;
}

static void names(const struct name_case *c)
{
	struct sample s;
	struct bytes raw;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n");
	buf_put_str(&b, c->header);
	buf_put_str(&b, "\r\nx\r\n--b--\r\n");
	assert_int_equal(buf_done(&b, &raw), ERR_OK);
	s = sample_of(raw, BODY_PLAIN);
	assert_int_equal(s.plan.n_attachments, 1);
	assert_bytes_str(s.plan.attachments[0].display_name, c->want);
	assert_string_equal(s.plan.attachments[0].part->section, "2");
}
TEST_ROW(names)

static void what_else_there_is_to_say(void **state)
{
	struct sample s = sample_of(
	    BYTES("Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
		  "<img src='cid:p@x'>\r\n--b\r\nContent-Type: image/png; name=p.png\r\nContent-ID: "
		  "<p@x>\r\nContent-Location: http://x/p\r\n"
		  "Content-Transfer-Encoding: base64\r\n\r\nAAECAwQFBgcICQoLDA0ODw==\r\n--b--\r\n"),
	    BODY_HTML);
	const struct attachment *at = s.plan.attachments;

	(void)state;
	assert_int_equal(s.plan.n_attachments, 1);
	assert_bytes_str(at->content_id, "p@x");
	assert_bytes_str(at->content_location, "http://x/p");
	assert_int_equal(at->method, 1);
	assert_in_range(at->size, 15, 18);
	assert_true(at->is_inline);
}

#define PART(header) "--b\r\n" header "\r\nx\r\n"
#define SHOWS(url) "--b\r\nContent-Type: text/html\r\n\r\n<img src='" url "'>\r\n"

static const struct list_case {
	const char *name, *kind, *parts, *plain, *html; /* sections, an inline one with a star */
} list_cases[] = {
	{ "the text is none", "mixed", PART("") PART("Content-Type: image/png\r\n"), "2", "2" },
	{ "an alternative is none", "alternative", PART("") PART("Content-Type: text/html\r\n"), "", "" },
	{ "a calendar among the alternatives", "alternative",
	    PART("") PART("Content-Type: text/calendar\r\n"), "2", "2" },
	{ "a message is method 5 and closed", "mixed",
	    PART("") "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: image/png\r\n\r\nx\r\n", "2:5",
	    "2:5" },
	{ "a picture shown by the HTML", "related",
	    SHOWS("cid:p") PART("Content-Type: image/png\r\nContent-ID: <p>\r\n"), "2*", "2*" },
	{ "by an id that is encoded", "related",
	    SHOWS("CID:p%40x") PART("Content-Type: image/png\r\nContent-ID: <p@x>\r\n"), "2*", "2*" },
	{ "by its location", "related",
	    SHOWS("p.png") PART("Content-Type: image/png\r\nContent-Location: p.png\r\n"), "2*", "2*" },
	{ "by an id that only begins so", "related",
	    SHOWS("cid:pq") PART("Content-Type: image/png\r\nContent-ID: <p>\r\n"), "2", "2" },
	{ "a picture that it doesn't show", "related",
	    PART("Content-Type: text/html\r\n") PART("Content-Type: image/png\r\nContent-ID: <p>\r\n"), "2",
	    "2" },
	{ "a picture shown by the HTML, beside it", "mixed",
	    SHOWS("cid:p") PART("Content-Type: image/png\r\nContent-ID: <p>\r\n"), "2*", "2*" },
	{ "the picture comes first", "related",
	    PART("Content-Type: image/png\r\nContent-ID: <p>\r\n") SHOWS("cid:p"), "1*", "1*" },
	{ "shown by an alternative that isn't taken", "mixed",
	    "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\n"
	    "Content-Type: text/html\r\n\r\n<img src='cid:p'>\r\n--c--\r\n" PART(
		"Content-Type: image/png\r\nContent-Disposition: inline\r\nContent-ID: <p>\r\n"),
	    "2*", "2*" },
	{ "a picture nobody can name", "related",
	    PART("Content-Type: text/html\r\n") PART("Content-Type: image/png\r\n"), "2", "2" },
	{ "an inline document of Apple Mail", "mixed",
	    PART("")
		PART("Content-Type: application/pdf\r\nContent-Disposition: inline\r\nContent-ID: <d>\r\n"),
	    "2", "2" },
	{ "an inline picture with an id, and no HTML", "mixed",
	    PART("") PART("Content-Type: image/png\r\nContent-Disposition: inline\r\nContent-ID: <d>\r\n"),
	    "2", "2" },
	{ "an attached picture with an id", "related",
	    SHOWS("cid:p")
		PART("Content-Type: image/png\r\nContent-Disposition: attachment\r\nContent-ID: <p>\r\n"),
	    "2*", "2*" },
	{ "an attached text", "mixed", PART("") PART("Content-Disposition: attachment\r\n"), "2", "2" },
	{ "pgp's marker is none", "encrypted",
	    PART("Content-Type: application/pgp-encrypted\r\n")
		PART("Content-Type: application/octet-stream\r\n"),
	    "2", "2" },
};

static void lists(const struct list_case *c)
{
	for (int i = 0; i < 2; i++) {
		struct bytes raw, got;
		struct sample s;
		struct buf b;

		buf_init(&b, test_arena(), 0);
		buf_printf(
		    &b, "Content-Type: multipart/%s; boundary=b\r\n\r\n%s--b--\r\n", c->kind, c->parts);
		assert_int_equal(buf_done(&b, &raw), ERR_OK);
		s = sample_of(raw, i ? BODY_HTML : BODY_PLAIN);
		buf_init(&b, test_arena(), 0);
		for (size_t k = 0; k < s.plan.n_attachments; k++) {
			const struct attachment *at = &s.plan.attachments[k];

			buf_printf(&b, "%s%s%s%s", k ? "|" : "", at->part->section, at->is_inline ? "*" : "",
			    at->method == 5 ? ":5" : "");
		}
		assert_int_equal(buf_done(&b, &got), ERR_OK);
		assert_bytes_str(got, i ? c->html : c->plain);
	}
}
TEST_ROW(lists)

int main(void)
{
	TEST_ADD_ROWS(names, name_cases);
	TEST_ADD(what_else_there_is_to_say);
	TEST_ADD_ROWS(lists, list_cases);
	return test_run("mail attachment");
}
