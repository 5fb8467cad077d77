/* The structure of raw mails. */
#include "testing.h"
#include "mail/mime_parse.h"

static struct mime_part *parse(struct bytes raw)
{
	struct mime_part *root = NULL;
	struct bytes header;

	assert_int_equal(mime_parse(test_arena(), raw, &header, &root), ERR_OK);
	return root;
}

/* "section type/subtype" of each part, joined by "|"; a dot for each level below the first. */
static struct bytes outline(const struct mime_part *root)
{
	struct bytes got;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p)) {
		if (p != root)
			buf_put_u8(&b, '|');
		buf_printf(&b, "%s ", p->section);
		buf_put(&b, p->type);
		buf_put_u8(&b, '/');
		buf_put(&b, p->subtype);
	}
	assert_int_equal(buf_done(&b, &got), ERR_OK);
	return got;
}

#define MIXED(boundary) "Content-Type: multipart/mixed; boundary=" boundary "\r\n\r\n"
#define TEXT "Content-Type: text/plain\r\n\r\n"

static const struct outline_case {
	const char *name, *raw, *want;
} outline_cases[] = {
	{ "no MIME at all", "Subject: x\r\n\r\nbody", "1 /" },
	{ "nothing", "", "1 /" },
	{ "one text", TEXT "x", "1 text/plain" },
	{ "a type without a subtype", "Content-Type: text\r\n\r\nx", "1 text/plain" },
	{ "a type that is none", "Content-Type: foo\r\n\r\nx", "1 /" },
	{ "two parts", MIXED("b") "--b\r\n" TEXT "x\r\n--b\r\nContent-Type: image/png\r\n\r\ny\r\n--b--\r\n",
	    "TEXT multipart/mixed|1 text/plain|2 image/png" },
	{ "preamble and epilogue",
	    MIXED("b") "pre\r\n--b\r\n" TEXT "x\r\n--b--\r\npost\r\n--b\r\nno part\r\n",
	    "TEXT multipart/mixed|1 text/plain" },
	{ "bare LF", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\ny\n--b--\n",
	    "TEXT multipart/mixed|1 /|2 /" },
	{ "a boundary in quotes",
	    "Content-Type: multipart/mixed; boundary=\"a b:c\"\r\n\r\n--a b:c\r\n\r\nx\r\n--a b:c--",
	    "TEXT multipart/mixed|1 /" },
	{ "blanks behind the boundary, RFC 2046 5.1.1", MIXED("b") "--b  \t\r\n\r\nx\r\n--b--  \r\n",
	    "TEXT multipart/mixed|1 /" },
	{ "a boundary inside a line is none", MIXED("b") "--b\r\n\r\nx --b\r\n--b--\r\n",
	    "TEXT multipart/mixed|1 /" },
	{ "a longer boundary is another", MIXED("b") "--b\r\n\r\nx\r\n--bb\r\ny\r\n--b--\r\n",
	    "TEXT multipart/mixed|1 /" },
	{ "no end", MIXED("b") "--b\r\n\r\nx\r\n--b\r\n\r\ny", "TEXT multipart/mixed|1 /|2 /" },
	{ "no end, nothing behind the last", MIXED("b") "--b\r\n\r\nx\r\n--b\r\n",
	    "TEXT multipart/mixed|1 /" },
	{ "a boundary that never occurs", MIXED("b") "just text\r\n", "TEXT multipart/mixed" },
	{ "no boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n", "TEXT multipart/mixed" },
	{ "an encoded boundary",
	    "Content-Type: multipart/mixed; boundary*=us-ascii''b\r\n\r\n--b\r\n\r\nx\r\n--b--",
	    "TEXT multipart/mixed|1 /" },
	{ "only the closing boundary", MIXED("b") "--b--\r\n", "TEXT multipart/mixed" },
	{ "a multipart in a multipart",
	    MIXED("a") "--a\r\n" MIXED(
		"b") "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n--a\r\n\r\nz\r\n--a--\r\n",
	    "TEXT multipart/mixed|1 multipart/mixed|1.1 /|1.2 /|2 /" },
	{ "an inner one without an end ends with the outer one",
	    MIXED("a") "--a\r\n" MIXED("b") "--b\r\n\r\nx\r\n--a\r\n\r\nz\r\n--a--\r\n",
	    "TEXT multipart/mixed|1 multipart/mixed|1.1 /|2 /" },
	{ "a message",
	    MIXED("a") "--a\r\n\r\nx\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n" TEXT
		       "y\r\n--a--\r\n",
	    "TEXT multipart/mixed|1 /|2 message/rfc822|2.1 text/plain" },
	{ "a multipart in a message, RFC 3501 6.4.5",
	    MIXED("a") "--a\r\nContent-Type: message/rfc822\r\n\r\n" MIXED(
		"b") "--b\r\n\r\nx\r\n--b--\r\n--a--\r\n",
	    "TEXT multipart/mixed|1 message/rfc822|1.TEXT multipart/mixed|1.1 /" },
	{ "a message is all", "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny",
	    "1 message/rfc822|1.1 /" },
	{ "a message in base64 stays closed",
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\neA==",
	    "1 message/rfc822" },
	{ "a digest, RFC 2046 5.1.5",
	    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: a\r\n\r\nx\r\n--b--\r\n",
	    "TEXT multipart/digest|1 message/rfc822|1.1 /" },
	{ "junk before the header", "\xEF\xBB\xBF\r\nContent-Type: text/html\r\n\r\nx", "1 text/html" },
	{ "a part whose header isn't ended", MIXED("b") "--b\r\nContent-Type: text/html\r\n--b--\r\n",
	    "TEXT multipart/mixed|1 text/html" },
};

