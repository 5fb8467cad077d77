#include "auth/basic.h"

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "mail/charset.h"

enum { AUTHORIZATION_MAX = 4096, USER_MAX = 256 };

static enum err to_utf8(struct arena *a, struct bytes in, struct bytes *out)
{
	struct buf b;

	if (utf8_valid(in)) {
		*out = in;
		return ERR_OK;
	}
	/* Room for the longest result at once: a block that grew would leave copies of the password behind. */
	buf_init(&b, a, 0);
	buf_room(&b, 3 * in.len);
	for (size_t i = 0; i < in.len; i++)
		utf8_put(&b, charset_windows_1252(in.p[i]));
	OPENSSL_cleanse((void *)(uintptr_t)in.p, in.len);
	return buf_done(&b, out);
}

static bool is_clean(struct bytes user)
{
	for (size_t i = 0; i < user.len; i++)
		if (user.p[i] < 0x20 || user.p[i] == 0x7F)
			return false;
	return user.len > 0 && user.len <= USER_MAX;
}

enum err credentials_parse(struct arena *a, struct bytes authorization, struct credentials *out)
{
	struct bytes scheme, text;
	enum err e;

	authorization = bytes_trim(authorization);
	if (authorization.len > AUTHORIZATION_MAX || !bytes_split(&authorization, ' ', &scheme) ||
	    !bytes_eq_nocase(scheme, "Basic"))
		return ERR_AUTH;
	e = base64_decode(a, bytes_trim(authorization), &text);
	if (!e)
		e = to_utf8(a, text, &text);
	if (e)
		return e == ERR_LIMIT ? e : ERR_AUTH;
	*out = (struct credentials){ .password = text };
	if (bytes_find(text, ':') == text.len || !bytes_split(&out->password, ':', &out->user) ||
	    !is_clean(out->user) || bytes_find(out->password, 0) < out->password.len) {
		OPENSSL_cleanse((void *)(uintptr_t)text.p, text.len);
		return ERR_AUTH;
	}
	return ERR_OK;
}

void credentials_wipe(struct credentials *c)
{
	OPENSSL_cleanse((void *)(uintptr_t)c->user.p, c->user.len);
	OPENSSL_cleanse((void *)(uintptr_t)c->password.p, c->password.len);
	*c = (struct credentials){ 0 };
}

static enum err with_domain(struct arena *a, struct bytes local, struct bytes domain, struct bytes *out)
{
	struct buf b;

	buf_init(&b, a, 0);
	buf_put(&b, local);
	if (domain.len) {
		buf_put_u8(&b, '@');
		buf_put(&b, domain);
	}
	return buf_done(&b, out);
}

enum err user_name_parse(
    struct arena *a, struct bytes typed, struct bytes default_domain, struct user_name *out)
{
	struct bytes realm = { 0 }, name = typed;
	bool in_name;
	size_t at;

	if (bytes_find(typed, '\\') < typed.len)
		bytes_split(&name, '\\', &realm);
	at = name.len;
	while (at && name.p[at - 1] != '@')
		at--;
	in_name = at > 1 && at < name.len;
	if (!name.len)
		return ERR_AUTH;
	out->local = in_name ? bytes_of(name.p, at - 1) : name;
	if (in_name)
		out->domain = bytes_of(name.p + at, name.len - at);
	else
		out->domain = realm.len ? realm : default_domain;
	if (in_name) {
		out->whole = name;
		return ERR_OK;
	}
	if (realm.len && bytes_find(realm, '.') == realm.len)
		return with_domain(a, name, default_domain, &out->whole);
	return with_domain(a, name, out->domain, &out->whole);
}

enum err user_name_expand(
    struct arena *a, const char *pattern, const struct user_name *name, struct bytes *out)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (const char *p = pattern; *p; p++) {
		if (*p != '%' || !p[1]) {
			buf_put_u8(&b, (uint8_t)*p);
			continue;
		}
		switch (*++p) {
		case 'u':
			buf_put(&b, name->whole);
			break;
		case 'n':
			buf_put(&b, name->local);
			break;
		case 'd':
			buf_put(&b, name->domain);
			break;
		default:
			buf_put_u8(&b, (uint8_t)*p);
			break;
		}
	}
	return buf_done(&b, out);
}
