#ifndef EASGATE_TESTS_TLS_SERVER_H
#define EASGATE_TESTS_TLS_SERVER_H

/* Servers with certificates of two private authorities, the first of which streams are told to trust. */
#include "unit/backends/certificates.h"
#include "unit/backends/peer.h"

/* The server's authority, and one that isn't. */
static struct test_cert ca, other_ca;
static const char *ca_path, *other_ca_path;

enum { DAY = 24 * 3600 };

/* Around test_run. */
static inline void authorities_make(void)
{
	ca = cert_make("a test authority", NULL, NULL, -20 * DAY, 20 * DAY);
	other_ca = cert_make("another authority", NULL, NULL, -20 * DAY, 20 * DAY);
	ca_path = cert_file(&ca);
	other_ca_path = cert_file(&other_ca);
}

static inline void authorities_free(void)
{
	unlink(ca_path);
	unlink(other_ca_path);
	cert_free(&ca);
	cert_free(&other_ca);
}

/* ---- servers ---- */

static inline SSL *accept_tls(int fd, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static inline void serve_echo(int fd, void *arg)
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

static inline struct stream_target tls_target(const struct peer *p, enum stream_tls tls)
{
	struct stream_target t = peer_target(p);

	t.host = "localhost";
	t.tls = tls;
	t.verify = true;
	t.ca_file = ca_path;
	return t;
}

static inline void assert_why(const char *why, const char *want, uint16_t port)
{
	size_t before = strcspn(want, "#");
	char full[200];

	snprintf(full, sizeof(full), "%.*s", (int)before, want);
	if (want[before])
		snprintf(full + before, sizeof(full) - before, "%u%s", (unsigned)port, want + before + 1);
	assert_string_equal(why, full);
}

/* With a certificate that is good for localhost, unless a row says otherwise. */
static inline void with_server(
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

#endif
