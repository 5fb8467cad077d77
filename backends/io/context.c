#include "io/context.h"

#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__) && !defined(IO_UCONTEXT)

/* System V ABI: a call preserves rbx, rbp, r12-r15 and the stack pointer; all other registers are the
 * caller's loss. The control words of the FPU are preserved too, but nothing here changes them. */
void switch_stacks(void **from_sp, void *to_sp);
__asm__(".text\n"
	".p2align 4\n"
	".hidden switch_stacks\n"
	".globl switch_stacks\n"
	".type switch_stacks, @function\n"
	"switch_stacks:\n"
	"\tendbr64\n"
	"\tpush %rbp\n"
	"\tpush %rbx\n"
	"\tpush %r12\n"
	"\tpush %r13\n"
	"\tpush %r14\n"
	"\tpush %r15\n"
	"\tmov %rsp, (%rdi)\n"
	"\tmov %rsi, %rsp\n"
	"\tpop %r15\n"
	"\tpop %r14\n"
	"\tpop %r13\n"
	"\tpop %r12\n"
	"\tpop %rbx\n"
	"\tpop %rbp\n"
	"\tret\n"
	".size switch_stacks, . - switch_stacks\n");

/* What the first switch pops: six registers, then the address that it returns to. There the return address of
 * `entry` itself lies on the stack, as after a call: 0, where debuggers stop. */
struct first_frame {
	uint64_t registers[6];
	void (*entry)(void);
	uint64_t no_caller;
};

void context_make(struct context *c, void *stack_low, size_t stack_size, void (*entry)(void))
{
	struct first_frame *f = (struct first_frame *)(void *)((uint8_t *)stack_low + stack_size) - 1;

	_Static_assert(sizeof(*f) % 16 == 0, "the ABI wants no_caller 8 bytes off a multiple of 16");
	*f = (struct first_frame){ .entry = entry };
	c->sp = f;
}

void context_switch(struct context *from, const struct context *to)
{
	switch_stacks(&from->sp, to->sp);
}

#else

void context_make(struct context *c, void *stack_low, size_t stack_size, void (*entry)(void))
{
	if (getcontext(&c->uc) != 0)
		abort();
	c->uc.uc_stack.ss_sp = stack_low;
	c->uc.uc_stack.ss_size = stack_size;
	c->uc.uc_link = NULL;
	makecontext(&c->uc, entry, 0);
}

void context_switch(struct context *from, const struct context *to)
{
	if (swapcontext(&from->uc, &to->uc) != 0)
		abort();
}

#endif
