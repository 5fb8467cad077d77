#include "store/key.h"

#include <openssl/sha.h>

#include "base/hex.h"

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_' || c == '~' || c == '@' || c == '+';
}

void key_put_name(struct buf *b, struct bytes name)
{
	uint8_t sha[SHA256_DIGEST_LENGTH];

	if (!name.len)
		buf_put_u8(b, '%');
	if (name.len > KEY_NAME_MOST) {
		SHA256(name.p, name.len, sha);
		buf_put_str(b, "%%");
		hex_put(b, bytes_of(sha, sizeof(sha)));
		return;
	}
	for (size_t i = 0; i < name.len; i++) {
		if (is_plain(name.p[i])) {
			buf_put_u8(b, name.p[i]);
			continue;
		}
		buf_put_u8(b, '%');
		hex_put_upper(b, bytes_of(&name.p[i], 1));
	}
}

void key_put(struct buf *b, const char *kind, struct bytes account, const struct bytes *parts, size_t n)
{
	buf_put_str(b, "eas:");
	buf_put_str(b, kind);
	buf_put_str(b, ":{");
	key_put_name(b, account);
	buf_put_u8(b, '}');
	for (size_t i = 0; i < n; i++) {
		buf_put_u8(b, ':');
		key_put_name(b, parts[i]);
	}
}
