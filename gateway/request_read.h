#ifndef EASGATE_REQUEST_READ_H
#define EASGATE_REQUEST_READ_H

#include "request.h"

/* From the exchange to a decoded request, in two steps, with the sign-in between them. For the dispatcher.
 * Source: MS-ASHTTP 2.2.1; what is refused how: MS-ASCMD 2.2.2. */

/* The query alone: who asks for what. What is wrong with it goes into *status (0 = nothing); the request is refused only
 * when it is known who asks. */
enum err request_read_line(struct request *rq, unsigned *status) MUST_CHECK;
/* The rest: version, command, body. *go_on is false if the request is refused; the answer then stands in rq->reply or was
 * written. */
enum err request_read(
    struct request *rq, struct wbxml_writer *w, unsigned line_status, bool *go_on) MUST_CHECK;

#endif
