#include "commands/attachment.h"
#include "mail/transfer.h"
#include "mail/transfer_stream.h"

/* From IMAP through the decoder to whoever takes it, a piece at a time. */

enum {
	DECODE = 16 * 1024, /* decoded at once */
	SAMPLE = 2048,      /* encoded text that is looked at at both ends */
};

struct decoder {
	struct transfer_stream stream;
	uint8_t *room; /* DECODE + TRANSFER_HOLD */
	uint64_t skip; /* octets that come before what is wanted */
	uint64_t left; /* octets that are wanted still */
	uint64_t more; /* octets that came behind them */
	reply_put_fn *put;
	void *arg;
};

static enum err decoder_init(
    struct decoder *d, struct arena *a, enum mime_encoding encoding, reply_put_fn *put, void *arg)
{
	*d = (struct decoder){ .left = UINT64_MAX, .put = put, .arg = arg };
	transfer_stream_init(&d->stream, encoding);
	d->room = arena_alloc(a, DECODE + TRANSFER_HOLD);
	return d->room ? ERR_OK : ERR_LIMIT;
}

static enum err deliver(struct decoder *d, struct bytes octets)
{
	struct bytes before, wanted;
	enum err e = ERR_OK;

	if (!bytes_take(&octets, octets.len < d->skip ? octets.len : (size_t)d->skip, &before))
		return ERR_OK;
	d->skip -= before.len;
	if (bytes_take(&octets, octets.len < d->left ? octets.len : (size_t)d->left, &wanted) && wanted.len)
		e = d->put(d->arg, wanted);
	d->left -= wanted.len;
	d->more += octets.len;
	return e;
}

static enum err on_piece(void *arg, struct bytes piece)
{
	struct decoder *d = arg;
	struct bytes part;
	enum err e = ERR_OK;

	while (!e && piece.len && bytes_take(&piece, piece.len < DECODE ? piece.len : DECODE, &part))
		e = deliver(d, bytes_of(d->room, transfer_stream_put(&d->stream, part, false, d->room)));
	return e;
}

static enum err finish(struct decoder *d)
{
	return deliver(
	    d, bytes_of(d->room, transfer_stream_put(&d->stream, bytes_of(NULL, 0), true, d->room)));
}

/* The mailbox may have been replaced by another of its name since the attachment was found. */
static enum err select_again(struct request *rq, const struct attachment_source *s, struct imap **imap)
{
	struct imap_status status;
	enum err e;

	if ((e = request_imap(rq, s->mailbox, imap)) || (e = imap_select(*imap, s->mailbox, &status)))
		return e;
	return status.uid_validity == s->uid_validity ? ERR_OK : ERR_NOT_FOUND;
}

enum err attachment_hold(struct request *rq, struct attachment_source *s)
{
	struct imap_part_request part = { .uid = s->uid, .section = s->section };
	struct imap *imap;
	enum err e;

	if (s->is_held)
		return ERR_OK;
	if ((e = select_again(rq, s, &imap)) || (e = imap_fetch_parts(imap, rq->arena, &part, 1)))
		return e;
	if (!part.found)
		return ERR_NOT_FOUND;
	s->is_held = true;
	if (!(e = transfer_decode(rq->arena, s->encoding, part.data, &s->held)))
		s->size = s->held.len;
	return e;
}

/* ---- measuring ---- */

static enum err count_octets(void *arg, struct bytes piece)
{
	*(uint64_t *)arg += piece.len;
	return ERR_OK;
}

static enum err read_through(struct request *rq, struct imap *imap, struct attachment_source *s)
{
	uint64_t size = 0;
	struct decoder d;
	enum err e;

	if ((e = decoder_init(&d, rq->arena, s->encoding, count_octets, &size)) ||
	    (e = imap_stream_part(imap, s->uid, s->section, 0, 0, on_piece, &d)) || (e = finish(&d)))
		return e;
	s->size = size;
	return ERR_OK;
}

/* A third sample in the middle would cost the server another way through the text, and would see hardly more: an odd line
 * before it has moved the end off the grid, too. What is decoded is counted all the same. */
static enum err look_for_grid(struct request *rq, struct imap *imap, struct attachment_source *s)
{
	struct imap_part_request v[] = {
		{ .uid = s->uid, .section = s->section, .count = SAMPLE },
		{ .uid = s->uid, .section = s->section, .from = s->encoded_size - SAMPLE, .count = SAMPLE },
	};
	struct base64_sample samples[sizeof(v) / sizeof(v[0])];
	enum err e = imap_fetch_parts(imap, rq->arena, v, sizeof(v) / sizeof(v[0]));

