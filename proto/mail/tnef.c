/* The attributes of a TNEF stream; the properties inside are tnef_props.c's, RTF is rtf.c's. */
#include "mail/tnef.h"

#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/rtf.h"
#include "mail/text.h"
#include "mail/tnef_props.h"

enum {
	IID_LEN = 16,        /* before the data of an embedded object */
	METHOD_EMBEDDED = 5, /* MS-OXCMSG 2.2.2.9 */
	DEFAULT_CODEPAGE = 1252,
	UTF8_CODEPAGE = 65001,
};

/* The type in the upper, the id in the lower half. Source: MS-OXTNEF 2.1.3.3. */
enum attribute {
	ATT_SUBJECT = 0x00018004,
	ATT_MESSAGE_CLASS = 0x00078008,
	ATT_BODY = 0x0002800C,
	ATT_ATTACH_TITLE = 0x00018010,
	ATT_ATTACH_REND_DATA = 0x00069002,
	ATT_MAPI_PROPS = 0x00069003,
	ATT_ATTACHMENT = 0x00069005,
	ATT_OEM_CODEPAGE = 0x00069007,
};

struct job {
	struct arena *arena;
	struct tnef *out;
	struct tnef_file *file; /* the one being read; NULL before the first */
	size_t cap;
	uint32_t codepage;              /* of what is neither UTF-16 nor says otherwise */
	uint32_t html_codepage;         /* of HTML; 0 = not said */
	struct bytes html, rtf;         /* as they are */
	struct bytes short_name, title; /* of the file: weaker names than the long one */
};

/* ---- values ---- */

static struct bytes charset_name(struct arena *a, uint32_t codepage)
{
	char *name = codepage == UTF8_CODEPAGE ? arena_printf(a, "utf-8")
					       : arena_printf(a, "cp%u", (unsigned)codepage);

	return bytes_str(name);
}

static enum err text8(struct job *j, struct bytes in, struct bytes *out)
{
	in.len = bytes_find(in, 0);
	return charset_to_utf8(j->arena, charset_name(j->arena, j->codepage), in, out);
}

static enum err text16(struct job *j, struct bytes in, struct bytes *out)
{
	size_t n = 0;

	while (n + 1 < in.len && (in.p[n] || in.p[n + 1]))
		n += 2;
	return charset_to_utf8(j->arena, BYTES("utf-16le"), bytes_of(in.p, n), out);
}

static enum err text_of(struct job *j, const struct mapi_prop *p, struct bytes *out)
{
	*out = (struct bytes){ 0 };
	return p->type == MAPI_UNICODE   ? text16(j, p->value, out)
	       : p->type == MAPI_STRING8 ? text8(j, p->value, out)
					 : ERR_OK;
}

static enum err line_of(struct job *j, struct bytes text, struct bytes *out)
{
	return header_text(j->arena, text, BYTES("utf-8"), out);
}

static enum err line_prop(struct job *j, const struct mapi_prop *p, struct bytes *out)
{
	struct bytes text;
	enum err e = text_of(j, p, &text);

	return e || !text.len ? e : line_of(j, text, out);
}

static uint32_t number_of(const struct mapi_prop *p)
{
	struct bytes value = p->value;
	uint32_t n;

	return p->type == MAPI_INT32 && tnef_take_u32(&value, &n) ? n : 0;
}

/* ---- properties ---- */

/* Whether text in UTF-16 begins with a word of ASCII. */
static bool starts16(struct bytes text, const char *word)
{
	size_t n = strlen(word), i = 0;

	while (i < n && 2 * i + 1 < text.len && text.p[2 * i] == word[i] && !text.p[2 * i + 1])
		i++;
	return i == n;
}

