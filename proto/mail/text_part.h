#ifndef EASGATE_MAIL_TEXT_PART_H
#define EASGATE_MAIL_TEXT_PART_H

#include "base/buf.h"

/* UTF-8 text as a part of a mail: the fields Content-Type and Content-Transfer-Encoding, the empty line, and the text, which comes
 * back exactly. Never has a line that could be taken for a boundary. */
void text_part_put(struct buf *out, const char *subtype, struct bytes text);

#endif
