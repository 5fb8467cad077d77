#ifndef EASGATE_TESTS_ITEM_DATA_H
#define EASGATE_TESTS_ITEM_DATA_H

#include "testing.h"
#include "wbxml/dump.h"

/* ApplicationData, its children as wbxml_dump shows them. */
static inline const struct wbxml_node *item_data(const char *children)
{
	struct bytes text, doc;
	struct wbxml_node *root;
	size_t line;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_put_str(&b, "AirSync:ApplicationData\n");
	buf_put_str(&b, children);
	assert_int_equal(buf_done(&b, &text), ERR_OK);
	assert_int_equal(wbxml_undump(test_arena(), text, &doc, &line), ERR_OK);
	assert_int_equal(wbxml_tree(test_arena(), doc, 1000, &root, NULL, NULL), ERR_OK);
	return root;
}

#endif
