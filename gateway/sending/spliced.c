#include "sending/spliced.h"

#include "io/log.h"

/* One round trip for so many bytes: less costs time, more memory. The arena holds it together with what reading it takes. */
enum { CHUNK_BYTES = 256 * 1024, CHUNK_ARENA = 2 * CHUNK_BYTES };

void spliced_init(struct spliced *s, struct request *rq, struct original *o, const struct smart *mail)
{
	*s = (struct spliced){ .rq = rq, .original = o, .mail = mail };
}

void spliced_deinit(struct spliced *s)
{
	arena_free(&s->chunk);
}

enum err spliced_rewind(struct spliced *s)
{
	s->at = 0;
	s->offset = s->given = 0;
	return s->mail->has_sections ? original_select(s->rq, s->original) : ERR_OK;
}

uint64_t spliced_size(const struct smart *mail)
{
	uint64_t n = 0;

	for (size_t i = 0; i < mail->n; i++)
		n += mail->v[i].section ? mail->v[i].size : mail->v[i].text.len;
	return n;
}

/* Sizes in BODYSTRUCTURE may be somewhat wrong; much less is a file that was cut. */
static bool is_complete(const struct spliced *s, const struct smart_piece *p)
{
	return s->offset + p->size / 64 + 64 >= p->size;
}

static enum err next_chunk(struct spliced *s, const struct smart_piece *p, struct bytes *out)
{
	struct imap_part_request q = { .uid = s->original->uid,
		.section = p->section,
		.from = (uint32_t)s->offset,
		.count = CHUNK_BYTES };
	enum err e;

	arena_free(&s->chunk);
	s->chunk = arena_new(CHUNK_ARENA);
	if (s->offset >= UINT32_MAX - CHUNK_BYTES)
		return ERR_LIMIT;
	if ((e = imap_fetch_parts(s->rq->imap, s->chunk, &q, 1)))
		return e;
	if (!q.data.len && (!is_complete(s, p) || (!q.found && !s->offset))) {
		log_warn("section %s of the original ended after %llu of %u bytes", p->section,
		    (unsigned long long)s->offset, p->size);
		return ERR_NOT_FOUND;
	}
	*out = q.data;
	s->offset += q.data.len;
	return ERR_OK;
}

enum err spliced_next(void *arg, struct bytes *piece)
{
	struct spliced *s = arg;
	enum err e = ERR_OK;

	*piece = bytes_of(NULL, 0);
	while (!e && !piece->len && s->at < s->mail->n) {
		const struct smart_piece *p = &s->mail->v[s->at];

		if (!p->section)
			*piece = p->text;
		else
			e = next_chunk(s, p, piece);
		/* Less than was asked for, and no less than there is: no need to ask whether there is more. */
		if (!p->section || !piece->len || (piece->len < CHUNK_BYTES && s->offset >= p->size)) {
			s->at++;
			s->offset = 0;
		}
	}
	s->given += piece->len;
	return e;
}
