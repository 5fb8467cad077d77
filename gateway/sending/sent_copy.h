#ifndef EASGATE_SENDING_SENT_COPY_H
#define EASGATE_SENDING_SENT_COPY_H

#include "sending/outgoing.h"

/* The copy of a mail that is out. Whatever goes wrong here is only logged: it must not make the phone send the mail again. */

/* Puts it into Sent. False if that went wrong. */
bool sent_copy_put(struct outgoing *o) WAITS;
/* The same unless it is there already. is_unsure: whether the mail server took the mail isn't known; the copy is then put there
 * in any case, and a note into the inbox. With a status, there is no mail to copy: the note alone. */
void sent_copy_mend(struct outgoing *o, bool is_unsure) WAITS;

#endif
