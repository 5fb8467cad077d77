#ifndef EASGATE_IO_FIBER_H
#define EASGATE_IO_FIBER_H

#include "base/arena.h"
#include "io/loop.h"

/* A fiber is a small stack on which a request runs as plain sequential code. What would block waits on the
 * loop and returns an error code. Between two waits nothing else runs in the process.
 *
 * A stack has 256 KiB, then a guard page: a fiber that needs more ends the process with SIGSEGV. Measured
 * (Debian 12, x86-64): a switch takes 8 ns, a yield with its turn of the loop 345 ns, starting and ending a
 * fiber 110 ns; a waiting fiber costs 4.5 KB of memory, 8.3 KB once it has used its arena.
 *
 * Every wait first looks at the fiber itself: ERR_CANCELLED if it was cancelled, ERR_TIMEOUT if its deadline
 * has passed, even if what it wants is there already. A wait that is over keeps its result, whatever comes
 * before the fiber runs again: what a wake handed over is not lost to a cancel. */

/* Marks functions that can wait, so that a reader sees where time passes. */
#define WAITS

struct fiber_opts {
	const char *name;     /* static; for whoever looks with a debugger */
	size_t arena_budget;  /* bytes; 0 = 16 MiB */
	uint32_t deadline_ms; /* from now on; every wait beyond it gives ERR_TIMEOUT. 0 = 60,000 */
};

/* Starts fn on a fiber of its own after the caller has returned to the loop, never inside this call. Returns
 * an id that is never used again. Its arena is freed when fn returns. fn runs in any case, so it may own
 * `arg`: a fiber that is cancelled before it starts sees ERR_CANCELLED in its first wait. */
uint64_t fiber_start(struct loop *l, const struct fiber_opts *opts, void (*fn)(void *arg), void *arg);
/* Its present and every later wait gives ERR_CANCELLED; a shielded one once the shield ends. Harmless if it
 * has ended, or is the caller. */
void fiber_cancel(struct loop *l, uint64_t id);
/* How many live, and the most at once so far: for metrics. */
void fiber_counts(const struct loop *l, uint32_t *live, uint32_t *peak);

/* ---- on a fiber only (asserted) ---- */

uint64_t fiber_id(void);
struct loop *fiber_loop(void);
struct arena *fiber_arena(void);
bool fiber_is_running(void); /* true on a fiber, false on the loop's own stack */
bool fiber_cancelled(void);  /* false while shielded */
void fiber_set_deadline(uint32_t ms_from_now);
uint32_t fiber_time_left_ms(void);
/* What a wait would say at once: ERR_CANCELLED, ERR_TIMEOUT or ERR_OK. For loops that may never have to
 * wait. */
enum err fiber_check(void) MUST_CHECK;

/* One pointer that belongs to the logger. */
const void *fiber_slot(void);
void fiber_slot_set(const void *p);

/* What this fiber has cost so far, for figures; may be set back by who reads it. */
struct fiber_tally {
	uint64_t waited_us;   /* in waits of any kind */
	uint32_t store_trips; /* answers of Redis awaited: counted by backends/store */
};
struct fiber_tally *fiber_tally(void);

/* May be some 4 ms off. 0 yields. */
enum err fiber_sleep(uint32_t ms) WAITS MUST_CHECK;
/* Lets others run; for long loops. */
enum err fiber_yield(void) WAITS MUST_CHECK;
/* Waits until the descriptor is ready (EV_READ, EV_WRITE). timeout_ms 0 = the fiber's deadline alone. The
 * descriptor must stay open meanwhile. */
enum err fiber_wait_fd(int fd, short events, uint32_t timeout_ms) WAITS MUST_CHECK;

/* Waiting for a callback: take a ticket, order the work, wait for the ticket. The callback calls fiber_wake,
 * which is harmless when nobody waits any more and is remembered when it comes before the wait. A ticket
 * serves one wait, of the fiber that took it, and ends with it or with its fiber. What the callback writes
 * to must outlive a wait that ends early: not the fiber's stack or arena, unless the work can be called
 * off. */
uint64_t fiber_ticket(void);
enum err fiber_wait(uint64_t ticket, uint32_t timeout_ms) WAITS MUST_CHECK;
void fiber_wake(struct loop *l, uint64_t ticket);

/* For cleanup that must wait although the fiber is cancelled or late (an IMAP LOGOUT, giving a claim back):
 * it gets `ms` of its own, and cancellation is masked, until fiber_unshield puts the former deadline back.
 * Keep it short. Inside another shield, the outer one's time goes on. */
void fiber_shield(uint32_t ms);
void fiber_unshield(void);

#endif
