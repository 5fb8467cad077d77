/* An SMTP client of our own. libetpan's mailsmtp sends a message too, but it doesn't tell what a gateway must know: which
 * recipient was refused and with what reply, and whether a connection was lost before or after the final dot, which
 * decides if a phone may send the mail again; nor does it pipeline. The protocol is lines, so this is short. */
#include "smtp/smtp.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/base64.h"
#include "smtp/smtp_data.h"
#include "smtp/smtp_reply.h"

enum {
	FEATURE_STARTTLS = 1 << 0,
	FEATURE_PIPELINING = 1 << 1,
	FEATURE_8BITMIME = 1 << 2,
	FEATURE_SMTPUTF8 = 1 << 3,
	FEATURE_SIZE = 1 << 4,
	FEATURE_PLAIN = 1 << 5,
	FEATURE_LOGIN = 1 << 6,
};

/* RCPT commands sent before their answers are read: few enough that neither side's buffers can fill up. */
enum { PIPELINE_MOST = 100, CHUNK = 16 * 1024, LAST_WORD_MS = 5000, DOT_FACTOR = 10 };

struct session {
	const struct smtp_config *config;
	struct arena *arena;
	struct smtp_result *result;
	struct stream *stream;
	struct smtp_reader reader;
	unsigned features;
	uint64_t size_limit; /* 0 = none */
};

/* ---- words ---- */

/* Why it ended without an answer. A peer's fault is always "retry later". */
static enum err broken(struct session *s, enum err e)
{
	s->result->code = 0;
	s->result->cause = e;
	if (e == ERR_CANCELLED || e == ERR_LIMIT)
		return e;
	s->result->text = e == ERR_TIMEOUT ? BYTES("no answer in time")
			  : e == ERR_PROTO ? BYTES("the answer is not SMTP")
					   : BYTES("the connection was closed");
	return ERR_UNAVAILABLE;
}

static enum err say(struct session *s, struct bytes line)
{
	enum err e = stream_write(s->stream, line);

	return e ? broken(s, e) : ERR_OK;
}

static enum err hear_within(struct session *s, uint32_t ms, void (*line)(void *, size_t, struct bytes))
{
	struct smtp_reply reply;
	enum err e;

	if ((e = smtp_reply_read(&s->reader, s->arena, ms, line, s, &reply)))
		return broken(s, e);
	s->result->code = reply.code;
	s->result->text = bytes_trim(reply.text);
	return ERR_OK;
}

/* RFC 3463: 5.2.2 mailbox full, 5.2.3 and 5.3.4 too large. */
static bool is_too_large(const struct smtp_result *r)
{
	return r->code == 552 || bytes_starts(r->text, "5.2.2") || bytes_starts(r->text, "5.2.3") ||
	       bytes_starts(r->text, "5.3.4");
}

/* RFC 3463: x.5.3. Without such a code a 452 to any recipient but the first says it (RFC 5321, 4.5.3.1.10). It is meant for senders that
 * give the rest of them a mail of their own; a mail that goes to all or to none would be refused the same way for ever. */
static bool is_too_many(const struct smtp_result *r)
{
	if (bytes_starts(r->text, "5.5.3") || bytes_starts(r->text, "4.5.3"))
		return true;
	return r->code == 452 && r->phase == SMTP_RCPT && r->bad_recipient > 0 &&
	       !bytes_starts(r->text, "4.");
}

/* The answer must be of the wanted hundred. */
static enum err judge(struct session *s, unsigned want)
{
	unsigned code = s->result->code;

	if (code / 100 == want)
		return ERR_OK;
	s->result->too_many = is_too_many(s->result);
	if (s->result->too_many)
		return ERR_LIMIT;
	if (code / 100 != 5)
		return ERR_UNAVAILABLE; /* 4xx, or 2xx where 3xx must be */
	return is_too_large(s->result) ? ERR_LIMIT : ERR_DENIED;
}

static enum err hear(struct session *s, unsigned want)
{
	enum err e = hear_within(s, s->config->command_ms, NULL);

