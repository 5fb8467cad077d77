#ifndef EASGATE_MAIL_TNEF_PART_H
#define EASGATE_MAIL_TNEF_PART_H

#include "mail/mime_part.h"
#include "mail/tnef.h"

/* winmail.dat as a part of a mail: what it holds takes its place in the tree. */

enum { TNEF_LARGEST = 16 * 1024 * 1024 /* octets of the encoded part; a larger one stays a file */ };

/* Whether the part says that it is TNEF, by type or by name, and is of a size that can be unpacked. */
bool tnef_is_part(const struct mime_part *part);
/* Makes `part` a multipart/mixed of what the stream holds: children with their bodies set, encoded as nothing. The section of
 * file n is that of the part, "~" and n, from 1: "2~1". If the stream isn't TNEF or holds nothing to show, the part stays.
 *   data        the part's decoded body, perhaps skimmed (tnef_skim.h); the children are views of it
 *   with_texts  false: only the files
 *   unfolded    whether the part is a multipart now
 * In either case part->item is what was read; it is the arena's.
 * Only ERR_LIMIT (arena). */
enum err tnef_unfold(
    struct arena *a, struct mime_part *part, struct bytes data, bool with_texts, bool *unfolded) MUST_CHECK;
/* What was unpacked of the winmail.dat that is the whole mail or stands beside its texts; NULL: there is none, or it is still
 * packed. */
const struct tnef *tnef_of_mail(const struct mime_part *root);
/* File n of the stream, from 1, as tnef_unfold shows it. ERR_NOT_FOUND: there is no such file, or it isn't TNEF. ERR_LIMIT. */
enum err tnef_file_read(struct arena *a, struct bytes data, uint32_t n, struct tnef_file *out) MUST_CHECK;

#endif
