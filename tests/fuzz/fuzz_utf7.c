#include "fuzz/fuzzing.h"

#include "base/utf7.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(((size_t)1 << 20) + size * 512);
	struct bytes in = bytes_of(data, size), out, back;
	enum err e = utf7_to_utf8(a, in, &out);

	/* A good name has exactly one form; a bad one comes back as it was. */
	MUST(e == ERR_OK || e == ERR_PROTO);
	if (e)
		MUST(out.p == in.p && out.len == in.len);
	else
		MUST(utf8_valid(out) && utf7_from_utf8(a, out, &back) == ERR_OK && bytes_eq(back, in));
	e = utf7_from_utf8(a, in, &out);
	if (!e)
		MUST(utf7_to_utf8(a, out, &back) == ERR_OK && bytes_eq(back, in));
	else
		MUST(e == ERR_PROTO && (!utf8_valid(in) || bytes_find(in, 0) < in.len));
	arena_free(&a);
	return 0;
}
