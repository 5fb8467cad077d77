#ifndef EASGATE_SENDING_ORIGINAL_H
#define EASGATE_SENDING_ORIGINAL_H

#include "mail/smart.h"
#include "request.h"

/* The mail that is replied to or forwarded. */
struct original {
	struct bytes mailbox;
	uint32_t folder, uid;
	uint32_t uid_validity;          /* 0: not known yet */
	struct smart_original mail;     /* filled by original_fetch */
	const struct imap_flags *flags; /* as they were then; NULL: it wasn't fetched */
};

/* Which mail the phone names. folder, item: as in Source or in the query; long_id: what Search told. Empty where not said.
 *   status  0, or why there is no such mail: 105, 106, 150 */
enum err original_find(struct request *rq, struct bytes folder, struct bytes item, struct bytes long_id,
    struct original *out, uint32_t *status) WAITS MUST_CHECK;
/* Selects its mailbox on the request's connection. ERR_NOT_FOUND: another mailbox has taken its name. */
enum err original_select(struct request *rq, struct original *o) WAITS MUST_CHECK;
/* Header and structure. ERR_NOT_FOUND: it is gone. */
enum err original_fetch_header(struct request *rq, struct original *o) WAITS MUST_CHECK;
/* Header, structure and text; not the attachments. ERR_NOT_FOUND: it is gone. */
enum err original_fetch(struct request *rq, struct original *o) WAITS MUST_CHECK;
/* \Answered or $Forwarded, and when. The mail is out, so that this fails is only worth a log line.
 *   to_all  the reply went to several */
void original_mark(struct request *rq, struct original *o, enum smart_kind kind, bool to_all) WAITS;

#endif
