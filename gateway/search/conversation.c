#include "search/conversation.h"

#include "io/fiber.h"
#include "mail/conversation.h"

/* As a server repeats it in its answer: upper case, this order. What mail/conversation.c looks at. */
#define FIELDS "HEADER.FIELDS (REFERENCES IN-REPLY-TO MESSAGE-ID THREAD-INDEX THREAD-TOPIC SUBJECT)"

enum { AT_ONCE = 500 }; /* headers that are read before others have their turn */

static enum err id_of(struct arena *a, struct bytes fields, struct bytes *out)
{
	struct header h;
	enum err e = header_parse(a, fields, &h);

	return e ? e : conversation_id(a, &h, out);
}

enum err conversation_ids(struct imap *c, struct arena *a, const uint32_t *uids, size_t n, struct bytes **out)
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
		if (parts[i].found)
			e = id_of(a, parts[i].data, &(*out)[i]);
		if (!e && i % AT_ONCE == AT_ONCE - 1)
			e = fiber_yield();
	}
	return e;
}

enum err conversation_filter(
    struct imap *c, struct arena *a, struct bytes conversation, size_t *scan, struct imap_uids *uids)
{
	size_t n = uids->n < *scan ? uids->n : *scan, kept = 0;
	const uint32_t *newest = uids->v + uids->n - n;
	struct bytes *ids;
	enum err e = conversation_ids(c, a, newest, n, &ids);

	if (e)
		return e;
	*scan -= n;
	for (size_t i = 0; i < n; i++)
		if (ids[i].len && bytes_eq(ids[i], conversation))
			uids->v[kept++] = newest[i];
	uids->n = kept;
	return ERR_OK;
}
