#ifndef EASGATE_IO_STACK_H
#define EASGATE_IO_STACK_H

#include <stddef.h>

/* Stacks for fibers: mapped, with a guard page below, kept for reuse.
 *
 * Size: a TLS handshake with the check of its certificates takes 12 KiB of stack (OpenSSL 3.0), libetpan's
 * parser 1 KiB for each level of a nested BODYSTRUCTURE, of which Dovecot lets 100 through (all measured).
 * 256 KiB bears both with much to spare, and what is never touched costs no memory. Sanitizers make frames
 * several times as large. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IO_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(IO_ASAN)
#define IO_ASAN 1
#endif

#if defined(IO_ASAN)
#define STACK_SIZE ((size_t)1024 * 1024)
#else
#define STACK_SIZE ((size_t)256 * 1024)
#endif

struct stack {
	void *low; /* of STACK_SIZE usable bytes; the guard page ends here. NULL = none */
	unsigned valgrind_id;
};

struct stack_pool;

struct stack_pool *stack_pool_new(void);
void stack_pool_free(struct stack_pool **p); /* accepts NULL, sets NULL */
struct stack stack_take(struct stack_pool *p);
void stack_give(struct stack_pool *p, struct stack s);

#endif
