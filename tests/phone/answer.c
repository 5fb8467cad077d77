/* Reads HTTP/1.1 answers: lengths, chunks, gzip. First it only walks to see whether all is there (which costs nothing, however
 * often it is asked for a long answer), then it copies. */
#include "answer.h"

#include "base/buf.h"

#include <string.h>
#include <zlib.h>

enum { MAX_HEAD = 64 * 1024 };

static bool take_line(struct bytes *in, struct bytes *line)
{
	size_t at = bytes_find(*in, '\n');

	if (at == in->len)
		return false;
	*line = bytes_trim(bytes_of(in->p, at));
	*in = bytes_of(in->p + at + 1, in->len - at - 1);
	return true;
}

static enum err read_head(struct bytes in, struct phone_answer *out)
{
	const uint8_t *end = memmem(in.p, in.len < MAX_HEAD ? in.len : MAX_HEAD, "\r\n\r\n", 4);
	uint32_t status;

	if (!end)
		return in.len >= MAX_HEAD ? ERR_PROTO : ERR_TRUNCATED;
	out->head = bytes_of(in.p, (size_t)(end - in.p) + 4);
	if (!bytes_starts(out->head, "HTTP/1.") || out->head.len < 16 ||
	    bytes_to_u32(bytes_of(in.p + 9, 3), 999, &status))
		return ERR_PROTO;
	out->status = (int)status;
	out->close = bytes_eq_nocase(phone_answer_header(out, "Connection"), "close") || in.p[7] == '0';
	return ERR_OK;
}

struct bytes phone_answer_header(const struct phone_answer *answer, const char *name)
{
	struct bytes rest = answer->head, line, key;

	while (take_line(&rest, &line)) {
		if (bytes_find(line, ':') == line.len || !bytes_split(&line, ':', &key))
			continue;
		if (bytes_eq_nocase(key, name))
			return bytes_trim(line);
	}
	return bytes_of(NULL, 0);
}

static bool hex_length(struct bytes line, size_t *out)
{
	size_t n = 0, digits = 0;

	for (; digits < line.len && digits < 8; digits++) {
		const char *all = "0123456789abcdef";
		const char *at = memchr(all, line.p[digits] | 0x20, 16);

		if (!at)
			break;
		n = n << 4 | (size_t)(at - all);
	}
	*out = n;
	return digits > 0;
}

/* The next chunk of a chunked body; an empty one at its end. */
static enum err next_chunk(struct bytes *in, struct bytes *chunk)
{
	struct bytes line;
	size_t n;

	if (!take_line(in, &line))
		return ERR_TRUNCATED;
	if (!hex_length(line, &n))
		return ERR_PROTO;
	if (n == 0) { /* trailer lines, up to an empty one */
		*chunk = bytes_of(NULL, 0);
		do {
			if (!take_line(in, &line))
				return ERR_TRUNCATED;
		} while (line.len);
		return ERR_OK;
	}
	if (!bytes_take(in, n, chunk) || !take_line(in, &line))
		return ERR_TRUNCATED;
	return line.len ? ERR_PROTO : ERR_OK;
}

static enum err read_chunks(struct arena *a, struct bytes *in, struct bytes *out)
{
	struct bytes walk = *in, chunk;
	size_t total = 0, at = 0;
	enum err e;
	uint8_t *p;

	do {
		if ((e = next_chunk(&walk, &chunk)))
			return e;
		total += chunk.len;
	} while (chunk.len);
	p = arena_alloc(a, total);
	if (!p)
		return ERR_LIMIT;
	while (at < total) {
		if ((e = next_chunk(in, &chunk)))
			return e;
		memcpy(p + at, chunk.p, chunk.len);
		at += chunk.len;
	}
	*in = walk;
	*out = bytes_of(p, total);
	return ERR_OK;
}

static enum err gunzip(struct arena *a, struct bytes in, struct bytes *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.len };
	struct buf b;
	int rc;

	buf_init(&b, a, 0);
	if (inflateInit2(&z, 15 + 16) != Z_OK) /* 16: a gzip head is expected */
		return ERR_LIMIT;
	do {
		z.avail_out = 65536;
		z.next_out = buf_room(&b, z.avail_out);
		if (!z.next_out)
			break;
		rc = inflate(&z, Z_NO_FLUSH);
		buf_claim(&b, 65536 - z.avail_out);
	} while (rc == Z_OK);
	inflateEnd(&z);
	if (!z.next_out)
		return ERR_LIMIT;
	return rc == Z_STREAM_END ? buf_done(&b, out) : ERR_PROTO;
}

static bool has_no_body(int status)
{
	return status == 204 || status == 304 || status / 100 == 1;
}

enum err phone_answer_read(
    struct arena *a, struct bytes in, bool ended, struct phone_answer *out, size_t *used)
{
	struct bytes rest, length;
	enum err e;
	uint32_t n;

	memset(out, 0, sizeof(*out));
	if ((e = read_head(in, out)))
		return ended && e == ERR_TRUNCATED ? ERR_PROTO : e;
	rest = bytes_of(in.p + out->head.len, in.len - out->head.len);
	length = phone_answer_header(out, "Content-Length");
	if (has_no_body(out->status)) {
		out->body = bytes_of(NULL, 0);
	} else if (bytes_eq_nocase(phone_answer_header(out, "Transfer-Encoding"), "chunked")) {
		e = read_chunks(a, &rest, &out->body);
	} else if (length.len) {
		if (bytes_to_u32(length, UINT32_MAX, &n))
			return ERR_PROTO;
		e = bytes_take(&rest, n, &out->body) ? ERR_OK : ERR_TRUNCATED;
	} else {
		e = ended ? ERR_OK : ERR_TRUNCATED;
		out->close = true;
		out->body = rest;
		rest.len = 0;
	}
	if (e)
		return ended && e == ERR_TRUNCATED ? ERR_PROTO : e;
	*used = in.len - rest.len;
	if (out->body.len && bytes_eq_nocase(phone_answer_header(out, "Content-Encoding"), "gzip"))
		return gunzip(a, out->body, &out->body);
	return ERR_OK;
}
