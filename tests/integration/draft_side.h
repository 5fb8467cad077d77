#ifndef EASGATE_TESTS_DRAFT_SIDE_H
#define EASGATE_TESTS_DRAFT_SIDE_H

#include "received.h"

/* What tests of drafts have in common. */

/* As another program has written it. */
#define DRAFT                                                                                              \
	"From: me@example.org\r\nTo: bob@example.org\r\nBcc: hidden@example.org\r\nSubject: draft\r\n"     \
	"Message-ID: <kept@example.org>\r\nX-Mozilla-Draft-Info: internal/draft\r\nX-Other: stays\r\n\r\n" \
	"not yet\r\n"

/* A phone that is set up, with its drafts synced. */
struct phone *drafting_phone(const char *user, const char *device, enum eas_version v);
/* The Drafts folder of a phone, synced with whole HTML bodies. */
struct phone_folder *drafts_of(struct phone *ph);
void sync_drafts(struct phone *ph);
extern const struct phone_collection draft_collection_asked;
/* One draft with that subject, or the test fails. */
const struct phone_item *draft_with(struct phone *ph, const char *subject);

/* One command on Drafts; edit.draft is set here. The item's status. */
unsigned draft_edit(struct phone *ph, struct phone_edit edit);
/* A Change of the draft with that subject. */
unsigned draft_alter(struct phone *ph, const char *subject, struct phone_edit edit);

/* The draft's file of that name, or the test fails; and what is behind a FileReference. */
const struct phone_attachment *file_named(const struct phone_item *i, const char *name);
void assert_file(struct phone *ph, const char *reference, struct bytes want);

/* The mails of the mailbox Drafts must be so many; the newest one's bytes. */
struct bytes draft_mail(const char *user, size_t count);

/* Another phone of the account, set up anew, has the same drafts. */
#define assert_same_drafts(ph, user, device) check_same_drafts((ph), (user), (device), __FILE__, __LINE__)
void check_same_drafts(struct phone *ph, const char *user, const char *device, const char *file, int line);

/* Phones write drafts from 16.0 on. */
extern const struct version_row draft_versions[2];
#define TEST_ADD_DRAFT_VERSIONS(function) TEST_ADD_ROWS(function, draft_versions)

#endif
