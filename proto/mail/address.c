#include "mail/address.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

enum { LONGEST_ADDRESS = 2000, LONGEST_WORD = 250, LONGEST_LIST = 1024 * 1024 };

/* One entry while it is read. Comments are kept apart, quoted text goes without its quotes into the phrase
 * and with them into `plain`, of which an address without angle brackets is made. */
struct entry {
	struct buf phrase, plain, comment, angle;
	bool has_angle;
	/* What was looked for once and need not be looked for again, so that reading takes linear time. */
	bool is_no_group, no_quote_end, no_comment_end;
};

struct reader {
	struct arena *arena;
	struct bytes rest;
	struct entry entry;
	struct mail_addresses *list;
	size_t cap;
	enum err failed;
};

/* The next entry, in the same buffers. */
static void entry_clear(struct entry *e)
{
	e->phrase.len = e->plain.len = e->comment.len = e->angle.len = 0;
	e->has_angle = e->is_no_group = e->no_quote_end = e->no_comment_end = false;
}

static struct bytes text_of(struct reader *r, const struct buf *b)
{
	struct bytes out = { 0 };

	if (buf_done(b, &out))
		r->failed = ERR_LIMIT;
	return bytes_trim(out);
}

/* "Name addr@host" → the last word is the address, unless the blank stands in a quoted local part. */
static struct bytes last_word(struct bytes in)
{
	size_t i = in.len;
	bool quoted = false;

	if (!i)
		return in;
	while (i > 0 && (quoted || in.p[i - 1] > ' ')) {
		i--;
		quoted ^= in.p[i] == '"';
	}
	return bytes_of(in.p + i, in.len - i);
}

/* What programs put around an address that goes from right to left, or so that it breaks in the right place, comes along when it is copied. */
static bool is_invisible(uint32_t c)
{
	return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
	       c == 0xFEFF;
}

static void put_visible(struct buf *out, struct bytes text)
{
	while (text.len) {
		uint32_t c = utf8_next(&text);

		if (c != ' ' && !is_invisible(c))
			utf8_put(out, c);
	}
}

/* Blanks, line ends and what can't be seen have no place in an address; a route before it (<@a,@b:user@c>) is obsolete. */
static struct bytes address_clean(struct reader *r, struct bytes in)
{
	struct bytes text = { 0 };
	struct buf b;

	if (header_text(r->arena, in, BYTES(""), &text)) {
		r->failed = ERR_LIMIT;
		return text;
	}
	if (text.len && text.p[0] == '@' && bytes_find(text, ':') < text.len) {
		size_t n = bytes_find(text, ':') + 1;

		text = bytes_of(text.p + n, text.len - n);
	}
	if (bytes_find(text, '"') < text.len)
		return text;
	buf_init(&b, r->arena, 0);
	put_visible(&b, text);
	return text_of(r, &b);
}

static void add(struct reader *r, struct bytes name, struct bytes address)
{
	struct mail_addresses *list = r->list;

	if (header_text(r->arena, name, BYTES(""), &name) || arena_dup(r->arena, name, &name) ||
	    arena_dup(r->arena, address, &address))
		r->failed = ERR_LIMIT;
	if ((!name.len && !address.len) || r->failed || list->n == ADDRESS_MAX)
		return;
	if (list->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 4;

		list->v = arena_grow(r->arena, list->v, r->cap * sizeof(*list->v), cap * sizeof(*list->v));
		if (!list->v) {
			r->failed = ERR_LIMIT;
			list->n = 0;
			return;
		}
		r->cap = cap;
	}
	list->v[list->n++] = (struct mail_address){ name, address };
}

/* It is no address, and so nothing is sent to it: to take the last word alone would leave somebody out. */
static void add_unclear(struct reader *r, struct bytes name, struct bytes text)
{
	if (header_text(r->arena, text, BYTES(""), &text))
		r->failed = ERR_LIMIT;
	add(r, name, text);
}

/* "a@b c@d" lacks a comma; "\"a@b\" c@d" has a name. */
static bool has_address(struct bytes text)
{
	return bytes_find(text, '@') < text.len && bytes_find(text, '"') == text.len;
}