	return e ? e : judge(s, want);
}

static enum err ask(struct session *s, struct bytes line, unsigned want)
{
	enum err e = say(s, line);

	return e ? e : hear(s, want);
}

static enum err explain(struct session *s, enum err e, const char *text)
{
	s->result->code = 0;
	s->result->text = bytes_str(text);
	return e;
}

/* ---- EHLO ---- */

static void note_mechanisms(struct session *s, struct bytes in)
{
	struct bytes word;

	while (bytes_split(&in, ' ', &word))
		if (bytes_eq_nocase(word, "PLAIN"))
			s->features |= FEATURE_PLAIN;
		else if (bytes_eq_nocase(word, "LOGIN"))
			s->features |= FEATURE_LOGIN;
}

static void note_feature(void *arg, size_t number, struct bytes in)
{
	static const struct {
		const char *name;
		unsigned feature;
	} flags[] = {
		{ "STARTTLS", FEATURE_STARTTLS },
		{ "PIPELINING", FEATURE_PIPELINING },
		{ "8BITMIME", FEATURE_8BITMIME },
		{ "SMTPUTF8", FEATURE_SMTPUTF8 },
		{ "SIZE", FEATURE_SIZE },
	};
	struct session *s = arg;
	struct bytes word;

	if (!number || !bytes_split(&in, ' ', &word)) /* the first line is the server's name */
		return;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (bytes_eq_nocase(word, flags[i].name))
			s->features |= flags[i].feature;
	if (bytes_eq_nocase(word, "SIZE") && bytes_to_u64(bytes_trim(in), UINT64_MAX, &s->size_limit))
		s->size_limit = 0;
	if (bytes_eq_nocase(word, "AUTH"))
		note_mechanisms(s, in);
}

static enum err ehlo(struct session *s)
{
	const char *name = s->config->helo && *s->config->helo ? s->config->helo : "localhost";
	const char *line = arena_printf(s->arena, "EHLO %s\r\n", name);
	enum err e;

	s->features = 0;
	s->size_limit = 0;
	if (!line)
		return ERR_LIMIT;
	if ((e = say(s, bytes_str(line))) || (e = hear_within(s, s->config->command_ms, note_feature)))
		return e;
	return judge(s, 2);
}

/* ---- connecting ---- */

static enum err not_connected(struct session *s, enum err e, const char *why)
{
	s->result->cause = e;
	return e == ERR_CANCELLED ? e : explain(s, ERR_UNAVAILABLE, why);
}

static enum err starttls(struct session *s)
{
	const char *why = NULL;
	enum err e;

	if (!(s->features & FEATURE_STARTTLS))
		return explain(s, ERR_UNAVAILABLE, "the server offers no STARTTLS");
	if ((e = ask(s, BYTES("STARTTLS\r\n"), 2)))
		return e;
	if (smtp_reader_is_ahead(&s->reader))
		return explain(s, ERR_UNAVAILABLE, "the server sent more than its answer to STARTTLS");
	if ((e = stream_starttls(s->stream, &why)))
		return not_connected(s, e, why);
	return ehlo(s); /* what was said before could be forged */
}

static enum err connect_session(struct session *s)
{
	const char *why = NULL;
	enum err e;

	s->result->phase = SMTP_CONNECT;
	if ((e = stream_connect(&s->config->server, &s->stream, &why)))
		return not_connected(s, e, why);
	s->reader.stream = s->stream;
	if ((e = hear(s, 2)) || (e = ehlo(s)))
		return e;
	return s->config->server.tls == STREAM_STARTTLS ? starttls(s) : ERR_OK;
}

/* ---- logging in (RFC 4954) ---- */

