#ifndef EASGATE_MAIL_BODY_PART_H
#define EASGATE_MAIL_BODY_PART_H

#include "mail/body.h"

/* BodyPart: what is new in a mail of a conversation, as HTML, beside Body and independent of it. It is planned, fetched
 * and made as a body is. Source: MS-ASAIRS 2.2.2.10, 2.2.2.11; {14.1+}. */

enum { BODY_PART_OK = 1, BODY_PART_TOO_LARGE = 176 };

struct body_part {
	struct body_plan plan; /* its fetches are the caller's to answer, as for a body */
	struct body_preference wish;
	bool is_reply;
	uint32_t status; /* of BodyPart; TOO_LARGE: the new part could not be found; body has no data then */
	struct body body;
};

/* Whether the phone wants one. */
bool body_part_wanted(const struct sync_options *options, enum eas_version version);
/*   header  the mail's header block: only a reply has anything that isn't new
 * The rest as for body_plan. Only ERR_LIMIT. */
enum err body_part_plan(struct arena *a, struct bytes header, struct mime_part *root, uint32_t size,
    const struct sync_options *options, enum eas_version version, struct body_part *out) MUST_CHECK;
/* As body_make. */
enum err body_part_make(struct arena *a, struct body_part *part, bool *enough) MUST_CHECK;

#endif
