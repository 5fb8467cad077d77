#include "commands/attachment.h"

#include "devices/policy.h"
#include "eas/opaque_id.h"
#include "mail/mime_parse.h"
#include "mail/tnef_part.h"
#include "mail/transfer.h"
#include "sync/drafts.h"
#include "sync/mail_collection.h"
#include "sync/moved_mails.h"

/* What an attachment is and how large; attachment_send.c sends it. */

struct reference {
	struct opaque_id id;
	char *section;
	uint32_t inner; /* of the files in a winmail.dat, from 1; 0 = the part itself */
};

/* Only digits and dots: a section that comes from outside must not be able to say anything else to IMAP. */
static bool is_section(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return bytes_eq_str(s, "TEXT");
	return s.len > 0 && s.len <= OPAQUE_PART_MAX;
}

/* "2.1", or "2.1~3" for the third file in it. */
static enum err parse(const struct request *rq, struct bytes text, struct reference *out)
{
	struct bytes section, inner;
	enum err e;

	*out = (struct reference){ 0 };
	if ((e = opaque_id_parse(rq->arena, bytes_str(rq->account->name), text, &out->id)))
		return e == ERR_NOT_FOUND ? ERR_PROTO : e;
	inner = out->id.part;
	if (out->id.item > UINT32_MAX || !bytes_split(&inner, '~', &section) || !is_section(section) ||
	    (inner.len && bytes_to_u32(inner, TNEF_MAX_FILES, &out->inner)))
		return ERR_PROTO;
	return arena_cstr(rq->arena, section, &out->section);
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

static enum err check_policy(const struct config *c, const struct attachment_source *s)
{
	return policy_check_file(c, transfer_decoded_size(s->encoding, s->encoded_size));
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

/* A mail of which the server doesn't know the structure: we read it ourselves, and hold the part. */
static enum err hold_unknown(struct request *rq, struct imap *imap, struct attachment_source *s)
{
	uint32_t most = rq->worker->config->request_memory_bytes / 8;
	struct imap_part_request whole = { .uid = s->uid, .section = "", .count = most };
	const struct mime_part *part;
	struct mime_part *root;
	struct bytes header;
	enum err e;

	if ((e = imap_fetch_parts(imap, rq->arena, &whole, 1)))
		return e;
	if (!whole.found)
		return ERR_NOT_FOUND;
	if (whole.data.len == most)
		return ERR_LIMIT;
	if ((e = mime_parse(rq->arena, whole.data, &header, &root)))
		return e;
	if (!(part = mime_part_find(root, bytes_str(s->section))))
		return ERR_NOT_FOUND;
	s->is_held = true;
	if ((e = describe(rq->arena, part, s)) || (e = check_policy(rq->worker->config, s)) ||
	    (e = transfer_decode(rq->arena, part->encoding, part->body, &s->held)))
		return e;
	s->size = s->held.len;
	return ERR_OK;
}

/* A draft that was changed is another mail now. */
static enum err look_up_draft(struct request *rq, struct reference *ref, struct attachment_source *out,
    struct imap *imap, struct imap_messages *messages)
{
	struct collection *drafts;
	struct bytes section;
	enum err e = drafts_open(rq, ref->id.folder, out->mailbox, out->uid_validity, &drafts);

	if (e || !drafts)
		return e;
	if ((e = drafts_part(drafts, out->uid, bytes_str(ref->section), &out->uid, &section)))
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if ((e = arena_cstr(rq->arena, section, &ref->section)))
		return e;
	return imap_fetch_messages(imap, rq->arena, &out->uid, 1, messages);
}

/* What the server knows of the mail, which is looked up. */
static enum err look_up(struct request *rq, struct reference *ref, struct attachment_source *out,
    struct imap **imap, const struct imap_message **message)
{
	uint32_t validity, uid = (uint32_t)ref->id.item;
	struct imap_messages messages;
	struct imap_status status;
	enum err e;

	if ((e = folder_mailbox(rq, ref->id.folder, &out->mailbox, &validity)))
		return e;
	if (!out->mailbox.len)
		return ERR_NOT_FOUND;
	if ((e = request_imap(rq, out->mailbox, imap)) || (e = imap_select(*imap, out->mailbox, &status)))
		return e;
	if (validity && status.uid_validity != validity)
		return ERR_NOT_FOUND; /* another mailbox has taken its name */
	if ((e = imap_fetch_messages(*imap, rq->arena, &uid, 1, &messages)))
		return e;
	out->folder = ref->id.folder;
	out->uid = uid;
	out->uid_validity = status.uid_validity;
	if (!messages.n && (e = look_up_draft(rq, ref, out, *imap, &messages)))
		return e;
	out->section = ref->section;
	*message = messages.n && !messages.v[0].problem ? &messages.v[0] : NULL;
	return *message ? ERR_OK : ERR_NOT_FOUND;
}

/* The mail may have been moved by who still names it so. */
static enum err look_up_moved(struct request *rq, struct reference *ref, struct attachment_source *out,
    struct imap **imap, const struct imap_message **message)
{
	uint32_t uid = (uint32_t)ref->id.item;
	enum err e = moved_mail_find(rq, &ref->id.folder, &uid);

	if (e)
		return e;
	ref->id.item = uid;
	return look_up(rq, ref, out, imap, message);
}

enum err attachment_find(struct request *rq, struct bytes text, struct attachment_source *out)
{
	const struct imap_message *message;
	const struct mime_part *root, *part;
	struct reference ref;
	struct imap *imap;
	enum err e;

	*out = (struct attachment_source){ .size = UINT64_MAX, .count = UINT64_MAX };
	if ((e = parse(rq, text, &ref)))
		return e;
	e = look_up(rq, &ref, out, &imap, &message);
	if (e == ERR_NOT_FOUND)
		e = look_up_moved(rq, &ref, out, &imap, &message);
	if (e)
		return e;
	root = mail_structure(message);
	if (!root && (e = hold_unknown(rq, imap, out)))
		return e;
	if (!root)
		return ref.inner ? open_inner(rq->arena, ref.inner, out) : ERR_OK;
	if (!(part = mime_part_find(root, bytes_str(ref.section))))
		return ERR_NOT_FOUND;
	rq->figures.fetches++;
	if ((e = describe(rq->arena, part, out)) || (e = check_policy(rq->worker->config, out)))
		return e;
	if (ref.inner)
		return (e = attachment_hold(rq, out)) ? e : open_inner(rq->arena, ref.inner, out);
	return out->encoding == MIME_UUENCODE ? attachment_hold(rq, out) : ERR_OK;
}
