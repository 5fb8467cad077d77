#ifndef EASGATE_WBXML_CODEPAGES_H
#define EASGATE_WBXML_CODEPAGES_H

#include "wbxml/wbxml.h"

enum { CODEPAGES = 255 }; /* the highest page that anybody uses is 254 */

/* One code page: its tags by token. A token that has no tag is a row of zeros. */
struct codepage {
	const struct wbxml_tag_info *tags; /* NULL: there is no such page */
	size_t count;
};

/* Generated, see codepages.py. */
extern const struct codepage codepages[CODEPAGES];

#endif
