#ifndef EASGATE_IO_CONTEXT_H
#define EASGATE_IO_CONTEXT_H

#include <stddef.h>

/* A place to go on executing: registers and a stack. x86-64 has a switch of its own; elsewhere, and with
 * -DIO_UCONTEXT, it is swapcontext, which makes a system call each time (measured: 7 ns against 223 ns). */
#if defined(__x86_64__) && !defined(IO_UCONTEXT)
struct context {
	void *sp; /* everything else lies on the stack */
};
#else
#include <ucontext.h>
struct context {
	ucontext_t uc;
};
#endif

/* Makes `c` start in `entry`, which must never return. */
void context_make(struct context *c, void *stack_low, size_t stack_size, void (*entry)(void));
/* Keeps the present place in `from` and goes on at `to`. Comes back when somebody switches to `from`. */
void context_switch(struct context *from, const struct context *to);

#endif
