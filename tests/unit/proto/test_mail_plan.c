/* Which body a phone gets, and how much is fetched for it: MS-ASAIRS 2.2.2.40; MS-ASCMD 2.2.3.115. */
#include "unit/proto/mail_pieces.h"

/* ---- which type is chosen ---- */

#define SIGNED                                                                            \
	HEAD "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; " \
	     "boundary=b\r\n\r\n" PART("text/plain", "text")                              \
		 PART("application/pkcs7-signature", "x") "--b--\r\n"

static const struct choice_case {
	const char *name, *raw;
	int support;
	struct body_preference wishes[4];
	enum body_type want;
	bool has_data;
} choice_cases[] = {
	{ "no wish: plain", ALTERNATIVE, MIME_NEVER, { { 0 } }, BODY_PLAIN, true },
	{ "the native type of two", ALTERNATIVE, MIME_NEVER,
	    { { .type = BODY_PLAIN, .truncation_size = BODY_WHOLE },
		{ .type = BODY_HTML, .truncation_size = BODY_WHOLE } },
	    BODY_HTML, true },
	{ "the native type of two, plain", PLAIN "x", MIME_NEVER,
	    { { .type = BODY_HTML, .truncation_size = BODY_WHOLE },
		{ .type = BODY_PLAIN, .truncation_size = BODY_WHOLE } },
	    BODY_PLAIN, true },
	{ "the only one", PLAIN "x", MIME_NEVER, { { .type = BODY_HTML, .truncation_size = BODY_WHOLE } },
	    BODY_HTML, true },
	{ "RTF: the native type instead", HTML "x", MIME_NEVER,
	    { { .type = BODY_RTF, .truncation_size = BODY_WHOLE } }, BODY_HTML, true },
	{ "RTF or plain", HTML "x", MIME_NEVER,
	    { { .type = BODY_RTF, .truncation_size = BODY_WHOLE },
		{ .type = BODY_PLAIN, .truncation_size = BODY_WHOLE } },
	    BODY_PLAIN, true },
	{ "MIME but not supported", ALTERNATIVE, MIME_NEVER,
	    { { .type = BODY_MIME, .truncation_size = BODY_WHOLE } }, BODY_PLAIN, true },
	{ "MIME for all", ALTERNATIVE, MIME_FOR_ALL,
	    { { .type = BODY_HTML, .truncation_size = BODY_WHOLE },
		{ .type = BODY_MIME, .truncation_size = BODY_WHOLE } },
	    BODY_MIME, true },
	{ "MIME supported but not wished", ALTERNATIVE, MIME_FOR_ALL,
	    { { .type = BODY_HTML, .truncation_size = BODY_WHOLE } }, BODY_HTML, true },
	{ "MIME for S/MIME: another mail", ALTERNATIVE, MIME_FOR_SMIME,
	    { { .type = BODY_HTML, .truncation_size = BODY_WHOLE },
		{ .type = BODY_MIME, .truncation_size = BODY_WHOLE } },
	    BODY_HTML, true },
	{ "MIME for S/MIME: signed", SIGNED, MIME_FOR_SMIME,
	    { { .type = BODY_HTML, .truncation_size = BODY_WHOLE },
		{ .type = BODY_MIME, .truncation_size = BODY_WHOLE } },
	    BODY_MIME, true },
	{ "MIME for S/MIME: encrypted", HEAD "Content-Type: application/pkcs7-mime\r\n\r\nx", MIME_FOR_SMIME,
	    { { .type = BODY_MIME, .truncation_size = BODY_WHOLE } }, BODY_MIME, true },
	{ "MIME for S/MIME: encrypted, only its name says so",
	    HEAD "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; "
		 "filename=smime.p7m\r\n\r\nx",
	    MIME_FOR_SMIME, { { .type = BODY_MIME, .truncation_size = BODY_WHOLE } }, BODY_MIME, true },
	{ "all or none of MIME: the next", ALTERNATIVE, MIME_FOR_ALL,
	    { { .type = BODY_MIME, .truncation_size = 10, .all_or_none = true },
		{ .type = BODY_HTML, .truncation_size = BODY_WHOLE } },
	    BODY_HTML, true },
	{ "all or none: the next that fits",
	    MULTI("alternative", PART("text/plain", "short") PART("text/html", "<p>a rather long text</p>")),
	    MIME_NEVER,
	    { { .type = BODY_HTML, .truncation_size = 10, .all_or_none = true },
		{ .type = BODY_PLAIN, .truncation_size = 10, .all_or_none = true } },
	    BODY_PLAIN, true },
	{ "all or none: HTML that fits once it is text",
	    HTML "<table><tr><td style=\"color:red\">short</td></tr></table>", MIME_NEVER,
	    { { .type = BODY_PLAIN, .truncation_size = 10, .all_or_none = true },
		{ .type = BODY_HTML, .truncation_size = 10, .all_or_none = true } },
	    BODY_PLAIN, true },
	{ "all or none: text that is too long once it is HTML", PLAIN "a short text", MIME_NEVER,
	    { { .type = BODY_HTML, .truncation_size = 20, .all_or_none = true },
		{ .type = BODY_RTF, .truncation_size = BODY_WHOLE } },
	    BODY_HTML, false },
	{ "all or none: more bytes than the size of its MIME says",
	    HEAD "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xE4\xE4\xE4\xE4\xE4\xE4", MIME_NEVER,
	    { { .type = BODY_PLAIN, .truncation_size = 10, .all_or_none = true },
		{ .type = BODY_HTML, .truncation_size = BODY_WHOLE } },
	    BODY_HTML, true },
	{ "all or none of three: the last", ALTERNATIVE, MIME_FOR_ALL,
	    { { .type = BODY_MIME, .truncation_size = 10, .all_or_none = true },
		{ .type = BODY_HTML, .truncation_size = 14, .all_or_none = true },
		{ .type = BODY_PLAIN, .truncation_size = 10, .all_or_none = true } },
	    BODY_PLAIN, true },
	{ "all or none: none fits",
	    MULTI("alternative", PART("text/plain", "short") PART("text/html", "<p>a rather long text</p>")),
	    MIME_NEVER,
	    { { .type = BODY_HTML, .truncation_size = 3, .all_or_none = true },
		{ .type = BODY_PLAIN, .truncation_size = 3, .all_or_none = true } },
	    BODY_PLAIN, false },
};

