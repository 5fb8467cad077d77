#include "base/bytes.h"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool bytes_same_nocase(const uint8_t *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower((uint8_t)b[i]))
			return false;
	return true;
}

bool bytes_take(struct bytes *in, size_t n, struct bytes *out)
{
	if (n > in->len)
		return false;
	*out = (struct bytes){ in->p, n };
	if (n) /* NULL + 0 is not defined in C */
		in->p += n;
	in->len -= n;
	return true;
}

bool bytes_split(struct bytes *in, uint8_t sep, struct bytes *out)
{
	size_t n = bytes_find(*in, sep);
	struct bytes dropped;

	if (in->len == 0)
		return false;
	return bytes_take(in, n, out) && (in->len == 0 || bytes_take(in, 1, &dropped));
}

size_t bytes_find(struct bytes in, uint8_t c)
{
	const uint8_t *at = in.len ? memchr(in.p, c, in.len) : NULL;

	return at ? (size_t)(at - in.p) : in.len;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes in)
{
	while (in.len && is_space(in.p[0])) {
		in.p++;
		in.len--;
	}
	while (in.len && is_space(in.p[in.len - 1]))
		in.len--;
	return in;
}

enum err bytes_to_u64(struct bytes in, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (in.len == 0)
		return ERR_PROTO;
	for (size_t i = 0; i < in.len; i++) {
		uint64_t digit;

		if (in.p[i] < '0' || in.p[i] > '9')
			return ERR_PROTO;
		digit = (uint64_t)(in.p[i] - '0');
		if (digit > max || n > (max - digit) / 10)
			return ERR_LIMIT;
		n = n * 10 + digit;
	}
	*out = n;
	return ERR_OK;
}

enum err bytes_to_u32(struct bytes in, uint32_t max, uint32_t *out)
{
	uint64_t n;
	enum err e = bytes_to_u64(in, max, &n);

	if (!e)
		*out = (uint32_t)n;
	return e;
}
