#ifndef EASGATE_IO_STACK_H
#define EASGATE_IO_STACK_H

#include <stddef.h>

/* Stacks for fibers: mapped, with a guard page below, kept for reuse.
 *
 * Size: the deepest that our libraries were seen to go is OpenSSL verifying a certificate chain, below 20 KiB;
 * libetpan's parsers recurse once for each level of a nested BODYSTRUCTURE. 128 KiB leaves room for both and costs
 * nothing until touched. Sanitizers make frames several times as large. */
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
#define STACK_SIZE ((size_t)128 * 1024)
#endif

struct stack {
	void *low;            /* of STACK_SIZE usable bytes; the guard page ends here. NULL = none */
	unsigned valgrind_id;
};

struct stack_pool;

struct stack_pool *stack_pool_new(void);
void stack_pool_free(struct stack_pool **p); /* accepts NULL, sets NULL */
struct stack stack_take(struct stack_pool *p);
void stack_give(struct stack_pool *p, struct stack s);

#endif
