#ifndef EASGATE_EAS_OPAQUE_ID_H
#define EASGATE_EAS_OPAQUE_ID_H

#include "base/arena.h"
#include "base/bytes.h"

/* Names that phones give back as they got them: LongId of a mail, FileReference of a part of it. They say folder and item as
 * ServerId does, no names, need no state, and are the same whenever and wherever that mail is found. The check in them is no
 * protection but tells an id of another account from a stale one. Source: MS-ASCMD, LongId of Search; MS-ASAIRS 2.2.2.24. */
struct opaque_id {
	uint32_t folder;
	uint64_t item;
	struct bytes part; /* a section of the mail; empty: all of it */
};
enum { OPAQUE_PART_MAX = 320 }; /* of a part as deep as MIME_MAX_DEPTH (mime_part.h) */

/* ERR_LIMIT (arena, or a part longer than OPAQUE_PART_MAX). */
enum err opaque_id_format(
    struct arena *a, struct bytes account, const struct opaque_id *id, struct bytes *out) MUST_CHECK;
/* ERR_NOT_FOUND for what we did not make for this account. */
enum err opaque_id_parse(
    struct arena *a, struct bytes account, struct bytes text, struct opaque_id *out) MUST_CHECK;

#endif
