#ifndef EASGATE_REQUEST_READ_H
#define EASGATE_REQUEST_READ_H

#include "request.h"

/* From the exchange to a decoded request: query, version, command, body. *go_on is false if the request is refused; the
 * answer then stands in rq->reply or was written. Device id and type are copied into the arena. For the dispatcher.
 * Source: MS-ASHTTP 2.2.1; what is refused how: MS-ASCMD 2.2.2. */
enum err request_read(struct request *rq, struct wbxml_writer *w, bool *go_on) MUST_CHECK;

#endif
