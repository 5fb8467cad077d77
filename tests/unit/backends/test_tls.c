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
	{ "the second name", "localhost", "DNS:a.example,DNS:localhost", -DAY, DAY, true, true, ERR_OK, NULL },
	{ "another name", "localhost", "DNS:other.example,DNS:two.example", -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of localhost is for other.example, two.example" },
	{ "another address", "127.0.0.1", "DNS:localhost,IP:127.0.0.2", -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of 127.0.0.1 is for localhost, 127.0.0.2" },
	{ "no alternative names", "127.0.0.1", NULL, -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of 127.0.0.1 is for the server" },
	{ "many names", "localhost", "DNS:a.b,DNS:c.d,DNS:e.f,DNS:g.h,DNS:i.j", -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of localhost is for a.b, c.d, e.f, g.h and others" },
	{ "a wildcard for part of a label", "localhost", "DNS:local*", -DAY, DAY, true, true, ERR_DENIED,
	    "the certificate of localhost is for local*" },
	{ "expired", "localhost", "DNS:localhost", -10 * DAY, -DAY, true, true, ERR_DENIED,
	    "the certificate of localhost has expired on " },
	{ "not yet valid", "localhost", "DNS:localhost", DAY, 2 * DAY, true, true, ERR_DENIED,
	    "the certificate of localhost is valid only from " },
	{ "an unknown authority", "localhost", "DNS:localhost", -DAY, DAY, false, true, ERR_DENIED,
	    "the certificate of localhost comes from an authority that is not trusted: a test authority" },
	{ "all is well when not verified", "localhost", "DNS:other.example", -10 * DAY, -DAY, false, false, ERR_OK,
	    NULL },
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
		print_message("%s\n", why);
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

int main(void)
{
	int failed;

	ca = cert_make("a test authority", NULL, NULL, -20 * DAY, 20 * DAY);
	other_ca = cert_make("another authority", NULL, NULL, -20 * DAY, 20 * DAY);
	ca_path = cert_file(&ca);
	other_ca_path = cert_file(&other_ca);
	TEST_ADD_ROWS(trust, trust_cases);
	failed = test_run("tls");
	unlink(ca_path);
	unlink(other_ca_path);
	cert_free(&ca);
	cert_free(&other_ca);
	return failed;
}
