#include "smtp/smtp_reply.h"

#include <string.h>

#include "base/buf.h"

enum { MOST_LINES = 200, MOST_TEXT = 1024 };

/* Waits for more bytes until end_ms of the loop's clock. */
static enum err fill(struct smtp_reader *r, uint64_t end_ms)
{
	uint64_t now = loop_now_ms();
	size_t n;
	enum err e;

	memmove(r->ahead, r->ahead + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	if (r->end == sizeof(r->ahead))
		return ERR_PROTO;
	if (now >= end_ms)
		return ERR_TIMEOUT;
	if ((e = stream_wait_readable(r->stream, (uint32_t)(end_ms - now))) ||
	    (e = stream_read(r->stream, r->ahead + r->end, sizeof(r->ahead) - r->end, &n)))
		return e;
	r->end += n;
	return n ? ERR_OK : ERR_UNAVAILABLE;
}

/* One line without its end, valid until the next one is read. */
static enum err read_line(struct smtp_reader *r, uint64_t end_ms, struct bytes *out)
{
	size_t searched = 0, n;
	enum err e;

	for (;;) {
		struct bytes ahead = bytes_of(r->ahead + r->start, r->end - r->start);

		n = searched + bytes_find(bytes_of(ahead.p + searched, ahead.len - searched), '\n');
		if (n < ahead.len) {
			r->start += n + 1;
			*out = bytes_of(ahead.p, n && ahead.p[n - 1] == '\r' ? n - 1 : n);
			return ERR_OK;
		}
		searched = ahead.len;
		if ((e = fill(r, end_ms)))
			return e;
	}
}

/* Takes "250", "250 text" or "250-text" apart. */
static enum err parse_line(struct bytes in, struct smtp_reply *out, bool *more, struct bytes *text)
{
	struct bytes digits;
	uint32_t code;

	if (!bytes_take(&in, 3, &digits) || bytes_to_u32(digits, 599, &code) || code < 200)
		return ERR_PROTO;
	if (in.len && in.p[0] != ' ' && in.p[0] != '-')
		return ERR_PROTO;
	out->code = (uint16_t)code;
	*more = in.len && in.p[0] == '-';
	*text = in.len ? bytes_of(in.p + 1, in.len - 1) : in;
	return ERR_OK;
}

enum err smtp_reply_read(struct smtp_reader *r, struct arena *a, uint32_t timeout_ms,
    void (*line)(void *arg, size_t number, struct bytes text), void *arg, struct smtp_reply *out)
{
	uint64_t end_ms = loop_now_ms() + timeout_ms;
	struct bytes in, text;
	bool more = true;
	struct buf b;
	enum err e;

	buf_init(&b, a, 0);
	for (size_t i = 0; more; i++) {
		if ((e = read_line(r, end_ms, &in)) || (e = parse_line(in, out, &more, &text)))
			return e;
		if (i == MOST_LINES)
			return ERR_PROTO;
		if (line)
			line(arg, i, text);
		if (b.len + text.len < MOST_TEXT) {
			buf_put(&b, text);
			buf_put_u8(&b, '\n');
		}
	}
	return buf_done(&b, &out->text);
}

bool smtp_reader_is_ahead(const struct smtp_reader *r)
{
	return r->start != r->end;
}
