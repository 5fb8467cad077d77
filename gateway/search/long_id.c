#include "search/long_id.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/varint.h"

/* Base64 of: format, folder, item, then four bytes that the rest and the account give. */
enum { FORMAT = 1, CHECK_LEN = 4, LONGEST = 64 };

static void put_check(struct buf *b, struct bytes account, struct bytes data)
{
	uint64_t check = hash64(data, hash64(account, 0));

	for (int i = 0; i < CHECK_LEN; i++)
		buf_put_u8(b, (uint8_t)(check >> 8 * i));
}

enum err long_id_format(
    struct arena *a, struct bytes account, uint32_t folder, uint64_t item, struct bytes *out)
{
	struct bytes data;
	struct buf b, text;
	enum err e;

	buf_init(&b, a, 0);
	buf_put_u8(&b, FORMAT);
	varint_put(&b, folder);
	varint_put(&b, item);
	if ((e = buf_done(&b, &data)))
		return e;
	put_check(&b, account, data);
	if ((e = buf_done(&b, &data)))
		return e;
	buf_init(&text, a, 0);
	base64_put(&text, data, BASE64_URL | BASE64_UNPADDED);
	return buf_done(&text, out);
}

enum err long_id_parse(
    struct arena *a, struct bytes account, struct bytes text, uint32_t *folder, uint64_t *item)
{
	struct bytes data, again, format;
	uint64_t n;
	enum err e;

	text = bytes_trim(text);
	if (text.len > LONGEST)
		return ERR_NOT_FOUND;
	if ((e = base64_decode(a, text, &data)))
		return e == ERR_LIMIT ? e : ERR_NOT_FOUND;
	if (!bytes_take(&data, 1, &format) || format.p[0] != FORMAT ||
	    varint_get_max(&data, UINT32_MAX, &n) || varint_get(&data, item))
		return ERR_NOT_FOUND;
	*folder = (uint32_t)n;
	/* what we would have written ourselves: with its check, and nothing behind it */
	if ((e = long_id_format(a, account, *folder, *item, &again)))
		return e;
	return bytes_eq(again, text) ? ERR_OK : ERR_NOT_FOUND;
}
