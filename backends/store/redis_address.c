#include "store/redis_address.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "base/arena.h"
#include "base/percent.h"

enum { DEFAULT_PORT = 6379, MAX_DB = 65535, MAX_URL = 4096 };

/* A C string on the heap; NULL for an empty view or one that holds a NUL. */
static char *dup_text(struct bytes in)
{
	char *s;

	if (!in.len || memchr(in.p, 0, in.len))
		return NULL;
	s = strndup((const char *)in.p, in.len);
	if (!s)
		abort();
	return s;
}

static enum err dup_decoded(struct arena *a, struct bytes in, char **out)
{
	struct bytes text;
	enum err e;

	if (!in.len)
		return ERR_OK;
	if ((e = percent_decode(a, in, &text)))
		return e;
	*out = dup_text(text);
	if (text.p != in.p) /* decoded into the arena, which is freed unwiped */
		OPENSSL_cleanse((void *)(uintptr_t)text.p, text.len);
	return *out ? ERR_OK : ERR_PROTO;
}

/* Takes "user:password@" off, if there is an '@' before the first '/'. The last '@' counts: some write passwords as
 * they are. */
static enum err parse_login(struct arena *a, struct bytes *in, struct redis_address *out)
{
	size_t end = bytes_find(*in, '/');
	const uint8_t *at = end ? memrchr(in->p, '@', end) : NULL;
	struct bytes login, user;
	enum err e;

	if (!at)
		return ERR_OK;
	bytes_take(in, (size_t)(at - in->p), &login);
	bytes_take(in, 1, &user);
	if (bytes_find(login, ':') == login.len)
		return ERR_PROTO; /* a user without a password logs nobody in */
	bytes_take(&login, bytes_find(login, ':'), &user);
	login.p++, login.len--;
	if ((e = dup_decoded(a, user, &out->user)) || (e = dup_decoded(a, login, &out->password)))
		return e;
	return out->user && !out->password ? ERR_PROTO : ERR_OK;
}

static enum err parse_unix(struct bytes in, struct redis_address *out)
{
	struct bytes path;

	bytes_take(&in, bytes_find(in, '?'), &path);
	if (!path.len || path.p[0] != '/' || !(out->path = dup_text(path)))
		return ERR_PROTO;
	if (!in.len)
		return ERR_OK;
	if (!bytes_starts(in, "?db="))
		return ERR_PROTO;
	return bytes_to_u32(bytes_of(in.p + 4, in.len - 4), MAX_DB, &out->db);
}

static enum err parse_host(struct bytes *in, struct redis_address *out)
{
	struct bytes host;

	if (in->len && in->p[0] == '[') {
		size_t close = bytes_find(*in, ']');

		if (close == in->len)
			return ERR_PROTO;
		host = bytes_of(in->p + 1, close - 1);
		*in = bytes_of(in->p + close + 1, in->len - close - 1);
		if (in->len && in->p[0] != ':')
			return ERR_PROTO;
	} else {
		bytes_take(in, bytes_find(*in, ':'), &host);
	}
	out->host = dup_text(host);
	return out->host ? ERR_OK : ERR_PROTO;
}

static enum err parse_tcp(struct bytes in, struct redis_address *out)
{
	struct bytes authority;
	uint32_t port = DEFAULT_PORT;
	enum err e;

	bytes_take(&in, bytes_find(in, '/'), &authority);
	if ((e = parse_host(&authority, out)))
		return e;
	if (authority.len &&
	    ((e = bytes_to_u32(bytes_of(authority.p + 1, authority.len - 1), UINT16_MAX, &port)) || !port))
		return ERR_PROTO;
	out->port = (uint16_t)port;
	return in.len > 1 ? bytes_to_u32(bytes_of(in.p + 1, in.len - 1), MAX_DB, &out->db) : ERR_OK;
}

static enum err parse(struct arena *a, const char *url, struct redis_address *out)
{
	struct bytes in = bytes_str(url);
	bool is_unix = bytes_starts(in, "unix://");
	enum err e;

	if (in.len > MAX_URL || (!is_unix && !bytes_starts(in, "redis://")))
		return ERR_PROTO;
	bytes_split(&in, '/', &(struct bytes){ 0 });
	bytes_split(&in, '/', &(struct bytes){ 0 });
	if ((e = parse_login(a, &in, out)))
		return e;
	return is_unix ? parse_unix(in, out) : parse_tcp(in, out);
}

enum err redis_address_parse(const char *url, struct redis_address *out)
{
	struct arena *a = arena_new((size_t)4 * MAX_URL);
	enum err e;

	*out = (struct redis_address){ 0 };
	e = parse(a, url, out);
	arena_free(&a);
	if (!e)
		return ERR_OK;
	redis_address_deinit(out);
	return ERR_PROTO;
}

void redis_address_deinit(struct redis_address *a)
{
	if (a->password)
		OPENSSL_cleanse(a->password, strlen(a->password));
	free(a->path);
	free(a->host);
	free(a->user);
	free(a->password);
	*a = (struct redis_address){ 0 };
}