static bool is_local(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (host[0] == '/' || bytes_eq_nocase(bytes_str(host), "localhost"))
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Some servers repeat what they refuse, and the answer's text is for the log. `base64` is what we sent. */
static void hide(struct session *s, struct bytes base64)
{
	struct bytes text = s->result->text;

	if (base64.len && text.len && memmem(text.p, text.len, base64.p, base64.len))
		s->result->text = BYTES("the server repeats the user's name or password in its answer");
}

/* Sends a secret in base64 after `before`, and leaves no copy of it. */
static enum err ask_secret(struct session *s, const char *before, struct bytes secret, unsigned want)
{
	struct bytes line;
	struct buf b;
	enum err e;

	buf_init(&b, s->arena, 0);
	buf_room(&b, strlen(before) + secret.len / 3 * 4 + 8); /* all of it, so that it never moves */
	buf_put_str(&b, before);
	base64_put(&b, secret, BASE64_PLAIN);
	buf_put_str(&b, "\r\n");
	if (!(e = buf_done(&b, &line))) {
		e = ask(s, line, want);
		hide(s, bytes_trim(bytes_of(line.p + strlen(before), line.len - strlen(before))));
	}
	if (b.p)
		OPENSSL_cleanse(b.p, b.len);
	return e;
}

static enum err login_plain(struct session *s, struct bytes user, struct bytes password)
{
	uint8_t *secret = arena_alloc(s->arena, user.len + password.len + 2);
	enum err e;

	if (!secret)
		return ERR_LIMIT;
	memcpy(secret + 1, user.p, user.len);
	if (password.len)
		memcpy(secret + user.len + 2, password.p, password.len);
	e = ask_secret(s, "AUTH PLAIN ", bytes_of(secret, user.len + password.len + 2), 2);
	OPENSSL_cleanse(secret, user.len + password.len + 2);
	return e;
}

static enum err login_login(struct session *s, struct bytes user, struct bytes password)
{
	enum err e;

	if ((e = ask(s, BYTES("AUTH LOGIN\r\n"), 3)) || (e = ask_secret(s, "", user, 3)))
		return e;
	return ask_secret(s, "", password, 2);
}

static enum err login(struct session *s, struct bytes user, struct bytes password)
{
	enum err e;

	s->result->phase = SMTP_LOGIN;
	if (!stream_is_tls(s->stream) && !is_local(s->config->server.host))
		return explain(s, ERR_UNSUPPORTED, "without TLS the password is not sent");
	if (bytes_find(user, 0) != user.len || bytes_find(password, 0) != password.len)
		return explain(s, ERR_AUTH, "a NUL in the user's name or password");
	if (!(s->features & (FEATURE_PLAIN | FEATURE_LOGIN)))
		return explain(s, ERR_UNSUPPORTED, "the server offers neither AUTH PLAIN nor AUTH LOGIN");
	e = s->features & FEATURE_PLAIN ? login_plain(s, user, password) : login_login(s, user, password);
	/* 535 is the one for wrong credentials, 534 and 538 want others; 530 and 50x are about us. */
	return e == ERR_DENIED && s->result->code / 10 == 53 && s->result->code != 530 ? ERR_AUTH : e;
}

/* ---- the envelope ---- */

static bool is_ascii(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] >= 0x80)
			return false;
	return true;
}

/* Nothing that could end the command or the brackets around it. */
static bool is_address(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] <= ' ' || in.p[i] == 0x7F || in.p[i] == '<' || in.p[i] == '>')
			return false;
	return in.len <= 320; /* RFC 5321, 4.5.3.1: 64 for the local part, 255 for the domain */
}

/* What can be said before anything was sent. */
static enum err check_envelope(struct session *s, const struct smtp_message *m, bool *utf8)
{
	s->result->phase = SMTP_FROM;
	*utf8 = !is_ascii(m->from);
	if (!is_address(m->from))
		return explain(s, ERR_DENIED, "the sender's address is not one");
	s->result->phase = SMTP_RCPT;
	for (size_t i = 0; i < m->n_to; i++) {
		s->result->bad_recipient = i;
		if (!m->to[i].len || !is_address(m->to[i]))
			return explain(s, ERR_DENIED, "the recipient's address is not one");
		*utf8 = *utf8 || !is_ascii(m->to[i]);
	}
	s->result->bad_recipient = 0;
	return m->n_to ? ERR_OK : explain(s, ERR_DENIED, "there is no recipient");
}

