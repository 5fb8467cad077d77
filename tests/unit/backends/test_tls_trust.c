/* Which servers a TLS client trusts, and what it says of those that it does not. */

#include "unit/backends/tls_server.h"

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

/* ---- beyond the names ---- */

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

int main(void)
{
	int failed;

	authorities_make();
	TEST_ADD_ROWS(trust, trust_cases);
	TEST_ADD(the_server_is_told_the_name);
	TEST_ADD(a_missing_ca_file);
	TEST_ADD(a_changed_ca_file);
	TEST_ADD(the_servers_own_certificate_as_ca_file);
	TEST_ADD(a_self_signed_certificate);
	failed = test_run("tls trust");
	authorities_free();
	return failed;
}
