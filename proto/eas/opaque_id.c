#include "eas/opaque_id.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/varint.h"

/* Base64 of: format, folder, item, part, then four bytes that the rest and the account give. */
enum { FORMAT = 1, CHECK_LEN = 4, LONGEST = (1 + 5 + 10 + OPAQUE_PART_MAX + CHECK_LEN) * 4 / 3 + 4 };

static uint32_t check_of(struct bytes account, struct bytes data)
{
	return (uint32_t)hash64(data, hash64(account, 0));
}

enum err opaque_id_format(
    struct arena *a, struct bytes account, const struct opaque_id *id, struct bytes *out)
{
	struct bytes data;
	struct buf b, text;
	uint32_t check;
	enum err e;

	if (id->part.len > OPAQUE_PART_MAX)
		return ERR_LIMIT;
	buf_init(&b, a, 0);
	buf_put_u8(&b, FORMAT);
	varint_put(&b, id->folder);
	varint_put(&b, id->item);
	buf_put(&b, id->part);
	if ((e = buf_done(&b, &data)))
		return e;
	check = check_of(account, data);
	for (int i = 0; i < CHECK_LEN; i++)
		buf_put_u8(&b, (uint8_t)(check >> 8 * i));
	if ((e = buf_done(&b, &data)))
		return e;
	buf_init(&text, a, 0);
	base64_put(&text, data, BASE64_URL | BASE64_UNPADDED);
	return buf_done(&text, out);
}

static bool read_fields(struct bytes data, struct opaque_id *out)
{
	struct bytes format;
	uint64_t folder;

	if (!bytes_take(&data, 1, &format) || format.p[0] != FORMAT ||
	    varint_get_max(&data, UINT32_MAX, &folder) || varint_get(&data, &out->item) ||
	    data.len < CHECK_LEN)
		return false;
	out->folder = (uint32_t)folder;
	out->part = bytes_of(data.p, data.len - CHECK_LEN);
	return true;
}

enum err opaque_id_parse(struct arena *a, struct bytes account, struct bytes text, struct opaque_id *out)
{
	struct bytes data, again;
	enum err e;

	text = bytes_trim(text);
	if (text.len > LONGEST)
		return ERR_NOT_FOUND;
	if ((e = base64_decode(a, text, &data)))
		return e == ERR_LIMIT ? e : ERR_NOT_FOUND;
	if (!read_fields(data, out) || out->part.len > OPAQUE_PART_MAX)
		return ERR_NOT_FOUND;
	/* what we would have written ourselves, with its check */
	if ((e = opaque_id_format(a, account, out, &again)))
		return e;
	return bytes_eq(again, text) ? ERR_OK : ERR_NOT_FOUND;
}
