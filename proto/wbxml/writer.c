/* Writes WBXML straight into a buffer. A tag goes out without its content bit, which is set when the first
 * content follows: so an empty element needs no look ahead, and one that stays empty can be taken back
 * whole. */
#include "wbxml/wbxml.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "wbxml/token.h"

enum { UINT_MAX_BYTES = 5, PAGE_SHIFT = 8 };

void wbxml_writer_init(struct wbxml_writer *w, struct buf *out)
{
	static const uint8_t head[] = { WBXML_1_3, PUBLIC_ID_UNKNOWN, CHARSET_UTF_8, 0 };

	*w = (struct wbxml_writer){ .out = out };
	buf_put(out, bytes_of(head, sizeof(head)));
}

/* Content is about to follow the newest open tag. */
static void begin_content(struct wbxml_writer *w)
{
	if (w->content_bit_due && !w->out->failed)
		w->out->p[w->tag_at[w->depth - 1]] |= TAG_CONTENT;
	w->content_bit_due = false;
}

void wbxml_open(struct wbxml_writer *w, wbxml_tag tag)
{
	uint8_t page = (uint8_t)(tag >> PAGE_SHIFT), *room;
	size_t n = 0;

	assert(w->depth < WBXML_MAX_DEPTH);
	assert((tag & 0xFF) >= TAG_FIRST && (tag & 0xFF) <= TAG_MASK);
	if (w->depth)
		begin_content(w);
	w->before[w->depth] = w->out->len;
	w->page_before[w->depth] = w->page;
	room = buf_room(w->out, 3);
	if (room && page != w->page) {
		room[n++] = TOKEN_SWITCH_PAGE;
		room[n++] = page;
	}
	w->page = page;
	w->tag_at[w->depth] = w->out->len + n;
	if (room) {
		room[n++] = (uint8_t)(tag & TAG_MASK);
		buf_claim(w->out, n);
	}
	w->depth++;
	w->content_bit_due = true;
	w->text_end = 0;
}

void wbxml_close(struct wbxml_writer *w)
{
	assert(w->depth > 0);
	if (!w->content_bit_due)
		buf_put_u8(w->out, TOKEN_END);
	w->content_bit_due = false;
	w->text_end = 0;
	w->depth--;
}

void wbxml_close_or_drop(struct wbxml_writer *w)
{
	assert(w->depth > 0);
	if (!w->content_bit_due) {
		wbxml_close(w);
		return;
	}
	w->depth--;
	w->content_bit_due = false;
	w->text_end = 0;
	if (w->out->failed)
		return;
	w->out->len = w->before[w->depth];
	w->page = w->page_before[w->depth];
	/* Was it the only content of its parent? Then that has none again. */
	if (w->depth && w->out->len == w->tag_at[w->depth - 1] + 1) {
		w->out->p[w->tag_at[w->depth - 1]] &= (uint8_t)~TAG_CONTENT;
		w->content_bit_due = true;
	}
}

/* A set high bit, or a byte below 0x20, in any of the eight bytes. */
static bool word_needs_a_look(const uint8_t *p)
{
	const uint64_t ones = ~(uint64_t)0 / 255, high = ones * 0x80;
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return (((w - ones * 0x20) | w) & high) != 0;
}

