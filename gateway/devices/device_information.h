#ifndef EASGATE_DEVICES_DEVICE_INFORMATION_H
#define EASGATE_DEVICES_DEVICE_INFORMATION_H

#include "request.h"

/* What a device tells of itself, in Settings or in its first Provision (MS-ASCMD 2.2.3.45). */

/* Takes over the texts of DeviceInformation's Set into rq->device (views of the request), each cut at 1,024 characters
 * as the documents allow. False if there is no Set. The caller stores them (STORE_DEVICE_INFORMATION). */
bool device_information_read(struct request *rq, const struct wbxml_node *device_information);

#endif
