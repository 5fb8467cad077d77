#ifndef EASGATE_MAIL_PART_HEADER_H
#define EASGATE_MAIL_PART_HEADER_H

#include "base/buf.h"
#include "mail/mime_part.h"

/* The header of a part that is copied into another mail, with the empty line behind it: made of what BODYSTRUCTURE told,
 * so that no server has to be asked for it. Nothing in it can end a line that it shouldn't. */
void part_header_put(struct buf *out, const struct mime_part *part);
/* The parameters of a Content-Disposition that name a file: as it is where that is ASCII and short, else by RFC 2231. ERR_LIMIT. */
enum err part_file_name(struct arena *a, struct bytes name, struct mime_params *out) MUST_CHECK;

#endif