/* Source: MS-OXPROPS (PidNameAudioNotes). */
static bool is_audio_notes(const struct mapi_prop *p)
{
	static const uint8_t unified_messaging[] = { 0x8E, 0x85, 0x42, 0x44, 0xE3, 0xA9, 0x80, 0x4E, 0xB9,
		0x00, 0x31, 0x7A, 0x21, 0x0C, 0xC1, 0x5B };
	struct bytes set = bytes_of(unified_messaging, sizeof(unified_messaging));

	return bytes_eq(p->set, set) && starts16(p->name, "UMAudioNotes");
}

static enum err message_prop(struct job *j, const struct mapi_prop *p)
{
	switch (p->id) {
	case MAPI_MESSAGE_CLASS:
		return line_prop(j, p, &j->out->message_class);
	case MAPI_SUBJECT:
		return line_prop(j, p, &j->out->subject);
	case MAPI_BODY:
		return text_of(j, p, &j->out->plain);
	case MAPI_BODY_HTML:
		j->html = p->value;
		return p->type == MAPI_BINARY ? ERR_OK : text_of(j, p, &j->out->html);
	case MAPI_RTF_COMPRESSED:
		j->rtf = p->value;
		return ERR_OK;
	case MAPI_INTERNET_CODEPAGE:
		j->html_codepage = number_of(p);
		return ERR_OK;
	case MAPI_VOICE_DURATION:
		j->out->voice.duration_s = number_of(p);
		return ERR_OK;
	case MAPI_SENDER_TELEPHONE:
		return line_prop(j, p, &j->out->voice.caller);
	case MAPI_VOICE_ATTACHMENT_ORDER:
		return line_prop(j, p, &j->out->voice.order);
	default:
		return is_audio_notes(p) ? text_of(j, p, &j->out->voice.notes) : ERR_OK;
	}
}

static enum err file_prop(struct job *j, const struct mapi_prop *p)
{
	struct tnef_file *f = j->file;

