#include "mail/conversation.h"

#include <string.h>

#include "base/base64.h"
#include "base/hash.h"

enum {
	INDEX_HEAD = 22, /* of Thread-Index: a reserved byte, 5 of time, 16 of a GUID */
	INDEX_LEVEL = 5,
	MAX_LEVELS = 60,
};

/* What mailers put before the subject of a reply where they translate it. Of ASCII letters the case doesn't matter; others stand here in
 * each case in which they come. */
static const char *const replies[] = {
	"re",                              /* English, and many others */
	"aw", "antwort",                   /* German */
	"antw",                            /* Dutch */
	"sv",                              /* Danish, Norwegian, Swedish, Icelandic */
	"ref", "réf", "RÉF",               /* French */
	"r", "rif",                        /* Italian */
	"res",                             /* Portuguese */
	"odp", "odg",                      /* Polish, Czech, Slovene, Croatian */
	"vá", "VÁ",                        /* Hungarian */
	"ynt",                             /* Turkish */
	"bls", "tl", "atb",                /* Indonesian, Vietnamese, Welsh */
	"ΑΠ", "ΣΧΕΤ",                      /* Greek */
	"НА", "На", "Отв", "ОТВ", "Ответ", /* Russian */
	"תגובה",                           /* Hebrew */
	"رد",                              /* Arabic */
	"回复", "答复", "回覆", "答覆",    /* Chinese */
	"返信",                            /* Japanese */
	"회신", "답장",                    /* Korean */
};

/* The same of a forward. */
static const char *const forwards[] = {
	"fw", "fwd",            /* English, and many others */
	"wg",                   /* German */
	"doorst",               /* Dutch */
	"vs", "vb", "vl", "fs", /* Danish and Norwegian (in Finnish a reply), Swedish, Finnish, Icelandic */
	"tr",                   /* French */
	"i",                    /* Italian */
	"rv", "enc",            /* Spanish, Portuguese */
	"pd",                   /* Polish, Czech */
	"továbbítás",           /* Hungarian */
	"ilt", "İLT",           /* Turkish */
	"trs", "yml",           /* Indonesian, Welsh */
	"ΠΡΘ",                  /* Greek */
	"Пересл", "ПЕРЕСЛ",     /* Russian */
	"הועבר",                /* Hebrew */
	"إعادة توجيه",          /* Arabic */
	"转发", "轉寄", "轉發", /* Chinese */
	"転送",                 /* Japanese */
	"전달",                 /* Korean */
};

/* What ends a prefix. Chinese and Japanese mailers write the wide one. */
static const char *const colons[] = { ":", "：" };

/* Re[2]: or Re(2): of mailers that count. Nothing where the bracket stays open. */
static void take_count(struct bytes *in)
{
	size_t end;

	if (!bytes_starts(*in, "[") && !bytes_starts(*in, "("))
		return;
	end = bytes_find(*in, in->p[0] == '[' ? ']' : ')');
	if (end < in->len)
		*in = bytes_of(in->p + end + 1, in->len - end - 1);
}

static bool take_colon(struct bytes *in)
{
	for (size_t i = 0; i < sizeof(colons) / sizeof(colons[0]); i++) {
		size_t n = strlen(colons[i]);

		if (!bytes_starts(*in, colons[i]))
			continue;
		*in = bytes_of(in->p + n, in->len - n);
		return true;
	}
	return false;
}

static bool take_prefix(struct bytes *subject, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(prefixes[i]);
		struct bytes rest;

		if (!bytes_starts_nocase(*subject, prefixes[i]))
			continue;
		rest = bytes_of(subject->p + n, subject->len - n);
		take_count(&rest);
		rest = bytes_trim(rest);
		if (take_colon(&rest)) {
			*subject = bytes_trim(rest);
			return true;
		}
	}
	return false;
}

static bool take_reply(struct bytes *subject)
{
	return take_prefix(subject, replies, sizeof(replies) / sizeof(replies[0]));
}

