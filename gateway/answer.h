#ifndef EASGATE_ANSWER_H
#define EASGATE_ANSWER_H

#include "request.h"

/* The last step of every request: what the handler said, as an HTTP answer with the headers that ActiveSync wants, and
 * the access log line. Sends rq->exchange and gives the IMAP connection back.
 *   e  what the handler returned
 *   w  what it wrote; dropped on an error. NULL for what is no command */
void answer_send(struct request *rq, enum err e, struct wbxml_writer *w);
/* The client has gone: frees the exchange and writes the log line. Also off fibers. */
void answer_nobody(struct request *rq);

#endif