static uint64_t size_of(const struct smtp_message *m)
{
	return m->data.len + (m->rest ? m->rest->size : 0);
}

static void put_mail(struct session *s, struct buf *b, const struct smtp_message *m, bool utf8)
{
	buf_put_str(b, "MAIL FROM:<");
	buf_put(b, m->from);
	buf_put_str(b, ">");
	if (s->features & FEATURE_SIZE)
		buf_printf(b, " SIZE=%" PRIu64, size_of(m));
	/* A server without it gets the eight bits all the same, as everybody does it. */
	if ((s->features & FEATURE_8BITMIME) && (utf8 || m->rest_is_8bit || !is_ascii(m->data)))
		buf_put_str(b, " BODY=8BITMIME");
	if (utf8)
		buf_put_str(b, " SMTPUTF8");
	buf_put_str(b, "\r\n");
}

static enum err hear_recipients(struct session *s, size_t from, size_t to)
{
	enum err e = ERR_OK;

	s->result->phase = SMTP_RCPT;
	for (size_t i = from; !e && i < to; i++) {
		s->result->bad_recipient = i;
		e = hear(s, 2);
	}
	if (!e)
		s->result->bad_recipient = 0;
	return e;
}

static enum err hear_sender(struct session *s)
{
	s->result->phase = SMTP_FROM;
	return hear(s, 2);
}

static enum err say_lines(struct session *s, const struct buf *b)
{
	struct bytes lines;
	enum err e = buf_done(b, &lines);

	return e ? e : say(s, lines);
}

/* MAIL and the recipients, as many in one go as the server allows. Ends with the first that is refused; the caller
 * then hangs up, and nothing was sent. */
static enum err envelope(struct session *s, const struct smtp_message *m, bool utf8)
{
	bool pipelining = s->features & FEATURE_PIPELINING, accepted = false;
	size_t most = pipelining ? PIPELINE_MOST : 1;
	struct buf b;
	enum err e;

	buf_init(&b, s->arena, 0);
	put_mail(s, &b, m, utf8);
	if (!pipelining) {
		if ((e = say_lines(s, &b)) || (e = hear_sender(s)))
			return e;
		accepted = true;
		buf_init(&b, s->arena, 0);
	}
	for (size_t at = 0, next; at < m->n_to; at = next) {
		next = m->n_to - at < most ? m->n_to : at + most;
		for (size_t i = at; i < next; i++) {
			buf_put_str(&b, "RCPT TO:<");
			buf_put(&b, m->to[i]);
			buf_put_str(&b, ">\r\n");
		}
		if ((e = say_lines(s, &b)) || (!accepted && (e = hear_sender(s))) ||
		    (e = hear_recipients(s, at, next)))
			return e;
		accepted = true;
		buf_init(&b, s->arena, 0);
	}
	return ERR_OK;
}

/* ---- the message ---- */

/* A message on its way: chunk is filled and sent when it is full. */
struct sending {
	struct session *s;
	struct smtp_data data;
	uint8_t *chunk;
	size_t n;
};

static enum err say_piece(struct sending *out, struct bytes piece)
{
	enum err e = ERR_OK;

	while (!e && piece.len) {
		out->n += smtp_data_put(
		    &out->data, &piece, out->chunk + out->n, CHUNK - SMTP_DATA_END_MOST - out->n);
		if (!piece.len)
			break;
		e = say(out->s, bytes_of(out->chunk, out->n));
		out->n = 0;
	}
	return e;
}

static enum err say_rest(struct sending *out, struct source *rest)
{
	struct bytes piece;
	enum err e;

	for (;;) {
		if ((e = rest->next(rest->arg, &piece))) {
			out->s->result->cause = e;
			return explain(out->s, e, "the message could not be read to its end");
		}
		if (!piece.len)
			return ERR_OK;
		if ((e = say_piece(out, piece)))
			return e;
	}
}

