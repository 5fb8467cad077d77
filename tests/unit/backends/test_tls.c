/* TLS: handshakes that fail, STARTTLS, and bytes both ways. */

#include "unit/backends/tls_server.h"

/* ---- handshakes that fail ---- */

static void serve_silence(int fd, void *arg)
{
	char byte;

	(void)arg;
	while (read(fd, &byte, 1) > 0)
		;
}

static void serve_plain(int fd, void *arg)
{
	(void)arg;
	if (write(fd, "* OK IMAP4rev1 ready\r\n", 22) == 22)
		serve_silence(fd, NULL);
}

static void serve_nothing(int fd, void *arg)
{
	(void)fd, (void)arg;
}

static void serve_old_tls(int fd, void *arg)
{
	SSL_CTX *ctx = arg;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	SSL_free(accept_tls(fd, ctx));
}

static const struct broken_case {
	const char *name;
	void (*script)(int fd, void *arg);
	enum err want;
	const char *why; /* '#' stands for the port */
} broken_cases[] = {
	{ "no answer", serve_silence, ERR_TIMEOUT, "no answer from localhost port # in time" },
	{ "a plain server", serve_plain, ERR_UNAVAILABLE, "localhost does not speak TLS on port #" },
	{ "closed at once", serve_nothing, ERR_UNAVAILABLE,
	    "localhost port # closed the connection in the TLS handshake" },
	{ "only TLS 1.1", serve_old_tls, ERR_UNAVAILABLE, "localhost port # has no TLS 1.2 or newer" },
};

struct broken_run {
	const struct broken_case *c;
	struct peer *peer;
};

static void broken_on_fiber(void *arg)
{
	const struct broken_run *r = arg;
	struct stream_target t = tls_target(r->peer, STREAM_TLS);
	struct stream *s = NULL;
	const char *why = "";

	t.connect_ms = r->c->want == ERR_TIMEOUT ? 50 : 5000;
	assert_int_equal(stream_connect(&t, &s, &why), r->c->want);
	assert_null(s);
	assert_why(why, r->c->why, t.port);
}

static void broken(const struct broken_case *c)
{
	struct broken_run r = { c, NULL };

	with_server(c->script, "DNS:localhost", broken_on_fiber, &r, &r.peer);
}
TEST_ROW(broken)

/* ---- STARTTLS ---- */

/* Greets, takes a line, answers it. */
static bool answer_starttls(int fd, const char *answer)
{
	char chunk[100];

	return write(fd, "hi\r\n", 4) == 4 && read(fd, chunk, sizeof(chunk)) > 0 &&
	       write(fd, answer, strlen(answer)) == (ssize_t)strlen(answer);
}

static void serve_starttls(int fd, void *arg)
{
	if (answer_starttls(fd, "ok\r\n"))
		serve_echo(fd, arg);
}

static void serve_injected(int fd, void *arg)
{
	if (answer_starttls(fd, "ok\r\n* BYE or whatever an attacker likes\r\n"))
		serve_echo(fd, arg);
}

static void serve_no_tls(int fd, void *arg)
{
	if (answer_starttls(fd, "ok\r\n"))
		serve_silence(fd, arg);
}

/* Plain text after the handshake has begun. */
static void serve_late_injection(int fd, void *arg)
{
	char hello[1];

	if (answer_starttls(fd, "ok\r\n") && read(fd, hello, 1) == 1 && write(fd, "* BYE\r\n", 7) == 7)
		serve_silence(fd, arg);
}

static const struct starttls_case {
	const char *name, *alt_names;
	void (*script)(int fd, void *arg);
	enum err want;
	const char *why;
} starttls_cases[] = {
	{ "good", "DNS:localhost", serve_starttls, ERR_OK, NULL },
	{ "bytes before the handshake", "DNS:localhost", serve_injected, ERR_PROTO,
	    "localhost sent more than its answer to STARTTLS; somebody may tamper with the connection" },
	{ "another name", "DNS:other.example", serve_starttls, ERR_DENIED,
	    "the certificate of localhost is for other.example" },
	{ "no handshake", "DNS:localhost", serve_no_tls, ERR_TIMEOUT,
	    "no answer from localhost port # in time" },
	{ "bytes in the handshake", "DNS:localhost", serve_late_injection, ERR_UNAVAILABLE,
	    "localhost does not speak TLS on port #" },
};