static void outlines(const struct outline_case *c)
{
	assert_bytes_str(outline(parse(test_copy(bytes_str(c->raw)))), c->want);
}
TEST_ROW(outlines)

/* A mail that is cut anywhere is read, and each part's section finds it. */
static void beginnings(const struct outline_case *c)
{
	struct bytes raw = bytes_str(c->raw);

	for (size_t n = 0; n < raw.len; n++) {
		const struct mime_part *root = parse(test_copy(bytes_of(raw.p, n)));

		for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
			assert_ptr_equal(mime_part_find(root, bytes_str(p->section)), p);
	}
}
TEST_ROW(beginnings)

static void all_of_a_part(void **state)
{
	struct bytes raw =
	    BYTES("Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
		  "Content-Type: Text/HTML; charset=\"utf-8\"\r\nContent-Transfer-Encoding: Quoted-Printable "
		  "(x)\r\n"
		  "Content-ID: <id@x>\r\nContent-Description: what\r\nContent-Location: http://x/\r\n"
		  "Content-Language: de, en\r\nContent-Disposition: INLINE; "
		  "filename=f.htm\r\n\r\n=41\r\n\r\n--b--\r\n");
	struct mime_part *root = NULL, *p;
	struct bytes header;

	(void)state;
	assert_int_equal(mime_parse(test_arena(), raw, &header, &root), ERR_OK);
	assert_true(bytes_starts(header, "Subject: outer\r\n"));
	p = mime_part_find(root, BYTES("1"));
	assert_non_null(p);
	assert_true(mime_is(p, "text", "html") && mime_is(p, "text", NULL) && !mime_is(p, "text", "plain"));
	assert_bytes_str(mime_param(&p->params, "Charset"), "utf-8");
	assert_int_equal(mime_param(&p->params, "format").len, 0);
	assert_int_equal(p->encoding, MIME_QUOTED_PRINTABLE);
	assert_bytes_str(p->id, "<id@x>");
	assert_bytes_str(p->description, "what");
	assert_bytes_str(p->location, "http://x/");
	assert_bytes_str(p->language, "de");
	assert_int_equal(p->disposition, MIME_INLINE);
	assert_bytes_str(mime_param(&p->disposition_params, "filename"), "f.htm");
	assert_bytes_str(p->body, "=41\r\n");
	assert_int_equal(p->size, 5);
	assert_true(
	    bytes_starts(p->header, "Content-Type: Text/HTML") && p->header.p + p->header.len == p->body.p);
	assert_ptr_equal(p->parent, root);
	assert_null(mime_part_find(root, BYTES("2")));
	assert_null(mime_part_next(root, p));
}

static void an_enclosed_message(void **state)
{
	struct mime_part *root = parse(BYTES("Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ny"));

	(void)state;
	assert_bytes_str(root->body, "Subject: in\r\n\r\ny");
	assert_bytes_str(root->message_header, "Subject: in\r\n\r\n");
	assert_bytes_str(root->child->body, "y");
	assert_null(mime_part_skip(root, root));
}

static void silence_means_text(void **state)
{
	struct mime_part zero = { 0 };

	(void)state;
	assert_true(mime_is(&zero, "text", "plain"));
	assert_false(mime_is(&zero, "text", "html"));
}

