#include "fuzz/fuzzing.h"

#include "base/hash.h"
#include "sync/folders.h"
#include "sync/results.h"
#include "sync/snapshot.h"

/* What comes back from Redis: damaged records must be noticed, and what is taken for good must be written back the same. */
static void check_snapshot(struct arena *a, struct bytes in)
{
	struct snapshot s, again;
	struct bytes out;

	if (snapshot_decode(a, in, &s) || snapshot_encode(a, &s, &out))
		return;
	MUST(!snapshot_decode(a, out, &again) && again.n_items == s.n_items &&
	     again.n_pending == s.n_pending && again.n_stubs == s.n_stubs);
	for (size_t i = 0; i < s.n_items; i++)
		MUST(s.items[i].id == again.items[i].id && s.items[i].digest == again.items[i].digest);
}

static void check_hierarchy(struct arena *a, struct bytes in)
{
	struct hierarchy h, again;
	struct bytes out;

	if (hierarchy_decode(a, in, &h) || hierarchy_encode(a, &h, &out))
		return;
	MUST(!hierarchy_decode(a, out, &again) && known_folders_equal(&h.current, &again.current));
}

/* With the right checksum behind it, so that what stands behind the checksum's test is reached too. */
static struct bytes with_checksum(struct arena *a, struct bytes in)
{
	uint32_t sum = (uint32_t)hash64(in, in.len ? in.p[0] : 1); /* the format is its seed */
	struct bytes out = bytes_of(NULL, 0);
	struct buf b;

	buf_init(&b, a, 0);
	buf_put(&b, in);
	for (int i = 0; i < 4; i++)
		buf_put_u8(&b, (uint8_t)(sum >> (8 * i)));
	MUST(!buf_done(&b, &out));
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct bytes in = bytes_of(data, size);
	struct sync_results results;

	check_snapshot(a, in);
	check_snapshot(a, with_checksum(a, in));
	check_hierarchy(a, in);
	if (!sync_results_decode(a, in, &results))
		(void)sync_results_find_add(&results, BYTES("x"));
	arena_free(&a);
	return 0;
}
