#include "answer_stream.h"

#include <string.h>

#include "access_log.h"
#include "base/base64.h"
#include "io/log.h"

/* Long answers: what the pieces give is gathered by the connection until there is enough for the socket. */

enum { ENCODE = 12 * 1024 }; /* encoded at once; whole groups */

struct sender {
	struct request *rq;
	size_t unsent;
	uint64_t sent;
	uint8_t group[3]; /* the beginning of a base64 group */
	size_t n_group;
	struct buf encoded; /* of the piece that is being added */
};

static void add(struct sender *s, struct bytes piece)
{
	http_stream_add(s->rq->exchange, piece);
	s->unsent += piece.len;
}

static enum err flush(struct sender *s)
{
	enum err e = http_stream_send(s->rq->exchange);

	if (e)
		return e;
	s->sent += s->unsent;
	s->unsent = 0;
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
		size_t room = HTTP_STREAM_SEND - s->unsent;

		if (!room && (e = flush(s)))
			return e;
		if (bytes_take(&piece, piece.len < room ? piece.len : room, &part))
			add(s, part);
	}
	return ERR_OK;
}

static enum err put_encoded(struct sender *s, struct bytes octets)
{
	s->encoded.len = 0;
	base64_put(&s->encoded, octets, BASE64_PLAIN);
	return s->encoded.failed ? s->encoded.failed : put_plain(s, bytes_of(s->encoded.p, s->encoded.len));
}

/* Groups of three octets never stand in two pieces of base64: what is left of a piece waits for the next. */
static enum err put_base64(void *arg, struct bytes piece)
{
	struct sender *s = arg;
	struct bytes part;
	enum err e = ERR_OK;

	while (piece.len && !e) {
		size_t whole = piece.len < ENCODE ? piece.len / 3 * 3 : ENCODE;

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
		e = put_encoded(s, part);
	}
	return e;
}

static enum err send_piece(struct sender *s, const struct reply_piece *p)
{
	enum err e;

	if (!p->make)
		return put_plain(s, p->bytes);
	s->n_group = 0;
	if (!(e = p->make(s->rq, p->arg, p->base64 ? put_base64 : put_plain, s)) && s->n_group)
		e = put_encoded(s, bytes_of(s->group, s->n_group));
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

	buf_init(&s.encoded, rq->arena, 0);
	http_stream_start(rq->exchange, 200, fields, n_fields, length);
	for (size_t i = 0; i < rq->reply.n_pieces && !e; i++)
		e = send_piece(&s, &rq->reply.pieces[i]);
	if (!e && length != HTTP_LENGTH_UNKNOWN && s.sent + s.unsent != length)
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
