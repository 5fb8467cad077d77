#ifndef EASGATE_MAIL_HEADER_H
#define EASGATE_MAIL_HEADER_H

#include "base/buf.h"
#include "mail/mime_part.h"

/* Header fields (RFC 5322, 2.2), tolerant of all that is met: bare LF, lines that are no fields, 8-bit
 * characters. All decoding ends in valid UTF-8 without control characters. Only ERR_LIMIT (arena) anywhere
 * here. */

enum { HEADER_MAX_FIELDS = 2000 };

struct header_field {
	struct bytes name;
	struct bytes value; /* raw: folded, encoded, trimmed */
	struct bytes whole; /* the field's lines with their line ends */
};
struct header {
	struct header_field *v; /* in the order of the text */
	size_t n;
};

/* Reads up to where the block ends (see header_block_len). Further fields than HEADER_MAX_FIELDS are left out. */
enum err header_parse(struct arena *a, struct bytes block, struct header *out) MUST_CHECK;
/* Where the header block of a raw message ends: offset behind the empty line, or behind a line of blanks if what follows can't be
 * header; the whole length if there is none. */
size_t header_block_len(struct bytes raw);
/* A raw message without what some programs put before its first field: a byte order mark, empty lines. */
struct bytes header_skip_junk(struct bytes raw);
/* The first field of that name, or NULL. */
const struct header_field *header_find(const struct header *h, const char *name);
/* Its raw value; empty if there is no such field. */
struct bytes header_get(const struct header *h, const char *name);

/* A field as it is, into another header: the last one of a mail that ends in its header lacks the line end. */
void header_put_field(struct buf *out, const struct header_field *f);
/* A quoted-string (RFC 5322, 3.2.4). The text has nothing in it that would end the line. */
void header_put_quoted(struct buf *out, struct bytes text);

/* The value as text: unfolded, encoded words decoded (RFC 2047) also where they are slightly wrong, raw
 * 8-bit as UTF-8, else as `charset` (may be empty), else as windows-1252. */
enum err header_text(struct arena *a, struct bytes value, struct bytes charset, struct bytes *out) MUST_CHECK;
enum err header_get_text(
    struct arena *a, const struct header *h, const char *name, struct bytes *out) MUST_CHECK;

/* ---- structured values ---- */

/* "text/plain; charset=utf-8": what stands before the first semicolon, and the parameters, raw as in
 * struct mime_param. */
enum err header_params(
    struct arena *a, struct bytes value, struct bytes *head, struct mime_params *out) MUST_CHECK;
/* A parameter decoded, for what people read and for what should not have been encoded but was: RFC 2231
 * pieces put together, percent-decoded and converted, else RFC 2047 words (wrong but usual). Empty if it
 * isn't there. */
enum err mime_param_decode(
    struct arena *a, const struct mime_params *params, const char *name, struct bytes *out) MUST_CHECK;

/* The next <id> of a Message-ID, References or In-Reply-To value, without its brackets; false at the end. */
bool message_id_next(struct bytes *value, struct bytes *out);
/* Whether it may stand in a header that we write: no blanks or control characters, and short enough for its line (RFC 5322, 2.1.1). */
bool message_id_is_sound(struct bytes id);

#endif
