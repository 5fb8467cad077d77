#ifndef EASGATE_SENDING_SENT_COPY_H
#define EASGATE_SENDING_SENT_COPY_H

#include "sending/outgoing.h"

/* The copy of a mail in Sent. Before the mail goes out it is made sure that IMAP can be reached and there is such a folder; once it is
 * out, whatever goes wrong here must not make the phone send it again, so that an error is no way out any more. */

/* Before: finds Sent, or makes it. ERR_UNAVAILABLE: no mail server, so the mail stays with the phone. A server that only doesn't
 * want a folder there is none: the copy finds another place. */
enum err sent_copy_prepare(struct outgoing *o) WAITS MUST_CHECK;
/* After: puts it into Sent; if Sent doesn't take it, into the inbox, with a note. A server that has just gone is waited for, some
 * seconds. False if there is no copy: the log names the mail. */
bool sent_copy_put(struct outgoing *o) WAITS;
/* The same unless it is there already. is_unsure: whether the mail server took the mail isn't known; the copy is then put there
 * in any case (where Sent is the mail server's business, into the inbox), and a note into the inbox. With a status, there is no mail to
 * copy: the note alone. */
void sent_copy_mend(struct outgoing *o, bool is_unsure) WAITS;

#endif
