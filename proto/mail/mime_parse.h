#ifndef EASGATE_MAIL_MIME_PARSE_H
#define EASGATE_MAIL_MIME_PARSE_H

#include "mail/mime_part.h"

/* The structure of a raw mail (RFC 2045, 2046). Takes everything: no MIME at all, bare LF, boundaries that
 * are missing or never occur (then the part is shown as text), multiparts without an end, absurd nesting
 * (see MIME_MAX_DEPTH; what is deeper stays one unopened part). Header, body and message_header of the
 * parts are views of `raw`.
 *   header   the mail's own header block, with its empty line
 * Only ERR_LIMIT (arena). */
enum err mime_parse(
    struct arena *a, struct bytes raw, struct bytes *header, struct mime_part **out) MUST_CHECK;

#endif
