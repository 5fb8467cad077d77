#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

static void set_v4(struct address *a, const void *ip)
{
	*a = (struct address){ .family = 4 };
	memcpy(a->ip, ip, 4);
}

static void set_v6(struct address *a, const uint8_t *ip)
{
	if (memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		set_v4(a, ip + sizeof(mapped_prefix));
		return;
	}
	*a = (struct address){ .family = 6 };
	memcpy(a->ip, ip, 16);
}

void address_of_sockaddr(const struct sockaddr *sa, struct address *out)
{
	*out = (struct address){ 0 };
	if (sa->sa_family == AF_INET)
		set_v4(out, &((const struct sockaddr_in *)(const void *)sa)->sin_addr);
	else if (sa->sa_family == AF_INET6)
		set_v6(out, ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr.s6_addr);
}

/* A C string for inet_pton: what is longer than any address is none. */
static bool to_text(struct bytes in, char out[ADDRESS_TEXT_MAX])
{
	if (in.len >= ADDRESS_TEXT_MAX || memchr(in.p, 0, in.len))
		return false;
	memcpy(out, in.p, in.len);
	out[in.len] = '\0';
	return in.len > 0;
}

/* Without brackets and port: "[::1]:80" → "::1", "192.0.2.1:80" → "192.0.2.1". */
static struct bytes without_port(struct bytes text)
{
	size_t end;

	if (text.len && text.p[0] == '[') {
		struct bytes inner = { text.p + 1, text.len - 1 };

		inner.len = bytes_find(inner, ']');
		return inner;
	}
	end = bytes_find(text, ':');
	if (end < text.len &&
	    bytes_find(bytes_of(text.p + end + 1, text.len - end - 1), ':') == text.len - end - 1)
		text.len = end; /* a single colon: no IPv6 address */
	return text;
}

enum err address_parse(struct bytes text, struct address *out)
{
	char name[ADDRESS_TEXT_MAX];
	uint8_t ip[16];

	if (!to_text(without_port(bytes_trim(text)), name))
		return ERR_PROTO;
	if (inet_pton(AF_INET, name, ip) == 1)
		set_v4(out, ip);
	else if (inet_pton(AF_INET6, name, ip) == 1)
		set_v6(out, ip);
	else
		return ERR_PROTO;
	return ERR_OK;
}

void address_format(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
	if (!a->family || !inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, out, ADDRESS_TEXT_MAX))
		strcpy(out, "-");
}

bool address_eq(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

void address_to_network(struct address *a)
{
	if (a->family == 6)
		memset(a->ip + 8, 0, 8);
}

enum err network_parse(struct bytes text, struct network *out)
{
	struct bytes base, rest = bytes_trim(text);
	uint32_t bits, most;

	if (!bytes_split(&rest, '/', &base) || address_parse(base, &out->base))
		return ERR_PROTO;
	most = out->base.family == 4 ? 32 : 128;
	bits = most;
	if (bytes_find(text, '/') < text.len && bytes_to_u32(rest, most, &bits))
		return ERR_PROTO;
	out->bits = (uint8_t)bits;
	return ERR_OK;
}

bool network_has(const struct network *n, const struct address *a)
{
	size_t whole = n->bits / 8;
	unsigned rest = n->bits % 8;

	if (n->base.family != a->family || memcmp(n->base.ip, a->ip, whole) != 0)
		return false;
	return !rest || ((n->base.ip[whole] ^ a->ip[whole]) >> (8 - rest)) == 0;
}

enum err endpoint_parse(struct bytes text, struct sockaddr_storage *out, socklen_t *len)
{
	struct address a = { .family = 6 }; /* any */
	struct bytes host, port;
	size_t colon = text.len;
	uint32_t number;

	while (colon && text.p[colon - 1] != ':')
		colon--;
	if (!colon)
		return ERR_PROTO;
	host = bytes_of(text.p, colon - 1);
	port = bytes_of(text.p + colon, text.len - colon);
	if (bytes_to_u32(port, 65535, &number) || (host.len && address_parse(host, &a)))
		return ERR_PROTO;
	memset(out, 0, sizeof(*out));
	if (a.family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)number);
		memcpy(&in->sin_addr, a.ip, 4);
		*len = sizeof(*in);
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)(void *)out;

		in->sin6_family = AF_INET6;
		in->sin6_port = htons((uint16_t)number);
		memcpy(&in->sin6_addr, a.ip, 16);
		*len = sizeof(*in);
	}
	return ERR_OK;
}
