#include "mail/conversation.h"

#include <string.h>

#include "base/base64.h"
#include "base/hash.h"

enum {
	INDEX_HEAD = 22, /* of Thread-Index: a reserved byte, 5 of time, 16 of a GUID */
	INDEX_LEVEL = 5,
	MAX_LEVELS = 60,
};

/* Prefixes in the languages whose mailers translate them. */
static bool take_prefix(struct bytes *subject)
{
	static const char *const prefixes[] = { "re", "fw", "fwd", "aw", "wg", "sv", "vs", "antw", "tr", "rv",
		"ref", "vl", "doorst", "odp", "pd", "res", "enc", "ynt", "ilt" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);

		if (!bytes_starts_nocase(*subject, prefixes[i]))
			continue;
		if (n < subject->len && subject->p[n] == '[') /* Re[2]: */
			n += bytes_find(bytes_of(subject->p + n, subject->len - n), ']') + 1;
		while (n < subject->len && subject->p[n] == ' ')
			n++;
		if (n < subject->len && subject->p[n] == ':') {
			*subject = bytes_trim(bytes_of(subject->p + n + 1, subject->len - n - 1));
			return true;
		}
	}
	return false;
}

enum err conversation_topic(struct arena *a, const struct header *h, struct bytes *out)
{
	enum err e = header_get_text(a, h, "Thread-Topic", out);

	if (e || out->len)
		return e;
	if ((e = header_get_text(a, h, "Subject", out)))
		return e;
	while (take_prefix(out))
		;
	return ERR_OK;
}

/* Thread-Index in its binary form; empty if there is none that can be read. */
static enum err thread_index(struct arena *a, const struct header *h, struct bytes *out)
{
	struct bytes value = header_get(h, "Thread-Index");
	enum err e = value.len ? base64_decode(a, value, out) : ERR_PROTO;

	if (e == ERR_LIMIT)
		return e;
	if (e || out->len < INDEX_HEAD)
		*out = (struct bytes){ 0 };
	return ERR_OK;
}

static bool first_id(const struct header *h, struct bytes *out)
{
	static const char *const names[] = { "References", "In-Reply-To", "Message-ID" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes value = header_get(h, names[i]);

		if (message_id_next(&value, out))
			return true;
	}
	return false;
}

static enum err hashed(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *p = arena_alloc(a, CONVERSATION_ID_LEN);
	uint64_t high = hash64(in, 0x65617367), low = hash64(in, high);

	if (!p)
		return ERR_LIMIT;
	for (size_t i = 0; i < CONVERSATION_ID_LEN / 2; i++) {
		p[i] = (uint8_t)(high >> 8 * i);
		p[CONVERSATION_ID_LEN / 2 + i] = (uint8_t)(low >> 8 * i);
	}
	*out = bytes_of(p, CONVERSATION_ID_LEN);
	return ERR_OK;
}

enum err conversation_id(struct arena *a, const struct header *h, struct bytes *out)
{
	struct bytes id;
	enum err e;

	*out = (struct bytes){ 0 };
	if (first_id(h, &id))
		return hashed(a, id, out);
	if ((e = thread_index(a, h, &id)))
		return e;
	if (id.len) {
		*out = bytes_of(id.p + INDEX_HEAD - CONVERSATION_ID_LEN, CONVERSATION_ID_LEN);
		return ERR_OK;
	}
	if ((e = conversation_topic(a, h, &id)) || !id.len)
		return e;
	return hashed(a, id, out);
}

enum err conversation_index(struct arena *a, const struct header *h, int64_t received, struct bytes *out)
{
	/* FILETIME: 100 ns since 1601. Its bits 16 to 55 are what Thread-Index values begin with. */
	uint64_t filetime = ((uint64_t)received + 11644473600u) * 10000000u;
	struct bytes index;
	struct buf b;
	enum err e;

	buf_init(&b, a, 0);
	if ((e = thread_index(a, h, &index)))
		return e;
	if (index.len) {
		size_t levels = (index.len - INDEX_HEAD) / INDEX_LEVEL;

		buf_put(&b, bytes_of(index.p + 1, INDEX_LEVEL));
		buf_put(&b, bytes_of(index.p + INDEX_HEAD,
				(levels < MAX_LEVELS ? levels : MAX_LEVELS) * INDEX_LEVEL));
		return buf_done(&b, out);
	}
	for (int shift = 48; shift >= 16; shift -= 8)
		buf_put_u8(&b, (uint8_t)(filetime >> shift));
	return buf_done(&b, out);
}
