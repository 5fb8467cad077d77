#ifndef EASGATE_DEVICES_POLICY_H
#define EASGATE_DEVICES_POLICY_H

#include "request.h"

/* Whether a device may go on, by its policy key (MS-ASPROV 3.1.5.1; commands.md: 142, 144). Called when rq->device is loaded.
 * *status is 0 if it may, else the common status to refuse the request with. */
void policy_gate(const struct request *rq, uint32_t *status);

#endif
