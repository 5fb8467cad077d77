#ifndef EASGATE_MAIL_VOICE_H
#define EASGATE_MAIL_VOICE_H

#include "mail/header.h"

/* What a voice mail system says in a mail's header. Source: RFC 3458 (Message-Context), RFC 3803 (Content-Duration); the
 * X- fields and Content-Class are those of Exchange and of systems that follow it. What it becomes: MS-ASEMAIL 2.2.2.84 to
 * 2.2.2.87. */
struct voice {
	bool is_voice;       /* without it the rest is empty: Outlook's recalls carry such fields too */
	struct bytes caller; /* UmCallerID; may be empty */
	uint32_t duration_s; /* of the recording; 0 = not said */
};

/* Only ERR_LIMIT (arena). */
enum err voice_read(struct arena *a, const struct header *h, struct voice *out) MUST_CHECK;

#endif
