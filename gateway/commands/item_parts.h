#ifndef EASGATE_COMMANDS_ITEM_PARTS_H
#define EASGATE_COMMANDS_ITEM_PARTS_H

#include "commands/attachment.h"

/* What ItemOperations fetches and doesn't write into its document: attachments and large mails, and in a multipart answer
 * bodies too. Each goes to its gap in the document, or becomes a part behind it (MS-ASCMD 2.2.1.10.1). */
struct item_part {
	size_t gap;                     /* in the document; not in a multipart answer */
	struct bytes bytes;             /* if file is NULL */
	struct attachment_source *file; /* measured, in a multipart answer */
	bool is_text;                   /* the file goes to its gap as it is, not as base64 */
};

struct item_parts {
	struct arena *arena;
	bool multipart;
	bool holds; /* what is fetched now may be gone when the answer is sent: it is read at once */
	struct item_part *v;
	size_t n, cap;
};

void item_parts_init(struct item_parts *p, struct arena *a, bool multipart);
/* The number that the next one will have as a part: from 1. */
uint32_t item_parts_next(const struct item_parts *p);
/* ERR_LIMIT: the arena is spent, or a part is longer than a multipart answer can say. */
enum err item_parts_add(struct item_parts *p, struct item_part part) MUST_CHECK;
/* The elements that have all the gaps so far became content of the document, from there on. */
void item_parts_shift(struct item_parts *p, size_t at);
/* The whole answer: `doc` with what belongs to it. ERR_LIMIT as above. */
enum err item_parts_reply(const struct item_parts *p, struct bytes doc, struct reply *out) MUST_CHECK;

#endif
