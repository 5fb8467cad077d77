#include "imap/reader.h"

#include <stdlib.h>
#include <string.h>

/* A line is held whole in the buffer, so tokens are views of it. Literals never pass through the line. */
enum {
	BUFFER = 16 * 1024,
	LONG = 64 * 1024,                 /* instead of it, while a longer literal passes through */
	LINE_MAX_BYTES = 8 * 1024 * 1024, /* an uncompressed SEARCH result of a million uids */
	TREE_DEPTH =
	    128, /* more than MIME_MAX_DEPTH: each level of a mail's structure is a list in the one around it */
	TREE_NODES = 100 * 1000,
	TAIL = 32, /* of a line, enough to see whether it ends in a literal's head */
};

void imap_reader_init(
    struct imap_reader *r, enum err (*read)(void *arg, void *to, size_t cap, size_t *out), void *arg)
{
	*r = (struct imap_reader){ .read = read, .arg = arg };
}

void imap_reader_deinit(struct imap_reader *r)
{
	free(r->buf);
	imap_reader_init(r, r->read, r->arg);
}

size_t imap_reader_ahead(const struct imap_reader *r)
{
	return r->end - r->start;
}

static enum err read_some(struct imap_reader *r, void *to, size_t cap, size_t *out)
{
	enum err e = r->read(r->arg, to, cap, out);

	return e ? e : *out ? ERR_OK : ERR_UNAVAILABLE;
}

static void grow(struct imap_reader *r, size_t cap)
{
	r->cap = cap;
	r->buf = realloc(r->buf, cap);
	if (!r->buf)
		abort();
}

/* Room at the end of the buffer; moves what is unread to its beginning. ERR_LIMIT: a line fills all of it. */
static enum err make_room(struct imap_reader *r)
{
	size_t len = r->end - r->start;

	if (r->start) {
		memmove(r->buf, r->buf + r->start, len);
		r->start = 0;
		r->end = len;
	}
	if (r->end < r->cap)
		return ERR_OK;
	if (r->cap >= LINE_MAX_BYTES)
		return ERR_LIMIT;
	grow(r, r->cap ? r->cap * 2 : BUFFER);
	return ERR_OK;
}

/* Whether a line ends in {n}, {n+} or ~{n}. */
static bool ends_in_literal(struct bytes line, size_t *size)
{
	size_t i = line.len, first;
	uint64_t n;

	if (!i || line.p[i - 1] != '}')
		return false;
	i--;
	if (i && line.p[i - 1] == '+')
		i--;
	for (first = i; first && line.p[first - 1] >= '0' && line.p[first - 1] <= '9'; first--)
		;
	if (!first || line.p[first - 1] != '{' ||
	    bytes_to_u64(bytes_of(line.p + first, i - first), UINT32_MAX, &n))
		return false;
	*size = (size_t)n;
	return true;
}

static void take_line(struct imap_reader *r, size_t len)
{
	r->line = bytes_of(r->buf + r->start, len);
	r->start += len + 1;
	if (len && r->line.p[len - 1] == '\r')
		r->line.len--;
	r->has_literal = ends_in_literal(r->line, &r->literal);
}

/* Of a line that is too long its beginning: skip_rest goes on from there. */
static void take_beginning(struct imap_reader *r)
{
	r->line = bytes_of(r->buf + r->start, r->end - r->start);
	r->start = r->end;
	r->has_literal = false;
	r->is_cut = true;
}

static enum err load_line(struct imap_reader *r)
{
	size_t seen = 0; /* bytes known to hold no line end */

	for (;;) {
		size_t have = r->end - r->start, got;
		uint8_t *nl = have > seen ? memchr(r->buf + r->start + seen, '\n', have - seen) : NULL;
		enum err e;

		if (nl) {
			take_line(r, (size_t)(nl - (r->buf + r->start)));
			return ERR_OK;
		}
		seen = have;
		if (r->end == r->cap && make_room(r)) {
			take_beginning(r);
			return ERR_OK;
		}
		if ((e = read_some(r, r->buf + r->end, r->cap - r->end, &got)))
			return e;
		r->end += got;
	}
}

enum err imap_reader_next(struct imap_reader *r)
{
	if (r->cap > BUFFER && r->start == r->end)
		imap_reader_deinit(r); /* one long line doesn't keep its memory */
	if (r->start == r->end)
		r->start = r->end = 0;
	return load_line(r);
}

/* From here on nothing of the line counts any more, not even if the next one can't be read. */
static void end_line(struct imap_reader *r)
{
	r->line = (struct bytes){ 0 };
	r->has_literal = false;
}