struct starttls_run {
	const struct starttls_case *c;
	struct peer *peer;
};

static void starttls_on_fiber(void *arg)
{
	const struct starttls_run *r = arg;
	struct stream_target t = tls_target(r->peer, STREAM_STARTTLS);
	struct stream *s;
	const char *why = "";
	char got[8];

	t.connect_ms = r->c->want == ERR_TIMEOUT ? 100 : 5000;
	s = peer_connect(&t);
	assert_false(stream_is_tls(s));
	assert_int_equal(peer_read_n(s, got, 4), 4);
	assert_int_equal(stream_write(s, BYTES("starttls\r\n")), ERR_OK);
	assert_int_equal(peer_read_n(s, got, 4), 4);
	assert_memory_equal(got, "ok\r\n", 4);
	assert_int_equal(stream_starttls(s, &why), r->c->want);
	if (r->c->want) {
		assert_why(why, r->c->why, t.port);
		assert_true(stream_is_dead(s)); /* never goes on in plain text */
		assert_int_equal(stream_write(s, BYTES("password")), ERR_UNAVAILABLE);
	} else {
		assert_true(stream_is_tls(s));
		assert_int_equal(stream_write(s, BYTES("secret")), ERR_OK);
		assert_int_equal(peer_read_n(s, got, 6), 6);
		assert_memory_equal(got, "secret", 6);
	}
	stream_close(&s);
}

static void starttls(const struct starttls_case *c)
{
	struct starttls_run r = { c, NULL };

	with_server(c->script, c->alt_names, starttls_on_fiber, &r, &r.peer);
}
TEST_ROW(starttls)

/* ---- moving bytes ---- */

static const size_t BIG = (size_t)4 << 20;

/* Takes BIG bytes while it sends as many, in turns that don't fit each other; pauses now and then. */
static void serve_big(int fd, void *arg)
{
	SSL *ssl = accept_tls(fd, arg);
	static uint8_t all[(size_t)4 << 20];
	size_t have = 0, n = 0;

	while (ssl && have < BIG && SSL_read_ex(ssl, all + have, BIG - have, &n)) {
		have += n;
		if (have % 7 == 0)
			usleep(500);
	}
	if (ssl && SSL_write_ex(ssl, all, BIG, &n))
		SSL_shutdown(ssl);
	SSL_free(ssl);
}

static void big_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = peer_connect(&t);
	uint8_t *sent = arena_alloc(fiber_arena(), BIG), *got = arena_alloc(fiber_arena(), BIG);
	uint64_t in, out;

	assert_true(sent && got);
	for (size_t i = 0; i < BIG; i++)
		sent[i] = (uint8_t)(i * 7 + (i >> 13));
	for (size_t at = 0; at < BIG; at += BIG / 4)
		assert_int_equal(stream_write(s, bytes_of(sent + at, BIG / 4)), ERR_OK);
	usleep(50000); /* the server has filled every buffer by now */
	assert_int_equal(peer_read_n(s, got, BIG), BIG);
	assert_memory_equal(sent, got, BIG);
	stream_counts(s, &in, &out);
	assert_int_equal(in, BIG);
	assert_int_equal(out, BIG);
	assert_int_equal(peer_read_n(s, got, 1), 0);
	stream_close(&s);
}

static void big_both_ways(void **state)
{
	(void)state;
	with_server(serve_big, "DNS:localhost", big_on_fiber, NULL, NULL);
}

/* The server reads nothing: what was begun can't be finished. */
static void serve_deafness(int fd, void *arg)
{
	SSL *ssl = accept_tls(fd, arg);

	while (ssl)
		pause();
}

static void deaf_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s;
	uint8_t *all = arena_alloc(fiber_arena(), BIG);
	enum err e = ERR_OK;

	t.io_ms = 50;
	s = peer_connect(&t);
	for (int i = 0; i < 10 && !e; i++)
		e = stream_write(s, bytes_of(all, BIG));
	assert_int_equal(e, ERR_TIMEOUT);
	assert_true(stream_is_dead(s));
	stream_close(&s);
}

static void a_server_that_does_not_read(void **state)
{
	(void)state;
	with_server(serve_deafness, "DNS:localhost", deaf_on_fiber, NULL, NULL);
}

