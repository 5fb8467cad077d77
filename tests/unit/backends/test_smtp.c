#include "unit/backends/peer.h"

#include <sys/mman.h>

#include "base/base64.h"
#include "smtp/smtp.h"
#include "smtp/smtp_data.h"
#include "unit/backends/certificates.h"

/* ---- how a message travels ---- */

static const struct data_case {
	const char *name, *in, *want;
} data_cases[] = {
	{ "as it is", "A: b\r\n\r\ntext\r\n", "A: b\r\n\r\ntext\r\n.\r\n" },
	{ "without a last end", "text", "text\r\n.\r\n" },
	{ "empty", "", ".\r\n" },
	{ "dots", ".\r\n..\r\na.b\r\n.c", "..\r\n...\r\na.b\r\n..c\r\n.\r\n" },
	{ "lone line feeds", "a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n" },
	{ "lone carriage returns", "a\r.\rb\r", "a\r\n..\r\nb\r\n.\r\n" },
	{ "smuggling", "a\r\n.\rMAIL", "a\r\n..\r\nMAIL\r\n.\r\n" },
	{ "CR CR LF", "a\r\r\nb", "a\r\n\r\nb\r\n.\r\n" },
};

/* In steps of every size, so that each state meets each border. */
static void data(const struct data_case *c)
{
	for (size_t cap = 4; cap < 40; cap++)
		for (size_t step = 1; step < 20; step++) {
			uint8_t out[128];
			struct smtp_data d = { 0 };
			struct bytes all = bytes_str(c->in), part;
			size_t n = 0;

			while (all.len) {
				bytes_take(&all, step < all.len ? step : all.len, &part);
				while (part.len)
					n += smtp_data_put(&d, &part, out + n, cap);
			}
			n += smtp_data_end(&d, out + n);
			assert_bytes_str(bytes_of(out, n), c->want);
		}
}
TEST_ROW(data)

/* ---- a server that follows the protocol, except at one place ---- */

enum { TRANSCRIPT = 1 << 20 };

struct mock {
	const char *features;        /* after EHLO: lines such as "SIZE 100", separated by '|' */
	const char *secure_features; /* the same after STARTTLS */
	const char *at;  /* the start of the line that it answers in a way of its own; "" = its greeting */
	const char *say; /* that answer; NULL = cut the connection; "hang" = say nothing more */
	SSL_CTX *tls;
	char *transcript; /* shared: all that it heard */
	SSL *ssl;
};

#define HANG "hang"

static ssize_t mock_read(struct mock *m, int fd, char *to, size_t n)
{
	return m->ssl ? SSL_read(m->ssl, to, (int)n) : read(fd, to, n);
}

static bool mock_say(struct mock *m, int fd, const char *text)
{
	int n = (int)strlen(text);

	return (m->ssl ? SSL_write(m->ssl, text, n) : (int)write(fd, text, (size_t)n)) == n;
}

/* Up to a line end; to the end of the message when it's in one. */
static bool mock_hear(struct mock *m, int fd, const char *end, char *line, size_t cap)
{
	size_t n = 0, last = strlen(end);

	while (n < last || memcmp(line + n - last, end, last))
		if (n + 1 >= cap || mock_read(m, fd, line + n++, 1) != 1)
			return false;
	line[n] = 0;
	return true;
}

static bool mock_tell_features(struct mock *m, int fd)
{
	char text[1024], *at = text;

	at += sprintf(at, "250-mock PIPELINING is no feature here\r\n");
	for (const char *f = m->ssl ? m->secure_features : m->features; f && *f;
	     f += strcspn(f, "|") + (f[strcspn(f, "|")] == '|'))
		at += sprintf(at, "250-%.*s\r\n", (int)strcspn(f, "|"), f);
	sprintf(at, "250 HELP\r\n");
	return mock_say(m, fd, text);
}

