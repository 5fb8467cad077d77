#include "fuzz/fuzzing.h"

#include "base/time.h"

static void round_trip(struct arena *a, int64_t t, void (*put)(struct buf *, int64_t),
    enum err (*parse)(struct bytes, int64_t *))
{
	struct buf b;
	struct bytes text;
	int64_t back = t + 1;

	buf_init(&b, a, 0);
	put(&b, t);
	MUST(buf_done(&b, &text) == ERR_OK && parse(text, &back) == ERR_OK && back == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static enum err (*const parsers[])(
	    struct bytes, int64_t *) = { time_parse_eas, time_parse_mail, time_parse_imap };
	struct arena *a = arena_new(64 * 1024);

	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		int64_t t;

		if (parsers[i](bytes_of(data, size), &t))
			continue;
		round_trip(a, t, time_put_eas, time_parse_eas);
		round_trip(a, t, time_put_compact, time_parse_eas);
		round_trip(a, t, time_put_mail, time_parse_mail);
		round_trip(a, t, time_put_imap, time_parse_imap);
	}
	arena_free(&a);
	return 0;
}
