#include "fuzz/fuzzing.h"

#include <ctype.h>
#include <string.h>

#include "eas/request_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 * 1024 + size * 8);
	struct request_line r;
	unsigned status;
	enum err e = request_line_parse(a, bytes_of(data, size), &r, &status);

	MUST(e == ERR_OK || e == ERR_PROTO);
	MUST((e == ERR_PROTO) == (status != 0));
	MUST(r.command <= CMD_NONE && r.version < EAS_VERSIONS);
	MUST(r.device_id.len <= 2 * DEVICE_ID_MAX && r.device_type.len <= DEVICE_TYPE_MAX);
	for (size_t i = 0; i < r.device_id.len; i++)
		MUST(isalnum(r.device_id.p[i]) || strchr("-_.", r.device_id.p[i]));
	for (size_t i = 0; i < r.user.len; i++)
		MUST(r.user.p[i] >= 0x20);
	if (e == ERR_OK)
		MUST(r.command != CMD_NONE && r.device_id.len && r.device_type.len &&
		     r.has_version == r.compact);
	arena_free(&a);
	return 0;
}
