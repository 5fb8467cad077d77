#ifndef EASGATE_IO_LOOP_H
#define EASGATE_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct event_base;
struct evdns_base;

/* The one event loop of a process, with its resolver. Not for threads. */
struct loop;

/* Ignores SIGPIPE for the process: libraries write to sockets that may be closed. After a fork a loop is of
 * no use to the child. */
struct loop *loop_new(void);
/* Cancels what fibers are left, runs them and what is deferred to their end, frees. Timers and watched
 * streams must be ended before. Accepts NULL, sets NULL. */
void loop_free(struct loop **l);
void loop_run(struct loop *l); /* until loop_stop, which may have been called before */
void loop_stop(struct loop *l);

struct event_base *loop_base(struct loop *l); /* borrowed */
struct evdns_base *loop_dns(struct loop *l);  /* borrowed; made when first asked for */

/* Milliseconds of the monotonic clock, read afresh. */
uint64_t loop_now_ms(void);

/* Runs fn once, on the loop's stack, at the end of this loop turn: to free what a caller up the stack may
 * still hold. In the order of the calls; what such an fn defers itself comes in the next turn. */
void loop_defer(struct loop *l, void (*fn)(void *), void *arg);

/* A timer. fn runs on the loop, not on a fiber, and may cancel or restart its timer. May be some 4 ms off. */
struct timer;
struct timer *timer_start(struct loop *l, uint32_t after_ms, void (*fn)(void *), void *arg);
void timer_cancel(struct timer **t); /* accepts NULL, sets NULL; also needed after it fired */
void timer_restart(struct timer *t, uint32_t after_ms);

#endif
