#ifndef EASGATE_SYNC_FOLDER_TREE_H
#define EASGATE_SYNC_FOLDER_TREE_H

#include "sync/folders.h"

/* A folder with all below it, at any depth, when it is to be deleted. IMAP deletes one mailbox at a time, and leaves a parent in the tree
 * as long as there is something below it. */

/* Not to be deleted or renamed: clients can't do without it, or it is another user's and only what is below can be seen. */
bool folder_is_special(const struct folder *f);
/* It, or something below it; or the server may refuse one of them when others are gone already. */
bool folder_tree_is_special(const struct folder_list *l, const struct folder *top);

/* Whether the server allows all of it, as far as it tells beforehand. */
enum err folder_tree_may_go(struct imap *imap, struct arena *a, const struct folder_list *l,
    const struct folder *top, bool *may) WAITS MUST_CHECK;

/* Deletes what is below `top`, the deepest first. *partly is set if something stays: it is special, or the server refuses;
 * `go_on`: with the others all the same. */
enum err folder_tree_delete_below(struct imap *imap, const struct folder_list *l, const struct folder *top,
    bool go_on, bool *partly) WAITS MUST_CHECK;

#endif