static void entry_end(struct reader *r)
{
	struct bytes phrase = text_of(r, &r->entry.phrase), plain = text_of(r, &r->entry.plain);
	struct bytes comment = text_of(r, &r->entry.comment), word = last_word(plain);

	if (r->entry.has_angle) {
		add(r, phrase.len ? phrase : comment, address_clean(r, text_of(r, &r->entry.angle)));
	} else if (bytes_find(word, '@') < word.len) {
		struct bytes before = bytes_trim(bytes_of(plain.p, plain.len - word.len));

		/* "user @ host" of the old days is one address, not a name and one. */
		if (word.p[0] == '@' || (before.len && before.p[before.len - 1] == '@'))
			add(r, comment, address_clean(r, plain));
		else if (has_address(before))
			add_unclear(r, comment, plain);
		else
			add(r, before.len ? before : comment, address_clean(r, word));
	} else {
		add(r, comment, address_clean(r, phrase));
	}
	entry_clear(&r->entry);
}

static uint8_t take(struct reader *r)
{
	uint8_t c = r->rest.p[0];

	r->rest = bytes_of(r->rest.p + 1, r->rest.len - 1);
	return c;
}

static void put_both(struct reader *r, struct bytes text)
{
	buf_put(&r->entry.phrase, text);
	buf_put(&r->entry.plain, text);
}

/* As far as one entry is looked ahead. */
static struct bytes near(const struct reader *r)
{
	return bytes_of(r->rest.p, r->rest.len < LONGEST_ADDRESS ? r->rest.len : LONGEST_ADDRESS);
}

/* Behind the opening quote. Without a closing one it isn't quoted at all. */
static void read_quoted(struct reader *r)
{
	struct bytes in = near(r);
	size_t end = 0;

	while (!r->entry.no_quote_end && end < in.len && in.p[end] != '"')
		end += in.p[end] == '\\' && end + 1 < in.len ? 2 : 1;
	if (r->entry.no_quote_end || end >= in.len) {
		r->entry.no_quote_end = true;
		return;
	}
	buf_put_u8(&r->entry.plain, '"');
	buf_put(&r->entry.plain, bytes_of(r->rest.p, end + 1));
	for (size_t i = 0; i < end; i++) {
		if (r->rest.p[i] == '\\' && i + 1 < end)
			i++;
		buf_put_u8(&r->entry.phrase, r->rest.p[i]);
	}
	r->rest = bytes_of(r->rest.p + end + 1, r->rest.len - end - 1);
}

/* Where the comment ends, behind its opening bracket; they nest. The length of `in` if it doesn't. */
static size_t comment_len(struct bytes in)
{
	unsigned depth = 1;
	size_t i;

	for (i = 0; i < in.len; i++) {
		if (in.p[i] == '\\')
			i++;
		else if (in.p[i] == '(')
			depth++;
		else if (in.p[i] == ')' && --depth == 0)
			return i;
	}
	return in.len;
}

/* Behind the opening bracket. Without a closing one it is text: it must not swallow the addresses behind it. */
static void read_comment(struct reader *r)
{
	struct bytes in = near(r);
	size_t end = r->entry.no_comment_end ? in.len : comment_len(in);

	if (end == in.len) {
		r->entry.no_comment_end = true;
		put_both(r, BYTES("("));
		return;
	}
	for (size_t i = 0; i < end; i++) {
		i += in.p[i] == '\\';
		buf_put_u8(&r->entry.comment, in.p[i]);
	}
	r->rest = bytes_of(in.p + end + 1, r->rest.len - end - 1);
	put_both(r, BYTES(" "));
}

static void put_without_comments(struct buf *out, struct bytes in)
{
	unsigned depth = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] == '(')
			depth++;
		else if (in.p[i] == ')' && depth)
			depth--;
		else if (!depth)
			buf_put_u8(out, in.p[i]);
	}
}

/* Behind "<". Without ">" up to the next comma. */
static void read_angle(struct reader *r)
{
	struct bytes in = near(r);
	size_t end = bytes_find(in, '>'), next = bytes_find(in, '<');

	if (end == in.len || (next < end && bytes_find(in, ',') < next))
		end = bytes_find(in, ',');
	put_without_comments(&r->entry.angle, bytes_of(r->rest.p, end));
	r->rest = bytes_of(r->rest.p + end, r->rest.len - end);
	if (r->rest.len && r->rest.p[0] == '>')
		take(r);
	r->entry.has_angle = true;
}

/* An encoded word may hold commas and brackets that its mailer forgot to encode. */
static size_t word_len(struct bytes in)
{
	size_t marks = 0, i = 2;

	if (!bytes_starts(in, "=?"))
		return 0;
	for (; i < in.len && i < LONGEST_WORD && in.p[i] != '\r' && in.p[i] != '\n'; i++) {
		if (in.p[i] != '?')
			continue;
		if (marks >= 2 && i + 1 < in.len && in.p[i + 1] == '=')
			return i + 2;
		marks++;
	}
	return 0;
}

