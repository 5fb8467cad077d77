#ifndef EASGATE_MAIL_SMART_H
#define EASGATE_MAIL_SMART_H

#include "mail/attachment.h"
#include "mail/pieces.h"
#include "mail/quote.h"

/* A reply or forward of which the phone has sent its own text alone: what is made of that and the original (SmartReply,
 * SmartForward). The original's attachments aren't here: they are named, and copied from server to server.
 * Source: MS-ASCMD 2.2.1.20, 2.2.1.21. */

enum smart_kind { SMART_REPLY, SMART_FORWARD };

struct smart_original {
	struct header header;
	struct mime_part *root;   /* NULL: the server could not tell its structure */
	uint32_t size;            /* RFC822.SIZE */
	bool sealed;              /* its text can't be read, or not all of it: attached as a whole */
	bool has_html;            /* its text has that form; else html is made of plain */
	struct bytes plain, html; /* its text, UTF-8 */
	const struct attachment *attachments;
	size_t n_attachments;
};

/* The phone's mail with the original: quoted below the phone's text in each form that this has (plain, HTML), with the
 * pictures that the HTML shows, a forward with all its attachments. A text of the phone's that may not be touched (signed,
 * encrypted) or isn't there, and an original that is sealed, get it attached as message/rfc822. In-Reply-To and
 * References are added where the phone lacks them.
 *   boundary  a random word that isn't in either mail
 * ERR_PROTO: `raw` is no mail. ERR_LIMIT. */
enum err smart_compose(struct arena *a, struct bytes raw, enum smart_kind kind,
    const struct smart_original *original, const char *boundary, struct smart *out) MUST_CHECK;

/* Whether a mail says itself to what thread it belongs. In-Reply-To alone names the mail before it, not the thread. */
bool smart_is_threaded(const struct header *h);
/* What a mail of the phone's lacks to be in the original's thread: In-Reply-To (of a reply) and References. Nothing if it is in one, replies
 * to another mail, or the original has no Message-ID. */
void smart_put_threading(
    struct buf *out, enum smart_kind kind, const struct header *own, const struct header *original);

#endif