/* False: the connection ends. */
static bool mock_answer(struct mock *m, int fd, const char *line)
{
	static const struct {
		const char *line, *answer;
	} answers[] = {
		{ "MAIL", "250 2.1.0 ok\r\n" },
		{ "RCPT", "250 2.1.5 ok\r\n" },
		{ "DATA", "354 go\r\n" },
		{ ".", "250 2.0.0 queued\r\n" },
		{ "AUTH PLAIN", "235 2.7.0 in\r\n" },
		{ "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n" },
		{ "dXNlcg==", "334 UGFzc3dvcmQ6\r\n" },
		{ "cGFzcw==", "235 in\r\n" },
	};

	if (m->at && (*m->at || !*line) && !strncmp(line, m->at, strlen(m->at))) {
		char rest[256];

		if (m->say && strcmp(m->say, HANG))
			return mock_say(m, fd, m->say);
		while (m->say && mock_read(m, fd, rest, sizeof(rest)) > 0)
			;
		return false;
	}
	if (!*line)
		return mock_say(m, fd, "220 mock\r\n");
	if (!strncmp(line, "EHLO ", 5))
		return mock_tell_features(m, fd);
	if (!strncmp(line, "STARTTLS", 8)) {
		if (!mock_say(m, fd, "220 go\r\n"))
			return false;
		m->ssl = SSL_new(m->tls);
		SSL_set_fd(m->ssl, fd);
		return SSL_accept(m->ssl) == 1;
	}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (!strncmp(line, answers[i].line, strlen(answers[i].line)))
			return mock_say(m, fd, answers[i].answer);
	return false; /* QUIT, or something unknown */
}

static void mock_serve(int fd, void *arg)
{
	struct mock *m = arg;
	char *line = malloc(TRANSCRIPT);
	bool more = mock_answer(m, fd, "");

	while (more && mock_hear(m, fd, "\r\n", line, TRANSCRIPT)) {
		strcat(m->transcript, line);
		more = mock_answer(m, fd, line);
		if (more && !strncmp(line, "DATA", 4) && (!m->at || strncmp(m->at, "DATA", 4))) {
			char *text = m->transcript + strlen(m->transcript);

			more = mock_hear(m, fd, "\r\n.\r\n", text, TRANSCRIPT / 2) && mock_answer(m, fd, ".");
		}
	}
	SSL_free(m->ssl);
	m->ssl = NULL;
	free(line);
}

/* ---- one send ---- */

struct sending {
	struct mock mock;
	struct smtp_config config;
	struct smtp_message message;
	struct smtp_result result;
	enum err e;
	bool probe;
	uint32_t cancel_ms; /* 0 = never */
	struct loop *loop;
	uint64_t fiber;
	char text[128]; /* the result's, which is in the fiber's arena */
};

static void cancel(void *arg)
{
	struct sending *s = arg;

	fiber_cancel(s->loop, s->fiber);
}

static void sending_main(void *arg)
{
	struct sending *s = arg;
	struct timer *t = NULL;

	s->loop = fiber_loop();
	s->fiber = fiber_id();
	if (s->cancel_ms)
		t = timer_start(s->loop, s->cancel_ms, cancel, s);
	s->e = s->probe ? smtp_probe(&s->config, s->message.user, s->message.password, &s->result)
			: smtp_send(&s->config, &s->message, &s->result);
	snprintf(s->text, sizeof(s->text), "%.*s", BYTES_ARG(s->result.text));
	timer_cancel(&t);
}

static const struct bytes two[] = { { (const uint8_t *)"b@example.org", 13 },
	{ (const uint8_t *)"c@example.org", 13 } };

