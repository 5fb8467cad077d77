#ifndef EASGATE_SYNC_FOLDER_NAMES_H
#define EASGATE_SYNC_FOLDER_NAMES_H

#include "sync/folders.h"

/* Which special folder a mailbox at the top of the tree is by its name, for servers without SPECIAL-USE (RFC 6154).
 * FOLDER_USER_MAIL if by none. Letters of ASCII compare without case.
 *   rank  of several mailboxes with names of one type the one with the lowest rank is it */
enum folder_type folder_type_of_name(struct bytes name, size_t *rank);
/* The name under which a missing special folder is made. */
const char *folder_default_name(enum folder_type type);

#endif
