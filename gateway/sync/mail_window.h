#ifndef EASGATE_SYNC_MAIL_WINDOW_H
#define EASGATE_SYNC_MAIL_WINDOW_H

#include "sync/collection.h"

/* Which mails of a mailbox a phone gets: those of the last days (FilterType), and with ConversationMode also the older ones of
 * each conversation that has a mail of these days. Source: MS-ASCMD 2.2.3.68.2, 2.2.3.36.2. */

/* The first day, in days since 1970; 0: all mails. */
uint32_t mail_first_day(const struct collection *c);
/* As snapshots keep it (window_day): the first day, and whether conversations are whole. 0: all mails. */
uint32_t mail_window(const struct collection *c);
/* The UIDs in that window of the selected mailbox, ascending.
 *   doubtful  older mails, ascending, that may be in it or not, since the server can't read a mail now that tells: where the phone has
 *             them they stay */
enum err mail_window_search(struct collection *c, uint32_t window, struct imap_uids *out,
    struct imap_uids *doubtful) WAITS MUST_CHECK;
/* Those of them that are new, from first_uid on, and perhaps others; for a window that isn't one of whole conversations. */
enum err mail_window_search_new(
    struct collection *c, uint32_t window, uint32_t first_uid, struct imap_uids *out) WAITS MUST_CHECK;
/* Whether that is one of them. */
bool mail_window_has(const struct imap_uids *uids, uint32_t uid);

#endif
