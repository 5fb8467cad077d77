#include "io/stack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(IO_ASAN)
#include <sanitizer/asan_interface.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

/* The stacks used last stay as they are, pages and all: most requests find one of them. Behind them are
 * stacks that only hold their address range, since a map and an unmap cost more than an madvise. What a
 * burst needed beyond both goes back to the system. */
enum { WARM = 32, COLD = 512 };

struct stack_pool {
	struct stack warm[WARM], cold[COLD];
	size_t warm_count, cold_count;
};

static size_t guard_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

struct stack_pool *stack_pool_new(void)
{
	struct stack_pool *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	return p;
}

static struct stack map(void)
{
	struct stack s;
	uint8_t *p = mmap(NULL, guard_size() + STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (p == MAP_FAILED || mprotect(p, guard_size(), PROT_NONE) != 0)
		abort(); /* out of memory, or of vm.max_map_count: some 30,000 fibers at once */
	s.low = p + guard_size();
	s.valgrind_id = VALGRIND_STACK_REGISTER(s.low, p + guard_size() + STACK_SIZE);
	return s;
}

static void unmap(struct stack s)
{
	VALGRIND_STACK_DEREGISTER(s.valgrind_id);
	munmap((uint8_t *)s.low - guard_size(), guard_size() + STACK_SIZE);
}

void stack_pool_free(struct stack_pool **p)
{
	if (!*p)
		return;
	while ((*p)->warm_count)
		unmap((*p)->warm[--(*p)->warm_count]);
	while ((*p)->cold_count)
		unmap((*p)->cold[--(*p)->cold_count]);
	free(*p);
	*p = NULL;
}

struct stack stack_take(struct stack_pool *p)
{
	if (p->warm_count)
		return p->warm[--p->warm_count];
	if (p->cold_count)
		return p->cold[--p->cold_count];
	return map();
}

void stack_give(struct stack_pool *p, struct stack s)
{
#if defined(IO_ASAN)
	/* The fiber's last frames never returned, so their red zones are still marked. */
	ASAN_UNPOISON_MEMORY_REGION(s.low, STACK_SIZE);
#endif
	if (p->warm_count < WARM) {
		p->warm[p->warm_count++] = s;
	} else if (p->cold_count < COLD && madvise(s.low, STACK_SIZE, MADV_DONTNEED) == 0) {
		p->cold[p->cold_count++] = s;
	} else {
		unmap(s);
	}
}
