#ifndef EASGATE_TESTS_DAMAGE_H
#define EASGATE_TESTS_DAMAGE_H

#include "scene.h"

/* Mails that the mail server can't read: its own files of them are damaged. */

enum { DAMAGE_TEXT = 3000 /* of a mail that is put there */ };

/* A mail with that subject, long enough that what is cut is missed. */
void damage_append(const char *user, const char *mailbox, const char *subject);
/* Of the mail that came as the nth. To ask IMAP for its UID would have the server note what it then needn't read. */
const char *damage_file(const char *user, const char *mailbox, unsigned nth);
void damage_forbid(const char *path);
void damage_allow(const char *path);
/* What the server has noted of the mails, so that it must read them again. */
void damage_forget_cache(const char *user, const char *mailbox);

extern const struct damage_case {
	const char *name;
	void (*damage)(const char *path);
} damage_cases[2];

#endif
