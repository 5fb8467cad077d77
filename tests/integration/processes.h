#ifndef EASGATE_TESTS_PROCESSES_H
#define EASGATE_TESTS_PROCESSES_H

#include "integration/scene.h"

/* The scene's gateway as processes: for tests in which those come and go. It has one worker, unless a test says otherwise. */

pid_t process_master(void);
pid_t process_worker(void); /* 0: none, or more than one */
/* For bed_wait. */
bool process_is_another(void *before); /* pid_t: there is a worker, and not this one */
bool process_is_gone(void *pid);       /* pid_t */
bool process_is_refused(void *port);   /* uint16_t: nobody listens there on 127.0.0.1 */

/* What the one worker takes now, in bytes; and, after something of `size` has passed through it, that it has taken no more than
 * `most` beyond that meanwhile. */
size_t process_memory_begin(void);
void process_memory_end(size_t begin, size_t size, size_t most);

/* Synced, with a Ping of 60 seconds under way that is held by now, and resends off. */
struct phone *process_waiting_phone(const char *user);

/* A connection without TLS. address: "127.0.0.1" or "[::1]". Free *out in any case. */
enum err process_knock(const char *address, uint16_t port, struct phone_wire **out) MUST_CHECK;
/* The status with which /healthz answers a new connection there; 0: none. */
int process_health(const char *address, uint16_t port);

#endif