static void send_mail(struct sending *s)
{
	struct peer p;

	s->mock.transcript =
	    mmap(NULL, TRANSCRIPT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(s->mock.transcript != MAP_FAILED);
	p = peer_start(mock_serve, &s->mock);
	if (!s->config.server.host)
		s->config.server = peer_target(&p);
	s->config.server.port = p.port;
	s->config.helo = "gate.example.org";
	if (!s->config.command_ms)
		s->config.command_ms = 5000;
	if (!s->message.to) {
		s->message.to = two;
		s->message.n_to = 2;
	}
	if (!s->message.from.len)
		s->message.from = BYTES("a@example.org");
	if (!s->message.data.len)
		s->message.data = BYTES("Subject: x\r\n\r\n.dot\r\n");
	on_fiber(sending_main, s);
	/* What it heard last may still be on its way there. */
	for (int i = 0; i < 200 && s->e == ERR_OK && !strstr(s->mock.transcript, "QUIT"); i++)
		usleep(5000);
	peer_stop(&p);
}

static void done(struct sending *s)
{
	munmap(s->mock.transcript, TRANSCRIPT);
}

/* ---- rows ---- */

static const struct send_case {
	const char *name;
	const char *features, *at, *say;
	enum err want;
	enum smtp_phase phase;
	uint16_t code;
	bool unsure;
	size_t bad_recipient;
	const char *heard, *not_heard; /* in the transcript */
	const char *text;
} send_cases[] = {
	{ "plain server", "", NULL, NULL, ERR_OK, SMTP_DONE, 250, false, 0,
	    "EHLO gate.example.org\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nRCPT "
	    "TO:<c@example.org>\r\nDATA\r\n"
	    "Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
	    NULL, "2.0.0 queued" },
	{ "all extensions", "PIPELINING|SIZE 1000|8BITMIME|SMTPUTF8|AUTH PLAIN", NULL, NULL, ERR_OK,
	    SMTP_DONE, 250, false, 0,
	    "MAIL FROM:<a@example.org> SIZE=20\r\nRCPT TO:<b@example.org>\r\nRCPT "
	    "TO:<c@example.org>\r\nDATA\r\n",
	    "AUTH", NULL },
	{ "SIZE without a limit", "SIZE", NULL, NULL, ERR_OK, SMTP_DONE, 250, false, 0, "SIZE=20", NULL,
	    NULL },
	{ "greeting refuses", "", "", "554 go away\r\n", ERR_DENIED, SMTP_CONNECT, 554, false, 0, NULL,
	    "EHLO", "go away" },
	{ "greeting says later", "", "", "421 busy\r\n", ERR_UNAVAILABLE, SMTP_CONNECT, 421, false, 0, NULL,
	    "EHLO", "busy" },
	{ "greeting cut", "", "", NULL, ERR_UNAVAILABLE, SMTP_CONNECT, 0, false, 0, NULL, NULL,
	    "the connection was closed" },
	{ "greeting hangs", "", "", HANG, ERR_UNAVAILABLE, SMTP_CONNECT, 0, false, 0, NULL, NULL,
	    "no answer in time" },
	{ "not SMTP", "", "", "SSH-2.0-OpenSSH\r\n", ERR_UNAVAILABLE, SMTP_CONNECT, 0, false, 0, NULL, NULL,
	    "the answer is not SMTP" },
	{ "EHLO refused", "", "EHLO", "502 what\r\n", ERR_DENIED, SMTP_CONNECT, 502, false, 0, NULL, "MAIL",
	    NULL },
	{ "larger than SIZE", "SIZE 19", NULL, NULL, ERR_LIMIT, SMTP_FROM, 0, false, 0, NULL, "MAIL", NULL },
	{ "sender refused", "", "MAIL", "550 5.7.1 not you\r\n", ERR_DENIED, SMTP_FROM, 550, false, 0, NULL,
	    "DATA", "5.7.1 not you" },
	{ "sender refused, pipelined", "PIPELINING", "MAIL", "550 5.7.1 not you\r\n", ERR_DENIED, SMTP_FROM,
	    550, false, 0, NULL, "DATA", NULL },
	{ "sender later", "", "MAIL", "451 4.3.0 later\r\n", ERR_UNAVAILABLE, SMTP_FROM, 451, false, 0, NULL,
	    "DATA", NULL },
	{ "too large at MAIL", "", "MAIL", "552 too large\r\n", ERR_LIMIT, SMTP_FROM, 552, false, 0, NULL,
	    "DATA", NULL },
	{ "one recipient refused", "", "RCPT TO:<c", "550 5.1.1 unknown\r\n", ERR_DENIED, SMTP_RCPT, 550,
	    false, 1, NULL, "DATA", "5.1.1 unknown" },
	{ "one refused, pipelined", "PIPELINING", "RCPT TO:<b", "550 unknown\r\n", ERR_DENIED, SMTP_RCPT, 550,
	    false, 0, NULL, "DATA", NULL },
	{ "recipient's box full", "", "RCPT TO:<c", "550 5.2.2 full\r\n", ERR_LIMIT, SMTP_RCPT, 550, false, 1,
	    NULL, "DATA", NULL },
	{ "recipient later", "", "RCPT TO:<c", "450 greylisted\r\n", ERR_UNAVAILABLE, SMTP_RCPT, 450, false,
	    1, NULL, "DATA", NULL },
	{ "recipient cut", "", "RCPT TO:<c", NULL, ERR_UNAVAILABLE, SMTP_RCPT, 0, false, 1, NULL, "DATA",
	    NULL },
	{ "forwarded recipient", "", "RCPT TO:<c", "251 will forward\r\n", ERR_OK, SMTP_DONE, 250, false, 0,
	    "DATA", NULL, NULL },
	{ "DATA refused", "", "DATA", "554 no\r\n", ERR_DENIED, SMTP_DATA, 554, false, 0, NULL, "Subject",
	    NULL },
	{ "DATA later", "", "DATA", "451 no\r\n", ERR_UNAVAILABLE, SMTP_DATA, 451, false, 0, NULL, "Subject",
	    NULL },
	{ "DATA answered with 250", "", "DATA", "250 what\r\n", ERR_UNAVAILABLE, SMTP_DATA, 250, false, 0,
	    NULL, "Subject", NULL },
	{ "cut after DATA", "", "DATA", NULL, ERR_UNAVAILABLE, SMTP_DATA, 0, false, 0, NULL, NULL, NULL },
	{ "message refused", "", ".", "554 5.7.1 spam\r\n", ERR_DENIED, SMTP_DATA, 554, false, 0, NULL, NULL,
	    "5.7.1 spam" },
	{ "message too large", "", ".", "552 5.3.4 big\r\n", ERR_LIMIT, SMTP_DATA, 552, false, 0, NULL, NULL,
	    NULL },
	{ "message later", "", ".", "452 4.3.1 disk\r\n", ERR_UNAVAILABLE, SMTP_DATA, 452, false, 0, NULL,
	    NULL, NULL },
	{ "cut after the dot", "", ".", NULL, ERR_UNAVAILABLE, SMTP_DATA, 0, true, 0, NULL, NULL,
	    "the connection was closed" },
	{ "hangs after the dot", "", ".", HANG, ERR_UNAVAILABLE, SMTP_DATA, 0, true, 0, NULL, NULL,
	    "no answer in time" },
	{ "nonsense after the dot", "", ".", "ok\r\n", ERR_UNAVAILABLE, SMTP_DATA, 0, true, 0, NULL, NULL,
	    NULL },
	{ "several lines after the dot", "", ".", "250-2.0.0 one\r\n250-two\r\n250 three\r\n", ERR_OK,
	    SMTP_DONE, 250, false, 0, NULL, NULL, "2.0.0 one\ntwo\nthree" },
	{ "line feeds alone", "", ".", "250-a\n250\n", ERR_OK, SMTP_DONE, 250, false, 0, NULL, NULL, "a" },
	{ "code out of range", "", "MAIL", "650 x\r\n", ERR_UNAVAILABLE, SMTP_FROM, 0, false, 0, NULL, "DATA",
	    "the answer is not SMTP" },
};

static void send_row(const struct send_case *c)
{
	struct sending s = { .mock = { .features = c->features, .at = c->at, .say = c->say } };

	/* the answer to the dot is waited for ten times as long */
	s.config.command_ms = c->say && !strcmp(c->say, HANG) ? 100 : 0;
	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->phase);
	assert_int_equal(s.result.code, c->code);
	assert_int_equal(s.result.unsure, c->unsure);
	assert_int_equal(s.result.bad_recipient, c->bad_recipient);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->not_heard)
		assert_null(strstr(s.mock.transcript, c->not_heard));
	if (c->text)
		assert_string_equal(s.text, c->text);
	done(&s);
}
TEST_ROW(send_row)

