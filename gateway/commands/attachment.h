#ifndef EASGATE_COMMANDS_ATTACHMENT_H
#define EASGATE_COMMANDS_ATTACHMENT_H

#include "mail/base64_grid.h"
#include "mail/mime_part.h"
#include "request.h"

/* An attachment by its FileReference, for ItemOperations and GetAttachment: found first, sent later, and not held whole unless
 * it must be. A reference (opaque_id.h) says mail and IMAP section, and is good as long as the mail is where it is. Folder
 * ids are the account's own, so nobody's reference leads to another's mail; and the section must be a part that the mail has. */
struct attachment_source {
	struct bytes mailbox;
	uint32_t folder, uid, uid_validity;
	const char *section;
	enum mime_encoding encoding;
	uint32_t encoded_size;
	struct bytes content_type; /* "image/png"; never empty */
	uint64_t size;             /* decoded; UINT64_MAX until attachment_measure */
	struct base64_grid grid;   /* line 0: none was found */
	bool is_held;              /* by attachment_hold */
	struct bytes held;         /* then: decoded */
	uint64_t first, count;     /* what is to be sent: all of it, unless the caller asks for less */
};

enum { ATTACHMENT_SMALL = 64 * 1024 }; /* encoded; so little is measured by reading it */

/* ERR_PROTO: no reference of ours; ERR_NOT_FOUND: the mail or the part isn't there (any more); ERR_DENIED: the policy forbids
 * attachments; ERR_LIMIT: larger than the policy allows. */
enum err attachment_find(
    struct request *rq, struct bytes reference, struct attachment_source *out) WAITS MUST_CHECK;
/* Sets `size`, from samples of the text where it is regular base64, else by reading all of it once. It is remembered for a day, as a memo
 * of the account: phones fetch large files range by range. Errors as above. */
enum err attachment_measure(struct request *rq, struct attachment_source *s) WAITS MUST_CHECK;
/* Reads all of it into memory: where only the whole tells what it is (uuencoded, as transfer_stream.h says, or within a winmail.dat), or
 * the mail may be gone when it is sent. Errors as above. */
enum err attachment_hold(struct request *rq, struct attachment_source *s) WAITS MUST_CHECK;
/* As a piece of a reply. *s must live as long as the request. */
struct reply_piece attachment_piece(struct attachment_source *s, bool base64);

#endif
