#include "mail/part_recode.h"

#include "mail/charset.h"
#include "mail/header.h"
#include "mail/transfer.h"

/* Quoted-printable keeps text readable, but makes CRLF of line ends: that is for text alone, in a charset in which
 * these bytes are line ends. */
static bool wants_base64(const struct mime_part *p)
{
	if (p->encoding == MIME_BASE64 || !charset_is_ascii_based(mime_param(&p->params, "charset")))
		return true;
	return !mime_is(p, "text", NULL) && !mime_is(p, "message", NULL) && !mime_is(p, "multipart", NULL);
}

static enum err put_header(struct arena *a, struct bytes block, bool base64, struct buf *out)
{
	struct header h;
	enum err e = header_parse(a, block, &h);

	if (e)
		return e;
	for (size_t i = 0; i < h.n; i++)
		if (!bytes_eq_nocase(h.v[i].name, "Content-Transfer-Encoding"))
			buf_put(out, h.v[i].whole);
	buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", base64 ? "base64" : "quoted-printable");
	return ERR_OK;
}

enum err part_recode(struct arena *a, const struct mime_part *p, struct bytes *out)
{
	struct bytes octets = p->body;
	bool base64 = wants_base64(p);
	enum err e = ERR_OK;
	struct buf b;

	if (p->encoding == MIME_BASE64 || p->encoding == MIME_QUOTED_PRINTABLE)
		e = transfer_decode(a, p->encoding, p->body, &octets);
	if (e)
		return e;
	buf_init(&b, a, 0);
	if ((e = put_header(a, p->header, base64, &b)))
		return e;
	if (base64)
		transfer_put_base64(&b, octets);
	else
		transfer_put_quoted_printable(&b, octets);
	return buf_done(&b, out);
}
