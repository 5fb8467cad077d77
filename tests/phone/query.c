#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/percent.h"

/* Tags of the compact form. Source: MS-ASHTTP 2.2.1.1.1.1.3. */
enum {
	PARAM_ATTACHMENT_NAME = 0,
	PARAM_COLLECTION_ID = 1,
	PARAM_ITEM_ID = 3,
	PARAM_LONG_ID = 4,
	PARAM_OPTIONS = 7
};
enum { OPTION_SAVE_IN_SENT = 1, OPTION_MULTIPART = 2, LOCALE_EN_US = 0x0409 };

static void put_plain_param(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, "&%s=", name);
	percent_put(out, bytes_str(value));
}

static void put_plain_query(
    struct buf *out, const struct phone_identity *who, enum eas_command cmd, const struct phone_params *p)
{
	buf_printf(out, "Cmd=%s&User=", eas_command_name(cmd));
	percent_put(out, bytes_str(who->user));
	put_plain_param(out, "DeviceId", who->device_id);
	put_plain_param(out, "DeviceType", who->device_type);
	if (!p)
		return;
	put_plain_param(out, "AttachmentName", p->attachment_name);
	put_plain_param(out, "CollectionId", p->collection_id);
	put_plain_param(out, "ItemId", p->item_id);
	put_plain_param(out, "LongId", p->long_id);
	if (p->save_in_sent)
		put_plain_param(out, "SaveInSent", "T");
}

static void put_short(struct buf *out, struct bytes value)
{
	buf_put_u8(out, (uint8_t)value.len);
	buf_put(out, value);
}

static void put_compact_param(struct buf *out, uint8_t tag, const char *value)
{
	if (!value)
		return;
	buf_put_u8(out, tag);
	put_short(out, bytes_str(value));
}

static void put_policy_key(struct buf *out, const char *text)
{
	uint32_t key = (uint32_t)strtoul(text, NULL, 10);

	buf_put_u8(out, key ? 4 : 0);
	for (unsigned i = 0; key && i < 4; i++)
		buf_put_u8(out, (uint8_t)(key >> (8 * i)));
}

static void put_compact_query(
    struct buf *out, const struct phone_identity *who, enum eas_command cmd, const struct phone_params *p)
{
	struct bytes raw = { 0 };
	uint8_t options = who->accept_multipart ? OPTION_MULTIPART : 0;
	struct buf b;

	buf_init(&b, out->arena, 0);
	buf_put_u8(&b, (uint8_t)eas_version_number(who->version));
	buf_put_u8(&b, (uint8_t)eas_command_info(cmd)->code);
	buf_put_u8(&b, LOCALE_EN_US & 0xFF);
	buf_put_u8(&b, LOCALE_EN_US >> 8);
	put_short(&b, bytes_str(who->device_id));
	put_policy_key(&b, who->policy_key);
	put_short(&b, bytes_str(who->device_type));
	if (p) {
		put_compact_param(&b, PARAM_ATTACHMENT_NAME, p->attachment_name);
		put_compact_param(&b, PARAM_COLLECTION_ID, p->collection_id);
		put_compact_param(&b, PARAM_ITEM_ID, p->item_id);
		put_compact_param(&b, PARAM_LONG_ID, p->long_id);
		options |= p->save_in_sent ? OPTION_SAVE_IN_SENT : 0;
	}
	if (options) {
		buf_put_u8(&b, PARAM_OPTIONS);
		put_short(&b, bytes_of(&options, 1));
	}
	if (!buf_done(&b, &raw))
		base64_put(out, raw, BASE64_PLAIN);
}

static void put_common_headers(struct buf *out, const struct phone_identity *who)
{
	bool default_port = who->port == 443 || who->port == 80;
	bool is_v6 = strchr(who->host, ':') != NULL;

	buf_printf(out, "Host: %s%s%s", is_v6 ? "[" : "", who->host, is_v6 ? "]" : "");
	if (!default_port)
		buf_printf(out, ":%u", who->port);
	buf_printf(out, "\r\nUser-Agent: %s\r\n", who->user_agent);
	if (who->password) {
		struct bytes pair = { 0 };
		struct buf b;

		buf_init(&b, out->arena, 0);
		buf_printf(&b, "%s:%s", who->user, who->password);
		if (!buf_done(&b, &pair)) {
			buf_put_str(out, "Authorization: Basic ");
			base64_put(out, pair, BASE64_PLAIN);
			buf_put_str(out, "\r\n");
		}
	}
	if (who->gzip)
		buf_put_str(out, "Accept-Encoding: gzip\r\n");
}

static void put_body(struct buf *out, const char *content_type, struct bytes body)
{
	if (content_type)
		buf_printf(out, "Content-Type: %s\r\n", content_type);
	buf_printf(out, "Content-Length: %zu\r\n\r\n", body.len);
	buf_put(out, body);
}

void phone_put_command(struct buf *out, const struct phone_identity *who, enum eas_command cmd,
    const struct phone_params *params, const char *content_type, struct bytes body)
{
	buf_printf(out, "POST %s?", who->path);
	if (who->compact_query)
		put_compact_query(out, who, cmd, params);
	else
		put_plain_query(out, who, cmd, params);
	buf_put_str(out, " HTTP/1.1\r\n");
	put_common_headers(out, who);
	if (!who->compact_query) { /* in the compact form the query says all that */
		buf_printf(out, "MS-ASProtocolVersion: %s\r\n", eas_version_name(who->version));
		buf_printf(out, "X-MS-PolicyKey: %s\r\n", who->policy_key);
		if (who->accept_multipart)
			buf_put_str(out, "MS-ASAcceptMultiPart: T\r\n");
	}
	put_body(out, content_type, body);
}

void phone_put_http(struct buf *out, const struct phone_identity *who, const char *method, const char *target,
    const char *headers, struct bytes body)
{
	buf_printf(out, "%s %s HTTP/1.1\r\n", method, target);
	put_common_headers(out, who);
	if (headers)
		buf_put_str(out, headers);
	if (body.len || strcmp(method, "POST") == 0)
		put_body(out, NULL, body);
	else
		buf_put_str(out, "\r\n");
}
