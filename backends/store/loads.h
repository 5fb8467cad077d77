#ifndef EASGATE_STORE_LOADS_H
#define EASGATE_STORE_LOADS_H

#include "store/store.h"
#include "store/words.h"

/* Asking and reading apart, so that several loads share one round trip. For the modules of this folder. */
void device_ask(struct words *w, struct bytes account, struct bytes device);
void device_read(const struct redis_reply *r, struct store_device *out);
void sync_ask(struct words *w, struct bytes account, struct bytes device, uint32_t collection);
void sync_read(const struct redis_reply *r, struct store_sync *out);

#endif
