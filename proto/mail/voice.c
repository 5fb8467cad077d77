#include "mail/voice.h"

#include "base/utf8.h"

enum { LONGEST_S = 24 * 60 * 60 };

bool voice_is_told(const struct header *h)
{
	struct bytes class = header_get(h, "Content-Class");

	return bytes_eq_nocase(header_get(h, "Message-Context"), "voice-message") ||
	       bytes_eq_nocase(class, "voice") || bytes_starts_nocase(class, "voice-");
}

static uint32_t seconds(const struct header *h, const char *name)
{
	uint32_t n;

	return bytes_to_u32(bytes_trim(header_get(h, name)), LONGEST_S, &n) ? 0 : n;
}

static enum err read_header(struct arena *a, const struct header *h, struct voice *out)
{
	enum err e;

	out->duration_s = seconds(h, "X-VoiceMessageDuration");
	if (!out->duration_s)
		out->duration_s = seconds(h, "Content-Duration");
	if ((e = header_get_text(a, h, "X-CallingTelephoneNumber", &out->caller)))
		return e;
	return header_get_text(a, h, "X-AttachmentOrder", &out->order);
}

enum err voice_read(struct arena *a, const struct header *h, const struct tnef *item, struct voice *out)
{
	enum err e;

	*out = (struct voice){ .is_voice = true };
	if ((e = read_header(a, h, out)) || !item)
		return e;
	if (!out->duration_s && item->voice.duration_s <= LONGEST_S)
		out->duration_s = item->voice.duration_s;
	if (!out->caller.len)
		out->caller = item->voice.caller;
	if (!out->order.len)
		out->order = item->voice.order;
	out->notes = utf8_cut(item->voice.notes, VOICE_NOTES_MAX);
	return ERR_OK;
}

static bool is_named(const struct attachment *at, struct bytes name)
{
	return at->display_name.len == name.len &&
	       bytes_same_nocase(at->display_name.p, (const char *)name.p, name.len);
}

static bool is_recording(const struct attachment *at)
{
	return mime_is(at->part, "audio", NULL);
}

/* Names of what isn't there any more don't count, or nothing would be the newest. */
static uint32_t listed_order(
    struct bytes names, const struct attachment *list, size_t n, const struct attachment *at)
{
	uint32_t order = 0;

	for (struct bytes name; bytes_split(&names, ';', &name);) {
		size_t k = 0;

		name = bytes_trim(name);
		while (k < n && (!name.len || !is_named(&list[k], name)))
			k++;
		order += k < n;
		if (name.len && is_named(at, name))
			return order;
	}
	return 0;
}

uint32_t voice_order(const struct voice *v, const struct attachment *list, size_t n, size_t i)
{
	uint32_t order = 1;

	if (!v->is_voice)
		return 0;
	if (v->order.len)
		return listed_order(v->order, list, n, &list[i]);
	if (!is_recording(&list[i]))
		return 0;
	for (size_t k = i + 1; k < n; k++)
		order += is_recording(&list[k]);
	return order;
}
