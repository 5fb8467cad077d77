#include "commands/attachment.h"

#include "mail/tnef_part.h"
#include "mail/transfer.h"
#include "sync/collection.h"

/* What an attachment is and how large; attachment_send.c sends it. */

struct reference {
	uint32_t folder, uid;
	char *section;
	uint32_t inner; /* of the files in a winmail.dat, from 1; 0 = the part itself */
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
	struct bytes folder, uid, section;

	text = bytes_trim(text);
	*out = (struct reference){ 0 };
	if (!bytes_split(&text, ':', &folder) || !bytes_split(&text, ':', &uid) ||
	    bytes_to_u32(folder, UINT32_MAX, &out->folder) || bytes_to_u32(uid, UINT32_MAX, &out->uid) ||
	    !bytes_split(&text, '~', &section) || !is_section(section) ||
	    (text.len && bytes_to_u32(text, TNEF_MAX_FILES, &out->inner)))
		return ERR_PROTO;
	return arena_cstr(a, section, &out->section);
}

static enum err describe(struct arena *a, const struct mime_part *part, struct attachment_source *out)
{
	char *type;

	out->encoding = part->encoding;
	out->encoded_size = part->size;
	out->content_type = BYTES("application/octet-stream");
	if (!part->type.len || !part->subtype.len)
		return ERR_OK;
	type = arena_printf(a, "%.*s/%.*s", BYTES_ARG(part->type), BYTES_ARG(part->subtype));
	if (!type)
		return ERR_LIMIT;
	out->content_type = bytes_str(type);
	return ERR_OK;
}

/* MS-ASPROV 2.2.2.4 (AttachmentsEnabled), 2.2.2.39 (MaxAttachmentSize): not only asked of the phone. */
static enum err check_policy(const struct config *c, const struct attachment_source *s)
{
	uint32_t size = transfer_decoded_size(s->encoding, s->encoded_size);

	if (!c->policy_attachments)
		return ERR_DENIED;
	return c->policy_max_attachment_bytes && size > c->policy_max_attachment_bytes ? ERR_LIMIT : ERR_OK;
}

/* As it is when uuencoded: see transfer_stream.h. */
static enum err hold(struct request *rq, struct imap *imap, struct attachment_source *s)
{
	struct imap_part_request part = { .uid = s->uid, .section = s->section };
	enum err e = imap_fetch_parts(imap, rq->arena, &part, 1);

	if (e || !part.found)
		return e ? e : ERR_NOT_FOUND;
	s->is_held = true;
	if (!(e = transfer_decode(rq->arena, s->encoding, part.data, &s->held)))
		s->size = s->held.len;
	return e;
}

/* A file within a winmail.dat, which is held. */
static enum err open_inner(struct arena *a, uint32_t number, struct attachment_source *s)
{
	struct tnef_file file;
	enum err e = tnef_file_read(a, s->held, number, &file);

	if (e)
		return e;
	s->held = file.data;
	s->size = file.data.len;
	s->content_type = file.type.len ? file.type : BYTES("application/octet-stream");
	return ERR_OK;
}

enum err attachment_find(struct request *rq, struct bytes text, struct attachment_source *out)
{
	const struct mime_part *part;
	struct imap_messages messages;
	struct imap_status status;
	struct reference ref;
	uint32_t validity;
	struct imap *imap;
	enum err e;

	*out = (struct attachment_source){ .size = UINT64_MAX, .count = UINT64_MAX };
	if ((e = parse(rq->arena, text, &ref)) ||
	    (e = folder_mailbox(rq, ref.folder, &out->mailbox, &validity)))
		return e;
	if (!out->mailbox.len)
		return ERR_NOT_FOUND;
	if ((e = request_imap(rq, out->mailbox, &imap)) || (e = imap_select(imap, out->mailbox, &status)))
		return e;
	if (validity && status.uid_validity != validity)
		return ERR_NOT_FOUND; /* another mailbox has taken its name */
	if ((e = imap_fetch_messages(imap, rq->arena, &ref.uid, 1, &messages)))
		return e;
	part = messages.n ? mime_part_find(messages.v[0].structure, bytes_str(ref.section)) : NULL;
	if (!part)
		return ERR_NOT_FOUND;
	out->uid = ref.uid;
	out->uid_validity = status.uid_validity;
	out->section = ref.section;
	rq->figures.fetches++;
	if ((e = describe(rq->arena, part, out)) || (e = check_policy(rq->worker->config, out)))
		return e;
	if (ref.inner)
		return (e = hold(rq, imap, out)) ? e : open_inner(rq->arena, ref.inner, out);
	return out->encoding == MIME_UUENCODE ? hold(rq, imap, out) : ERR_OK;
}
