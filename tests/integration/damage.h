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

/* The same in the inbox: "PREFIX0", "PREFIX1", ... */
void damage_append_many(const char *user, const char *prefix, unsigned count);
const char *damage_inbox_file(const char *user, unsigned nth);
#define DAMAGE_STUB "could not be shown"
unsigned damage_count_stubs(const struct phone_folder *f);
/* So many mails, so many of them stubs. */
void damage_expect(const struct phone_folder *f, size_t mails, unsigned stubs);

extern const struct damage_case {
	const char *name;
	void (*damage)(const char *path);
} damage_cases[2];

#endif
