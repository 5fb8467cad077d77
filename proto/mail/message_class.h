#ifndef EASGATE_MAIL_MESSAGE_CLASS_H
#define EASGATE_MAIL_MESSAGE_CLASS_H

#include "mail/body.h"

/* The MessageClass of a mail by what a winmail.dat in it says, else by its structure: "IPM.Note",
 * "IPM.Note.SMIME.MultipartSigned", "REPORT.IPM.NOTE.NDR", … plan may be NULL. Only ERR_LIMIT. Source: MS-ASEMAIL 2.2.2.49. */
enum err message_class(struct arena *a, const struct body_plan *plan, const char **out) MUST_CHECK;
/* Of those of a voice mail. */
bool message_class_is_voice(const char *class);
/* Of those of meetings, which have a ContentClass of their own. */
bool message_class_is_meeting(const char *class);

#endif
