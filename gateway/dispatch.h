#ifndef EASGATE_DISPATCH_H
#define EASGATE_DISPATCH_H

#include "request.h"

/* From an HTTP exchange to a command handler and back: routes, versions, sign-in, device, errors, access log. */

/* The HTTP server's handler; arg is the struct worker. Called on the loop, answers later. */
void dispatch_exchange(struct http_exchange *x, void *arg);

/* ---- for gateway/push: a request that waits without a fiber ---- */

/* What is left of a parked request: its exchange, who it is for, what the access log will tell. */
struct held;

/* Takes the request over from the dispatcher and sets its reply to REPLY_PARKED; the handler then returns ERR_OK.
 *   gone  called on the loop, once, when the client goes away while the request is held and no fiber runs for it;
 *         dispatch_drop is then all that may be called. NULL never. */
struct held *dispatch_hold(struct request *rq, void (*gone)(void *arg), void *arg);

/* Lets the command go on, on a fiber of its own at a later loop turn, with rq->parked set to `p` and no body. When it
 * has answered, the answer is sent and `h` is freed. When it has set its reply to REPLY_PARKED again it stays held.
 *   done  called at the end of that fiber; `held` tells which of the two. A client that goes away meanwhile
 *         cancels the fiber: then `held` is false */
void dispatch_resume(struct held *h, struct parked *p, void (*done)(void *arg, bool held), void *arg);

/* Ends a held request without an answer (the client has gone, or the process ends). Accepts NULL, sets NULL. */
void dispatch_drop(struct held **h);

#endif