/* ---- bytes that wait inside OpenSSL ---- */

/* Each letter 'n' in gives n letters out, in one record; 'q' ends TLS politely, 'Q' just closes. */
static void serve_records(int fd, void *arg)
{
	SSL *ssl = accept_tls(fd, arg);
	char c;

	while (ssl && SSL_read(ssl, &c, 1) == 1 && c >= '0' && c <= '9' &&
	       SSL_write(ssl, "abcdefghi", c - '0') > 0)
		;
	if (ssl && c == 'q')
		SSL_shutdown(ssl);
	if (ssl && c == 'q')
		serve_silence(fd, NULL);
	SSL_free(ssl);
}

struct watch {
	struct loop *loop;
	uint64_t ticket;
	int fired;
};

static void on_watched(void *arg)
{
	struct watch *w = arg;

	w->fired++;
	fiber_wake(w->loop, w->ticket);
}

static void watch_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = peer_connect(&t);
	struct watch w = { .loop = fiber_loop() };
	char got[8];

	/* the session tickets that TLS 1.3 sends after the handshake are nothing to read */
	assert_int_equal(stream_wait_readable(s, 30), ERR_TIMEOUT);
	assert_false(stream_is_dead(s));
	stream_watch(s, on_watched, &w);
	assert_int_equal(fiber_sleep(30), ERR_OK);
	assert_int_equal(w.fired, 0);
	stream_watch(s, NULL, NULL);

	/* one byte of a record of three: two more are there, though the socket is silent */
	assert_int_equal(stream_write(s, BYTES("3")), ERR_OK);
	assert_int_equal(peer_read_n(s, got, 1), 1);
	assert_int_equal(stream_wait_readable(s, 1000), ERR_OK);
	w.ticket = fiber_ticket();
	stream_watch(s, on_watched, &w);
	assert_int_equal(w.fired, 0);
	assert_int_equal(fiber_wait(w.ticket, 1000), ERR_OK);
	assert_int_equal(w.fired, 1);
	assert_int_equal(peer_read_n(s, got, 2), 2);
	assert_int_equal(stream_wait_readable(s, 10), ERR_TIMEOUT);

	/* the end */
	assert_int_equal(stream_write(s, BYTES("q")), ERR_OK);
	w.ticket = fiber_ticket();
	stream_watch(s, on_watched, &w);
	assert_int_equal(fiber_wait(w.ticket, 1000), ERR_OK);
	assert_true(stream_is_dead(s));
	assert_int_equal(peer_read_n(s, got, 1), 0);
	stream_close(&s);
}

static void waiting_and_watching(void **state)
{
	(void)state;
	with_server(serve_records, "DNS:localhost", watch_on_fiber, NULL, NULL);
}

static void watch_early_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = peer_connect(&t);
	struct watch w = { .loop = fiber_loop() };

	/* at once after the handshake, before anything was read */
	stream_watch(s, on_watched, &w);
	assert_int_equal(fiber_sleep(50), ERR_OK);
	assert_int_equal(w.fired, 0);
	stream_close(&s);
}

static void session_tickets_wake_nobody(void **state)
{
	(void)state;
	with_server(serve_records, "DNS:localhost", watch_early_on_fiber, NULL, NULL);
}

static void impolite_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = peer_connect(&t);
	char got[8];

	assert_int_equal(stream_write(s, BYTES("2Q")), ERR_OK);
	assert_int_equal(peer_read_n(s, got, sizeof(got)), 2);
	assert_int_equal(stream_wait_readable(s, 1000), ERR_OK);
	assert_true(stream_is_dead(s));
	stream_close(&s);
}

static void closed_without_a_goodbye(void **state)
{
	(void)state;
	with_server(serve_records, "DNS:localhost", impolite_on_fiber, NULL, NULL);
}

int main(void)
{
	int failed;

	authorities_make();
	TEST_ADD_ROWS(broken, broken_cases);
	TEST_ADD_ROWS(starttls, starttls_cases);
	TEST_ADD(big_both_ways);
	TEST_ADD(a_server_that_does_not_read);
	TEST_ADD(waiting_and_watching);
	TEST_ADD(session_tickets_wake_nobody);
	TEST_ADD(closed_without_a_goodbye);
	failed = test_run("tls");
	authorities_free();
	return failed;
}
