#include "mail/fingerprint.h"

#include <inttypes.h>

#include "base/hash.h"
#include "mail/header.h"
#include "mail/mime_parse.h"

struct fingers {
	uint64_t v[2];
};

static void add(struct fingers *f, struct bytes in)
{
	f->v[0] = hash64(in, f->v[0]);
	f->v[1] = hash64(in, f->v[1] ^ in.len);
}

/* Date is what most phones write when they send, so the same mail has another one when it is sent again. Content-Type of a multipart has the
 * boundary in it; that of a part is looked at there. */
static bool is_made_anew(const struct header_field *f, unsigned counts)
{
	return (!(counts & FINGERPRINT_DATE) && bytes_eq_nocase(f->name, "Date")) ||
	       bytes_eq_nocase(f->name, "Content-Type") ||
	       (!(counts & FINGERPRINT_MESSAGE_ID) && bytes_eq_nocase(f->name, "Message-ID"));
}

static void add_header(struct fingers *f, const struct header *h, unsigned counts)
{
	for (size_t i = 0; i < h->n; i++) {
		if (is_made_anew(&h->v[i], counts))
			continue;
		add(f, h->v[i].name);
		add(f, h->v[i].value);
	}
}

/* It has the time in it, so that the same text is signed differently each time. What it signs is looked at. */
static bool is_signature(const struct mime_part *p)
{
	return p->parent && mime_is(p->parent, "multipart", "signed") && p != p->parent->child &&
	       (mime_is(p, "application", "pkcs7-signature") ||
		   mime_is(p, "application", "x-pkcs7-signature") ||
		   mime_is(p, "application", "pgp-signature"));
}

static void add_parts(struct fingers *f, const struct mime_part *root)
{
	for (const struct mime_part *p = root; p; p = mime_part_next(root, p)) {
		add(f, p->type);
		add(f, p->subtype);
		if (!p->child && !is_signature(p))
			add(f, p->body);
	}
}

enum err mail_fingerprint(
    struct arena *a, struct bytes raw, uint64_t asked, unsigned counts, struct bytes *out)
{
	struct fingers f = { { asked + 1, asked + 2 } };
	struct mime_part *root;
	struct header header;
	struct bytes block;
	char *text;
	enum err e;

	if ((e = mime_parse(a, raw, &block, &root)) || (e = header_parse(a, block, &header)))
		return e;
	add_header(&f, &header, counts);
	add_parts(&f, root);
	text = arena_printf(a, "%016" PRIx64 "%016" PRIx64, f.v[0], f.v[1]);
	if (!text)
		return ERR_LIMIT;
	*out = bytes_str(text);
	return ERR_OK;
}
