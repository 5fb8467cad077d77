#ifndef EASGATE_TESTS_CORPUS_H
#define EASGATE_TESTS_CORPUS_H

#include "base/bytes.h"

/* Mails as the world writes them: those of ../shared/corpus/mail, and some of our own, in the form that IMAP takes. */

enum { CORPUS_MAX = 400 };

struct corpus {
	struct bytes mails[CORPUS_MAX];
	size_t count;
};

/* Read once. Says "skipped: no ../shared" where only our own are there. */
const struct corpus *corpus_read(void);
/* That one file of ../shared/corpus/mail, in the form that IMAP takes. */
struct bytes corpus_mail(const char *name);
/* All of them into that mailbox. */
void corpus_append(const char *user, const char *mailbox);
/* One of about 30 MB: a small text "small text" and an attachment big.bin that begins with "ABCDEFGHIJ". Its subject is "big". */
struct bytes corpus_big_mail(void);

#endif
