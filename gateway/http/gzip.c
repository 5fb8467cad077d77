#include "http/gzip.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	FORMAT_GZIP = 15 + 16, /* the largest window, and gzip's frame instead of zlib's */
	LEVEL = 1,             /* WBXML is compact already: higher levels cost much and save little */
	FIRST_ROOM = 16 * 1024,
	STEP = 256 * 1024, /* a millisecond's work */
};

static uint8_t *room(uint8_t *old, size_t n)
{
	uint8_t *p = realloc(old, n ? n : 1);

	if (!p)
		abort();
	return p;
}

/* One step of at most the room that there is, and STEP; grows it by half of what it is, up to one byte above max: a byte
 * that lands there is one too many. */
static int inflate_more(z_stream *z, uint8_t **out, size_t *cap, size_t max)
{
	if (z->total_out == *cap) {
		*cap = *cap > max / 2 ? max + 1 : *cap * 2;
		*out = room(*out, *cap);
	}
	z->next_out = *out + z->total_out;
	z->avail_out = (uInt)(*cap - z->total_out);
	if (z->avail_out > STEP)
		z->avail_out = STEP;
	return inflate(z, Z_NO_FLUSH);
}

enum err gzip_expand(struct bytes in, size_t max, uint8_t **out, size_t *len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.len };
	size_t cap = max < FIRST_ROOM ? max + 1 : FIRST_ROOM;
	enum err e = ERR_OK;
	int r;

	if (in.len > UINT32_MAX / 2 || max > UINT32_MAX / 2)
		return ERR_LIMIT;
	if (inflateInit2(&z, FORMAT_GZIP) != Z_OK)
		abort();
	*out = room(NULL, cap);
	do {
		r = inflate_more(&z, out, &cap, max);
		if (r == Z_OK && fiber_is_running())
			e = fiber_yield();
	} while (!e && r == Z_OK && z.total_out <= max);
	if (!e && z.total_out > max)
		e = ERR_LIMIT;
	else if (!e && (r != Z_STREAM_END || z.avail_in))
		e = ERR_PROTO;
	*len = z.total_out;
	inflateEnd(&z);
	if (e) {
		free(*out);
		*out = NULL;
	}
	return e;
}

uint8_t *gzip_shrink(struct bytes in, size_t *len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.len };
	size_t cap = in.len - in.len / 8; /* less than an eighth saved: not worth the phone's time */
	uint8_t *out = room(NULL, cap);
	int r;

	if (deflateInit2(&z, LEVEL, Z_DEFLATED, FORMAT_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_out = out;
	z.avail_out = (uInt)cap;
	r = deflate(&z, Z_FINISH);
	*len = z.total_out;
	deflateEnd(&z);
	if (r == Z_STREAM_END)
		return out;
	free(out);
	return NULL;
}
