#ifndef EASGATE_MAIL_MIME_PART_H
#define EASGATE_MAIL_MIME_PART_H

#include "base/arena.h"
#include "base/bytes.h"

/* The structure of a mail: what BODYSTRUCTURE tells, and what mime_parse finds in a raw mail. Who builds
 * such a tree stops at these bounds: deeper levels and further parts are left out, so that a walk is
 * always bounded. */
enum { MIME_MAX_DEPTH = 104 /* some more than Dovecot looks */, MIME_MAX_PARTS = 1000, MIME_MAX_PARAMS = 64 };

enum mime_encoding {
	MIME_7BIT, /* also where nothing is said */
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_UUENCODE,         /* x-uuencode and its other names */
	MIME_ENCODING_UNKNOWN, /* shown as it is */
};

enum mime_disposition {
	MIME_DISPOSITION_NONE,
	MIME_INLINE,
	MIME_ATTACHMENT /* also any unknown word, RFC 2183 2.8 */
};

/* As on the wire without its quotes: an RFC 2231 piece is still "filename*0*", a value still undecoded.
 * mime_param_decode (header.h) puts them together. */
struct mime_param {
	struct bytes name, value;
};
struct mime_params {
	struct mime_param *v;
	size_t n;
};

struct tnef;

/* All memory is the arena's (or the raw mail's). A zeroed part is valid: an empty type means
 * that nothing was said, which mime_is treats as text/plain (RFC 2045, 5.2). */
struct mime_part {
	struct bytes type, subtype;      /* any letter case */
	struct mime_params params;       /* of Content-Type */
	struct bytes id;                 /* Content-ID, with or without <> */
	struct bytes description;        /* undecoded */
	struct bytes location, language; /* Content-Location; the first Content-Language */
	enum mime_encoding encoding;
	uint32_t size;  /* of the body in octets as they are transferred, RFC822.SIZE of message/rfc822 */
	uint32_t lines; /* text and message/rfc822, where known */
	enum mime_disposition disposition;
	struct mime_params disposition_params;

	/* What BODY[section] wants for this part's body: "1.2". A multipart that is the root is "TEXT",
	 * one that is all of an enclosed message "2.TEXT". Set by mime_tree_finish. */
	const char *section;
	/* Children: the parts of a multipart; of message/rfc822 the one part that is the enclosed
	 * message's body. */
	struct mime_part *parent, *child, *next;

	/* Only from mime_parse (views of the raw mail): this part's own header block, its encoded body,
	 * and for message/rfc822 the enclosed message's header block. */
	struct bytes header, body, message_header;
	bool is_text; /* only from body_plan: it is read rather than opened */
	bool is_cut;  /* the root's: there were more parts than MIME_MAX_PARTS */
	/* Only from tnef_unfold (tnef_part.h): the winmail.dat that this part is or was. */
	const struct tnef *item;
};

/* Sets parent and section in the whole tree under root, which is a message's own body; child and next must
 * be linked. Cuts what is deeper than MIME_MAX_DEPTH or beyond MIME_MAX_PARTS parts. Only ERR_LIMIT
 * (arena). */
enum err mime_tree_finish(struct arena *a, struct mime_part *root) MUST_CHECK;

/* The parts in the order of the text, each before its children. NULL after the last one below root. */
struct mime_part *mime_part_next(const struct mime_part *root, const struct mime_part *part);
/* The same, but not into the children of `part`. */
struct mime_part *mime_part_skip(const struct mime_part *root, const struct mime_part *part);
/* Whether no part has a single octet. Said of a mail with a body, it means that who tells the structure has not found its
 * boundaries. */
bool mime_is_hollow(const struct mime_part *root);
/* The part of that section, or NULL. */
struct mime_part *mime_part_find(const struct mime_part *root, struct bytes section);

/* "text", "plain" in lower case; subtype NULL for any. */
static inline bool mime_is(const struct mime_part *part, const char *type, const char *subtype)
{
	bool silent = part->type.len == 0;
	struct bytes t = silent ? BYTES("text") : part->type;
	struct bytes s = silent ? BYTES("plain") : part->subtype;

	return bytes_eq_nocase(t, type) && (!subtype || bytes_eq_nocase(s, subtype));
}
/* A mail's header without its body, as reports return it (RFC 6522, 4; RFC 6533, 6.3). */
static inline bool mime_is_headers(const struct mime_part *part)
{
	return mime_is(part, "text", "rfc822-headers") || mime_is(part, "message", "global-headers");
}
/* The part of a report that programs read (RFC 3464, RFC 8098; RFC 6533, 5). */
static inline bool mime_is_report(const struct mime_part *part)
{
	return mime_is(part, "message", "delivery-status") ||
	       mime_is(part, "message", "global-delivery-status") ||
	       mime_is(part, "message", "disposition-notification") ||
	       mime_is(part, "message", "global-disposition-notification");
}
/* The value of a Content-Type parameter as it is on the wire; empty if it isn't there. */
struct bytes mime_param(const struct mime_params *params, const char *name);
/* "base64" → MIME_BASE64, in any letter case; empty → MIME_7BIT. */
enum mime_encoding mime_encoding_parse(struct bytes name);
/* "inline" → MIME_INLINE; empty → MIME_DISPOSITION_NONE; anything else → MIME_ATTACHMENT. */
enum mime_disposition mime_disposition_parse(struct bytes name);

#endif
