#include "mail/attachment.h"

#include "mail/header.h"
#include "mail/transfer.h"

static const struct extension {
	const char *type, *subtype, *extension;
} extensions[] = {
	{ "message", "rfc822", "eml" },
	{ "message", "global", "eml" },
	{ "text", "html", "htm" },
	{ "text", "calendar", "ics" },
	{ "text", "vcard", "vcf" },
	{ "text", "x-vcard", "vcf" },
	{ "text", "csv", "csv" },
	{ "text", "rtf", "rtf" },
	{ "text", NULL, "txt" },
	{ "message", NULL, "txt" },
	{ "image", "jpeg", "jpg" },
	{ "image", "jpg", "jpg" },
	{ "image", "png", "png" },
	{ "image", "gif", "gif" },
	{ "image", "bmp", "bmp" },
	{ "image", "tiff", "tif" },
	{ "image", "webp", "webp" },
	{ "image", "svg+xml", "svg" },
	{ "image", "heic", "heic" },
	{ "audio", "mpeg", "mp3" },
	{ "audio", "wav", "wav" },
	{ "audio", "x-wav", "wav" },
	{ "audio", "mp4", "m4a" },
	{ "video", "mp4", "mp4" },
	{ "video", "quicktime", "mov" },
	{ "application", "pdf", "pdf" },
	{ "application", "zip", "zip" },
	{ "application", "msword", "doc" },
	{ "application", "rtf", "rtf" },
	{ "application", "json", "json" },
	{ "application", "xml", "xml" },
	{ "application", "vnd.ms-excel", "xls" },
	{ "application", "vnd.ms-powerpoint", "ppt" },
	{ "application", "pgp-signature", "asc" },
	{ "application", "pgp-keys", "asc" },
	{ "application", "pkcs7-signature", "p7s" },
	{ "application", "x-pkcs7-signature", "p7s" },
	{ "application", "pkcs7-mime", "p7m" },
	{ "application", "x-pkcs7-mime", "p7m" },
	{ "application", "ms-tnef", "dat" },
};

static const char *extension_of(const struct mime_part *part)
{
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (mime_is(part, extensions[i].type, extensions[i].subtype))
			return extensions[i].extension;
	return "bin";
}

enum err attachment_name(struct arena *a, const struct mime_part *part, struct bytes *out)
{
	enum err e;

	if ((e = mime_param_decode(a, &part->disposition_params, "filename", out)))
		return e;
	if (!out->len && (e = mime_param_decode(a, &part->params, "name", out)))
		return e;
	for (size_t i = out->len; i > 0; i--)
		if (out->p[i - 1] == '/' || out->p[i - 1] == '\\') {
			*out = bytes_of(out->p + i, out->len - i);
			break;
		}
	*out = bytes_trim(*out);
	return ERR_OK;
}

static struct bytes without_brackets(struct bytes id)
{
	struct bytes rest = id, out;

	return bytes_find(id, '<') < id.len && message_id_next(&rest, &out) ? out : bytes_trim(id);
}

/* Part of what a multipart/related shows, not its root. */
static bool is_related(const struct mime_part *part)
{
	return part->parent && mime_is(part->parent, "multipart", "related") && part != part->parent->child;
}

/* Apple Mail says "inline" of every document. A phone may leave inline parts out of its list, so only
 * pictures and what belongs to the HTML count as such. */
static bool is_inline(const struct mime_part *part)
{
	if (!part->id.len && !part->location.len)
		return false;
	if (is_related(part) && part->disposition != MIME_ATTACHMENT)
		return true;
	return mime_is(part, "image", NULL) && (part->disposition == MIME_INLINE || is_related(part));
}

enum err attachment_of(struct arena *a, const struct mime_part *part, unsigned number, struct attachment *out)
{
	bool message = mime_is(part, "message", "rfc822") || mime_is(part, "message", "global");
	enum err e;

	*out = (struct attachment){
		.part = part,
		.method = message ? 5 : 1,
		.size = transfer_decoded_size(part->encoding, part->size),
		.is_inline = is_inline(part),
	};
	if ((e = attachment_name(a, part, &out->display_name)) ||
	    (e = header_text(a, without_brackets(part->id), BYTES(""), &out->content_id)) ||
	    (e = header_text(a, part->location, BYTES(""), &out->content_location)))
		return e;
	if (!out->display_name.len && message && part->description.len) {
		if ((e = header_text(a, part->description, BYTES(""), &out->display_name)))
			return e;
		out->display_name = bytes_str(arena_printf(a, "%.*s.eml", BYTES_ARG(out->display_name)));
		return out->display_name.len ? ERR_OK : ERR_LIMIT;
	}
	if (!out->display_name.len)
		out->display_name = bytes_str(arena_printf(a, "ATT%05u.%s", number, extension_of(part)));
	return out->display_name.len ? ERR_OK : ERR_LIMIT;
}