static enum err skip_literal(struct imap_reader *r)
{
	size_t left = r->literal, got;
	enum err e;

	end_line(r);
	while (left > r->end - r->start) {
		left -= r->end - r->start;
		r->start = 0;
		r->end = 0;
		if ((e = read_some(r, r->buf, r->cap, &got)))
			return e;
		r->end = got;
	}
	r->start += left;
	return load_line(r);
}

/* To the end of a line whose beginning was all that could be held. The buffer holds its last bytes, and then what is read. */
static enum err skip_rest(struct imap_reader *r)
{
	uint8_t *nl = NULL;

	end_line(r);
	r->is_cut = false;
	while (!nl) {
		size_t got;
		enum err e;

		memmove(r->buf, r->buf + r->end - TAIL, TAIL);
		if ((e = read_some(r, r->buf + TAIL, r->cap - TAIL, &got)))
			return e;
		r->end = TAIL + got;
		nl = memchr(r->buf + TAIL, '\n', got);
	}
	r->start = 0;
	take_line(r, (size_t)(nl - r->buf));
	return ERR_OK;
}

enum err imap_reader_finish(struct imap_reader *r, bool text)
{
	enum err e = ERR_OK;

	while (!e && (r->is_cut || (!text && r->has_literal)))
		e = r->is_cut ? skip_rest(r) : skip_literal(r);
	end_line(r);
	return e;
}

/* ---- tokens ---- */

uint8_t imap_peek(const struct imap_reader *r)
{
	return r->line.len ? r->line.p[0] : 0;
}

static void advance(struct imap_reader *r, size_t n)
{
	r->line.p += n;
	r->line.len -= n;
}

bool imap_accept(struct imap_reader *r, char c)
{
	if (imap_peek(r) != (uint8_t)c || !r->line.len)
		return false;
	advance(r, 1);
	return true;
}

enum err imap_expect(struct imap_reader *r, char c)
{
	return imap_accept(r, c) ? ERR_OK : ERR_PROTO;
}

enum err imap_read_atom(struct imap_reader *r, struct bytes *out)
{
	unsigned depth = 0;
	size_t n;

	for (n = 0; n < r->line.len; n++) {
		uint8_t c = r->line.p[n];

		if (c == '[')
			depth++;
		else if (c == ']' && depth)
			depth--;
		else if (!depth && strchr(" ()\"{]", c)) /* a NUL too: strchr finds the end */
			break;
	}
	if (!n || depth)
		return ERR_PROTO;
	*out = bytes_of(r->line.p, n);
	advance(r, n);
	return ERR_OK;
}

enum err imap_read_word(struct imap_reader *r, struct bytes *out)
{
	size_t n = 0;

	while (n < r->line.len && !strchr(" ()", r->line.p[n]))
		n++;
	if (!n)
		return ERR_PROTO;
	*out = bytes_of(r->line.p, n);
	advance(r, n);
	return ERR_OK;
}

enum err imap_read_number(struct imap_reader *r, uint64_t max, uint64_t *out)
{
	size_t n = 0;
	enum err e;

	while (n < r->line.len && r->line.p[n] >= '0' && r->line.p[n] <= '9')
		n++;
	e = bytes_to_u64(bytes_of(r->line.p, n), max, out);
	if (!e)
		advance(r, n);
	return e ? ERR_PROTO : ERR_OK;
}

enum err imap_read_u32(struct imap_reader *r, uint32_t *out)
{
	uint64_t n;
	enum err e = imap_read_number(r, UINT32_MAX, &n);

	if (!e)
		*out = (uint32_t)n;
	return e;
}

static enum err read_quoted(struct imap_reader *r, struct arena *a, struct bytes *out)
{
	size_t i, n = 0;
	uint8_t *p;

	for (i = 1; i < r->line.len && r->line.p[i] != '"'; i++, n++)
		if (r->line.p[i] == '\\')
			i++;
	if (i >= r->line.len)
		return ERR_PROTO;
	p = arena_alloc(a, n);
	if (!p)
		return ERR_LIMIT;
	*out = bytes_of(p, n);
	for (size_t j = 1; j < i; j++) {
		if (r->line.p[j] == '\\')
			j++;
		*p++ = r->line.p[j];
	}
	advance(r, i + 1);
	return ERR_OK;
}

static enum err read_literal(struct imap_reader *r, struct arena *a, struct bytes *out)
{
	size_t ahead = r->end - r->start, done, got;
	uint8_t *p;
	enum err e;

