#include "search/conversation.h"

#include "mail/conversation.h"

/* As a server repeats it in its answer: upper case, this order. What mail/conversation.c looks at. */
#define FIELDS "HEADER.FIELDS (REFERENCES IN-REPLY-TO MESSAGE-ID THREAD-INDEX THREAD-TOPIC SUBJECT)"

static enum err is_in(struct arena *a, struct bytes conversation, struct bytes fields, bool *out)
{
	struct header h;
	struct bytes id;
	enum err e;

	if ((e = header_parse(a, fields, &h)) || (e = conversation_id(a, &h, &id)))
		return e;
	*out = bytes_eq(id, conversation);
	return ERR_OK;
}

enum err conversation_filter(
    struct imap *c, struct arena *a, struct bytes conversation, size_t *scan, struct imap_uids *uids)
{
	size_t n = uids->n < *scan ? uids->n : *scan, kept = 0;
	struct imap_part_request *parts = arena_array(a, n, sizeof(*parts));
	const uint32_t *newest = uids->v + uids->n - n;
	enum err e;

	uids->n = n;
	if (!parts)
		return ERR_LIMIT;
	if (!n)
		return ERR_OK;
	*scan -= n;
	for (size_t i = 0; i < n; i++)
		parts[i] = (struct imap_part_request){ .uid = newest[i], .section = FIELDS };
	if ((e = imap_fetch_parts(c, a, parts, n)))
		return e;
	for (size_t i = 0; i < n; i++) {
		bool is = false;

		if (parts[i].found && (e = is_in(a, conversation, parts[i].data, &is)))
			return e;
		if (is)
			uids->v[kept++] = parts[i].uid;
	}
	uids->n = kept;
	return ERR_OK;
}