/* ---- addresses ---- */

static const struct address_case {
	const char *name, *features, *from, *to;
	enum err want;
	enum smtp_phase phase;
	const char *heard;
} address_cases[] = {
	{ "beyond ASCII", "SMTPUTF8|8BITMIME", "a@example.org", "\xC3\xBC@example.org", ERR_OK, SMTP_DONE,
	    "MAIL FROM:<a@example.org> BODY=8BITMIME SMTPUTF8\r\n" },
	{ "beyond ASCII, not supported", "8BITMIME", "\xC3\xBC@example.org", "b@example.org", ERR_UNSUPPORTED,
	    SMTP_FROM, NULL },
	{ "a command in the recipient", "", "a@example.org", "b@x>\r\nRCPT TO:<c@x", ERR_DENIED, SMTP_RCPT,
	    NULL },
	{ "a space in the sender", "", "a b@example.org", "b@example.org", ERR_DENIED, SMTP_FROM, NULL },
	{ "empty recipient", "", "a@example.org", "", ERR_DENIED, SMTP_RCPT, NULL },
};

static void address(const struct address_case *c)
{
	struct bytes to = bytes_str(c->to);
	struct sending s = { .mock.features = c->features,
		.message = { .from = bytes_str(c->from), .to = &to, .n_to = 1 } };

	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->phase);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	else
		assert_null(strstr(s.mock.transcript, "MAIL"));
	done(&s);
}
TEST_ROW(address)

