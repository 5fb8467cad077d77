#include "fuzz/fuzzing.h"

#include "eas/search_query.h"

/* Any Search request: its Query element, or else the root itself. */
static size_t count_terms(const struct query *q, unsigned depth)
{
	MUST(depth <= QUERY_MAX_DEPTH);
	if (!q)
		return 0;
	if (!q->left)
		return 1;
	return count_terms(q->left, depth + 1) + count_terms(q->right, depth + 1);
}

static const struct wbxml_node *find_query(const struct wbxml_node *root)
{
	const struct wbxml_node *query = wbxml_child(wbxml_child(root, SEARCH_STORE), SEARCH_QUERY);

	return query ? query : root;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)4 << 20) + size * 100);
	struct wbxml_node *root;
	struct search_query q;
	uint32_t status = 0;
	enum err e = wbxml_tree(a, bytes_of(data, size), 5000, &root, NULL, NULL);

	if (!e) {
		e = search_query_parse(a, find_query(root), 1795521600, &q, &status);
		MUST(e == ERR_OK || e == ERR_LIMIT);
		MUST(e || status == SEARCH_QUERY_OK || status == SEARCH_QUERY_INVALID ||
		     status == SEARCH_QUERY_TOO_COMPLEX);
		if (!e && status == SEARCH_QUERY_OK)
			MUST(count_terms(q.root, 1) <= QUERY_MAX_TERMS);
	}
	arena_free(&a);
	return 0;
}
