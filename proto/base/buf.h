#ifndef EASGATE_BASE_BUF_H
#define EASGATE_BASE_BUF_H

#include "base/arena.h"

/* Output that grows in an arena. A writer makes many small calls, so the first failure sticks: further
 * puts do nothing, and buf_done, the only way to the bytes, reports it. */
struct buf {
	struct arena *arena; /* borrowed */
	uint8_t *p;
	size_t len, cap;
	size_t max; /* above this many bytes: ERR_LIMIT; 0 = the arena's budget decides */
	enum err failed;
};

void buf_init(struct buf *b, struct arena *a, size_t max);
void buf_put(struct buf *b, struct bytes in);
void buf_put_str(struct buf *b, const char *text);
/* Where there is no room, or after a failure: as buf_put. */
void buf_put_u8_slowly(struct buf *b, uint8_t c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, to be filled and then claimed with buf_claim; NULL after a failure. */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_claim(struct buf *b, size_t n);
static inline void buf_put_u8(struct buf *b, uint8_t c)
{
	if (b->len < b->cap && !b->failed && (!b->max || b->len < b->max))
		b->p[b->len++] = c;
	else
		buf_put_u8_slowly(b, c);
}
/* What was written, valid as long as the arena and until the next put. */
enum err buf_done(const struct buf *b, struct bytes *out) MUST_CHECK;

#endif
