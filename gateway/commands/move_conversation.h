#ifndef EASGATE_COMMANDS_MOVE_CONVERSATION_H
#define EASGATE_COMMANDS_MOVE_CONVERSATION_H

#include "request.h"
#include "wbxml/wbxml.h"

/* ItemOperations Move: a conversation goes to a folder, now and always. Writes its result.
 *   n  the Move element */
enum err move_conversation(
    struct request *rq, const struct wbxml_node *n, struct wbxml_writer *w) WAITS MUST_CHECK;

#endif
