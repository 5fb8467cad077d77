#include "mail/tnef_skim.h"

#include "mail/tnef.h"
#include "mail/tnef_props.h"

enum {
	STREAM_HEAD = 6,   /* signature and key */
	HEAD = 9,          /* of an attribute: level, id, length */
	CHECKSUM = 2,      /* behind its data */
	LARGE = 64 * 1024, /* shorter files are read on the way: a round trip costs more */
	AHEAD = 32 * 1024, /* what stands between two files: names, icons */
	MOST_PIECES = 6,   /* each is a round trip */
	LAST_TYPE = 9,     /* of attributes. Source: MS-OXTNEF 2.1.3.3 */
};

struct attribute {
	uint8_t level;
	uint32_t id, len;
};

void tnef_skim_init(struct tnef_skim *s, struct arena *a)
{
	*s = (struct tnef_skim){ 0 };
	buf_init(&s->out, a, 0);
}

/* False: nothing there can be one. */
static bool read_head(struct bytes in, struct attribute *out)
{
	struct bytes level;

	return bytes_take(&in, 1, &level) && tnef_take_u32(&in, &out->id) && tnef_take_u32(&in, &out->len) &&
	       ((out->level = level.p[0]) == 1 || out->level == 2) && out->id >> 16 <= LAST_TYPE &&
	       (out->id & 0xE000) == 0x8000;
}

static bool is_tnef(struct bytes in)
{
	uint32_t signature;

	return in.len >= STREAM_HEAD && tnef_take_u32(&in, &signature) && signature == TNEF_SIGNATURE;
}

static void put_u32(struct buf *out, uint32_t n)
{
	for (unsigned shift = 0; shift < 32; shift += 8)
		buf_put_u8(out, (uint8_t)(n >> shift));
}

static void put_size(struct buf *out, const struct attribute *file)
{
	buf_put_u8(out, file->level);
	put_u32(out, TNEF_FILE_SIZE);
	put_u32(out, sizeof(file->len));
	put_u32(out, file->len);
	buf_put(out, BYTES("\0\0")); /* the checksum */
}

static void move(struct tnef_skim *s, struct bytes *piece, size_t n)
{
	struct bytes taken;

	s->at += n;
	if (bytes_take(piece, n, &taken))
		buf_put(&s->out, taken);
}

enum err tnef_skim_take(struct tnef_skim *s, struct bytes piece, bool last, uint32_t *want)
{
	struct attribute a;

	*want = 0;
	if (++s->pieces > MOST_PIECES)
		return ERR_PROTO;
	if (!s->at) {
		if (!is_tnef(piece))
			return ERR_PROTO;
		move(s, &piece, STREAM_HEAD);
	}
	while (piece.len >= HEAD) {
		if (!read_head(piece, &a))
			return ERR_PROTO;
		if (piece.len - HEAD >= (uint64_t)a.len + CHECKSUM) {
			move(s, &piece, HEAD + a.len + CHECKSUM);
			continue;
		}
		if (last)
			return ERR_PROTO;
		if (a.id != TNEF_FILE_DATA || a.len < LARGE) {
			*want = a.len < UINT32_MAX - AHEAD ? a.len + AHEAD : UINT32_MAX;
			return s->out.failed;
		}
		put_size(&s->out, &a);
		s->at += HEAD + (uint64_t)a.len + CHECKSUM;
		piece.len = 0;
	}
	*want = last ? 0 : AHEAD;
	return s->out.failed;
}
