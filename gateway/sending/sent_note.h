#ifndef EASGATE_SENDING_SENT_NOTE_H
#define EASGATE_SENDING_SENT_NOTE_H

#include "sending/outgoing.h"

/* A mail from the gateway in the user's inbox, where something went otherwise than the phone was told. That this fails is only logged. */

enum sent_note {
	SENT_NOTE_UNSURE,               /* whether it went out is not known, and there is no copy */
	SENT_NOTE_UNSURE_WITH_COPY,     /* the same, and there is one in Sent */
	SENT_NOTE_UNSURE_COPY_IN_INBOX, /* the same; only the mail server puts anything into Sent */
	SENT_NOTE_COPY_IN_INBOX,        /* it went out, and Sent didn't take the copy */
};
void sent_note_put(struct outgoing *o, enum sent_note what) WAITS;

#endif
