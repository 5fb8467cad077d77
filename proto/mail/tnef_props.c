#include "mail/tnef_props.h"

enum { SEVERAL = 0x1000, NAMED = 0x8000, GUID_LEN = 16, MOST_VALUES = 4096, VARIABLE = UINT32_MAX };

/* Bytes of one value, padding included; VARIABLE: a length stands before it. */
static const struct width {
	uint16_t type;
	uint32_t len;
} widths[] = {
	{ 0x0000, 0 }, /* unspecified */
	{ 0x0001, 0 }, /* null */
	{ 0x0002, 4 }, /* 16 bits */
	{ MAPI_INT32, 4 },
	{ 0x0004, 4 }, /* float */
	{ 0x0005, 8 }, /* double */
	{ 0x0006, 8 }, /* currency */
	{ 0x0007, 8 }, /* time as double */
	{ 0x000A, 4 }, /* error */
	{ MAPI_BOOL, 4 },
	{ MAPI_OBJECT, VARIABLE },
	{ 0x0014, 8 }, /* 64 bits */
	{ MAPI_STRING8, VARIABLE },
	{ MAPI_UNICODE, VARIABLE },
	{ 0x0040, 8 }, /* FILETIME */
	{ 0x0048, GUID_LEN },
	{ MAPI_BINARY, VARIABLE },
};

bool tnef_take_u16(struct bytes *in, uint32_t *out)
{
	struct bytes b;

	if (!bytes_take(in, 2, &b))
		return false;
	*out = (uint32_t)b.p[0] | (uint32_t)b.p[1] << 8;
	return true;
}

bool tnef_take_u32(struct bytes *in, uint32_t *out)
{
	struct bytes b;

	if (!bytes_take(in, 4, &b))
		return false;
	*out = (uint32_t)b.p[0] | (uint32_t)b.p[1] << 8 | (uint32_t)b.p[2] << 16 | (uint32_t)b.p[3] << 24;
	return true;
}

/* A value of that length, and what pads it to a multiple of four; the last one of a list may lack its padding. */
static bool take_padded(struct bytes *in, uint32_t len, struct bytes *out)
{
	struct bytes padding;
	size_t pad = (4 - len % 4) % 4;

	if (!bytes_take(in, len, out))
		return false;
	return bytes_take(in, pad < in->len ? pad : in->len, &padding);
}

/* What stands between the tag of a named property and its value: a number in the length's place, or a name. */
static bool take_name(struct bytes *in, struct mapi_prop *out)
{
	uint32_t kind, len;

	if (!bytes_take(in, GUID_LEN, &out->set) || !tnef_take_u32(in, &kind) || !tnef_take_u32(in, &len))
		return false;
	return kind == 0 || take_padded(in, len, &out->name);
}

static const struct width *width_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (widths[i].type == type)
			return &widths[i];
	return NULL;
}

bool mapi_next(struct bytes *in, struct mapi_prop *out)
{
	uint32_t type, id, count = 1, len;
	const struct width *w;
	bool several;

	*out = (struct mapi_prop){ 0 };
	if (!tnef_take_u16(in, &type) || !tnef_take_u16(in, &id))
		return false;
	several = (type & SEVERAL) != 0;
	type &= ~(uint32_t)SEVERAL;
	w = width_of(type);
	if (!w || (id >= NAMED && !take_name(in, out)))
		return false;
	if ((several || w->len == VARIABLE) && (!tnef_take_u32(in, &count) || count > MOST_VALUES))
		return false;
	out->id = id >= NAMED ? 0 : (uint16_t)id;
	out->type = (uint16_t)type;
	for (uint32_t i = 0; i < count; i++) {
		struct bytes value;

		len = w->len;
		if ((len == VARIABLE && !tnef_take_u32(in, &len)) || !take_padded(in, len, &value))
			return false;
		if (i == 0)
			out->value = value;
	}
	return true;
}
