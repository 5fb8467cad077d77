/* Mails as the world writes them: every one of ../shared/corpus/mail through the whole conversion, in memory. */
#include <dirent.h>
#include <time.h>

#include "testing.h"
#include "mail/charset.h"
#include "mail/text.h"
#include "mail/transfer.h"
#include "unit/proto/mail_sample.h"
#include "utf8_count.h"

enum { MAX_NODES = 50000, FIRST_BUDGET = 4 << 20, SECONDS = 20 };

static const struct kind_case {
	const char *name;
	enum body_type type;
	uint32_t limit;
} kind_cases[] = {
	{ "plain", BODY_PLAIN, BODY_WHOLE },
	{ "plain of 100 bytes", BODY_PLAIN, 100 },
	{ "HTML", BODY_HTML, BODY_WHOLE },
	{ "HTML of 1000 bytes", BODY_HTML, 1000 },
	{ "MIME", BODY_MIME, BODY_WHOLE },
	{ "MIME of 2000 bytes", BODY_MIME, 2000 },
};

/* Calls visit for each mail; skips the test where there is no corpus. */
static void each_mail(void (*visit)(struct bytes raw, const void *arg), const void *arg)
{
	const char *folder = test_shared("corpus/mail");
	DIR *dir = opendir(folder);
	const struct dirent *d;
	size_t n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		char path[512];

		if (d->d_name[0] == '.')
			continue;
		assert_in_range(
		    snprintf(path, sizeof(path), "%s/%s", folder, d->d_name), 1, sizeof(path) - 1);
		visit(test_file(path), arg);
		n++;
	}
	closedir(dir);
	assert_true(n > 0);
}

/* Parses, makes and writes; the first error. */
static enum err convert(
    struct arena *a, struct bytes raw, const struct kind_case *c, struct sample *s, struct bytes *doc)
{
	struct sync_options o = sample_options(c->type, c->limit, 200);
	enum err e = sample_make(a, raw, &o, EAS_16_1, false, s);

	return e ? e : sample_write(a, s, EAS_16_1, doc);
}

static void must_be_xml(const struct wbxml_node *n)
{
	for (; n; n = n->next) {
		assert_true(wbxml_tag_info(n->tag)->opaque || sample_is_xml_text(n->text));
		must_be_xml(n->child);
	}
}

static void check(struct bytes raw, const void *arg)
{
	const struct kind_case *c = arg;
	struct arena *a = arena_new((size_t)256 << 20);
	struct wbxml_node *root = NULL;
	const struct body *b;
	struct bytes doc;
	struct sample s;

	assert_int_equal(convert(a, raw, c, &s, &doc), ERR_OK);
	b = &s.body;
	assert_int_equal(b->type, c->type);
	assert_true(utf8_valid(b->data) && b->data.len <= c->limit && utf8_count(b->preview) <= 200);
	assert_true(b->truncated ? b->estimated_size > b->data.len : b->estimated_size == b->data.len);
	assert_true(c->limit != BODY_WHOLE || !b->truncated);
	if (c->type == BODY_MIME && c->limit == BODY_WHOLE && sample_is_xml_text(raw) &&
	    sample_has_crlf_only(raw))
		assert_bytes_equal(b->data, raw);
	assert_int_equal(wbxml_tree(a, doc, MAX_NODES, &root, NULL, NULL), ERR_OK);
	must_be_xml(root);
	arena_free(&a);
}

static void converts(const struct kind_case *c)
{
	clock_t start = clock();

	each_mail(check, c);
	assert_in_range((clock() - start) / CLOCKS_PER_SEC, 0, SECONDS);
}
TEST_ROW(converts)

/* ---- no text is lost ---- */

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Every word of `text` stands in `in`, in the order of the text. */
static void words_are_in(struct bytes text, struct bytes in)
{
	while (text.len) {
		size_t n = 0;
		const uint8_t *at;

		while (n < text.len && is_letter(text.p[n]))
			n++;
		if (n > 1) {
			at = memmem(in.p, in.len, text.p, n);
			if (!at)
				fail_msg("\"%.*s\" is missing", (int)n, (const char *)text.p);
			in = bytes_of(at + n, in.len - (size_t)(at + n - in.p));
		}
		n += n < text.len;
		text = bytes_of(text.p + n, text.len - n);
	}
}

/* The mail's own text/plain part, decoded; NULL if it has none or several. */
static const struct mime_part *only_plain(const struct mime_part *root)
{
	const struct mime_part *found = NULL;

	for (const struct mime_part *p = root; p; p = mime_part_next(root, p)) {
		if (mime_is(p, "message", NULL) || (mime_is(p, "multipart", NULL) && !p->child))
			return NULL;
		if (!mime_is(p, "text", "plain") || p->disposition == MIME_ATTACHMENT)
			continue;
		if (found)
			return NULL;
		found = p;
	}
	return found;
}

static void check_words(struct bytes raw, const void *arg)
{
	struct arena *a = arena_new((size_t)256 << 20);
	const struct mime_part *p;
	struct bytes text, doc;
	struct sample s;
	size_t *seen = *(size_t *const *)arg;

	assert_int_equal(convert(a, raw, &kind_cases[0], &s, &doc), ERR_OK);
	p = only_plain(s.root);
	if (p) {
		assert_int_equal(transfer_decode(a, p->encoding, p->body, &text), ERR_OK);
		assert_int_equal(charset_to_utf8(a, mime_param(&p->params, "charset"), text, &text), ERR_OK);
		words_are_in(text, s.body.data);
		++*seen;
	}
	arena_free(&a);
}

static void no_word_is_lost(void **state)
{
	size_t seen = 0, *arg = &seen;

	(void)state;
	each_mail(check_words, &arg);
	print_message("%zu mails with a plain text\n", seen);
	assert_true(seen > 50);
}

/* ---- ever less memory ---- */

/* A spent budget is ERR_LIMIT and nothing else, wherever it happens to be spent. */
static void check_budgets(struct bytes raw, const void *arg)
{
	for (size_t budget = FIRST_BUDGET; budget > 64; budget -= budget / 3) {
		struct arena *a = arena_new(budget);
		struct sample s;
		struct bytes doc;
		enum err e = convert(a, raw, arg, &s, &doc);

		assert_true(e == ERR_OK || e == ERR_LIMIT);
		assert_true(arena_used(a) <= budget);
		arena_free(&a);
	}
}

static void ever_less_memory(const struct kind_case *c)
{
	each_mail(check_budgets, c);
}
TEST_ROW(ever_less_memory)

int main(void)
{
	TEST_ADD_ROWS(converts, kind_cases);
	TEST_ADD(no_word_is_lost);
	TEST_ADD_ROWS(ever_less_memory, kind_cases);
	return test_run("mail corpus");
}