	if (!r->has_literal || bytes_find(r->line, '}') + 1 != r->line.len)
		return ERR_PROTO;
	p = arena_alloc(a, r->literal);
	if (!p)
		return ERR_LIMIT;
	done = ahead < r->literal ? ahead : r->literal;
	if (done)
		memcpy(p, r->buf + r->start, done);
	r->start += done;
	for (; done < r->literal; done += got)
		if ((e = read_some(r, p + done, r->literal - done, &got)))
			return e;
	*out = bytes_of(p, r->literal);
	end_line(r);
	return load_line(r);
}

enum err imap_literal_begin(struct imap_reader *r, size_t *len)
{
	(void)imap_accept(r, '~'); /* literal8, RFC 3516 */
	if (imap_peek(r) != '{' || !r->has_literal || bytes_find(r->line, '}') + 1 != r->line.len)
		return ERR_PROTO;
	*len = r->literal;
	end_line(r);
	if (r->literal > LONG && r->cap < LONG)
		grow(r, LONG);
	return ERR_OK;
}

enum err imap_literal_next(struct imap_reader *r, struct bytes *out)
{
	size_t n, got;
	enum err e;

	*out = (struct bytes){ 0 };
	if (!r->literal)
		return load_line(r);
	if (r->start == r->end) {
		r->start = r->end = 0;
		if ((e = read_some(r, r->buf, r->cap, &got)))
			return e;
		r->end = got;
	}
	n = r->end - r->start < r->literal ? r->end - r->start : r->literal;
	*out = bytes_of(r->buf + r->start, n);
	r->start += n;
	r->literal -= n;
	return ERR_OK;
}

enum err imap_read_string(struct imap_reader *r, struct arena *a, struct bytes *out)
{
	struct bytes atom;
	enum err e;

	switch (imap_peek(r)) {
	case '"':
		return read_quoted(r, a, out);
	case '~':
		advance(r, 1); /* literal8, RFC 3516 */
		return read_literal(r, a, out);
	case '{':
		return read_literal(r, a, out);
	default:
		if ((e = imap_read_atom(r, &atom)))
			return e;
		if (!bytes_eq_nocase(atom, "NIL"))
			return arena_dup(a, atom, out);
		*out = (struct bytes){ 0 };
		return ERR_OK;
	}
}

static enum err skip_string(struct imap_reader *r)
{
	struct bytes atom;
	size_t i;

	if (imap_peek(r) == '{' || imap_peek(r) == '~') {
		if (!r->has_literal || bytes_find(r->line, '}') + 1 != r->line.len)
			return ERR_PROTO;
		return skip_literal(r);
	}
	if (imap_peek(r) != '"')
		return imap_read_atom(r, &atom);
	for (i = 1; i < r->line.len && r->line.p[i] != '"'; i++)
		if (r->line.p[i] == '\\')
			i++;
	if (i >= r->line.len)
		return ERR_PROTO;
	advance(r, i + 1);
	return ERR_OK;
}

enum err imap_skip_value(struct imap_reader *r)
{
	size_t depth = 0;
	enum err e;

	do {
		if (imap_accept(r, '('))
			depth++;
		else if (depth && imap_accept(r, ')'))
			depth--;
		else if (!(depth && imap_accept(r, ' ')) && (e = skip_string(r)))
			return e;
	} while (depth);
	return ERR_OK;
}

static struct imap_value *add_value(struct arena *a, struct imap_value ***at)
{
	struct imap_value *v = arena_alloc(a, sizeof(*v));

	if (v) {
		**at = v;
		*at = &v->next;
	}
	return v;
}

enum err imap_read_value(struct imap_reader *r, struct arena *a, struct imap_value **out)
{
	struct imap_value **outer[TREE_DEPTH], **at = out; /* where the list around goes on, and this one */
	size_t depth = 0, count = 0;

	*out = NULL;
	do {
		struct imap_value *v;
		enum err e;

		if (depth && imap_accept(r, ' '))
			continue;
		if (depth && imap_accept(r, ')')) {
			at = outer[--depth];
			continue;
		}
		v = ++count <= TREE_NODES ? add_value(a, &at) : NULL;
		if (!v)
			return ERR_LIMIT;
		if (depth == TREE_DEPTH && imap_peek(r) == '(') {
			if ((e = imap_skip_value(r)))
				return e;
			continue;
		}
		if (imap_accept(r, '(')) {
			v->kind = IMAP_LIST;
			outer[depth++] = at;
			at = &v->first;
			continue;
		}
		if ((e = imap_read_string(r, a, &v->text)))
			return e;
		v->kind = v->text.p ? IMAP_STRING : IMAP_NIL;
	} while (depth);
	return ERR_OK;
}
