#include "eas/request_line.h"

#include <stddef.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/percent.h"

enum { TAG_NONE = -1, TAG_OPTIONS = 7 };
enum { OPTION_SAVE_IN_SENT = 0x01, OPTION_ACCEPT_MULTIPART = 0x02 };
enum { POLICY_KEY_BYTES = 4, POLICY_KEY_DIGITS = 10 };

/* MS-ASHTTP 2.2.1.1.1.1.3 and 2.2.1.1.1.2.4. The rows without a tag have fixed places in the compact form. */
static const struct parameter {
	const char *name;
	int tag;
	size_t field;
} parameters[] = {
	{ "Cmd", TAG_NONE, offsetof(struct request_line, name) },
	{ "DeviceId", TAG_NONE, offsetof(struct request_line, device_id) },
	{ "DeviceType", TAG_NONE, offsetof(struct request_line, device_type) },
	{ "AttachmentName", 0, offsetof(struct request_line, attachment_name) },
	{ "CollectionId", 1, offsetof(struct request_line, collection_id) },
	{ "ItemId", 3, offsetof(struct request_line, item_id) },
	{ "LongId", 4, offsetof(struct request_line, long_id) },
	{ "Occurrence", 6, offsetof(struct request_line, occurrence) },
	{ "User", 8, offsetof(struct request_line, user) },
};

static void set_field(struct request_line *r, const struct parameter *p, struct bytes value)
{
	*(struct bytes *)(void *)((char *)r + p->field) = value;
}

/* ---- the plain form ---- */

static enum err parse_plain(struct arena *a, struct bytes query, struct request_line *out)
{
	struct bytes pair, name, value;
	enum err e;

	while (bytes_split(&query, '&', &pair)) {
		if (!bytes_split(&pair, '=', &name))
			continue;
		if ((e = percent_decode(a, pair, &value)))
			return e;
		for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
			if (bytes_eq_nocase(name, parameters[i].name))
				set_field(out, &parameters[i], value);
		if (bytes_eq_nocase(name, "SaveInSent"))
			out->save_in_sent = bytes_eq_nocase(value, "T");
	}
	out->command = eas_command_of_name(out->name);
	return out->name.len ? ERR_OK : ERR_PROTO;
}

/* ---- the compact form ---- */

/* No Name=Value anywhere: an equals sign can only be padding at the end. */
static bool looks_compact(struct bytes query)
{
	size_t i = bytes_find(query, '=');

	if (query.len == 0 || bytes_find(query, '&') < query.len)
		return false;
	while (i < query.len && query.p[i] == '=')
		i++;
	return i == query.len;
}

/* A length in one byte, then that many bytes. */
static bool take_counted(struct bytes *in, struct bytes *out)
{
	struct bytes len;

	return bytes_take(in, 1, &len) && bytes_take(in, len.p[0], out);
}

/* The documents know 4 bytes, little-endian; go-activesync writes decimal digits. */
static bool read_policy_key(struct bytes field, struct request_line *out)
{
	out->has_policy_key = field.len > 0;
	if (field.len == 0)
		return true;
	if (field.len == POLICY_KEY_BYTES) {
		for (size_t i = 0; i < POLICY_KEY_BYTES; i++)
			out->policy_key |= (uint32_t)field.p[i] << (8 * i);
		return true;
	}
	return field.len <= POLICY_KEY_DIGITS && !bytes_to_u32(field, UINT32_MAX, &out->policy_key);
}

static bool read_tagged(struct bytes *in, struct request_line *out)
{
	struct bytes tag, value;

	if (!bytes_take(in, 1, &tag) || !take_counted(in, &value))
		return false;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (parameters[i].tag == tag.p[0])
			set_field(out, &parameters[i], value);
	if (tag.p[0] == TAG_OPTIONS && value.len) {
		out->save_in_sent = (value.p[0] & OPTION_SAVE_IN_SENT) != 0;
		out->accept_multipart = (value.p[0] & OPTION_ACCEPT_MULTIPART) != 0;
	}
	return true;
}

static enum err parse_compact(struct arena *a, struct bytes query, struct request_line *out)
{
	struct bytes in, head, policy_key;
	enum err e = base64_decode(a, query, &in);

	if (e)
		return e;
	out->compact = true;
	if (!bytes_take(&in, 4, &head) || !take_counted(&in, &out->device_id) ||
	    !take_counted(&in, &policy_key) || !read_policy_key(policy_key, out) ||
	    !take_counted(&in, &out->device_type))
		return ERR_PROTO;
	out->has_version = eas_version_of_number(head.p[0], &out->version) == ERR_OK;
	out->command = eas_command_of_code(head.p[1]);
	out->locale = (uint16_t)(head.p[2] | head.p[3] << 8);
	while (in.len)
		if (!read_tagged(&in, out))
			return ERR_PROTO;
	return ERR_OK;
}

/* ---- both ---- */

static bool is_id_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_' ||
	       c == '.';
}

/* The same device may use both forms, so an id that is text stays as it is; binary data becomes hex. */
static enum err clean_device_id(struct arena *a, struct bytes *id)
{
	struct buf b;
	size_t i = 0;

	while (i < id->len && is_id_char(id->p[i]))
		i++;
	if (i == id->len)
		return ERR_OK;
	buf_init(&b, a, 0);
	hex_put_upper(&b, *id);
	return buf_done(&b, id);
}

static bool is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7E)
			return false;
	return true;
}

static bool has_controls(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7F)
			return true;
	return false;
}

/* 0, or the status that says what is wrong. */
static unsigned find_fault(const struct request_line *r)
{
	if (has_controls(r->user))
		return STATUS_INVALID_CONTENT;
	if (r->command == CMD_NONE)
		return STATUS_COMMAND_NOT_SUPPORTED;
	if (r->compact && !r->has_version)
		return STATUS_VERSION_NOT_SUPPORTED;
	if (r->device_id.len == 0 || r->device_id.len > DEVICE_ID_MAX)
		return STATUS_DEVICE_ID_MISSING_OR_INVALID;
	if (r->device_type.len == 0 || r->device_type.len > DEVICE_TYPE_MAX || !is_printable(r->device_type))
		return STATUS_DEVICE_TYPE_MISSING_OR_INVALID;
	return 0;
}

/* What the log gets must be printable even if it is refused. */
static enum err clean_for_log(struct arena *a, struct request_line *r)
{
	if (!is_printable(r->device_type) || r->device_type.len > DEVICE_TYPE_MAX)
		r->device_type.len = 0;
	if (!is_printable(r->name))
		r->name.len = 0;
	if (has_controls(r->user))
		r->user.len = 0;
	if (r->device_id.len > DEVICE_ID_MAX)
		r->device_id.len = 0;
	return clean_device_id(a, &r->device_id);
}

enum err request_line_parse(struct arena *a, struct bytes query, struct request_line *out, unsigned *status)
{
	struct bytes decoded;
	enum err e;

	*out = (struct request_line){ .command = CMD_NONE };
	*status = 0;
	if ((e = percent_decode(a, query, &decoded)))
		return e;
	if (looks_compact(decoded))
		e = parse_compact(a, decoded, out);
	else
		e = parse_plain(a, query, out);
	if (e == ERR_LIMIT)
		return e;
	*status = e ? (unsigned)STATUS_INVALID_CONTENT : find_fault(out);
	if ((e = clean_for_log(a, out)))
		return e;
	return *status ? ERR_PROTO : ERR_OK;
}