static const struct word_case {
	const char *name;
	enum mime_encoding encoding;
	enum mime_disposition disposition;
} word_cases[] = {
	{ "", MIME_7BIT, MIME_DISPOSITION_NONE },
	{ "7bit", MIME_7BIT, MIME_ATTACHMENT },
	{ "7-Bit", MIME_7BIT, MIME_ATTACHMENT },
	{ "8bit", MIME_8BIT, MIME_ATTACHMENT },
	{ "binary", MIME_BINARY, MIME_ATTACHMENT },
	{ "BASE64", MIME_BASE64, MIME_ATTACHMENT },
	{ "Quoted-Printable", MIME_QUOTED_PRINTABLE, MIME_ATTACHMENT },
	{ "x-uuencode", MIME_UUENCODE, MIME_ATTACHMENT },
	{ "gzip", MIME_ENCODING_UNKNOWN, MIME_ATTACHMENT },
	{ "Inline", MIME_ENCODING_UNKNOWN, MIME_INLINE },
	{ "attachment", MIME_ENCODING_UNKNOWN, MIME_ATTACHMENT },
};

static void words(const struct word_case *c)
{
	assert_int_equal(mime_encoding_parse(bytes_str(c->name)), c->encoding);
	assert_int_equal(mime_disposition_parse(bytes_str(c->name)), c->disposition);
}
TEST_ROW(words)

static size_t count_parts(const struct mime_part *root, size_t *depth)
{
	size_t n = 0;

	*depth = 0;
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p)) {
		size_t d = 1;

		for (const struct mime_part *up = p; up != root; up = up->parent)
			d++;
		*depth = d > *depth ? d : *depth;
		n++;
	}
	return n;
}

static struct bytes repeated(const char *head, const char *piece, int n)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, head);
	for (int i = 0; i < n; i++)
		buf_put_str(&b, piece);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

static void bounds(void **state)
{
	size_t depth;

	(void)state;
	assert_int_equal(
	    count_parts(parse(repeated(MIXED("b"), "--b\r\n\r\nx\r\n", 2 * MIME_MAX_PARTS)), &depth),
	    MIME_MAX_PARTS);
	assert_int_equal(
	    count_parts(parse(repeated("", "Content-Type: message/rfc822\r\n\r\n", 200)), &depth),
	    MIME_MAX_DEPTH);
	assert_int_equal(depth, MIME_MAX_DEPTH);
}

/* A tree from elsewhere (BODYSTRUCTURE) that is too deep and too wide. */
static void finish_cuts(void **state)
{
	struct mime_part *root = test_keep(sizeof(*root)), *p = root;
	size_t depth;

	(void)state;
	*root = (struct mime_part){ .type = BYTES("multipart"), .subtype = BYTES("mixed") };
	for (int level = 0; level < 2 * MIME_MAX_DEPTH; level++) {
		struct mime_part **link = &p->child;

		for (int i = 0; i < 40; i++) {
			*link = test_keep(sizeof(**link));
			**link = *root;
			(*link)->child = (*link)->next = NULL;
			link = &(*link)->next;
		}
		p = p->child;
	}
	assert_int_equal(mime_tree_finish(test_arena(), root), ERR_OK);
	assert_true(count_parts(root, &depth) <= MIME_MAX_PARTS);
	assert_int_equal(depth, MIME_MAX_DEPTH);
}

static void hollow(void **state)
{
	struct mime_part root = { .type = BYTES("multipart") }, child = { .parent = &root };

	(void)state;
	root.child = &child; /* as BODYSTRUCTURE says it: a multipart has no size of its own */
	assert_true(mime_is_hollow(&root));
	assert_true(mime_is_hollow(parse(BYTES("Subject: x\r\n\r\n"))));
	assert_false(mime_is_hollow(parse(BYTES("Subject: x\r\n\r\ny"))));
}

int main(void)
{
	TEST_ADD_ROWS(outlines, outline_cases);
	TEST_ADD_ROWS(beginnings, outline_cases);
	TEST_ADD(all_of_a_part);
	TEST_ADD(an_enclosed_message);
	TEST_ADD(silence_means_text);
	TEST_ADD_ROWS(words, word_cases);
	TEST_ADD(bounds);
	TEST_ADD(finish_cuts);
	TEST_ADD(hollow);
	return test_run("mail MIME");
}