static enum err say_message(struct session *s, const struct smtp_message *m)
{
	struct sending out = { .s = s, .chunk = arena_alloc(s->arena, CHUNK) };
	enum err e;

	if (!out.chunk)
		return ERR_LIMIT;
	if ((e = say_piece(&out, m->data)) || (m->rest && (e = say_rest(&out, m->rest))) ||
	    (m->last_moment && (e = m->last_moment(m->last_moment_arg))))
		return e;
	out.n += smtp_data_end(&out.data, out.chunk + out.n);
	return say(s, bytes_of(out.chunk, out.n));
}

/* The answer to the final dot. The server has the message now, so not to know it is the worst that can happen: even
 * if the phone has gone or the fiber is late, it gets a last moment. */
static enum err hear_verdict(struct session *s)
{
	uint32_t ms = s->config->command_ms;
	enum err e = hear_within(s, ms > UINT32_MAX / DOT_FACTOR ? UINT32_MAX : ms * DOT_FACTOR, NULL);

	if (e && fiber_check()) {
		fiber_shield(LAST_WORD_MS);
		e = hear_within(s, LAST_WORD_MS, NULL) ? e : ERR_OK;
		fiber_unshield();
	}
	if (e) {
		s->result->unsure = true;
		return e;
	}
	return judge(s, 2);
}

static enum err data(struct session *s, const struct smtp_message *m)
{
	enum err e;

	s->result->phase = SMTP_DATA;
	if ((e = ask(s, BYTES("DATA\r\n"), 3)) || (e = say_message(s, m)) || (e = hear_verdict(s)))
		return e;
	s->result->phase = SMTP_DONE;
	return ERR_OK;
}

/* ---- all of it ---- */

static enum err session_start(struct session *s, struct bytes user, struct bytes password)
{
	enum err e = connect_session(s);

	return e || !s->config->login || !user.len ? e : login(s, user, password);
}

/* Nobody waits for the answer to QUIT: it changes nothing. */
static void session_end(struct session *s)
{
	enum err e = s->stream ? stream_write(s->stream, BYTES("QUIT\r\n")) : ERR_OK;

	(void)e;
	stream_close(&s->stream);
}

static enum err session_new(
    const struct smtp_config *config, struct smtp_result *out, struct session **session)
{
	struct session *s = arena_alloc(fiber_arena(), sizeof(*s));

	*out = (struct smtp_result){ 0 };
	if (!s)
		return ERR_LIMIT;
	s->config = config;
	s->arena = fiber_arena();
	s->result = out;
	*session = s;
	return ERR_OK;
}

static enum err transmit(struct session *s, const struct smtp_message *m, bool utf8)
{
	enum err e;

	s->result->phase = SMTP_FROM;
	if (utf8 && !(s->features & FEATURE_SMTPUTF8))
		return explain(s, ERR_UNSUPPORTED, "the server can't do addresses with letters beyond ASCII");
	if (s->size_limit && size_of(m) > s->size_limit)
		return explain(s, ERR_LIMIT, "the message is larger than the server takes");
	e = envelope(s, m, utf8);
	return e ? e : data(s, m);
}

enum err smtp_send(const struct smtp_config *config, const struct smtp_message *m, struct smtp_result *out)
{
	struct session *s;
	bool utf8;
	enum err e;

	if ((e = session_new(config, out, &s)) || (e = check_envelope(s, m, &utf8)))
		return e;
	if (!(e = session_start(s, m->user, m->password)))
		e = transmit(s, m, utf8);
	session_end(s);
	return e;
}

enum err smtp_probe(
    const struct smtp_config *config, struct bytes user, struct bytes password, struct smtp_result *out)
{
	struct session *s;
	enum err e;

	if ((e = session_new(config, out, &s)))
		return e;
	if (!(e = session_start(s, user, password)))
		out->phase = SMTP_DONE;
	session_end(s);
	return e;
}
