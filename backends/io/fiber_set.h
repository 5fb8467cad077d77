#ifndef EASGATE_IO_FIBER_SET_H
#define EASGATE_IO_FIBER_SET_H

#include "io/loop.h"

/* What the loop needs to know of its fibers. For loop.c and fiber.c alone. */
struct fiber_set;

struct fiber_set *fiber_set_new(struct loop *l);
/* None may be left. */
void fiber_set_free(struct fiber_set **s);
/* Cancels all, and from now on each new one before it starts. */
void fiber_set_close(struct fiber_set *s);
bool fiber_set_is_empty(const struct fiber_set *s);

struct fiber_set *loop_fibers(const struct loop *l);

#endif
