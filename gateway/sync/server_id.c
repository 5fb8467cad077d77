#include <inttypes.h>
#include <stdio.h>

#include "sync/collection.h"

void server_id_format(uint32_t folder, uint64_t item, char to[SERVER_ID_MAX])
{
	snprintf(to, SERVER_ID_MAX, "%" PRIu32 ":%" PRIu64, folder, item);
}

enum err server_id_parse(struct bytes text, uint32_t *folder, uint64_t *item)
{
	struct bytes first;

	text = bytes_trim(text);
	if (!bytes_split(&text, ':', &first) || bytes_to_u32(first, UINT32_MAX, folder) ||
	    bytes_to_u64(text, UINT64_MAX, item))
		return ERR_NOT_FOUND;
	return ERR_OK;
}
