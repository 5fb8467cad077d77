/* Reader, tree and writer: a document that can be read, written again, reads as the same tree. */
#include "fuzz/fuzzing.h"

#include "base/utf8.h"
#include "wbxml/dump.h"

enum { BUDGET = 8 << 20, MAX_NODES = 20000 };

/* Values go out as opaque data, which keeps every byte, or as text, which may not. */
static struct bytes write_tree(struct arena *a, const struct wbxml_node *root, bool opaque)
{
	struct wbxml_writer w;
	struct bytes out;
	struct buf b;
	int depth = 0, at = 0;

	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	for (const struct wbxml_node *n = root; n; n = fuzz_next_node(n, &depth)) {
		for (; at > depth; at--)
			wbxml_close(&w);
		wbxml_open(&w, n->tag);
		at++;
		if (opaque && n->text.len)
			wbxml_opaque(&w, n->text);
		else
			wbxml_text(&w, n->text);
	}
	for (; at > 0; at--)
		wbxml_close(&w);
	MUST(wbxml_done(&w, &out) == ERR_OK);
	return out;
}

static void must_be_clean(const struct wbxml_node *root)
{
	int depth = 0;

	for (const struct wbxml_node *n = root; n; n = fuzz_next_node(n, &depth)) {
		MUST(utf8_valid(n->text));
		for (size_t i = 0; i < n->text.len; i++)
			MUST(n->text.p[i] >= 0x20 || n->text.p[i] == '\t' || n->text.p[i] == '\r' ||
			     n->text.p[i] == '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(BUDGET), *big = arena_new((size_t)BUDGET * 8);
	struct bytes doc = bytes_of(data, size), dump;
	struct wbxml_node *root = NULL, *again = NULL;
	const char *problem = NULL;
	size_t at = 0;
	enum err e = wbxml_tree(a, doc, MAX_NODES, &root, &at, &problem);

	MUST(at <= size && (e != ERR_OK) == (problem != NULL));
	MUST(e == ERR_OK || e == ERR_TRUNCATED || e == ERR_PROTO || e == ERR_LIMIT);
	if (e != ERR_LIMIT) {
		enum err shown = wbxml_dump(a, doc, &dump);

		MUST(shown == e || shown == ERR_LIMIT);
	}
	if (e == ERR_OK) {
		MUST(wbxml_tree(big, write_tree(big, root, true), MAX_NODES, &again, NULL, NULL) == ERR_OK);
		fuzz_must_be_same(root, again);
		MUST(wbxml_tree(big, write_tree(big, root, false), MAX_NODES, &again, NULL, NULL) == ERR_OK);
		must_be_clean(again);
	}
	arena_free(&a);
	arena_free(&big);
	return 0;
}
