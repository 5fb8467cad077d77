/* Header values as text: RFC 2047, and what mailers make of it. */
#include <strings.h>

#include "base/hex.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/transfer.h"

/* RFC 2047 allows 75; some put a whole subject into one. */
enum { LONGEST_WORD = 2000, LONGEST_VALUE = 256 * 1024 };

struct word {
	struct bytes charset; /* without a language (RFC 2231, 5) */
	bool base64;
	struct bytes text;
	size_t len; /* of the whole word */
};

static size_t find_pair(struct bytes in, char first, char second)
{
	size_t i = 0;

	while (i + 1 < in.len) {
		i += bytes_find(bytes_of(in.p + i, in.len - i - 1), (uint8_t)first);
		if (i + 1 < in.len && in.p[i + 1] == (uint8_t)second)
			return i;
		i++;
	}
	return in.len;
}

/* An encoded word at the beginning of `in`. Blanks inside are no reason to refuse it.
 *   mark  the "?=" that was looked for last, which the next call begins at: so each is looked for once, however
 *         many beginnings without an end there are */
static bool word_read(struct bytes in, const uint8_t **mark, struct word *out)
{
	struct bytes rest = in, charset, encoding;
	size_t end;

	if (!bytes_starts(in, "=?"))
		return false;
	rest = bytes_of(in.p + 2, in.len - 2);
	if (!bytes_split(&rest, '?', &charset) || !bytes_split(&rest, '?', &encoding) || charset.len > 60 ||
	    (!bytes_eq_nocase(encoding, "q") && !bytes_eq_nocase(encoding, "b")))
		return false;
	if (*mark < rest.p)
		*mark = rest.p + find_pair(rest, '?', '=');
	end = (size_t)(*mark - rest.p);
	if (end == rest.len || end > LONGEST_WORD)
		return false;
	out->charset = bytes_of(charset.p, bytes_find(charset, '*'));
	out->base64 = bytes_eq_nocase(encoding, "b");
	out->text = bytes_of(rest.p, end);
	out->len = (size_t)(rest.p - in.p) + end + 2;
	return true;
}

static void put_q(struct buf *out, struct bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];

		if (c == '=' && i + 2 < in.len && hex_digit(in.p[i + 1]) >= 0 &&
		    hex_digit(in.p[i + 2]) >= 0) {
			c = (uint8_t)(hex_digit(in.p[i + 1]) << 4 | hex_digit(in.p[i + 2]));
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		buf_put_u8(out, c);
	}
}

/* What has been decoded so far. Neighbouring words of one charset are converted together, since mailers
 * cut in the middle of characters. */
struct decoder {
	struct arena *arena;
	struct buf out;
	struct bytes fallback; /* charset of raw 8-bit text */
	struct bytes charset;
	struct buf pending; /* octets in `charset` */
};

static void put_converted(struct decoder *d, struct bytes charset, struct bytes octets)
{
	struct bytes text;

	if (charset_to_utf8(d->arena, charset, octets, &text))
		d->out.failed = ERR_LIMIT;
	else
		buf_put(&d->out, text);
}

static void flush(struct decoder *d)
{
	struct bytes octets;

	if (buf_done(&d->pending, &octets))
		d->out.failed = ERR_LIMIT;
	else if (octets.len)
		put_converted(d, d->charset, octets);
	buf_init(&d->pending, d->arena, 0);
}

static void put_word(struct decoder *d, const struct word *w)
{
	struct bytes octets;

	if (d->pending.len &&
	    !(d->charset.len == w->charset.len &&
		strncasecmp((const char *)d->charset.p, (const char *)w->charset.p, w->charset.len) == 0))
		flush(d);
	d->charset = w->charset;
	if (!w->base64)
		put_q(&d->pending, w->text);
	else if (transfer_decode(d->arena, MIME_BASE64, w->text, &octets))
		d->out.failed = ERR_LIMIT;
	else
		buf_put(&d->pending, octets);
}

static bool is_white(struct bytes in)
{
	return bytes_trim(in).len == 0;
}

static void decode_words(struct decoder *d, struct bytes rest)
{
	const uint8_t *mark = rest.p;
	bool after_word = false;

	while (rest.len && !d->out.failed) {
		size_t at = find_pair(rest, '=', '?'), from = 0;
		struct word w = { 0 };

		while (at < rest.len && !word_read(bytes_of(rest.p + at, rest.len - at), &mark, &w)) {
			from = at + 2;
			at = from + find_pair(bytes_of(rest.p + from, rest.len - from), '=', '?');
		}
		if (!(after_word && at < rest.len && is_white(bytes_of(rest.p, at)))) {
			flush(d);
			put_converted(d, d->fallback, bytes_of(rest.p, at));
		}
		if (at == rest.len)
			break;
		put_word(d, &w);
		after_word = true;
		rest = bytes_of(rest.p + at + w.len, rest.len - at - w.len);
	}
	flush(d);
}

/* Line ends of folding go, other control characters become blanks. */
static enum err clean(struct arena *a, struct bytes in, bool unfold_only, struct bytes *out)
{
	uint8_t *p;
	size_t n = 0, i = 0;

	while (i < in.len && in.p[i] >= ' ' && in.p[i] != 127)
		i++;
	if (i == in.len) {
		*out = in;
		return ERR_OK;
	}
	p = arena_alloc(a, in.len);
	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];

		if (unfold_only && (c == '\r' || c == '\n') && (i + 1 == in.len || in.p[i + 1] <= ' '))
			continue;
		/* Escapes are part of iso-2022-jp, which some send raw. */
		p[n++] = (c < ' ' && !(unfold_only && c == 27)) || c == 127 ? ' ' : c;
	}
	*out = bytes_of(p, n);
	return ERR_OK;
}

enum err header_text(struct arena *a, struct bytes value, struct bytes charset, struct bytes *out)
{
	struct decoder d = { .arena = a, .fallback = charset };
	enum err e;

	if (value.len > LONGEST_VALUE)
		value.len = LONGEST_VALUE;
	e = clean(a, value, true, &value);
	if (e)
		return e;
	value = bytes_trim(value);
	if (find_pair(value, '=', '?') == value.len) {
		e = charset_to_utf8(a, charset, value, out);
	} else {
		buf_init(&d.out, a, 0);
		buf_init(&d.pending, a, 0);
		decode_words(&d, value);
		e = buf_done(&d.out, out);
	}
	if (e || (e = clean(a, *out, false, out)))
		return e;
	*out = bytes_trim(*out);
	return ERR_OK;
}
