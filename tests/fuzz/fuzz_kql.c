#include "fuzz/fuzzing.h"

#include "base/utf8.h"
#include "mail/kql.h"

/* The promises of query.h: a tree that may be walked by recursion, with texts that may be sent. */
static size_t count_terms(const struct query *q, unsigned depth)
{
	MUST(depth <= QUERY_MAX_DEPTH);
	switch (q->kind) {
	case QUERY_AND:
	case QUERY_OR:
		MUST(q->left && q->right);
		return count_terms(q->left, depth + 1) + count_terms(q->right, depth + 1);
	case QUERY_NOT:
		MUST(q->left && !q->right);
		return count_terms(q->left, depth + 1);
	case QUERY_TEXT:
		MUST(q->text.len && utf8_valid(q->text) && q->places && q->places <= PLACE_ANY);
		return 1;
	case QUERY_SINCE:
	case QUERY_BEFORE:
		MUST(q->day >= 0);
		return 1;
	case QUERY_READ:
	case QUERY_FLAGGED:
	case QUERY_ATTACHMENT:
		return 1;
	}
	MUST(!"a kind of query");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)1 << 20) + size * 10);
	const struct query *q;
	enum err e = kql_parse(a, bytes_of(data, size), 1795521600, &q);

	MUST(e == ERR_OK || e == ERR_LIMIT);
	if (!e && q)
		MUST(count_terms(q, 1) <= QUERY_MAX_TERMS);
	arena_free(&a);
	return 0;
}
