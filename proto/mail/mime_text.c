#include "mail/mime_text.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/mime_parse.h"
#include "mail/part_recode.h"
#include "mail/text.h"

/* The length of what XML forbids at the beginning: control characters but TAB, LF and CR, and U+FFFE and
 * U+FFFF. Source: XML 1.0, 2.2. */
static size_t forbidden_len(struct bytes in)
{
	if (in.p[0] < ' ')
		return in.p[0] != '\t' && in.p[0] != '\n' && in.p[0] != '\r';
	return in.p[0] == 0xEF && (bytes_starts(in, "\xEF\xBF\xBE") || bytes_starts(in, "\xEF\xBF\xBF")) ? 3
													 : 0;
}

static size_t clean_len(struct bytes in)
{
	size_t i = 0;

	while (i < in.len &&
	       !((in.p[i] < ' ' || in.p[i] == 0xEF) && forbidden_len(bytes_of(in.p + i, in.len - i))))
		i++;
	return i;
}

static bool is_text(struct bytes in)
{
	return utf8_valid(in) && clean_len(in) == in.len;
}

struct writer {
	struct arena *arena;
	struct buf out;
	const uint8_t *at; /* what stands before it is written */
};

/* Text in no known charset, with a blank for each character that XML forbids. */
static enum err put_text(struct writer *w, struct bytes in)
{
	struct bytes text = in, run;
	enum err e;

	if (!utf8_valid(in) && (e = charset_to_utf8(w->arena, BYTES(""), in, &text)))
		return e;
	while (bytes_take(&text, clean_len(text), &run)) {
		buf_put(&w->out, run);
		if (!text.len)
			break;
		buf_put_u8(&w->out, ' ');
		run.len = forbidden_len(text);
		text = bytes_of(text.p + run.len, text.len - run.len);
	}
	return ERR_OK;
}

/* Boundaries and what stands beside them, headers of multiparts. */
static enum err put_until(struct writer *w, const uint8_t *end)
{
	enum err e = end > w->at ? put_text(w, bytes_of(w->at, (size_t)(end - w->at))) : ERR_OK;

	w->at = end;
	return e;
}

/* A part without parts whose body is no text: header and body stand side by side. */
static enum err put_anew(struct writer *w, const struct mime_part *p)
{
	struct bytes anew;
	enum err e;

	if ((e = put_until(w, p->header.p)) || (e = part_recode(w->arena, p, &anew)))
		return e;
	w->at = p->body.p + p->body.len;
	return put_text(w, anew);
}

static enum err rewrite(struct arena *a, struct bytes raw, struct bytes *out)
{
	struct writer w = { .arena = a, .at = raw.p };
	struct mime_part *root;
	struct bytes header;
	enum err e;

	if ((e = mime_parse(a, raw, &header, &root)))
		return e;
	buf_init(&w.out, a, 0);
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p))
		if (!p->child && !is_text(p->body) && (e = put_anew(&w, p)))
			return e;
	if ((e = put_until(&w, raw.p + raw.len)))
		return e;
	return buf_done(&w.out, out);
}

enum err mime_text(struct arena *a, struct bytes raw, bool whole, struct bytes *out)
{
	size_t valid = utf8_valid_len(raw);
	enum err e = ERR_OK;

	if (!whole && raw.len - valid < 4)
		raw.len = valid;
	*out = raw;
	if (valid < raw.len || clean_len(raw) < raw.len)
		e = rewrite(a, raw, out);
	return e ? e : text_crlf(a, *out, out);
}

/* ---- in pieces ---- */

static bool has_crlf_only(struct mime_text_check *c, struct bytes piece)
{
	bool cr = c->after_cr;

	for (size_t i = 0; i < piece.len; i++) {
		if (cr != (piece.p[i] == '\n'))
			return false;
		cr = piece.p[i] == '\r';
	}
	c->after_cr = cr;
	return true;
}

/* Goes on with the character that the last piece has begun. */
static void take_held(struct mime_text_check *c, struct bytes *piece)
{
	while (c->n_held && piece->len) {
		struct bytes held = bytes_of(c->held, ++c->n_held);

		c->held[held.len - 1] = *piece->p;
		*piece = bytes_of(piece->p + 1, piece->len - 1);
		if (utf8_char_len(held) == held.len) {
			c->wrong |= clean_len(held) < held.len;
			c->n_held = 0;
		} else if (held.len == sizeof(c->held)) {
			c->wrong = true;
			return;
		}
	}
}

void mime_text_check_put(struct mime_text_check *c, struct bytes piece)
{
	size_t valid, rest;

	c->size += piece.len;
	c->wrong = c->wrong || !has_crlf_only(c, piece);
	if (c->wrong)
		return;
	take_held(c, &piece);
	if (c->wrong || !piece.len)
		return;
	valid = utf8_valid_len(piece);
	rest = piece.len - valid;
	c->wrong = rest >= sizeof(c->held) || clean_len(bytes_of(piece.p, valid)) < valid;
	if (c->wrong)
		return;
	memcpy(c->held, piece.p + valid, rest);
	c->n_held = rest;
}

bool mime_text_check_end(const struct mime_text_check *c)
{
	return !c->wrong && !c->after_cr && !c->n_held;
}
