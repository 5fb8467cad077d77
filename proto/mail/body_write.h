#ifndef EASGATE_MAIL_BODY_WRITE_H
#define EASGATE_MAIL_BODY_WRITE_H

#include "mail/body.h"
#include "wbxml/wbxml.h"

/* airsyncbase:Body of any class; nothing at all for BODY_NONE.
 *   multipart_number  Part of this number stands for Data (MS-ASCMD 2.2.1.10.1); 0: Data is written
 *   gap               where Data of a body that passes belongs in the document (see wbxml_gap) is put there; NULL: none does
 * Source: MS-ASAIRS 2.2.2.9. */
void body_write(struct wbxml_writer *w, enum eas_version version, const struct body *b,
    uint32_t multipart_number, size_t *gap);

#endif
