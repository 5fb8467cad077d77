#ifndef EASGATE_DEVICES_CLIENT_H
#define EASGATE_DEVICES_CLIENT_H

#include "base/bytes.h"

/* What some clients do otherwise than all others, by the DeviceType that they give. */
enum client_habit {
	/* After MoveItems it has the mail under its new id in the folder to which it was moved, and takes an Add of it for another
	 * one. The documents let the server send that Add (MS-ASCMD 2.2.1.12), and phones wait for it. */
	CLIENT_KEEPS_WHAT_IT_MOVES = 1 << 0,
};

bool client_has_habit(struct bytes device_type, enum client_habit habit);

#endif
