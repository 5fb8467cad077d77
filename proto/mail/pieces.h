#ifndef EASGATE_MAIL_PIECES_H
#define EASGATE_MAIL_PIECES_H

#include "base/buf.h"
#include "mail/mime_part.h"

/* A mail that is made of text that is here and of parts of another mail that aren't: those are named, and copied from server to
 * server. */

/* Bytes that are here, or a section of the other mail. */
struct smart_piece {
	struct bytes text;
	const char *section; /* as imap_part_request has it: "" is the whole mail; NULL: it is text */
	uint32_t size;       /* of the section; as the server said */
};

struct smart {
	struct bytes header;   /* block with the empty line: what compose_read takes */
	struct smart_piece *v; /* the body, in order */
	size_t n, cap;
	bool has_8bit; /* some section has, or may have, bytes above 127 */
	bool has_sections;
};

/* Writes one: text into `text`, and in between the calls below. */
struct pieces {
	struct arena *arena;
	struct smart *out;
	struct buf text; /* of the piece that is being written */
};
void pieces_init(struct pieces *p, struct arena *a, struct smart *out);
/* A section of the other mail, as it is. Only ERR_LIMIT. */
enum err pieces_put_section(struct pieces *p, const char *section, uint32_t size) MUST_CHECK;
/* A part of the other mail behind that boundary, with a header of its own. Only ERR_LIMIT. */
enum err pieces_put_part(
    struct pieces *p, const char *mark, const char *boundary, const struct mime_part *part) MUST_CHECK;
/* All is written. The header block goes apart: its addresses are still to be looked at. ERR_PROTO: there is none. */
enum err pieces_done(struct pieces *p) MUST_CHECK;

/* Whether it has, or may have, bytes above 127. */
bool piece_is_8bit(const struct mime_part *part);
/* A text among the files: where it stood it was one, but behind another text programs would take it for more of that. */
struct mime_part piece_as_file(const struct mime_part *part);

#endif
