#ifndef EASGATE_MAIL_ATTACHMENT_H
#define EASGATE_MAIL_ATTACHMENT_H

#include "mail/mime_part.h"

/* A part as an attachment that a phone lists. Source: MS-ASAIRS 2.2.2.7. */
struct attachment {
	const struct mime_part *part;
	struct bytes display_name; /* never empty */
	struct bytes content_id;   /* without <> */
	struct bytes content_location;
	uint8_t method;   /* 1 normal, 5 embedded message */
	uint32_t size;    /* decoded, estimated */
	bool is_inline;   /* shown inside the HTML, so that phones may hide it in the list */
	bool is_referred; /* by HTML that was looked at */
};

/* number: from 1, for parts that have no name of their own. Only ERR_LIMIT (arena). */
enum err attachment_of(
    struct arena *a, const struct mime_part *part, unsigned number, struct attachment *out) MUST_CHECK;
/* Notes which of them the HTML (UTF-8, not yet cut) shows: "cid:" and an id, or a Content-Location. These are inline. */
void attachments_refer(struct attachment *v, size_t n, struct bytes html);
/* All HTML of the mail has been looked at: what it doesn't show isn't inline, whatever else is said of it. */
void attachments_settle(struct attachment *v, size_t n);
/* The file name that the mail gives; empty if it gives none. Never holds a path or control characters. */
enum err attachment_name(struct arena *a, const struct mime_part *part, struct bytes *out) MUST_CHECK;

#endif