static void eight_bits(void **state)
{
	struct sending s = { .mock.features = "8BITMIME", .message.data = BYTES("A: b\r\n\r\n\xC3\xBC\r\n") };

	(void)state;
	send_mail(&s);
	assert_int_equal(s.e, ERR_OK);
	assert_non_null(strstr(s.mock.transcript, "BODY=8BITMIME\r\n"));
	assert_non_null(strstr(s.mock.transcript, "\xC3\xBC\r\n.\r\n"));
	done(&s);
}

static void many_recipients(void **state)
{
	struct bytes to[350];
	struct sending s = {
		.mock = { .features = "PIPELINING", .at = "RCPT TO:<u333@", .say = "550 no\r\n" },
		.message = { .to = to, .n_to = 350 }
	};

	(void)state;
	for (int i = 0; i < 350; i++) {
		char text[32];

		snprintf(text, sizeof(text), "u%d@example.org", i);
		to[i] = test_copy(bytes_str(text));
	}
	send_mail(&s);
	assert_int_equal(s.e, ERR_DENIED);
	assert_int_equal(s.result.bad_recipient, 333);
	assert_null(strstr(s.mock.transcript, "DATA"));
	done(&s);
}

static void large_message(void **state)
{
	static char text[300000];
	struct sending s = { .mock.features = "SIZE 400000",
		.message.data = { (const uint8_t *)text, sizeof(text) } };

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 10)
		memcpy(text + i, ".2345678\r\n", 10);
	send_mail(&s);
	assert_int_equal(s.e, ERR_OK);
	assert_true(strlen(s.mock.transcript) > 330000);
	assert_non_null(strstr(s.mock.transcript, "..2345678\r\n.\r\nQUIT"));
	done(&s);
}

/* ---- in pieces ---- */

/* The message's second half; fails where its last piece is NULL. */
struct pieces {
	const char *const *v;
	size_t n, at;
};

static enum err next_piece(void *arg, struct bytes *piece)
{
	struct pieces *p = arg;

	*piece = bytes_str("");
	if (p->at == p->n)
		return ERR_OK;
	if (!p->v[p->at])
		return ERR_NOT_FOUND;
	*piece = bytes_str(p->v[p->at++]);
	return ERR_OK;
}

static enum err refuse(void *arg)
{
	(void)arg;
	return ERR_UNAVAILABLE;
}

static const struct pieces_case {
	const char *name;
	const char *v[4];
	size_t n;
	enum err (*last_moment)(void *arg);
	enum err want;
	const char *heard, *not_heard;
} pieces_cases[] = {
	{ "a dot between two", { "a\r\n", ".b\r\n" }, 2, NULL, ERR_OK, "SIZE=28 BODY=8BITMIME\r\n", NULL },
	{ "dots are doubled across pieces", { "a\r", "\n", ".b\r\n" }, 3, NULL, ERR_OK,
	    "x\r\n\r\na\r\n..b\r\n.\r\n", NULL },
	{ "nothing more", { "" }, 0, NULL, ERR_OK, "x\r\n\r\n.\r\n", NULL },
	{ "it fails on the way", { "a\r\n", NULL }, 2, NULL, ERR_NOT_FOUND, "DATA", "\r\n.\r\n" },
	{ "the caller stops it at the end", { "a\r\n" }, 1, refuse, ERR_UNAVAILABLE, "DATA", "\r\n.\r\n" },
};

