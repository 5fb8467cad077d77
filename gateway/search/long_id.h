#ifndef EASGATE_SEARCH_LONG_ID_H
#define EASGATE_SEARCH_LONG_ID_H

#include "base/arena.h"

/* LongId: how a result of Search is named in ItemOperations, SmartReply and SmartForward. It says folder and item as
 * ServerId does, no names, and is the same whenever that mail is found. The check in it is no protection but tells an id
 * of another account from a stale one. Source: MS-ASCMD, LongId of Search. */
enum err long_id_format(
    struct arena *a, struct bytes account, uint32_t folder, uint64_t item, struct bytes *out) MUST_CHECK;
/* ERR_NOT_FOUND for what we did not make for this account. */
enum err long_id_parse(
    struct arena *a, struct bytes account, struct bytes text, uint32_t *folder, uint64_t *item) MUST_CHECK;

#endif
