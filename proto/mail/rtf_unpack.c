#include "mail/rtf.h"
#include "mail/tnef_props.h"

enum {
	WINDOW = 4096,
	COMPRESSED = 0x75465A4C, /* "LZFu" */
	STORED = 0x414C454D,     /* "MELA" */
	MOST_GROWTH = 9, /* 16 bytes of control and references stand for at most so many times their size */
};

/* What the window holds at the beginning. Source: MS-OXRTFCP 2.1.2.1. */
static const char dictionary[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    "\\fdecor MS Sans "
    "SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab"
    "\\tx";

struct unpacker {
	struct buf out;
	uint8_t window[WINDOW];
	size_t at;   /* where the next byte goes */
	size_t left; /* bytes still wanted */
};

static void put(struct unpacker *u, uint8_t c)
{
	if (!u->left)
		return;
	u->left--;
	u->window[u->at] = c;
	u->at = (u->at + 1) % WINDOW;
	buf_put_u8(&u->out, c);
}

/* One control byte and the eight tokens that it describes; false at the end. */
static bool run(struct unpacker *u, struct bytes *in)
{
	struct bytes b;
	unsigned control;

	if (!bytes_take(in, 1, &b))
		return false;
	control = b.p[0];
	for (int bit = 0; bit < 8; bit++) {
		size_t from, len;

		if (!(control >> bit & 1)) {
			if (!bytes_take(in, 1, &b))
				return false;
			put(u, b.p[0]);
			continue;
		}
		if (!bytes_take(in, 2, &b))
			return false;
		from = (size_t)b.p[0] << 4 | b.p[1] >> 4;
		len = (size_t)(b.p[1] & 15) + 2;
		if (from == u->at) /* a reference to the place itself ends it */
			return false;
		for (size_t i = 0; i < len; i++)
			put(u, u->window[(from + i) % WINDOW]);
	}
	return u->left > 0;
}

enum err rtf_unpack(struct arena *a, struct bytes in, struct bytes *out)
{
	uint32_t packed, size, magic, crc;
	struct unpacker *u;

	*out = (struct bytes){ 0 };
	if (!tnef_take_u32(&in, &packed) || !tnef_take_u32(&in, &size) || !tnef_take_u32(&in, &magic) ||
	    !tnef_take_u32(&in, &crc))
		return ERR_OK;
	if (magic == STORED) {
		*out = bytes_of(in.p, in.len < size ? in.len : size);
		return ERR_OK;
	}
	if (magic != COMPRESSED)
		return ERR_OK;
	u = arena_alloc(a, sizeof(*u));
	if (!u)
		return ERR_LIMIT;
	buf_init(&u->out, a, 0);
	memcpy(u->window, dictionary, sizeof(dictionary) - 1);
	u->at = sizeof(dictionary) - 1;
	u->left = size < RTF_LARGEST ? size : RTF_LARGEST;
	if (u->left > in.len * MOST_GROWTH)
		u->left = in.len * MOST_GROWTH;
	while (run(u, &in) && !u->out.failed)
		;
	return buf_done(&u->out, out);
}

enum err rtf_read_compressed(struct arena *a, struct bytes in, struct bytes *plain, struct bytes *html)
{
	struct bytes rtf;
	enum err e = rtf_unpack(a, in, &rtf);

	return e ? e : rtf_read(a, rtf, plain, html);
}
