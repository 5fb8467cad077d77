#include "search/conversation.h"

#include <string.h>

#include "io/fiber.h"
#include "io/loop.h"
#include "mail/conversation.h"

/* As a server repeats it in its answer: upper case, this order. What mail/conversation.c looks at. */
#define FIELDS "HEADER.FIELDS (REFERENCES IN-REPLY-TO MESSAGE-ID THREAD-INDEX THREAD-TOPIC SUBJECT)"

enum {
	AT_ONCE = 500, /* headers that are read before others have their turn */
	FILTERED_AT_ONCE = 2000,
	FILTER_BYTES = 64 * 1024 * 1024, /* for the headers of so many: some References are long */
};

static enum err id_of(struct arena *a, struct bytes fields, struct bytes *out)
{
	struct header h;
	enum err e = header_parse(a, fields, &h);

	return e ? e : conversation_id(a, &h, out);
}

enum err conversation_ids(
    struct imap *c, struct arena *a, const uint32_t *uids, size_t n, struct conversation_of **out)
{
	struct imap_part_request *parts = arena_array(a, n, sizeof(*parts));
	enum err e = ERR_OK;

	*out = arena_array(a, n, sizeof(**out));
	if (!parts || !*out)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		parts[i] = (struct imap_part_request){ .uid = uids[i], .section = FIELDS };
	if (n)
		e = imap_fetch_parts(c, a, parts, n);
	for (size_t i = 0; i < n && !e; i++) {
		(*out)[i].unreadable = parts[i].problem != ERR_OK;
		if (parts[i].found)
			e = id_of(a, parts[i].data, &(*out)[i].id);
		if (!e && i % AT_ONCE == AT_ONCE - 1)
			e = fiber_yield();
	}
	return e;
}

/* Those of uids[0..n) that belong to it, at the end of that array. *kept: how many. */
static enum err filter_some(struct imap *c, struct arena *a, struct bytes conversation, uint32_t *uids,
    size_t n, size_t *kept, size_t *unreadable)
{
	struct conversation_of *of;
	enum err e = conversation_ids(c, a, uids, n, &of);

	*kept = 0;
	for (size_t i = n; !e && i-- > 0;) {
		*unreadable += of[i].unreadable;
		if (of[i].id.len && bytes_eq(of[i].id, conversation))
			uids[n - ++*kept] = uids[i];
	}
	return e;
}

enum err conversation_filter(
    struct imap *c, struct bytes conversation, uint64_t until_ms, struct imap_uids *uids, size_t *unreadable)
{
	size_t left = uids->n, found = 0; /* found: at the end of the array */
	enum err e = ERR_OK;

	while (left && !e) {
		size_t n = left < FILTERED_AT_ONCE ? left : FILTERED_AT_ONCE, kept;
		uint32_t *some = uids->v + left - n;
		struct arena *a;

		if (loop_now_ms() > until_ms) {
			e = ERR_TIMEOUT;
			break;
		}
		a = arena_new(FILTER_BYTES);
		e = filter_some(c, a, conversation, some, n, &kept, unreadable);
		arena_free(&a);
		if (e)
			break;
		memmove(uids->v + uids->n - found - kept, some + n - kept, kept * sizeof(*some));
		found += kept;
		left -= n;
	}
	*uids = (struct imap_uids){ uids->v + uids->n - found, found };
	return e;
}