/* How much of the beginning means nothing but itself. */
static size_t ordinary_len(struct bytes in)
{
	size_t i = 0;

	while (i < in.len && !strchr("\"(<,;:=", in.p[i])) /* finds NUL, too */
		i++;
	return i;
}

/* Behind a colon: if what was read is the name of a group, it goes. */
static void end_group_name(struct reader *r)
{
	struct entry *e = &r->entry;
	struct bytes plain = text_of(r, &e->plain);

	e->is_no_group = e->is_no_group || e->has_angle || bytes_find(plain, '@') < plain.len;
	if (!e->is_no_group)
		entry_clear(e);
}

static void read_one(struct reader *r)
{
	size_t n = ordinary_len(r->rest);
	struct bytes text;

	if (!n)
		n = word_len(r->rest);
	if (n && bytes_take(&r->rest, n, &text)) {
		put_both(r, text);
		return;
	}
	switch (take(r)) {
	case '"':
		read_quoted(r);
		break;
	case '(':
		read_comment(r);
		break;
	case '<':
		read_angle(r);
		break;
	case ',':
	case ';':
		entry_end(r);
		break;
	case ':':
		end_group_name(r);
		break;
	default:
		put_both(r, bytes_of(r->rest.p - 1, 1));
	}
}

static enum err read_list(struct arena *a, struct bytes value, struct mail_addresses *out, size_t *cap)
{
	struct reader r = { .arena = a, .rest = value, .list = out, .cap = *cap };

	buf_init(&r.entry.phrase, a, 0);
	buf_init(&r.entry.plain, a, 0);
	buf_init(&r.entry.comment, a, 0);
	buf_init(&r.entry.angle, a, 0);
	if (r.rest.len > LONGEST_LIST)
		r.rest.len = LONGEST_LIST;
	while (r.rest.len && !r.failed && out->n < ADDRESS_MAX)
		read_one(&r);
	entry_end(&r);
	*cap = r.cap;
	return r.failed;
}

enum err address_list(struct arena *a, struct bytes value, struct mail_addresses *out)
{
	size_t cap = 0;

	*out = (struct mail_addresses){ 0 };
	return read_list(a, value, out, &cap);
}

enum err header_addresses(
    struct arena *a, const struct header *h, const char *name, struct mail_addresses *out)
{
	size_t cap = 0;
	enum err e;

	*out = (struct mail_addresses){ 0 };
	for (size_t i = 0; i < h->n; i++)
		if (bytes_eq_nocase(h->v[i].name, name) && (e = read_list(a, h->v[i].value, out, &cap)))
			return e;
	return ERR_OK;
}

bool address_same(struct bytes a, struct bytes b)
{
	return a.len == b.len && strncasecmp((const char *)a.p, (const char *)b.p, a.len) == 0;
}

/* ---- as ActiveSync shows them ---- */

static void put_address(struct buf *out, const struct mail_address *m)
{
	bool named = m->name.len && !bytes_eq(m->name, m->address);

	if (named)
		header_put_quoted(out, m->name);
	if (named && m->address.len)
		buf_put_u8(out, ' ');
	if (m->address.len) {
		buf_put_u8(out, '<');
		buf_put(out, m->address);
		buf_put_u8(out, '>');
	}
}

static void put_name(struct buf *out, const struct mail_address *m)
{
	buf_put(out, m->name.len ? m->name : m->address);
}

static enum err put_list(struct arena *a, const struct mail_addresses *list, const char *separator,
    size_t max, void (*put)(struct buf *out, const struct mail_address *m), struct bytes *out,
    size_t *n_shown)
{
	struct buf b;
	size_t whole = 0, n = 0;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_put_str(&b, separator);
		put(&b, &list->v[i]);
		if (b.failed || b.len > max)
			break;
		whole = b.len;
		n++;
	}
	*out = bytes_of(b.p, whole);
	*n_shown = n;
	return b.failed;
}

enum err address_list_format(
    struct arena *a, const struct mail_addresses *list, const char *separator, size_t max, struct bytes *out)
{
	size_t n;

	return put_list(a, list, separator, max, put_address, out, &n);
}

enum err address_list_count_shown(
    struct arena *a, const struct mail_addresses *list, const char *separator, size_t max, size_t *out)
{
	struct bytes text;

	return put_list(a, list, separator, max, put_address, &text, out);
}

enum err address_names(struct arena *a, const struct mail_addresses *list, size_t max, struct bytes *out)
{
	size_t n;

	return put_list(a, list, ";", max, put_name, out, &n);
}