static void choices(const struct choice_case *c)
{
	struct sync_options o;
	struct sample s;

	sync_options_default(&o);
	o.mime_support = (enum mime_support)c->support;
	while (c->wishes[o.body_count].type) {
		o.body[o.body_count] = c->wishes[o.body_count];
		o.body_count++;
	}
	assert_int_equal(sample_make(test_arena(), pieces_copy(c->raw), &o, EAS_16_1, false, &s), ERR_OK);
	assert_int_equal(s.body.type, c->want);
	assert_int_equal(s.body.data.len > 0, c->has_data);
	assert_int_equal(s.body.truncated, !c->has_data);
}
TEST_ROW(choices)

/* ---- how much is fetched ---- */

static struct bytes long_mail(const char *head, const char *line, size_t n)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, head);
	for (size_t i = 0; i < n; i++)
		buf_put_str(&b, line);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static const struct fetch_case {
	const char *name, *head, *line;
	enum body_type type;
	uint32_t limit;
	uint8_t preview;
	size_t most; /* octets */
	unsigned rounds;
} fetch_cases[] = {
	{ "a small limit fetches little", PLAIN, "Some more text.\r\n", BODY_PLAIN, 500, 0, 2000, 1 },
	{ "a preview fetches little", PLAIN, "Some more text.\r\n", BODY_PLAIN, 0, 200, 2000, 1 },
	{ "nothing wanted, nothing fetched", PLAIN, "Some more text.\r\n", BODY_PLAIN, 0, 0, 0, 1 },
	{ "HTML for plain text: its head too", HTML, "<p>Some more text.</p>\r\n", BODY_PLAIN, 500, 0, 40000,
	    1 },
	{ "styles first: once more", HTML, "<style>.a{color:red}</style>\r\n", BODY_PLAIN, 500, 0, 4000000,
	    4 },
	{ "MIME: as much as wanted", PLAIN, "Some more text.\r\n", BODY_MIME, 500, 0, 500, 1 },
	{ "all of it", PLAIN, "Some more text.\r\n", BODY_PLAIN, BODY_WHOLE, 0, 4000000, 1 },
};

static void fetches(const struct fetch_case *c)
{
	struct sync_options o = sample_options(c->type, c->limit, c->preview);
	struct bytes raw = long_mail(c->head, c->line, 60000);
	struct sample s;

	assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, false, &s), ERR_OK);
	assert_in_range(s.fetched, 0, c->most);
	assert_in_range(s.rounds, 1, c->rounds);
	if (c->limit && c->limit != BODY_WHOLE && strstr(c->line, "text")) {
		assert_int_equal(s.body.data.len, c->limit);
		assert_true(s.body.truncated);
		assert_in_range(s.body.estimated_size, c->type == BODY_MIME ? raw.len : raw.len / 2, raw.len);
	}
}
TEST_ROW(fetches)

