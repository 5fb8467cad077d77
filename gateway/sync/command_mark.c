#include "sync/command_mark.h"

#include "base/hash.h"
#include "sync/results.h"

uint64_t command_hash(const struct collection *c, const struct wbxml_node *command, uint64_t seed)
{
	uint8_t folder[4] = { (uint8_t)(c->folder_id >> 24), (uint8_t)(c->folder_id >> 16),
		(uint8_t)(c->folder_id >> 8), (uint8_t)c->folder_id };
	uint64_t said = sync_commands_hash(wbxml_child(command, AIRSYNC_APPLICATION_DATA));
	uint64_t h = hash64(bytes_str(c->rq->account->name), seed);

	h = hash64(c->rq->device_id, hash64(BYTES("/"), h));
	h = hash64(wbxml_child_text(command, AIRSYNC_CLIENT_ID), hash64(bytes_of(folder, sizeof(folder)), h));
	return hash64(bytes_of(&said, sizeof(said)), h);
}

static uint64_t device_hash(const struct collection *c)
{
	return hash64(c->rq->device_id, hash64(bytes_str(c->rq->account->name), 0));
}

uint32_t command_device(const struct collection *c)
{
	return (uint32_t)device_hash(c);
}

struct bytes command_domain(const struct collection *c)
{
	uint64_t h = device_hash(c);

	return bytes_str(arena_printf(c->rq->arena, "@%016llx.easgate>", (unsigned long long)h));
}

struct bytes command_message_id(const struct collection *c, const struct wbxml_node *command, uint64_t seed)
{
	struct bytes domain = command_domain(c);

	return bytes_str(arena_printf(c->rq->arena, "<%016llx%016llx%.*s",
	    (unsigned long long)command_hash(c, command, seed),
	    (unsigned long long)command_hash(c, command, ~seed), BYTES_ARG(domain)));
}