static void in_pieces(const struct pieces_case *c)
{
	struct pieces p = { c->v, c->n, 0 };
	struct source rest = { next_piece, &p, 14 };
	struct sending s = { .mock.features = "SIZE 1000|8BITMIME",
		.message = { .data = BYTES("Subject: x\r\n\r\n"),
		    .rest = &rest,
		    .rest_is_8bit = true,
		    .last_moment = c->last_moment } };

	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_false(s.result.unsure);
	usleep(c->want ? 50000 : 0); /* what must not come gets a chance to */
	assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->not_heard)
		assert_null(strstr(s.mock.transcript, c->not_heard));
	done(&s);
}
TEST_ROW(in_pieces)

static void too_large_in_pieces(void **state)
{
	struct pieces p = { NULL, 0, 0 };
	struct source rest = { next_piece, &p, 2000 };
	struct sending s = { .mock.features = "SIZE 1000", .message.rest = &rest };

	(void)state;
	send_mail(&s);
	assert_int_equal(s.e, ERR_LIMIT);
	assert_null(strstr(s.mock.transcript, "MAIL"));
	done(&s);
}

/* ---- answers without end ---- */

static void serve_flood(int fd, void *arg)
{
	const char *text = arg;

	while (write(fd, text, strlen(text)) > 0)
		;
}

static void flood(void **state)
{
	static const char *const texts[] = { "220 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "220-again\r\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct peer p = peer_start(serve_flood, (void *)(uintptr_t)texts[i]);
		struct sending s = { .config = { .server = peer_target(&p), .command_ms = 5000 },
			.probe = true };

		on_fiber(sending_main, &s);
		assert_int_equal(s.e, ERR_UNAVAILABLE);
		assert_string_equal(s.text, "the answer is not SMTP");
		peer_stop(&p);
	}
}

/* A byte now and then doesn't make the wait longer. */
static void serve_drip(int fd, void *arg)
{
	(void)arg;
	while (write(fd, "2", 1) == 1)
		usleep(20000);
}

static void drip(void **state)
{
	struct peer p = peer_start(serve_drip, NULL);
	struct sending s = { .config = { .server = peer_target(&p), .command_ms = 300 }, .probe = true };
	uint64_t since = loop_now_ms();

	(void)state;
	on_fiber(sending_main, &s);
	assert_int_equal(s.e, ERR_UNAVAILABLE);
	assert_in_range(loop_now_ms() - since, 300, 2000);
	peer_stop(&p);
}

static void nobody(void **state)
{
	struct sending s = { .config = { .server = { .host = "127.0.0.1", .port = 1, .connect_ms = 2000 },
				 .command_ms = 1000 },
		.probe = true };

	(void)state;
	on_fiber(sending_main, &s);
	assert_int_equal(s.e, ERR_UNAVAILABLE);
	assert_int_equal(s.result.phase, SMTP_CONNECT);
	assert_true(s.text[0]);
}

/* ---- cancelled ---- */

static const struct cancel_case {
	const char *name, *at, *say;
	enum err want;
	bool unsure;
} cancel_cases[] = {
	{ "before the message", "RCPT", HANG, ERR_CANCELLED, false },
	{ "after the dot, and no word comes", ".", NULL, ERR_CANCELLED, true },
	{ "after the dot, and the word comes", ".", "250 late\r\n", ERR_OK, false },
};

