#include "mail/wire_safe.h"

#include "base/buf.h"
#include "mail/mime_parse.h"
#include "mail/part_recode.h"

enum { LINE_MAX_LEN = 998 };

/* What a body has that SMTP can't carry, or would change. */
struct troubles {
	bool nul, long_line, bare_end;
};

static struct troubles look(struct bytes in)
{
	struct troubles t = { false };
	size_t column = 0;

	for (size_t i = 0; i < in.len; i++) {
		bool crlf = in.p[i] == '\r' && i + 1 < in.len && in.p[i + 1] == '\n';

		if (in.p[i] == '\r' || in.p[i] == '\n') {
			t.bare_end = t.bare_end || !crlf;
			column = 0;
			i += crlf;
			continue;
		}
		t.nul = t.nul || in.p[i] == 0;
		t.long_line = t.long_line || ++column > LINE_MAX_LEN;
	}
	return t;
}

/* Lone line ends are the octets of a file only where a part says that it is binary. */
static bool needs_recoding(const struct mime_part *p)
{
	struct troubles t = look(p->body);

	return t.nul || t.long_line ||
	       (p->encoding == MIME_BINARY && t.bare_end && !mime_is(p, "text", NULL));
}

/* Of an unknown encoding nobody can say what its octets stand for. */
static bool may_be_recoded(const struct mime_part *p)
{
	return !p->child && p->header.len && p->encoding != MIME_UUENCODE &&
	       p->encoding != MIME_ENCODING_UNKNOWN;
}

static bool is_sealed(const struct mime_part *p)
{
	return mime_is(p, "multipart", "signed") || mime_is(p, "multipart", "encrypted");
}

static enum err rewrite(struct arena *a, struct bytes raw, struct bytes *out)
{
	const uint8_t *at = raw.p; /* what stands before it is written */
	struct bytes header, anew;
	struct mime_part *root, *p;
	struct buf b;
	enum err e;

	if ((e = mime_parse(a, raw, &header, &root)))
		return e;
	buf_init(&b, a, 0);
	for (p = root; p; p = is_sealed(p) ? mime_part_skip(root, p) : mime_part_next(root, p)) {
		if (!may_be_recoded(p) || !needs_recoding(p))
			continue;
		if ((e = part_recode(a, p, &anew)))
			return e;
		buf_put(&b, bytes_of(at, (size_t)(p->header.p - at)));
		buf_put(&b, anew);
		at = p->body.p + p->body.len;
	}
	buf_put(&b, bytes_of(at, (size_t)(raw.p + raw.len - at)));
	return buf_done(&b, out);
}

enum err mail_wire_safe(struct arena *a, struct bytes raw, struct bytes *out)
{
	struct troubles t = look(raw);

	*out = raw;
	return t.nul || t.long_line || t.bare_end ? rewrite(a, raw, out) : ERR_OK;
}
