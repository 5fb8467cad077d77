#ifndef EASGATE_MAIL_SMIME_H
#define EASGATE_MAIL_SMIME_H

#include "mail/mime_part.h"

enum smime_kind {
	SMIME_NONE,
	SMIME_CLEAR,     /* a readable text and its signature */
	SMIME_SIGNED,    /* signed, and readable only once the signature is opened */
	SMIME_ENCRYPTED, /* or said to be neither signed nor else */
	SMIME_RECEIPT,   /* that a signed mail was read (RFC 2634, 2) */
};

/* What kind of S/MIME the mail is, by its structure; a mail whose type says nothing is told by its file's name, as RFC 8551
 * 3.9 wants it. */
enum smime_kind smime_kind_of(const struct mime_part *root);
/* Whether anything in it is signed or encrypted, by S/MIME or PGP: another text would break that. */
bool smime_is_sealed(const struct mime_part *root);

#endif
