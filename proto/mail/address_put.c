#include "mail/address.h"
#include "mail/encoded_word.h"

/* Addresses on their way into a header. */

static bool is_ascii_text(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < ' ' || text.p[i] >= 127)
			return false;
	return true;
}

static void put_display_name(struct buf *out, struct bytes name)
{
	if (!is_ascii_text(name) || bytes_starts(name, "=?")) {
		encoded_words_put(out, name);
		return;
	}
	header_put_quoted(out, name);
}

/* Nothing in it may end the address, or the line. Letters of other scripts stand as they are (RFC 6532). */
static bool may_stand(struct bytes address)
{
	for (size_t i = 0; i < address.len; i++)
		if (address.p[i] <= ' ' || address.p[i] == 127 || address.p[i] == '<' ||
		    address.p[i] == '>' || address.p[i] == ',' || address.p[i] == ';' || address.p[i] == '"')
			return false;
	return address.len > 0;
}

static void put_address(struct buf *out, const struct mail_address *one)
{
	bool is_address = may_stand(one->address);

	if (one->name.len)
		put_display_name(out, one->name);
	else if (!is_address)
		put_display_name(out, one->address);
	if (!is_address)
		return;
	buf_put_str(out, one->name.len ? " <" : "<");
	buf_put(out, one->address);
	buf_put_u8(out, '>');
}

void address_field_put(struct buf *out, const char *name, const struct mail_addresses *list)
{
	buf_put_str(out, name);
	buf_put_str(out, ": ");
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_put_str(out, ",\r\n ");
		put_address(out, &list->v[i]);
	}
	buf_put_str(out, "\r\n");
}

struct bytes address_domain(struct bytes address)
{
	size_t at = bytes_find(address, '@');

	return at + 1 < address.len ? bytes_of(address.p + at + 1, address.len - at - 1) : BYTES("localhost");
}
