/* What the code page tables know of a tag. The tables themselves are generated: codepages.c. */
#include "wbxml/codepages.h"

enum { TOKEN_BITS = 8 };

const struct wbxml_tag_info *wbxml_tag_info(wbxml_tag tag)
{
	size_t page = tag >> TOKEN_BITS, token = tag & 0xFF;

	if (page >= CODEPAGES || token >= codepages[page].count || !codepages[page].tags[token].name)
		return NULL;
	return &codepages[page].tags[token];
}

enum err wbxml_tag_name(struct arena *a, wbxml_tag tag, struct bytes *out)
{
	const struct wbxml_tag_info *info = wbxml_tag_info(tag);
	char *text = info ? arena_printf(a, "%s:%s", info->page, info->name) : arena_printf(a, "0x%04X", tag);

	if (!text)
		return ERR_LIMIT;
	*out = bytes_str(text);
	return ERR_OK;
}

static wbxml_tag tag_in_page(const struct codepage *page, struct bytes name)
{
	for (size_t i = 0; i < page->count; i++)
		if (page->tags[i].name && bytes_eq_str(name, page->tags[i].name))
			return page->tags[i].tag;
	return 0;
}

static const char *page_name(const struct codepage *page)
{
	for (size_t i = 0; i < page->count; i++)
		if (page->tags[i].name)
			return page->tags[i].page;
	return "";
}

wbxml_tag wbxml_tag_of(struct bytes page, struct bytes name)
{
	for (size_t i = 0; i < CODEPAGES; i++)
		if (codepages[i].tags && bytes_eq_str(page, page_name(&codepages[i])))
			return tag_in_page(&codepages[i], name);
	return 0;
}
