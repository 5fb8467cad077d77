#include "unit/backends/peer.h"

#include "unit/backends/certificates.h"

/* The server's authority, and a server certificate for the names that a row wants. */
static struct test_cert ca, other_ca;
static const char *ca_path, *other_ca_path;

enum { DAY = 24 * 3600 };

/* ---- servers ---- */

static SSL *accept_tls(int fd, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static void serve_echo(int fd, void *arg)
{
	SSL *ssl = accept_tls(fd, arg);
	char chunk[16384];
	int n;

	while (ssl && (n = SSL_read(ssl, chunk, sizeof(chunk))) > 0 && SSL_write(ssl, chunk, n) == n)
		;
	if (ssl)
		SSL_shutdown(ssl);
	SSL_free(ssl);
}

/* ---- whom we trust ---- */

static const struct trust_case {
	const char *name, *host, *alt_names;
	long from_s, to_s;
	bool trusted_ca, verify;
	enum err want;
	const char *why;
} trust_cases[] = {
	{ "an address in the certificate", "127.0.0.1", "IP:127.0.0.1", -DAY, DAY, true, true, ERR_OK, NULL },
	{ "a name in the certificate", "localhost", "DNS:localhost", -DAY, DAY, true, true, ERR_OK, NULL },
	{ "the second name", "localhost", "DNS:a.example,DNS:localhost", -DAY, DAY, true, true, ERR_OK,
	    NULL },
	{ "another name", "localhost", "DNS:other.example,DNS:two.example", -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of localhost is for other.example, two.example" },
	{ "another address", "127.0.0.1", "DNS:localhost,IP:127.0.0.2", -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of 127.0.0.1 is for localhost, 127.0.0.2" },
	{ "no alternative names", "127.0.0.1", NULL, -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of 127.0.0.1 is for the server" },
	{ "many names", "localhost", "DNS:a.b,DNS:c.d,DNS:e.f,DNS:g.h,DNS:i.j", -DAY, DAY, true, true,
	    ERR_DENIED, "the certificate of localhost is for a.b, c.d, e.f, g.h and others" },
	{ "a wildcard for part of a label", "localhost", "DNS:local*", -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of localhost is for local*" },
	{ "expired", "localhost", "DNS:localhost", -10 * DAY, -DAY, true, true, ERR_DENIED,
	    "the certificate of localhost has expired on " },
	{ "not yet valid", "localhost", "DNS:localhost", DAY, 2 * DAY, true, true, ERR_DENIED,
	    "the certificate of localhost is valid only from " },
	{ "an unknown authority", "localhost", "DNS:localhost", -DAY, DAY, false, true, ERR_DENIED,
	    "the certificate of localhost comes from an authority that is not trusted: a test authority" },
	{ "all is well when not verified", "localhost", "DNS:other.example", -10 * DAY, -DAY, false, false,
	    ERR_OK, NULL },
};

struct trust_run {
	const struct trust_case *c;
	struct peer *peer;
};

static void trust_on_fiber(void *arg)
{
	const struct trust_run *r = arg;
	struct stream_target t = peer_target(r->peer);
	struct stream *s = NULL;
	const char *why = "";
	char got[5];

	t.host = r->c->host;
	t.tls = STREAM_TLS;
	t.verify = r->c->verify;
	t.ca_file = r->c->trusted_ca ? ca_path : other_ca_path;
	assert_int_equal(stream_connect(&t, &s, &why), r->c->want);
	if (r->c->want) {
		assert_null(s);
		assert_memory_equal(why, r->c->why, strlen(r->c->why));
		return;
	}
	assert_true(stream_is_tls(s));
	assert_int_equal(stream_write(s, BYTES("hello")), ERR_OK);
	assert_int_equal(peer_read_n(s, got, 5), 5);
	assert_memory_equal(got, "hello", 5);
	stream_close(&s);
}

static void trust(const struct trust_case *c)
{
	struct test_cert cert = cert_make("the server", c->alt_names, &ca, c->from_s, c->to_s);
	SSL_CTX *ctx = cert_server_context(&cert);
	struct peer p = peer_start(serve_echo, ctx);
	struct trust_run r = { c, &p };

	on_fiber(trust_on_fiber, &r);
	peer_stop(&p);
	SSL_CTX_free(ctx);
	cert_free(&cert);
}
TEST_ROW(trust)

/* ---- what else goes wrong in a handshake ---- */

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

static struct stream_target tls_target(const struct peer *p, enum stream_tls tls)
{
	struct stream_target t = peer_target(p);

	t.host = "localhost";
	t.tls = tls;
	t.verify = true;
	t.ca_file = ca_path;
	return t;
}

static void assert_why(const char *why, const char *want, uint16_t port)
{
	size_t before = strcspn(want, "#");
	char full[200];

	snprintf(full, sizeof(full), "%.*s", (int)before, want);
	if (want[before])
		snprintf(full + before, sizeof(full) - before, "%u%s", (unsigned)port, want + before + 1);
	assert_string_equal(why, full);
}

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

/* With a certificate that is good for localhost, unless a row says otherwise. */
static void with_server(
    void (*script)(int, void *), const char *alt_names, void (*fn)(void *), void *run, struct peer **peer)
{
	struct test_cert cert = cert_make("the server", alt_names, &ca, -DAY, DAY);
	SSL_CTX *ctx = cert_server_context(&cert);
	struct peer p = peer_start(script, ctx);

	if (peer)
		*peer = &p;
	on_fiber(fn, run ? run : &p);
	peer_stop(&p);
	SSL_CTX_free(ctx);
	cert_free(&cert);
}

static void broken(const struct broken_case *c)
{
	struct broken_run r = { c, NULL };

	with_server(c->script, "DNS:localhost", broken_on_fiber, &r, &r.peer);
}
TEST_ROW(broken)

/* ---- what we say, and whom we trust beyond the names ---- */

static void serve_sni(int fd, void *arg)
{
	SSL *ssl = accept_tls(fd, arg);
	const char *name = ssl ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) : NULL;

	if (!ssl)
		return;
	name = name ? name : "none";
	SSL_write(ssl, name, (int)strlen(name));
	SSL_shutdown(ssl);
	SSL_free(ssl);
}

static void sni_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = peer_connect(&t);
	char got[16];

	assert_int_equal(peer_read_n(s, got, sizeof(got)), 9);
	assert_memory_equal(got, "localhost", 9);
	assert_true(stream_is_dead(s));
	stream_close(&s);

	t.host = "127.0.0.1";
	s = peer_connect(&t);
	assert_int_equal(peer_read_n(s, got, sizeof(got)), 4);
	assert_memory_equal(got, "none", 4);
	stream_close(&s);
}

static void the_server_is_told_the_name(void **state)
{
	(void)state;
	with_server(serve_sni, "DNS:localhost,IP:127.0.0.1", sni_on_fiber, NULL, NULL);
}

static void no_ca_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = NULL;
	const char *why = "";

	t.ca_file = "/nonexistent/ca.pem";
	assert_int_equal(stream_connect(&t, &s, &why), ERR_UNAVAILABLE);
	assert_string_equal(
	    why, "cannot read certificates from /nonexistent/ca.pem: No such file or directory");
	t.ca_file = "/dev/null";
	assert_int_equal(stream_connect(&t, &s, &why), ERR_UNAVAILABLE);
	assert_string_equal(why, "cannot read certificates from /dev/null: no certificate or crl found");
	t.ca_file = NULL; /* the system knows nothing of ours */
	assert_int_equal(stream_connect(&t, &s, &why), ERR_DENIED);
	assert_int_equal(stream_connect(&t, &s, NULL), ERR_DENIED);
}

static void a_missing_ca_file(void **state)
{
	(void)state;
	with_server(serve_echo, "DNS:localhost", no_ca_on_fiber, NULL, NULL);
}

static void replace_file(const char *path, const struct test_cert *by)
{
	const char *other = cert_file(by);

	assert_int_equal(rename(other, path), 0);
}

static void changed_ca_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = NULL;

	t.ca_file = cert_file(&other_ca);
	assert_int_equal(stream_connect(&t, &s, NULL), ERR_DENIED);
	replace_file(t.ca_file, &ca);
	assert_int_equal(stream_connect(&t, &s, NULL), ERR_OK);
	replace_file(t.ca_file, &other_ca);
	assert_int_equal(stream_write(s, BYTES("x")), ERR_OK); /* who is connected stays so */
	stream_close(&s);
	assert_int_equal(stream_connect(&t, &s, NULL), ERR_DENIED);
	unlink(t.ca_file);
}

static void a_changed_ca_file(void **state)
{
	(void)state;
	with_server(serve_echo, "DNS:localhost", changed_ca_on_fiber, NULL, NULL);
}

struct pinned_run {
	struct peer peer;
	const char *path;
};

static void pinned_on_fiber(void *arg)
{
	const struct pinned_run *r = arg;
	struct stream_target t = tls_target(&r->peer, STREAM_TLS);
	struct stream *s;

	t.ca_file = r->path;
	s = peer_connect(&t);
	stream_close(&s);
}

static void the_servers_own_certificate_as_ca_file(void **state)
{
	struct test_cert cert = cert_make("the server", "DNS:localhost", &ca, -DAY, DAY);
	SSL_CTX *ctx = cert_server_context(&cert);
	struct pinned_run r = { peer_start(serve_echo, ctx), cert_file(&cert) };

	(void)state;
	on_fiber(pinned_on_fiber, &r);
	peer_stop(&r.peer);
	unlink(r.path);
	SSL_CTX_free(ctx);
	cert_free(&cert);
}

static void self_signed_on_fiber(void *arg)
{
	struct stream_target t = tls_target(arg, STREAM_TLS);
	struct stream *s = NULL;
	const char *why = "";

	assert_int_equal(stream_connect(&t, &s, &why), ERR_DENIED);
	assert_string_equal(
	    why, "the certificate of localhost is self-signed, and not among the trusted ones");
}

static void a_self_signed_certificate(void **state)
{
	struct test_cert cert = cert_make("on its own", "DNS:localhost", NULL, -DAY, DAY);
	SSL_CTX *ctx = cert_server_context(&cert);
	struct peer p = peer_start(serve_echo, ctx);

	(void)state;
	on_fiber(self_signed_on_fiber, &p);
	peer_stop(&p);
	SSL_CTX_free(ctx);
	cert_free(&cert);
}

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

	ca = cert_make("a test authority", NULL, NULL, -20 * DAY, 20 * DAY);
	other_ca = cert_make("another authority", NULL, NULL, -20 * DAY, 20 * DAY);
	ca_path = cert_file(&ca);
	other_ca_path = cert_file(&other_ca);
	TEST_ADD_ROWS(trust, trust_cases);
	TEST_ADD_ROWS(broken, broken_cases);
	TEST_ADD(the_server_is_told_the_name);
	TEST_ADD(a_missing_ca_file);
	TEST_ADD(a_changed_ca_file);
	TEST_ADD(the_servers_own_certificate_as_ca_file);
	TEST_ADD(a_self_signed_certificate);
	TEST_ADD_ROWS(starttls, starttls_cases);
	TEST_ADD(big_both_ways);
	TEST_ADD(a_server_that_does_not_read);
	TEST_ADD(waiting_and_watching);
	TEST_ADD(session_tickets_wake_nobody);
	TEST_ADD(closed_without_a_goodbye);
	failed = test_run("tls");
	unlink(ca_path);
	unlink(other_ca_path);
	cert_free(&ca);
	cert_free(&other_ca);
	return failed;
}