/* Says the row's word half a second after the dot. */
static void serve_late(int fd, void *arg)
{
	const struct cancel_case *c = arg;
	char chunk[4096];
	const char *const answers[] = { "220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n",
		"354 x\r\n" };

	for (size_t i = 0; i < 6; i++) {
		if (i == 3 && !strcmp(c->at, "RCPT"))
			break;
		if (write(fd, answers[i], strlen(answers[i])) < 0 || read(fd, chunk, sizeof(chunk)) <= 0)
			return;
	}
	if (c->say && !strcmp(c->say, HANG))
		while (read(fd, chunk, sizeof(chunk)) > 0)
			;
	usleep(500000);
	if (c->say && write(fd, c->say, strlen(c->say)) > 0)
		while (read(fd, chunk, sizeof(chunk)) > 0)
			;
}

static void cancelled(const struct cancel_case *c)
{
	struct peer p = peer_start(serve_late, (void *)(uintptr_t)c);
	struct sending s = { .config = { .server = peer_target(&p), .command_ms = 5000 },
		.cancel_ms = 200,
		.message = { .from = BYTES("a@x"), .to = two, .n_to = 2, .data = BYTES("x\r\n") } };

	on_fiber(sending_main, &s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.unsure, c->unsure);
	peer_stop(&p);
}
TEST_ROW(cancelled)

/* ---- logging in ---- */

static const struct login_case {
	const char *name, *host, *features, *at, *say;
	bool login;
	enum err want;
	uint16_t code;
	const char *heard, *not_heard;
} login_cases[] = {
	{ "PLAIN", NULL, "AUTH LOGIN PLAIN", NULL, NULL, true, ERR_OK, 235, "AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
	    "AUTH LOGIN" },
	{ "LOGIN", NULL, "AUTH XOAUTH2 LOGIN", NULL, NULL, true, ERR_OK, 235,
	    "AUTH LOGIN\r\ndXNlcg==\r\ncGFzcw==\r\n", NULL },
	{ "not wanted", NULL, "AUTH PLAIN", NULL, NULL, false, ERR_OK, 250, NULL, "AUTH" },
	{ "wrong password", NULL, "AUTH PLAIN", "AUTH", "535 5.7.8 no\r\n", true, ERR_AUTH, 535, NULL, NULL },
	{ "wrong password in LOGIN", NULL, "AUTH LOGIN", "cGFz", "535 5.7.8 no\r\n", true, ERR_AUTH, 535,
	    NULL, NULL },
	{ "not now", NULL, "AUTH PLAIN", "AUTH", "454 4.7.0 later\r\n", true, ERR_UNAVAILABLE, 454, NULL,
	    NULL },
	{ "wants TLS first", NULL, "AUTH PLAIN", "AUTH", "530 5.7.0 STARTTLS\r\n", true, ERR_DENIED, 530,
	    NULL, NULL },
	{ "no AUTH", NULL, "PIPELINING", NULL, NULL, true, ERR_UNSUPPORTED, 0, NULL, "AUTH" },
	{ "no mechanism that we know", NULL, "AUTH GSSAPI", NULL, NULL, true, ERR_UNSUPPORTED, 0, NULL,
	    "AUTH" },
	{ "localhost by name", "localhost", "AUTH PLAIN", NULL, NULL, true, ERR_OK, 235, "AUTH PLAIN", NULL },
};

/* Their texts go to the log. */
static const struct repeat_case {
	const char *name, *features, *at, *say;
} repeat_cases[] = {
	{ "PLAIN", "AUTH PLAIN", "AUTH", "500 5.5.1 what is \"AUTH PLAIN AHVzZXIAcGFzcw==\"\r\n" },
	{ "LOGIN", "AUTH LOGIN", "cGFzcw==", "535-5.7.8 no:\r\n535 5.7.8 cGFzcw==\r\n" },
};

static void repeats_the_password(const struct repeat_case *c)
{
	struct sending s = { .mock = { .features = c->features, .at = c->at, .say = c->say },
		.probe = true,
		.config = { .login = true },
		.message = { .user = BYTES("user"), .password = BYTES("pass") } };

	send_mail(&s);
	assert_int_not_equal(s.e, ERR_OK);
	assert_string_equal(s.text, "the server repeats the user's name or password in its answer");
	done(&s);
}
TEST_ROW(repeats_the_password)

