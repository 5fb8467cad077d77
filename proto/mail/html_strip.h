#ifndef EASGATE_MAIL_HTML_STRIP_H
#define EASGATE_MAIL_HTML_STRIP_H

#include "mail/layout.h"

/* False for HTML that libxml2 would spend minutes on. */
bool html_is_tame(struct bytes html);
/* The text of any HTML by leaving out its tags: for what is not tame. Time is linear. Returns how much of it was
 * read before the layout was full. */
size_t html_strip(struct layout *l, struct bytes html);

#endif
