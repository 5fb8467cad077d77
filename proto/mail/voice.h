#ifndef EASGATE_MAIL_VOICE_H
#define EASGATE_MAIL_VOICE_H

#include "mail/attachment.h"
#include "mail/header.h"
#include "mail/tnef.h"

/* What a voice mail system says in a mail's header. Source: RFC 3458 (Message-Context), RFC 3803 (Content-Duration); the
 * X- fields and Content-Class are those of Exchange and of systems that follow it (MS-OXOUM). What it becomes: MS-ASEMAIL
 * 2.2.2.82 to 2.2.2.87. */
struct voice {
	bool is_voice;       /* false: all of it is empty */
	struct bytes caller; /* UmCallerID; may be empty */
	uint32_t duration_s; /* of the newest recording; 0 = not said */
	struct bytes
	    order; /* names of files, the newest first, with ";" between them; empty: as they stand, the newest last */
	struct bytes notes; /* UmUserNotes; may be empty */
};

enum { VOICE_NOTES_MAX = 16374 /* bytes; MS-ASEMAIL 2.2.2.87 */ };

/* Whether the header says that the mail is a voice mail. */
bool voice_is_told(const struct header *h);
/* Of a mail that is one; others (Outlook's recalls) carry such fields, too.
 *   item  a winmail.dat, for what the header doesn't say; may be NULL
 * Only ERR_LIMIT (arena). */
enum err voice_read(
    struct arena *a, const struct header *h, const struct tnef *item, struct voice *out) MUST_CHECK;
/* The place of attachment `i` among the recordings: 1 is the newest; 0: it is none. Source: MS-ASEMAIL 2.2.2.82 (UmAttOrder);
 * MS-OXOUM 2.2.5.9. */
uint32_t voice_order(const struct voice *v, const struct attachment *list, size_t n, size_t i);

#endif
