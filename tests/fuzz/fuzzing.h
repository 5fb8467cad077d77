#ifndef EASGATE_TESTS_FUZZ_FUZZING_H
#define EASGATE_TESTS_FUZZ_FUZZING_H

/* What the fuzz targets share. An input that breaks a promise of a header ends in MUST, which the fuzzer
 * reports like a crash. */
#include <stdio.h>
#include <stdlib.h>

#include "wbxml/wbxml.h"

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The node after n in document order, or NULL; *depth follows. */
static inline const struct wbxml_node *fuzz_next_node(const struct wbxml_node *n, int *depth)
{
	if (n->child) {
		++*depth;
		return n->child;
	}
	while (n && !n->next) {
		n = n->parent;
		--*depth;
	}
	return n ? n->next : NULL;
}

static inline void fuzz_must_be_same(const struct wbxml_node *a, const struct wbxml_node *b)
{
	int depth_a = 0, depth_b = 0;

	while (a && b) {
		MUST(a->tag == b->tag && bytes_eq(a->text, b->text) && depth_a == depth_b);
		a = fuzz_next_node(a, &depth_a);
		b = fuzz_next_node(b, &depth_b);
	}
	MUST(!a && !b);
}

#endif