	if (e)
		return e;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		samples[i] = (struct base64_sample){ v[i].from, v[i].data };
	if (base64_grid_find(s->encoded_size, samples, sizeof(v) / sizeof(v[0]), &s->grid))
		s->size = s->grid.size;
	return ERR_OK;
}

static enum err measure(struct request *rq, struct attachment_source *s)
{
	struct imap *imap;
	enum err e;

	if ((e = select_again(rq, s, &imap)))
		return e;
	if (s->encoding == MIME_BASE64 && s->encoded_size > ATTACHMENT_SMALL) {
		e = look_for_grid(rq, imap, s);
		if (e || s->size != UINT64_MAX)
			return e;
	}
	return read_through(rq, imap, s);
}

/* What was measured before. A mail never changes, and under another UIDVALIDITY a folder has another id. */

#define MEMO "size"

static struct bytes memo_name(struct arena *a, const struct attachment_source *s)
{
	return bytes_str(arena_printf(a, "%u:%u:%s", s->folder, s->uid, s->section));
}

/* "52428800 76": octets when decoded, digits on a line or 0. What can't be read is as good as nothing. */
static enum err recall(struct request *rq, struct attachment_source *s, struct bytes name)
{
	struct bytes text, size;
	uint32_t line;
	uint64_t n;
	enum err e =
	    store_memo_get(rq->worker->redis, rq->arena, bytes_str(rq->account->name), MEMO, name, &text);

	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (!bytes_split(&text, ' ', &size) || bytes_to_u64(size, UINT32_MAX, &n) ||
	    bytes_to_u32(text, 1000, &line) || line % 4)
		return ERR_OK;
	s->size = n;
	s->grid = (struct base64_grid){ .line = line, .size = line ? n : 0 };
	return ERR_OK;
}

static enum err remember(struct request *rq, const struct attachment_source *s, struct bytes name)
{
	enum { KEEP_S = 24 * 60 * 60 };
	char *value = arena_printf(rq->arena, "%llu %u", (unsigned long long)s->size, s->grid.line);

	return value ? store_memo_set(rq->worker->redis, bytes_str(rq->account->name), MEMO, name,
			   bytes_str(value), KEEP_S)
		     : ERR_LIMIT;
}

enum err attachment_measure(struct request *rq, struct attachment_source *s)
{
	struct bytes name = memo_name(rq->arena, s);
	enum err e;

	if (s->size != UINT64_MAX)
		return ERR_OK;
	if (s->encoded_size <= ATTACHMENT_SMALL)
		return measure(rq, s);
	if (!name.len)
		return ERR_LIMIT;
	if ((e = recall(rq, s, name)) || s->size != UINT64_MAX)
		return e;
	e = measure(rq, s);
	return e ? e : remember(rq, s, name);
}

/* ---- sending ---- */

/* What is to be read of the encoded text in order to send the range; all of it where that can't be told. */
static void place(const struct attachment_source *s, uint32_t *from, uint32_t *count, struct decoder *d)
{
	uint32_t skip;

	*from = *count = 0;
	d->skip = s->first;
	d->left = s->count;
	if (!s->first && s->count == s->size)
		return;
	if (s->grid.line) {
		*from = base64_grid_seek(&s->grid, s->first, &skip);
		*count = base64_grid_span(&s->grid, skip + s->count);
		d->skip = skip;
	}
}

static enum err send_source(struct request *rq, void *arg, reply_put_fn *put, void *put_arg)
{
	const struct attachment_source *s = arg;
	bool is_sized = s->count != UINT64_MAX, to_end = is_sized && s->first + s->count == s->size;
	uint32_t from, count;
	struct imap *imap;
	struct decoder d;
	enum err e;

	if (s->is_held)
		return put(put_arg, bytes_of(s->held.p + s->first, (size_t)s->count));
	if ((e = select_again(rq, s, &imap)) || (e = decoder_init(&d, rq->arena, s->encoding, put, put_arg)))
		return e;
	place(s, &from, &count, &d);
	if ((e = imap_stream_part(imap, s->uid, s->section, from, count, on_piece, &d)) || (e = finish(&d)))
		return e;
	/* The samples have deceived us, or the server: it isn't what was promised. */
	return is_sized && (d.left || (to_end && d.more)) ? ERR_PROTO : ERR_OK;
}

struct reply_piece attachment_piece(struct attachment_source *s, bool base64)
{
	if (s->count == UINT64_MAX && s->size != UINT64_MAX)
		s->count = s->size - s->first;
	return (struct reply_piece){ .make = send_source, .arg = s, .made = s->count, .base64 = base64 };
}
