#include "mail/attachment.h"

#include <string.h>

#include "base/hex.h"
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
	return part->parent && mime_is(part->parent, "multipart", "related") && !part->is_text;
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

/* ---- what the HTML shows ---- */

/* The text's end behind the id or address, as it stands in an attribute; "%40" is "@" there. 0: it is another one. */
static bool is_at(struct bytes html, struct bytes id)
{
	size_t i = 0;

	for (size_t k = 0; k < id.len; k++, i++) {
		uint8_t c = i < html.len ? html.p[i] : 0;

		if (c == '%' && html.len - i > 2 && hex_digit(html.p[i + 1]) >= 0 &&
		    hex_digit(html.p[i + 2]) >= 0) {
			c = (uint8_t)(hex_digit(html.p[i + 1]) << 4 | hex_digit(html.p[i + 2]));
			i += 2;
		}
		if (c != id.p[k])
			return false;
	}
	return i == html.len || strchr("\"'<> )&;?\t\r\n", html.p[i]);
}

static bool ends_in_cid(const uint8_t *colon, size_t before)
{
	return before >= 3 && (colon[-3] | 0x20) == 'c' && (colon[-2] | 0x20) == 'i' &&
	       (colon[-1] | 0x20) == 'd';
}

static void refer_by_id(struct attachment *v, size_t n, struct bytes html)
{
	enum { MOST = 2000 }; /* a mail has no more pictures */
	const uint8_t *p = html.p, *end, *colon;
	size_t seen = 0;

	if (!html.len)
		return; /* it may be NULL */
	end = html.p + html.len;
	while (p < end && seen < MOST && (colon = memchr(p, ':', (size_t)(end - p)))) {
		p = colon + 1;
		if (!ends_in_cid(colon, (size_t)(colon - html.p)))
			continue;
		seen++;
		for (size_t i = 0; i < n; i++)
			if (v[i].content_id.len && is_at(bytes_of(p, (size_t)(end - p)), v[i].content_id))
				v[i].is_referred = true;
	}
}

static bool holds_location(struct bytes html, struct bytes location)
{
	const uint8_t *at = html.len ? memmem(html.p, html.len, location.p, location.len) : NULL;

	return at && at > html.p && strchr("\"'= (", at[-1]);
}

void attachments_refer(struct attachment *v, size_t n, struct bytes html)
{
	enum { LOCATED = 100 }; /* for each the HTML is searched */

	refer_by_id(v, n, html);
	for (size_t i = 0; i < n && i < LOCATED; i++)
		v[i].is_referred = v[i].is_referred ||
				   (v[i].content_location.len && holds_location(html, v[i].content_location));
	for (size_t i = 0; i < n; i++)
		v[i].is_inline = v[i].is_inline || v[i].is_referred;
}

void attachments_settle(struct attachment *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i].is_inline = v[i].is_referred;
}
