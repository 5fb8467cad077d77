#include "fuzz/fuzzing.h"

#include <string.h>

#include "auth/basic.h"
#include "http/gzip.h"
#include "http/proxy_header.h"

/* What strangers send before anybody knows who they are. The first byte says to which parser. */

static void proxy_header(struct bytes in)
{
	struct address client;
	size_t used = 0;
	enum err e = proxy_header_parse(in, &used, &client);

	MUST(e == ERR_OK || e == ERR_PROTO || e == ERR_TRUNCATED);
	if (e)
		return;
	MUST(used && used <= in.len && used <= PROXY_HEADER_MAX);
	/* each beginning of a header wants more */
	for (size_t n = 0; n < used; n++) {
		size_t part;

		MUST(proxy_header_parse(bytes_of(in.p, n), &part, &client) == ERR_TRUNCATED);
	}
}

static void addresses(struct bytes in)
{
	struct sockaddr_storage sa;
	struct address a, again;
	struct network n;
	socklen_t len;
	char text[ADDRESS_TEXT_MAX];

	if (address_parse(in, &a) == ERR_OK) {
		address_format(&a, text);
		MUST(address_parse(bytes_str(text), &again) == ERR_OK && address_eq(&a, &again));
	}
	if (network_parse(in, &n) == ERR_OK)
		MUST(network_has(&n, &n.base));
	if (endpoint_parse(in, &sa, &len) == ERR_OK)
		MUST(len <= sizeof(sa));
}

static void credentials(struct bytes in)
{
	struct arena *a = arena_new(64 * 1024);
	struct credentials c;
	struct user_name name;
	struct bytes out;

	if (credentials_parse(a, in, &c) == ERR_OK) {
		MUST(c.user.len && !memchr(c.user.p, 0, c.user.len));
		if (user_name_parse(a, c.user, BYTES("example.org"), &name) == ERR_OK) {
			MUST(name.whole.len && name.local.len);
			MUST(user_name_expand(a, "%u/%n@%d%%", &name, &out) == ERR_OK);
		}
		credentials_wipe(&c);
	}
	arena_free(&a);
}

static void gzip(struct bytes in)
{
	enum { MOST = 100 * 1000 };
	uint8_t *out = NULL;
	size_t len = 0;

	if (gzip_expand(in, MOST, &out, &len) == ERR_OK)
		MUST(len <= MOST);
	free(out);
	out = in.len ? gzip_shrink(in, &len) : NULL;
	if (out) {
		uint8_t *back = NULL;
		size_t back_len;

		MUST(gzip_expand(bytes_of(out, len), in.len, &back, &back_len) == ERR_OK);
		MUST(back_len == in.len && memcmp(back, in.p, back_len) == 0);
		free(back);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(struct bytes in) = { proxy_header, addresses, credentials, gzip };
	uint8_t *exact;

	if (!size)
		return 0;
	exact = malloc(size); /* its own block, so that reading beyond the end is seen */
	memcpy(exact, data, size);
	parsers[exact[0] % 4](bytes_of(exact + 1, size - 1));
	free(exact);
	return 0;
}