static bool is_forbidden_control(uint8_t c)
{
	return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/* U+FFFE and U+FFFF are the only characters above the controls that UTF-8 can hold and XML 1.0 can't. */
static bool is_noncharacter(const uint8_t *p, size_t len)
{
	return len == 3 && p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xBE;
}

/* How many bytes from the start may stand in XML 1.0 as they are. */
static size_t clean_len(struct bytes in)
{
	size_t i = 0;

	while (i < in.len) {
		size_t n = 1;

		if (in.len - i >= sizeof(uint64_t) && !word_needs_a_look(in.p + i)) {
			i += sizeof(uint64_t);
			continue;
		}
		if (in.p[i] >= 0x80)
			n = utf8_char_len(bytes_of(in.p + i, in.len - i));
		if (n == 0 || is_forbidden_control(in.p[i]) || is_noncharacter(in.p + i, n))
			break;
		i += n;
	}
	return i;
}

static void put_clean(struct buf *out, struct bytes text)
{
	for (;;) {
		struct bytes clean;
		size_t from;

		if (!bytes_take(&text, clean_len(text), &clean))
			return;
		buf_put(out, clean);
		if (text.len == 0)
			return;
		from = text.len;
		if (utf8_char_len(text) == 0)
			utf8_put(out, utf8_next(&text));
		else
			utf8_next(&text);
		assert(text.len < from);
	}
}

enum err wbxml_clean(struct arena *a, struct bytes in, struct bytes *out)
{
	struct buf b;

	*out = in;
	if (clean_len(in) == in.len)
		return ERR_OK;
	buf_init(&b, a, 0);
	put_clean(&b, in);
	return buf_done(&b, out);
}

/* The usual case in one go: a whole string that needs no repair. */
static void put_string(struct wbxml_writer *w, struct bytes text)
{
	uint8_t *p = buf_room(w->out, text.len + 2);

	if (!p)
		return;
	p[0] = TOKEN_STR_I;
	memcpy(p + 1, text.p, text.len);
	p[text.len + 1] = 0;
	buf_claim(w->out, text.len + 2);
	w->text_end = w->out->len;
}

void wbxml_text(struct wbxml_writer *w, struct bytes text)
{
	bool continues = w->text_end && w->text_end == w->out->len;
	bool was_due = w->content_bit_due;
	size_t before = w->out->len, from;

	assert(w->depth > 0);
	if (text.len == 0 || w->out->failed)
		return;
	begin_content(w);
	if (!continues && clean_len(text) == text.len) {
		put_string(w, text);
		return;
	}
	if (continues)
		w->out->len--; /* the string's NUL */
	else
		buf_put_u8(w->out, TOKEN_STR_I);
	from = w->out->len;
	put_clean(w->out, text);
	if (!continues && w->out->len == from && !w->out->failed) {
		/* Nothing was left of it. */
		w->out->len = before;
		w->content_bit_due = was_due;
		if (was_due)
			w->out->p[w->tag_at[w->depth - 1]] &= (uint8_t)~TAG_CONTENT;
		return;
	}
	buf_put_u8(w->out, 0);
	w->text_end = w->out->len;
}

void wbxml_opaque(struct wbxml_writer *w, struct bytes data)
{
	uint8_t head[1 + UINT_MAX_BYTES];
	size_t at = sizeof(head);
	size_t len = data.len;

	assert(w->depth > 0);
	if (len > UINT32_MAX) {
		w->out->failed = w->out->failed ? w->out->failed : ERR_LIMIT;
		return;
	}
	begin_content(w);
	w->text_end = 0;
	head[--at] = (uint8_t)(len & 0x7F);
	while (len >>= 7)
		head[--at] = (uint8_t)(0x80 | (len & 0x7F));
	head[--at] = TOKEN_OPAQUE;
	buf_put(w->out, bytes_of(head + at, sizeof(head) - at));
	buf_put(w->out, data);
}

size_t wbxml_gap(struct wbxml_writer *w)
{
	size_t at;

	assert(w->depth > 0);
	begin_content(w);
	buf_put_u8(w->out, TOKEN_STR_I);
	at = w->out->len;
	buf_put_u8(w->out, 0);
	w->text_end = 0;
	return at;
}

void wbxml_put(struct wbxml_writer *w, wbxml_tag tag, struct bytes value)
{
	const struct wbxml_tag_info *info = wbxml_tag_info(tag);

	wbxml_open(w, tag);
	if (value.len && info && info->opaque)
		wbxml_opaque(w, value);
	else
		wbxml_text(w, value);
	wbxml_close(w);
}

void wbxml_put_str(struct wbxml_writer *w, wbxml_tag tag, const char *value)
{
	wbxml_put(w, tag, bytes_str(value));
}

void wbxml_put_uint(struct wbxml_writer *w, wbxml_tag tag, uint64_t value)
{
	char digits[20]; /* 2^64 - 1 has 20 */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
	} while (value /= 10);
	wbxml_put(w, tag, bytes_of(digits + at, sizeof(digits) - at));
}

void wbxml_put_empty(struct wbxml_writer *w, wbxml_tag tag)
{
	wbxml_open(w, tag);
	wbxml_close(w);
}

struct wbxml_mark wbxml_mark(const struct wbxml_writer *w)
{
	return (struct wbxml_mark){
		.len = w->out->len,
		.text_end = w->text_end,
		.page = w->page,
		.depth = w->depth,
		.content_bit_due = w->content_bit_due,
		.failed = w->out->failed,
	};
}

void wbxml_rollback(struct wbxml_writer *w, struct wbxml_mark m)
{
	assert(w->depth >= m.depth && w->out->len >= m.len);
	w->out->len = m.len;
	w->out->failed = m.failed;
	w->page = m.page;
	w->depth = m.depth;
	w->content_bit_due = m.content_bit_due;
	w->text_end = m.text_end;
	if (m.failed)
		return;
	if (m.content_bit_due)
		w->out->p[w->tag_at[m.depth - 1]] &= (uint8_t)~TAG_CONTENT;
	if (m.text_end && m.text_end == m.len)
		w->out->p[m.len - 1] = 0; /* the string's end, if the string was continued since */
}

void wbxml_fragment_init(struct wbxml_writer *w, struct buf *out)
{
	*w = (struct wbxml_writer){ .out = out };
}

enum err wbxml_fragment_done(struct wbxml_writer *w, struct wbxml_fragment *out)
{
	assert(w->depth == 0);
	out->page = w->page;
	return buf_done(w->out, &out->bytes);
}

void wbxml_put_fragment(struct wbxml_writer *w, const struct wbxml_fragment *f)
{
	static const uint8_t to_first_page[] = { TOKEN_SWITCH_PAGE, 0 };

	assert(w->depth > 0);
	if (!f->bytes.len)
		return;
	begin_content(w);
	if (w->page)
		buf_put(w->out, bytes_of(to_first_page, sizeof(to_first_page)));
	buf_put(w->out, f->bytes);
	w->page = f->page;
	w->text_end = 0;
}

enum err wbxml_done(struct wbxml_writer *w, struct bytes *out)
{
	assert(w->depth == 0);
	return buf_done(w->out, out);
}
