#ifndef EASGATE_TESTS_SCENE_H
#define EASGATE_TESTS_SCENE_H

#include "integration/truth.h"
#include "phone.h"
#include "testing.h"

/* The bed with the gateway in front of it, phones, and what IMAP says, so that a test reads as what happens. Everything here fails
 * the running test if it can't be done. Each test takes an account of its own, so tests don't meet. */

/* Starts the bed, once for the program. easgate is added to opts; services NULL: Dovecot, Redis and the mock SMTP server; users 0: 100.
 * Ends the program if it doesn't start. */
void scene_open(const struct bed_opts *opts);
void scene_close(void);
struct bed *scene_bed(void);
/* A value of the bed's env file; NULL if there is none. */
const char *scene_env(const char *key);

/* The address of an account that nobody has used yet; lives as long as the program. */
const char *scene_user(void);
/* Its mailboxes; closed at the end of the program. */
struct truth *scene_truth(const char *user);
/* A phone that isn't set up yet; freed by scene_close. */
struct phone *scene_phone(const char *user, const char *device, enum eas_version v);
/* The same, set up, with its inbox synced. */
struct phone *scene_synced_phone(const char *user, const char *device, enum eas_version v);
struct phone_folder *scene_inbox(struct phone *ph);

/* Fails the test, with what the phone says, unless the call went well: SCENE_OK(ph, phone_ping(ph, ...)). */
#define SCENE_OK(ph, call) scene_expect((ph), (call), ERR_OK, #call, __FILE__, __LINE__)
#define SCENE_ERR(ph, call, want) scene_expect((ph), (call), (want), #call, __FILE__, __LINE__)
void scene_expect(
    struct phone *ph, enum err got, enum err want, const char *what, const char *file, int line);
/* Fails it unless the phone was told that status, in its version's words, and with 111 when to try again. */
#define SCENE_REFUSED(ph, call, status) \
	scene_expect_refusal((ph), (call), (status), #call, __FILE__, __LINE__)
void scene_expect_refusal(
    struct phone *ph, enum err got, unsigned status, const char *what, const char *file, int line);
/* No anomaly so far, in words if there is. */
#define scene_assert_clean(ph) scene_check_clean((ph), __FILE__, __LINE__)
void scene_check_clean(struct phone *ph, const char *file, int line);
/* One Sync of the folder with its newest key; fails if a status isn't 1. */
void scene_sync(struct phone *ph, struct phone_folder *f);

/* ---- IMAP ---- */

/* A mail of a few lines with that subject. flags as in truth_mail. */
void scene_append(const char *user, const char *mailbox, const char *subject, const char *flags);
/* date: INTERNALDATE such as "17-Jul-2020 02:44:25 +0000", or NULL for now. */
void scene_append_raw(
    const char *user, const char *mailbox, struct bytes mime, const char *flags, const char *date);
/* As if it had come that many days ago, at this time of the day. */
void scene_append_aged(const char *user, const char *mailbox, struct bytes mime, unsigned days);
void scene_append_many(const char *user, const char *mailbox, const char *prefix, unsigned count);
/* To the one mail with that subject. */
void scene_store(
    const char *user, const char *mailbox, const char *subject, const char *how, const char *flags);
void scene_expunge(const char *user, const char *mailbox, const char *subject);
void scene_move(const char *user, const char *mailbox, const char *subject, const char *to);

struct scene_mail {
	uint32_t uid;
	bool seen, flagged, answered;
	char subject[128]; /* as the header has it */
};
/* All mails of a mailbox, by UID; the array lives as long as the program. A mailbox that isn't there has none. */
size_t scene_mails(const char *user, const char *mailbox, struct scene_mail **out);
size_t scene_count(const char *user, const char *mailbox);
/* The one with that subject, or NULL. */
const struct scene_mail *scene_mail(const char *user, const char *mailbox, const char *subject);
/* Through LMTP, as new mail comes. */
void scene_deliver(const char *user, const char *subject);

/* The folder holds exactly the mailbox's mails, with the same marks. Subjects must be unique. */
#define scene_assert_same(f, user, mailbox) scene_check_same((f), (user), (mailbox), __FILE__, __LINE__)
void scene_check_same(
    const struct phone_folder *f, const char *user, const char *mailbox, const char *file, int line);

/* ---- versions ---- */

/* The rows of every test that runs in each version. */
struct version_row {
	const char *name;
	enum eas_version version;
};
extern const struct version_row scene_versions[5];
#define TEST_VERSIONS(function)                                          \
	static void function##_row(void **state)                         \
	{                                                                \
		function(((const struct version_row *)*state)->version); \
	}
#define TEST_ADD_VERSIONS(function) TEST_ADD_ROWS(function, scene_versions)

#endif
