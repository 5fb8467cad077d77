#ifndef EASGATE_REQUEST_STEPS_H
#define EASGATE_REQUEST_STEPS_H

#include "request.h"

/* What dispatch.c and held.c share. On fibers only. */

/* Log lines of this fiber say from now on whom they are about. */
void request_note_in_log(struct request *rq);
/* The answer, or none where the client has gone. */
void request_finish(struct request *rq, enum err e, struct wbxml_writer *w);

#endif
