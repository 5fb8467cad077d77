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

/* Whether an empty answer is the section's end. Sizes in BODYSTRUCTURE may be somewhat wrong; much less is a file that was cut. No answer
 * at all is its end only if all of it has come: else the mail has gone meanwhile. */
static bool is_end(const struct spliced *s, const struct smart_piece *p, bool answered)
{
	uint64_t doubt = answered ? p->size / 64 + 64 : 0;

	return (answered || s->offset) && s->offset + doubt >= p->size;
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
	if (q.problem) /* not its end, however near that is */
		return ERR_UNAVAILABLE;
	if (!q.data.len && !is_end(s, p, q.found)) {
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

/* ---- into a mailbox ---- */

/* All of it in memory: where it is text. */
static enum err append_joined(
    struct spliced *s, struct bytes head, const struct spliced_target *to, uint32_t *uid)
{
	struct bytes message;
	struct imap *imap;
	struct buf b;
	enum err e;

	buf_init(&b, s->rq->arena, 0);
	buf_room(&b, head.len + (size_t)spliced_size(s->mail));
	buf_put(&b, head);
	for (size_t i = 0; i < s->mail->n; i++)
		buf_put(&b, s->mail->v[i].text);
	if ((e = buf_done(&b, &message)) || (e = request_imap(s->rq, to->mailbox, &imap)))
		return e;
	return imap_append_with_keywords(
	    imap, to->mailbox, message, to->flags, to->keywords, to->n_keywords, uid);
}

/* How long the body really is: when it wasn't read to its end just now, for SMTP, it is read for that. */
static enum err measure(struct spliced *s, uint64_t *size)
{
	struct bytes piece = { 0 };
	enum err e = ERR_OK;

	if (s->at < s->mail->n && !(e = spliced_rewind(s)))
		do
			e = spliced_next(s, &piece);
		while (!e && piece.len);
	*size = s->given;
	return e;
}

static enum err append_copied(
    struct spliced *s, struct imap *imap, struct bytes head, const struct spliced_target *to, uint32_t *uid)
{
	struct source rest = { spliced_next, s, 0 };
	enum err e;

	if ((e = measure(s, &rest.size)) || (e = spliced_rewind(s)))
		return e;
	return imap_append_long(imap, to->mailbox, head, &rest, to->flags, to->keywords, to->n_keywords, uid);
}

enum err spliced_append(struct spliced *s, struct bytes head, const struct spliced_target *to, uint32_t *uid)
{
	const char *why = NULL;
	struct imap *imap = NULL;
	enum err e;

	if (!s->mail->has_sections)
		return append_joined(s, head, to, uid);
	e = imap_open(s->rq->worker->imap, &s->rq->account->imap, bytes_of(NULL, 0), &imap, &why);
	if (e) {
		log_warn("no second IMAP connection: %s", why ? why : err_name(e));
		return e;
	}
	if ((e = append_copied(s, imap, head, to, uid)))
		log_info("mail not appended: %s (%s)", imap_problem(imap), err_name(e));
	imap_close(&imap);
	return e;
}
