#ifndef EASGATE_SYNC_CONVERSATION_RULES_H
#define EASGATE_SYNC_CONVERSATION_RULES_H

#include "sync/mail_collection.h"

/* "Always move this conversation": mails of it that come into the inbox later go to a folder, too (MS-ASCMD 2.2.1.10, MoveAlways;
 * with Deleted Items as the folder a phone calls it "ignore"). A rule is the account's and is kept for a year in Redis. It is
 * followed when a device's Sync comes upon the mail, before it is shown. */

/* folder: where they go; 0 ends the rule. */
enum err conversation_rule_set(
    struct request *rq, struct bytes conversation, uint32_t folder) WAITS MUST_CHECK;
/* Whether the account has rules at all for new mails of this folder: only the inbox has. */
enum err conversation_rules_exist(struct collection *c, bool *out) WAITS MUST_CHECK;
/* Moves those of the new mails v[0..n) of the inbox that a rule is for; their changes become CHANGE_NONE. A mail that somebody has
 * put back into the inbox stays there. What can't be moved is logged, and shown. */
enum err conversation_rules_follow(
    struct collection *c, struct change *v, size_t n, const struct imap_messages *messages) WAITS MUST_CHECK;

#endif