	switch (p->id) {
	case MAPI_ATTACH_LONG_FILENAME:
		return line_prop(j, p, &f->name);
	case MAPI_ATTACH_FILENAME:
		return line_prop(j, p, &j->short_name);
	case MAPI_DISPLAY_NAME:
		return j->title.len ? ERR_OK : line_prop(j, p, &j->title);
	case MAPI_ATTACH_MIME_TAG:
		return line_prop(j, p, &f->type);
	case MAPI_ATTACH_CONTENT_ID:
		return line_prop(j, p, &f->content_id);
	case MAPI_ATTACH_CONTENT_LOCATION:
		return line_prop(j, p, &f->content_location);
	case MAPI_ATTACH_METHOD:
		f->is_message = number_of(p) == METHOD_EMBEDDED;
		return ERR_OK;
	case MAPI_ATTACH_DATA:
		f->data = p->value;
		if (p->type == MAPI_OBJECT && f->data.len >= IID_LEN)
			f->data = bytes_of(f->data.p + IID_LEN, f->data.len - IID_LEN);
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

static enum err read_props(
    struct job *j, struct bytes in, enum err (*take)(struct job *j, const struct mapi_prop *p))
{
	struct mapi_prop p;
	uint32_t count;
	enum err e = ERR_OK;

	if (!mapi_begin(&in, &count))
		return ERR_OK;
	for (; count && !e && mapi_next(&in, &p); count--)
		e = take(j, &p);
	j->out->whole = j->out->whole && (e || !count);
	return e;
}

/* ---- attributes ---- */

/* The names that the file had, now that all are known. */
static void end_file(struct job *j)
{
	struct tnef_file *f = j->file;

	if (f && !f->name.len)
		f->name = j->title.len ? j->title : j->short_name;
	j->title = j->short_name = (struct bytes){ 0 };
}

static enum err begin_file(struct job *j)
{
	struct tnef *t = j->out;

	end_file(j);
	j->file = NULL;
	if (t->n_files == TNEF_MAX_FILES)
		return ERR_OK;
	if (t->n_files == j->cap) {
		size_t cap = j->cap ? j->cap * 2 : 4;
		struct tnef_file *v = arena_grow(j->arena, t->files, j->cap * sizeof(*v), cap * sizeof(*v));

		if (!v)
			return ERR_LIMIT;
		t->files = v;
		j->cap = cap;
	}
	j->file = &t->files[t->n_files++];
	*j->file = (struct tnef_file){ 0 };
	return ERR_OK;
}

static enum err message_attribute(struct job *j, uint32_t id, struct bytes data)
{
	struct bytes text;
	enum err e;

	switch (id) {
	case ATT_OEM_CODEPAGE:
		(void)tnef_take_u32(&data, &j->codepage);
		return ERR_OK;
	case ATT_MESSAGE_CLASS:
		return (e = text8(j, data, &text)) ? e : line_of(j, text, &j->out->message_class);
	case ATT_SUBJECT:
		return (e = text8(j, data, &text)) ? e : line_of(j, text, &j->out->subject);
	case ATT_BODY:
		return text8(j, data, &j->out->plain);
	case ATT_MAPI_PROPS:
		return read_props(j, data, message_prop);
	case ATT_ATTACH_REND_DATA:
		return begin_file(j);
	default:
		return ERR_OK;
	}
}

static enum err file_attribute(struct job *j, uint32_t id, struct bytes data)
{
	struct bytes text;
	enum err e;

	switch (id) {
	case ATT_ATTACH_TITLE:
		return (e = text8(j, data, &text)) ? e : line_of(j, text, &j->title);
	case TNEF_FILE_DATA:
		j->file->data = data;
		return ERR_OK;
	case TNEF_FILE_SIZE:
		(void)tnef_take_u32(&data, &j->file->left_out);
		return ERR_OK;
	case ATT_ATTACHMENT:
		return read_props(j, data, file_prop);
	default:
		return ERR_OK;
	}
}

static enum err read_attributes(struct job *j, struct bytes in)
{
	uint32_t id, len, checksum;
	struct bytes level, data;
	enum err e = ERR_OK;

	while (!e && in.len) {
		if (!bytes_take(&in, 1, &level) || level.p[0] < 1 || level.p[0] > 2 ||
		    !tnef_take_u32(&in, &id) || !tnef_take_u32(&in, &len) || !bytes_take(&in, len, &data) ||
		    !tnef_take_u16(&in, &checksum)) {
			j->out->whole = false;
			break;
		}
		e = message_attribute(j, id, data);
		if (!e && j->file)
			e = file_attribute(j, id, data);
	}
	end_file(j);
	return e;
}

/* ---- the texts ---- */

/* HTML before RTF, which is often made from it, and RTF only where there is nothing better. */
static enum err make_texts(struct job *j)
{
	struct tnef *t = j->out;
	struct bytes declared;
	enum err e = ERR_OK;

	if (j->html.len && !t->html.len) {
		declared = j->html_codepage ? charset_name(j->arena, j->html_codepage)
					    : html_declared_charset(j->html);
		e = charset_to_utf8(j->arena, declared, j->html, &t->html);
	}
	if (!e && j->rtf.len && !t->html.len && !t->plain.len)
		e = rtf_read_compressed(j->arena, j->rtf, &t->plain, &t->html);
	if (!e && (e = utf8_repair(j->arena, t->html, &t->html)) == ERR_OK)
		e = text_crlf(j->arena, t->plain, &t->plain);
	return e;
}

enum err tnef_read(struct arena *a, struct bytes in, struct tnef *out)
{
	struct job j = { .arena = a, .out = out, .codepage = DEFAULT_CODEPAGE };
	uint32_t signature, key;
	enum err e;

	*out = (struct tnef){ .whole = true };
	if (!tnef_take_u32(&in, &signature) || signature != TNEF_SIGNATURE || !tnef_take_u16(&in, &key))
		return ERR_PROTO;
	if ((e = read_attributes(&j, in)))
		return e;
	return make_texts(&j);
}
