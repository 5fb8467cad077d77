#ifndef EASGATE_TESTS_SMTP_MOCK_H
#define EASGATE_TESTS_SMTP_MOCK_H

/* A mail server that notes what it hears, and one mail that is given to it:
 *
 *	struct sending s = { .mock = { .features = "PIPELINING", .at = "RCPT", .say = "550 no\r\n" } };
 *
 *	send_mail(&s);
 *	assert_int_equal(s.e, ERR_DENIED);
 *	done(&s);
 */
#include <openssl/ssl.h>
#include <sys/mman.h>

#include "smtp/smtp.h"
#include "unit/backends/peer.h"

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

static inline ssize_t mock_read(struct mock *m, int fd, char *to, size_t n)
{
	return m->ssl ? SSL_read(m->ssl, to, (int)n) : read(fd, to, n);
}

static inline bool mock_say(struct mock *m, int fd, const char *text)
{
	int n = (int)strlen(text);

	return (m->ssl ? SSL_write(m->ssl, text, n) : (int)write(fd, text, (size_t)n)) == n;
}

/* Up to a line end; to the end of the message when it's in one. */
static inline bool mock_hear(struct mock *m, int fd, const char *end, char *line, size_t cap)
{
	size_t n = 0, last = strlen(end);

	while (n < last || memcmp(line + n - last, end, last))
		if (n + 1 >= cap || mock_read(m, fd, line + n++, 1) != 1)
			return false;
	line[n] = 0;
	return true;
}

static inline bool mock_tell_features(struct mock *m, int fd)
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
static inline bool mock_answer(struct mock *m, int fd, const char *line)
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

static inline void mock_serve(int fd, void *arg)
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

static inline void cancel(void *arg)
{
	struct sending *s = arg;

	fiber_cancel(s->loop, s->fiber);
}

static inline void sending_main(void *arg)
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

static inline void send_mail(struct sending *s)
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

static inline void done(struct sending *s)
{
	munmap(s->mock.transcript, TRANSCRIPT);
}

#endif
