#include "answer_stream.h"

#include <string.h>

#include "access_log.h"
#include "base/base64.h"
#include "io/log.h"

/* Long answers: what the pieces give is gathered until there is enough for the socket. */

enum {
	SEND = 64 * 1024,
	ENCODE = SEND / 2 / 3 * 3, /* encoded at once; whole groups */
};

struct sender {
	struct request *rq;
	struct buf out; /* at most SEND and one piece encoded */
	uint64_t sent;
	uint8_t group[3]; /* the beginning of a base64 group */
	size_t n_group;
};

static enum err flush(struct sender *s)
{
	enum err e = s->out.failed;

	if (e || (e = http_stream_put(s->rq->exchange, bytes_of(s->out.p, s->out.len))))
		return e;
	s->sent += s->out.len;
	s->out.len = 0;
	fiber_set_deadline(s->rq->worker->config->request_timeout_s * 1000);
	return ERR_OK;
}

/* The last bytes of an answer stay here until it is known that all went well: the client must not have it whole when it is
 * cut off. So the buffer is emptied before it is added to, not after. */
static enum err put_plain(void *arg, struct bytes piece)
{
	struct sender *s = arg;
	struct bytes part;
	enum err e;

	while (piece.len) {
		if (s->out.len >= SEND && (e = flush(s)))
			return e;
		if (bytes_take(&piece, piece.len < SEND - s->out.len ? piece.len : SEND - s->out.len, &part))
			buf_put(&s->out, part);
	}
	return ERR_OK;
}

/* Groups of three octets never stand in two pieces of base64: what is left of a piece waits for the next. */
static enum err put_base64(void *arg, struct bytes piece)
{
	struct sender *s = arg;
	struct bytes part;
	enum err e;

	while (piece.len) {
		size_t whole = piece.len < ENCODE ? piece.len / 3 * 3 : ENCODE;

		if (s->out.len >= SEND && (e = flush(s)))
			return e;
		if (s->n_group || !whole) {
			s->group[s->n_group++] = *piece.p;
			piece = bytes_of(piece.p + 1, piece.len - 1);
			if (s->n_group < sizeof(s->group))
				continue;
			part = bytes_of(s->group, sizeof(s->group));
			s->n_group = 0;
		} else if (!bytes_take(&piece, whole, &part)) {
			continue;
		}
		base64_put(&s->out, part, BASE64_PLAIN);
	}
	return ERR_OK;
}

static enum err send_piece(struct sender *s, const struct reply_piece *p)
{
	enum err e;

	if (!p->make)
		return put_plain(s, p->bytes);
	s->n_group = 0;
	if (!(e = p->make(s->rq, p->arg, p->base64 ? put_base64 : put_plain, s)))
		base64_put(&s->out, bytes_of(s->group, s->n_group), BASE64_PLAIN);
	return e;
}

static uint64_t length_of(const struct reply *r)
{
	uint64_t all = 0;

	for (size_t i = 0; i < r->n_pieces; i++) {
		const struct reply_piece *p = &r->pieces[i];

		if (p->make && p->made == UINT64_MAX)
			return HTTP_LENGTH_UNKNOWN;
		all += !p->make ? p->bytes.len : p->base64 ? (p->made + 2) / 3 * 4 : p->made;
	}
	return all;
}

void answer_stream(struct request *rq, const struct http_field *fields, size_t n_fields)
{
	struct sender s = { .rq = rq };
	uint64_t length = length_of(&rq->reply);
	enum err e = ERR_OK;

	buf_init(&s.out, rq->arena, 0);
	(void)buf_room(&s.out, 2 * SEND); /* once, so that it needn't grow */
	http_stream_start(rq->exchange, 200, fields, n_fields, length);
	for (size_t i = 0; i < rq->reply.n_pieces && !e; i++)
		e = send_piece(&s, &rq->reply.pieces[i]);
	if (!e && length != HTTP_LENGTH_UNKNOWN && s.sent + s.out.len != length)
		e = ERR_PROTO;
	if (!e)
		e = flush(&s);
	if (e) {
		log_warn("answer cut off after %llu bytes: %s %s", (unsigned long long)s.sent, err_name(e),
		    rq->imap ? imap_problem(rq->imap) : "");
		rq->reply.status = STATUS_SERVER_ERROR_RETRY_LATER;
	}
	request_release(rq);
	access_log_write(rq, e == ERR_CANCELLED ? 0 : 200, s.sent);
	if (e)
		http_stream_cut(&rq->exchange);
	else
		http_stream_end(&rq->exchange);
}
