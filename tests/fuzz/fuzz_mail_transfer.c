#include "fuzz/fuzzing.h"

#include "mail/transfer.h"
#include "mail/transfer_stream.h"

/* Longer lines than the stream holds may be cut among blanks, and the blanks then stay. */
static bool has_long_line(struct bytes in)
{
	struct bytes line;

	while (bytes_split(&in, '\n', &line))
		if (line.len >= TRANSFER_HOLD - 1)
			return true;
	return false;
}

/* The first octet says how long the pieces are, the second which encoding. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum mime_encoding encodings[] = { MIME_BASE64, MIME_QUOTED_PRINTABLE, MIME_8BIT };
	size_t piece = size ? (size_t)data[0] * 9 + 1 : 1, len = 0;
	enum mime_encoding encoding = size > 1 ? encodings[data[1] % 3] : MIME_BASE64;
	struct arena *a = arena_new(((size_t)1 << 20) + size * 8);
	struct bytes in = bytes_of(data + (size > 1 ? 2 : size), size > 1 ? size - 2 : 0), all = in, part,
		     whole;
	uint8_t *to = arena_alloc(a, piece + TRANSFER_HOLD), *out = arena_alloc(a, in.len + 1);
	struct transfer_stream s;

	MUST(to && out && transfer_decode(a, encoding, in, &whole) == ERR_OK);
	transfer_stream_init(&s, encoding);
	do {
		size_t n;

		MUST(bytes_take(&in, in.len < piece ? in.len : piece, &part));
		n = transfer_stream_put(&s, part, in.len == 0, to);
		MUST(n <= part.len + TRANSFER_HOLD && len + n <= all.len);
		memcpy(out + len, to, n);
		len += n;
	} while (in.len);
	MUST(
	    bytes_eq(bytes_of(out, len), whole) || (encoding == MIME_QUOTED_PRINTABLE && has_long_line(all)));
	arena_free(&a);
	return 0;
}
