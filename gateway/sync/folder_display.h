#ifndef EASGATE_SYNC_FOLDER_DISPLAY_H
#define EASGATE_SYNC_FOLDER_DISPLAY_H

#include "sync/folders.h"

/* The names that phones show. Exchange never has two folders of one name in one place (commands.md 6.1), be their letters large or
 * small, and clients rely on it. Mail servers may: `INBOX.Inbox` beside the inbox, a mailbox `Outbox` beside our own, and
 * folders that are shown at the top because those above them aren't listed. */

/* Gives other display names to folders whose names are taken: with the path that isn't listed, "Team (shared/ann)", else with a number,
 * "Outbox (2)". Special folders keep theirs, then those without such a path, then those that were there first (ids). */
enum err folders_tell_apart(struct arena *a, struct folder_list *l) MUST_CHECK;
/* The one that is shown there under that name, or NULL. */
const struct folder *folders_by_display(const struct folder_list *l, uint32_t parent, struct bytes display);

#endif
