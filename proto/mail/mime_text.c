#include "mail/mime_text.h"

#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/mime_parse.h"
#include "mail/text.h"
#include "mail/transfer.h"

/* XML 1.0, 2.2: no control characters but TAB, LF and CR. */
static bool has_controls(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] < ' ' && in.p[i] != '\t' && in.p[i] != '\n' && in.p[i] != '\r')
			return true;
	return false;
}

static bool is_text(struct bytes in)
{
	return utf8_valid(in) && !has_controls(in);
}

struct writer {
	struct arena *arena;
	struct buf out;
	const uint8_t *at; /* what stands before it is written */
	bool base64;       /* how the body of the part at hand is encoded anew */
};

static enum err put_header(struct writer *w, struct bytes block, bool encode, bool base64)
{
	struct bytes text = block;
	struct header h;
	enum err e;

	if (!is_text(block) && (e = charset_to_utf8(w->arena, BYTES(""), block, &text)))
		return e;
	if (!encode) {
		buf_put(&w->out, text);
		return ERR_OK;
	}
	if ((e = header_parse(w->arena, text, &h)))
		return e;
	for (size_t i = 0; i < h.n; i++)
		if (!bytes_eq_nocase(h.v[i].name, "Content-Transfer-Encoding"))
			buf_put(&w->out, h.v[i].whole);
	buf_put_str(&w->out, base64 ? "Content-Transfer-Encoding: base64\r\n\r\n" :
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	return ERR_OK;
}

static void put_until(struct writer *w, const uint8_t *end)
{
	if (end > w->at)
		buf_put(&w->out, bytes_of(w->at, (size_t)(end - w->at)));
	w->at = end;
}

/* A part without parts: header and body stand side by side. */
static enum err put_leaf(struct writer *w, const struct mime_part *p)
{
	bool encoded = p->encoding == MIME_BASE64 || p->encoding == MIME_QUOTED_PRINTABLE;
	bool encode = !encoded && !is_text(p->body);
	bool base64 = !mime_is(p, "text", NULL) && !mime_is(p, "message", NULL) && !mime_is(p, "multipart", NULL);
	enum err e;

	put_until(w, p->header.p);
	if ((e = put_header(w, p->header, encode, base64)))
		return e;
	if (encode && base64)
		transfer_put_base64(&w->out, p->body);
	else if (encode)
		transfer_put_quoted_printable(&w->out, p->body);
	else
		buf_put(&w->out, p->body);
	w->at = p->body.p + p->body.len;
	return ERR_OK;
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
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p)) {
		/* The body of an enclosed message begins with a header that is its own part's. */
		if (!p->child) {
			e = put_leaf(&w, p);
		} else {
			put_until(&w, p->header.p);
			e = put_header(&w, p->header, false, false);
			w.at = p->header.p + p->header.len;
		}
		if (e)
			return e;
	}
	put_until(&w, raw.p + raw.len);
	return buf_done(&w.out, out);
}

enum err mime_text(struct arena *a, struct bytes raw, struct bytes *out)
{
	enum err e = ERR_OK;

	*out = raw;
	/* A character cut off at the end is no reason to encode anything. */
	if (raw.len - utf8_valid_len(raw) > 3 || has_controls(raw))
		e = rewrite(a, raw, out);
	return e ? e : text_crlf(a, *out, out);
}
