#ifndef EASGATE_COMMANDS_ATTACHMENT_H
#define EASGATE_COMMANDS_ATTACHMENT_H

#include "request.h"

/* An attachment by its FileReference, for ItemOperations and GetAttachment. A reference is the mail's ServerId, a colon and the
 * IMAP section, "17:4711:2.1", and is good as long as the mail is where it is. */
struct attachment_data {
	struct bytes content_type; /* "image/png"; never empty */
	struct bytes data;         /* decoded */
};

/* ERR_PROTO: no reference of ours; ERR_NOT_FOUND: the mail or the part isn't there (any more); ERR_LIMIT: larger than a request
 * may be. */
enum err attachment_read(struct request *rq, struct bytes reference, struct attachment_data *out) WAITS MUST_CHECK;

#endif