static void further_texts_are_fetched_in_need(void **state)
{
	struct bytes raw = BYTES(
	    MULTI("mixed", PART("text/plain", "one") PART("text/plain", "two") PART("text/plain", "three")));
	struct sync_options o = sample_options(BODY_PLAIN, 2, 0);
	struct sample s = pieces_make(raw, &o, EAS_16_1);

	(void)state;
	assert_int_equal(s.plan.n_text, 1);
	assert_true(s.plan.cut && s.body.truncated);
	assert_bytes_str(s.body.data, "on");
	o.body[0].truncation_size = BODY_WHOLE;
	s = pieces_make(raw, &o, EAS_16_1);
	assert_int_equal(s.plan.n_text, 3);
	assert_bytes_str(s.body.data, "one\r\n\r\ntwo\r\n\r\nthree");
}

/* As Apple Mail writes them: a text between any two of many pictures. All are shown. */
static void many_texts(void **state)
{
	enum { TEXTS = 40 };
	struct bytes raw = long_mail(HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
	    PART("text/plain", "words") PART("image/png", "x"), TEXTS);

	(void)state;
	for (enum body_type type = BODY_PLAIN; type <= BODY_HTML; type++) {
		struct sync_options o = sample_options(type, BODY_WHOLE, 0);
		struct sample s = pieces_make(raw, &o, EAS_16_1);
		struct bytes rest = s.body.data, before;
		size_t n = 0;

		assert_int_equal(s.plan.n_text, TEXTS);
		assert_int_equal(s.plan.n_attachments, TEXTS);
		assert_false(s.body.truncated);
		while (bytes_split(&rest, 'w', &before) && rest.len)
			n += bytes_starts_nocase(rest, "ords");
		assert_int_equal(n, TEXTS);
	}
}

/* More than are looked at: the rest is said to be there. */
static void too_many_texts(void **state)
{
	struct sync_options o = sample_options(BODY_PLAIN, BODY_WHOLE, 0);
	struct bytes raw = long_mail(HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
	    PART("text/plain", "x"), MIME_MAX_PARTS - 1);
	struct sample s = pieces_make(raw, &o, EAS_16_1);

	(void)state;
	assert_false(s.body.truncated);
	raw = long_mail(HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n", PART("text/plain", "x"),
	    MIME_MAX_PARTS + 3);
	s = pieces_make(raw, &o, EAS_16_1);
	assert_int_equal(s.plan.n_text, MIME_MAX_PARTS - 1);
	assert_true(s.body.truncated && s.body.estimated_size > s.body.data.len);
}

/* Where the structure isn't known, MIME tells it as well as text does. */
static void attachments_without_a_structure(void **state)
{
	static const enum body_type types[] = { BODY_PLAIN, BODY_HTML, BODY_MIME };
	struct bytes raw =
	    BYTES(MULTI("mixed", PART("text/plain", "one") PART("image/png; name=p.png", "x")));

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct sync_options o = sample_options(types[i], BODY_WHOLE, 0);
		struct sample s;

		assert_int_equal(sample_make(test_arena(), raw, &o, EAS_16_1, true, &s), ERR_OK);
		assert_int_equal(s.plan.n_attachments, 1);
		assert_bytes_str(s.plan.attachments[0].display_name, "p.png");
	}
}

/* Protocol 2.5 has no preferences: Truncation and MIMETruncation alone. */
static void the_oldest_version(void **state)
{
	struct sync_options o;
	struct sample s;

	(void)state;
	sync_options_default(&o);
	o.truncation = 4;
	s = pieces_make(BYTES(ALTERNATIVE), &o, EAS_2_5);
	assert_int_equal(s.body.type, BODY_PLAIN);
	assert_bytes_str(s.body.data, "plai");
	o.mime_support = MIME_FOR_ALL;
	o.mime_truncation = 5;
	s = pieces_make(BYTES(ALTERNATIVE), &o, EAS_2_5);
	assert_int_equal(s.body.type, BODY_MIME);
	assert_bytes_str(s.body.data, "Subje");
}

int main(void)
{
	TEST_ADD_ROWS(choices, choice_cases);
	TEST_ADD_ROWS(fetches, fetch_cases);
	TEST_ADD(further_texts_are_fetched_in_need);
	TEST_ADD(many_texts);
	TEST_ADD(too_many_texts);
	TEST_ADD(attachments_without_a_structure);
	TEST_ADD(the_oldest_version);
	return test_run("mail plan");
}
