#ifndef EASGATE_SYNC_COMMAND_MARK_H
#define EASGATE_SYNC_COMMAND_MARK_H

#include "sync/collection.h"

/* By what a mail that a phone's command makes is known again, should the command be repeated because the worker died before its
 * outcome was stored: it is made of the account, the device, the folder, the ClientId and what the phone says.
 *   seed  tells commands apart that say the same */
uint64_t command_hash(const struct collection *c, const struct wbxml_node *command, uint64_t seed);
/* With brackets; empty if the arena is spent. It ends with command_domain. */
struct bytes command_message_id(const struct collection *c, const struct wbxml_node *command, uint64_t seed);
/* "@….easgate>": by that a mail is known that this device has made. */
/* A number for the device and its account. */
uint32_t command_device(const struct collection *c);
struct bytes command_domain(const struct collection *c);

#endif
