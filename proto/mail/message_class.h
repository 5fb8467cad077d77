#ifndef EASGATE_MAIL_MESSAGE_CLASS_H
#define EASGATE_MAIL_MESSAGE_CLASS_H

#include "mail/body.h"

/* The MessageClass of a mail by its structure: "IPM.Note", "IPM.Note.SMIME.MultipartSigned",
 * "REPORT.IPM.NOTE.NDR", … plan may be NULL. Source: MS-ASEMAIL 2.2.2.49. */
const char *message_class(const struct body_plan *plan);

#endif