static bool take_forward(struct bytes *subject)
{
	return take_prefix(subject, forwards, sizeof(forwards) / sizeof(forwards[0]));
}

enum err conversation_topic(struct arena *a, const struct header *h, struct bytes *out)
{
	enum err e = header_get_text(a, h, "Thread-Topic", out);

	if (e || out->len)
		return e;
	if ((e = header_get_text(a, h, "Subject", out)))
		return e;
	while (take_reply(out) || take_forward(out))
		;
	return ERR_OK;
}

enum err conversation_is_forward(struct arena *a, const struct header *h, bool *out)
{
	struct bytes subject;
	enum err e = header_get_text(a, h, "Subject", &subject);

	if (!e)
		*out = take_forward(&subject);
	return e;
}

/* Thread-Index in its binary form; empty if there is none that can be read. */
static enum err thread_index(struct arena *a, const struct header *h, struct bytes *out)
{
	struct bytes value = header_get(h, "Thread-Index");
	enum err e = value.len ? base64_decode(a, value, out) : ERR_PROTO;

	if (e == ERR_LIMIT)
		return e;
	if (e || out->len < INDEX_HEAD)
		*out = (struct bytes){ 0 };
	return ERR_OK;
}

static bool first_id(const struct header *h, struct bytes *out)
{
	static const char *const names[] = { "References", "In-Reply-To", "Message-ID" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes value = header_get(h, names[i]);

		if (message_id_next(&value, out))
			return true;
	}
	return false;
}

static enum err hashed(struct arena *a, struct bytes in, struct bytes *out)
{
	uint8_t *p = arena_alloc(a, CONVERSATION_ID_LEN);
	uint64_t high = hash64(in, 0x65617367), low = hash64(in, high);

	if (!p)
		return ERR_LIMIT;
	for (size_t i = 0; i < CONVERSATION_ID_LEN / 2; i++) {
		p[i] = (uint8_t)(high >> 8 * i);
		p[CONVERSATION_ID_LEN / 2 + i] = (uint8_t)(low >> 8 * i);
	}
	*out = bytes_of(p, CONVERSATION_ID_LEN);
	return ERR_OK;
}

enum err conversation_id(struct arena *a, const struct header *h, struct bytes *out)
{
	struct bytes id;
	enum err e;

	*out = (struct bytes){ 0 };
	if (first_id(h, &id))
		return hashed(a, id, out);
	if ((e = thread_index(a, h, &id)))
		return e;
	if (id.len) {
		*out = bytes_of(id.p + INDEX_HEAD - CONVERSATION_ID_LEN, CONVERSATION_ID_LEN);
		return ERR_OK;
	}
	if ((e = conversation_topic(a, h, &id)) || !id.len)
		return e;
	return hashed(a, id, out);
}

enum err conversation_index(struct arena *a, const struct header *h, int64_t received, struct bytes *out)
{
	/* FILETIME: 100 ns since 1601. Its bits 16 to 55 are what Thread-Index values begin with. */
	uint64_t filetime = ((uint64_t)received + 11644473600u) * 10000000u;
	struct bytes index;
	struct buf b;
	enum err e;

	buf_init(&b, a, 0);
	if ((e = thread_index(a, h, &index)))
		return e;
	if (index.len) {
		size_t levels = (index.len - INDEX_HEAD) / INDEX_LEVEL;

		buf_put(&b, bytes_of(index.p + 1, INDEX_LEVEL));
		buf_put(&b, bytes_of(index.p + INDEX_HEAD,
				(levels < MAX_LEVELS ? levels : MAX_LEVELS) * INDEX_LEVEL));
		return buf_done(&b, out);
	}
	for (int shift = 48; shift >= 16; shift -= 8)
		buf_put_u8(&b, (uint8_t)(filetime >> shift));
	return buf_done(&b, out);
}
