#include "mail/header.h"

#include <string.h>

/* One line with its line end. */
static bool take_line(struct bytes *in, struct bytes *out)
{
	size_t n = bytes_find(*in, '\n');

	return in->len && bytes_take(in, n < in->len ? n + 1 : n, out);
}

static bool is_blank(struct bytes line)
{
	return bytes_eq_str(line, "\n") || bytes_eq_str(line, "\r\n") || bytes_eq_str(line, "\r");
}

static bool is_continuation(struct bytes line)
{
	return line.len && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* A field's name is printable and has no blanks, apart from some before the colon (RFC 5322, 4.5). */
static bool split_field(struct bytes line, struct bytes *name, struct bytes *value)
{
	size_t n = bytes_find(line, ':');

	if (n == 0 || n == line.len)
		return false;
	*name = bytes_trim(bytes_of(line.p, n));
	*value = bytes_of(line.p + n + 1, line.len - n - 1);
	for (size_t i = 0; i < name->len; i++)
		if (name->p[i] <= ' ' || name->p[i] >= 127)
			return false;
	return name->len > 0;
}

/* A line of blanks continues a field, unless what follows can't be header any more: then it was meant as
 * the empty line. */
static bool is_end(struct bytes line, struct bytes rest)
{
	struct bytes next, name, value;

	if (is_blank(line))
		return true;
	return !bytes_trim(line).len && take_line(&rest, &next) && !is_blank(next) &&
	       !is_continuation(next) && !split_field(next, &name, &value);
}

size_t header_block_len(struct bytes raw)
{
	struct bytes rest = raw, line, name, value;
	bool first = true;

	while (take_line(&rest, &line)) {
		if (is_end(line, rest))
			break;
		/* A text that begins without any field is all body. */
		if (first && !split_field(line, &name, &value) && !bytes_starts(line, "From "))
			return 0;
		first = false;
	}
	return raw.len - rest.len;
}

struct bytes header_skip_junk(struct bytes raw)
{
	struct bytes rest = raw, line, name, value;

	if (bytes_starts(rest, "\xEF\xBB\xBF"))
		rest = bytes_of(rest.p + 3, rest.len - 3);
	while (take_line(&rest, &line))
		if (bytes_trim(line).len)
			return split_field(line, &name, &value) ? bytes_of(line.p, line.len + rest.len) : raw;
	return raw;
}

static size_t count_fields(struct bytes block)
{
	struct bytes line, name, value;
	size_t n = 0;

	while (n < HEADER_MAX_FIELDS && take_line(&block, &line) && !is_end(line, block))
		n += !is_continuation(line) && split_field(line, &name, &value);
	return n;
}

enum err header_parse(struct arena *a, struct bytes block, struct header *out)
{
	struct header_field *v = arena_array(a, count_fields(block), sizeof(*v)), *open = NULL;
	struct bytes line, name, value;
	size_t n = 0;

	if (!v)
		return ERR_LIMIT;
	while (take_line(&block, &line) && !is_end(line, block)) {
		if (is_continuation(line)) {
			if (open) {
				open->whole.len += line.len;
				open->value.len += line.len;
			}
			continue;
		}
		open = NULL;
		if (!split_field(line, &name, &value)) /* junk between fields, or an mbox's "From " */
			continue;
		if (n == HEADER_MAX_FIELDS)
			break;
		v[n] = (struct header_field){ name, value, line };
		open = &v[n++];
	}
	for (size_t i = 0; i < n; i++)
		v[i].value = bytes_trim(v[i].value);
	*out = (struct header){ v, n };
	return ERR_OK;
}

const struct header_field *header_find(const struct header *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (bytes_eq_nocase(h->v[i].name, name))
			return &h->v[i];
	return NULL;
}

struct bytes header_get(const struct header *h, const char *name)
{
	const struct header_field *f = header_find(h, name);

	return f ? f->value : (struct bytes){ 0 };
}

enum err header_get_text(struct arena *a, const struct header *h, const char *name, struct bytes *out)
{
	return header_text(a, header_get(h, name), BYTES(""), out);
}

static bool bracketed_id_next(struct bytes *value, struct bytes *out)
{
	struct bytes before, id;

	while (bytes_find(*value, '<') < value->len && bytes_split(value, '<', &before) &&
	       bytes_split(value, '>', &id)) {
		*out = bytes_trim(id);
		if (out->len)
			return true;
	}
	return false;
}

static bool word_next(struct bytes *in, struct bytes *out)
{
	size_t n = 0;

	*in = bytes_trim(*in);
	while (n < in->len && !strchr(" \t\r\n", in->p[n]))
		n++;
	return n && bytes_take(in, n, out);
}

bool message_id_next(struct bytes *value, struct bytes *out)
{
	if (bytes_find(*value, '<') < value->len)
		return bracketed_id_next(value, out);
	/* Without brackets: words that look like ids. */
	while (word_next(value, out))
		if (bytes_find(*out, '@') < out->len)
			return true;
	return false;
}

bool message_id_is_sound(struct bytes id)
{
	enum { LONGEST = 900 };

	for (size_t i = 0; i < id.len; i++)
		if (id.p[i] <= ' ' || id.p[i] == 127)
			return false;
	return id.len && id.len <= LONGEST;
}

void header_put_quoted(struct buf *out, struct bytes text)
{
	buf_put_u8(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_put_u8(out, '\\');
		buf_put_u8(out, text.p[i]);
	}
	buf_put_u8(out, '"');
}

void header_put_field(struct buf *out, const struct header_field *f)
{
	buf_put(out, f->whole);
	if (!f->whole.len || f->whole.p[f->whole.len - 1] != '\n')
		buf_put_str(out, "\r\n");
}
