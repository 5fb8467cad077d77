#ifndef EASGATE_ANSWER_STREAM_H
#define EASGATE_ANSWER_STREAM_H

#include "http/http.h"
#include "request.h"

/* Sends rq->reply.pieces with these header fields, in constant memory and at the client's speed, gives the IMAP connection
 * back and writes the access log line. The request's deadline begins anew with each piece that has gone out: what gets on may
 * take as long as it likes. An answer that can't be finished is cut off. */
void answer_stream(struct request *rq, const struct http_field *fields, size_t n_fields) WAITS;

#endif
