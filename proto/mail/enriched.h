#ifndef EASGATE_MAIL_ENRICHED_H
#define EASGATE_MAIL_ENRICHED_H

#include "base/buf.h"

/* text/enriched and its forerunner text/richtext as plain text: quotes, indents and lines stay, fonts and colours go. `in` is UTF-8 and may
 * be cut anywhere. Only ERR_LIMIT (arena). Source: RFC 1896; RFC 1341, 7.1.3. */
enum err text_from_enriched(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;
enum err text_from_richtext(struct arena *a, struct bytes in, struct bytes *out) MUST_CHECK;

#endif