static void login(const struct login_case *c)
{
	struct sending s = { .mock = { .features = c->features, .at = c->at, .say = c->say },
		.probe = true,
		.config = { .login = c->login },
		.message = { .user = BYTES("user"), .password = BYTES("pass") } };

	if (c->host)
		s.config.server =
		    (struct stream_target){ .host = c->host, .connect_ms = 5000, .io_ms = 5000 };
	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->want ? SMTP_LOGIN : SMTP_DONE);
	assert_int_equal(s.result.code, c->code);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->not_heard)
		assert_null(strstr(s.mock.transcript, c->not_heard));
	done(&s);
}
TEST_ROW(login)

/* ---- STARTTLS ---- */

static struct test_cert ca, cert;
static const char *ca_path;

static const struct tls_case {
	const char *name, *features, *at, *say;
	bool verify;
	enum err want;
	enum smtp_phase phase;
	const char *heard, *text;
} tls_cases[] = {
	{ "logs in and sends", "STARTTLS", NULL, NULL, true, ERR_OK, SMTP_DONE,
	    "EHLO gate.example.org\r\nSTARTTLS\r\nEHLO gate.example.org\r\nAUTH PLAIN "
	    "AHVzZXIAcGFzcw==\r\nMAIL",
	    NULL },
	{ "not offered", "SIZE 100", NULL, NULL, true, ERR_UNAVAILABLE, SMTP_CONNECT, NULL,
	    "the server offers no STARTTLS" },
	{ "refused", "STARTTLS", "STARTTLS", "454 no\r\n", true, ERR_UNAVAILABLE, SMTP_CONNECT, NULL, "no" },
	{ "injected text", "STARTTLS", "STARTTLS", "220 go\r\n250 ok\r\n", true, ERR_UNAVAILABLE,
	    SMTP_CONNECT, NULL, NULL },
	{ "no TLS behind it", "STARTTLS", "STARTTLS", "220 go\r\n", true, ERR_UNAVAILABLE, SMTP_CONNECT, NULL,
	    NULL },
};

static void starttls(const struct tls_case *c)
{
	struct sending s = { .mock = { .features = c->features,
				 .secure_features = "AUTH PLAIN|SIZE 1000",
				 .at = c->at,
				 .say = c->say },
		.config = { .login = true,
		    .server = { .host = "127.0.0.1",
			.tls = STREAM_STARTTLS,
			.verify = c->verify,
			.ca_file = ca_path,
			.connect_ms = c->want ? 500 : 5000,
			.io_ms = 5000 } },
		.message = { .user = BYTES("user"), .password = BYTES("pass") } };

	s.mock.tls = cert_server_context(&cert);
	send_mail(&s);
	assert_int_equal(s.e, c->want);
	assert_int_equal(s.result.phase, c->phase);
	if (c->heard)
		assert_non_null(strstr(s.mock.transcript, c->heard));
	if (c->want)
		assert_null(strstr(s.mock.transcript, "AUTH"));
	if (c->text)
		assert_string_equal(s.text, c->text);
	SSL_CTX_free(s.mock.tls);
	done(&s);
}
TEST_ROW(starttls)

int main(void)
{
	int failed;

	ca = cert_make("authority", NULL, NULL, -3600, 3600);
	cert = cert_make("server", "IP:127.0.0.1", &ca, -3600, 3600);
	ca_path = cert_file(&ca);
	TEST_ADD_ROWS(in_pieces, pieces_cases);
	TEST_ADD(too_large_in_pieces);
	TEST_ADD_ROWS(data, data_cases);
	TEST_ADD_ROWS(send_row, send_cases);
	TEST_ADD_ROWS(address, address_cases);
	TEST_ADD(eight_bits);
	TEST_ADD(many_recipients);
	TEST_ADD(large_message);
	TEST_ADD(flood);
	TEST_ADD(drip);
	TEST_ADD(nobody);
	TEST_ADD_ROWS(cancelled, cancel_cases);
	TEST_ADD_ROWS(login, login_cases);
	TEST_ADD_ROWS(repeats_the_password, repeat_cases);
	TEST_ADD_ROWS(starttls, tls_cases);
	failed = test_run("smtp");
	unlink(ca_path);
	cert_free(&ca);
	cert_free(&cert);
	return failed;
}
