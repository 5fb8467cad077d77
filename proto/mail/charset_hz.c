#include "mail/charset_hz.h"

static bool is_half(uint8_t c)
{
	return c >= 0x21 && c <= 0x7E;
}

/* What a "~" begins. Returns its length, 0: nothing, it stands for itself. */
static size_t read_escape(struct bytes in, bool *chinese, struct buf *out)
{
	uint8_t c = in.len > 1 ? in.p[1] : 0;

	if (c == '{' || c == '}')
		*chinese = c == '{';
	else if (c == '~')
		buf_put_u8(out, '~');
	else if (c == '\r' && in.len > 2 && in.p[2] == '\n') /* a line that goes on */
		return 3;
	else if (c != '\n')
		return 0;
	return 2;
}

enum err charset_hz_to_gb2312(struct arena *a, struct bytes in, struct bytes *out)
{
	bool chinese = false;
	struct buf b;
	size_t n;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < in.len; i += n) {
		struct bytes rest = bytes_of(in.p + i, in.len - i);

		n = rest.p[0] == '~' ? read_escape(rest, &chinese, &b) : 0;
		if (n)
			continue;
		n = chinese && is_half(rest.p[0]) ? 2 : 1;
		if (n > rest.len)
			break;
		if (n == 2 && is_half(rest.p[1])) {
			buf_put_u8(&b, rest.p[0] | 0x80);
			buf_put_u8(&b, rest.p[1] | 0x80);
			continue;
		}
		n = 1;
		if (rest.p[0] == '\n')
			chinese = false; /* each line begins so */
		buf_put_u8(&b, rest.p[0]);
	}
	return buf_done(&b, out);
}
