#include "commands/attachment.h"

#include "mail/transfer.h"
#include "sync/collection.h"

struct reference {
	uint32_t folder, uid;
	char *section;
};

/* Only digits and dots: a section that comes from outside must not be able to say anything else to IMAP. */
static bool is_section(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return bytes_eq_str(s, "TEXT");
	return s.len > 0 && s.len <= 100;
}

static enum err parse(struct arena *a, struct bytes text, struct reference *out)
{
	struct bytes folder, uid;

	text = bytes_trim(text);
	if (!bytes_split(&text, ':', &folder) || !bytes_split(&text, ':', &uid) ||
	    bytes_to_u32(folder, UINT32_MAX, &out->folder) || bytes_to_u32(uid, UINT32_MAX, &out->uid) || !is_section(text))
		return ERR_PROTO;
	return arena_cstr(a, text, &out->section);
}

static enum err describe(struct arena *a, const struct mime_part *part, struct bytes *out)
{
	char *type;

	*out = BYTES("application/octet-stream");
	if (!part->type.len || !part->subtype.len)
		return ERR_OK;
	type = arena_printf(a, "%.*s/%.*s", BYTES_ARG(part->type), BYTES_ARG(part->subtype));
	if (!type)
		return ERR_LIMIT;
	*out = bytes_str(type);
	return ERR_OK;
}

enum err attachment_read(struct request *rq, struct bytes text, struct attachment_data *out)
{
	struct imap_part_request part = { 0 };
	const struct mime_part *structure;
	struct imap_messages messages;
	struct imap_status status;
	struct reference ref;
	uint32_t validity;
	struct bytes mailbox;
	struct imap *imap;
	enum err e;

	if ((e = parse(rq->arena, text, &ref)) || (e = folder_mailbox(rq, ref.folder, &mailbox, &validity)))
		return e;
	if (!mailbox.len)
		return ERR_NOT_FOUND;
	if ((e = request_imap(rq, mailbox, &imap)) || (e = imap_select(imap, mailbox, &status)))
		return e;
	if (validity && status.uid_validity != validity)
		return ERR_NOT_FOUND; /* another mailbox has taken its name */
	if ((e = imap_fetch_messages(imap, rq->arena, &ref.uid, 1, &messages)))
		return e;
	structure = messages.n ? mime_part_find(messages.v[0].structure, bytes_str(ref.section)) : NULL;
	if (!structure)
		return ERR_NOT_FOUND;
	part.uid = ref.uid;
	part.section = ref.section;
	if ((e = imap_fetch_parts(imap, rq->arena, &part, 1)))
		return e;
	if (!part.found)
		return ERR_NOT_FOUND;
	rq->figures.fetches++;
	if ((e = describe(rq->arena, structure, &out->content_type)))
		return e;
	return transfer_decode(rq->arena, structure->encoding, part.data, &out->data);
}
