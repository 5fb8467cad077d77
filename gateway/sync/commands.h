#ifndef EASGATE_SYNC_COMMANDS_H
#define EASGATE_SYNC_COMMANDS_H

#include "sync/collection.h"
#include "sync/results.h"

/* The Commands that a client sends inside Sync, and the Responses that it gets (MS-ASCMD 2.2.3.32, 2.2.3.154). */

/* Does them in their order. `state` is what the phone has and takes over what the commands change, so that nothing is echoed.
 * results: the Adds in it are known from a lost answer and are not made again; replaced by the outcome.
 * An error means that a backend failed in the middle: nothing is answered, and the phone repeats the request; what was done
 * already is then found done. */
enum err sync_commands_run(struct collection *c, const struct wbxml_node *commands, struct snapshot *state,
    struct sync_results *results) WAITS MUST_CHECK;
/* The Responses element, with the items that were asked for by Fetch; nothing at all if there is nothing to tell. */
enum err sync_commands_write(struct collection *c, const struct wbxml_node *commands,
    const struct sync_results *results, struct wbxml_writer *w) WAITS MUST_CHECK;

#endif
