#include "http/proxy_header.h"

#include <netinet/in.h>
#include <string.h>

enum { V1_MAX = 107, V2_HEAD = 16 };

static const uint8_t v2_signature[12] = { 0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54,
	0x0A };

/* Whether `in` begins as `want` does, as far as either goes. */
static bool may_start(struct bytes in, const void *want, size_t len)
{
	return memcmp(in.p, want, in.len < len ? in.len : len) == 0;
}

/* PROXY TCP4 192.0.2.1 192.0.2.2 40000 443 CR LF */
static enum err parse_v1(struct bytes in, size_t *used, struct address *client)
{
	struct bytes line = { in.p, bytes_find(in, '\n') }, word;

	if (line.len >= V1_MAX)
		return ERR_PROTO;
	if (line.len == in.len)
		return ERR_TRUNCATED;
	*used = line.len + 1;
	line = bytes_trim(line);
	if (!bytes_split(&line, ' ', &word) || !bytes_eq_str(word, "PROXY") ||
	    !bytes_split(&line, ' ', &word))
		return ERR_PROTO;
	*client = (struct address){ 0 };
	if (bytes_eq_str(word, "UNKNOWN"))
		return ERR_OK;
	if (!bytes_starts(word, "TCP") || !bytes_split(&line, ' ', &word))
		return ERR_PROTO;
	return address_parse(word, client);
}

static enum err parse_v2(struct bytes in, size_t *used, struct address *client)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	size_t len;

	if (in.len < V2_HEAD)
		return ERR_TRUNCATED;
	len = (size_t)in.p[14] << 8 | in.p[15];
	if (in.p[12] >> 4 != 2 || (in.p[12] & 0x0F) > 1 || V2_HEAD + len > PROXY_HEADER_MAX)
		return ERR_PROTO;
	if (in.len < V2_HEAD + len)
		return ERR_TRUNCATED;
	*used = V2_HEAD + len;
	*client = (struct address){ 0 };
	if ((in.p[12] & 0x0F) == 0) /* LOCAL */
		return ERR_OK;
	switch (in.p[13] >> 4) {
	case 1:
		if (len < 12)
			return ERR_PROTO;
		memcpy(&v4.sin_addr, in.p + V2_HEAD, 4);
		address_of_sockaddr((const struct sockaddr *)&v4, client);
		return ERR_OK;
	case 2:
		if (len < 36)
			return ERR_PROTO;
		memcpy(&v6.sin6_addr, in.p + V2_HEAD, 16);
		address_of_sockaddr((const struct sockaddr *)&v6, client);
		return ERR_OK;
	default: /* unspecified, unix */
		return ERR_OK;
	}
}

enum err proxy_header_parse(struct bytes in, size_t *used, struct address *client)
{
	if (in.len && may_start(in, v2_signature, sizeof(v2_signature)))
		return parse_v2(in, used, client);
	if (in.len && may_start(in, "PROXY ", 6))
		return parse_v1(in, used, client);
	return in.len ? ERR_PROTO : ERR_TRUNCATED;
}
