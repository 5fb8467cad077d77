#include "mail/voice.h"

enum { LONGEST_S = 24 * 60 * 60 };

static bool is_voice(const struct header *h)
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

enum err voice_read(struct arena *a, const struct header *h, struct voice *out)
{
	*out = (struct voice){ .is_voice = is_voice(h) };
	if (!out->is_voice)
		return ERR_OK;
	out->duration_s = seconds(h, "X-VoiceMessageDuration");
	if (!out->duration_s)
		out->duration_s = seconds(h, "Content-Duration");
	return header_get_text(a, h, "X-CallingTelephoneNumber", &out->caller);
}
