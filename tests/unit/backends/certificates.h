#ifndef EASGATE_TESTS_CERTIFICATES_H
#define EASGATE_TESTS_CERTIFICATES_H

/* A private authority and certificates of it, made when a test runs. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "testing.h"

struct test_cert {
	EVP_PKEY *key;
	X509 *cert;
};

static inline void cert_free(struct test_cert *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->cert);
	*c = (struct test_cert){ NULL, NULL };
}

static inline void cert_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
}

/* Valid from from_s to to_s, in seconds from now. by = NULL signs itself, as an authority; alt_names as in
 * "DNS:imap.example.org,IP:127.0.0.1", or NULL for none. */
static inline struct test_cert cert_make(
    const char *name, const char *alt_names, const struct test_cert *by, long from_s, long to_s)
{
	static long serial = 1;
	struct test_cert c = { EVP_EC_gen("P-256"), X509_new() };
	X509_NAME *subject = X509_get_subject_name(c.cert);

	X509_set_version(c.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c.cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(c.cert), to_s);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c.cert, by ? X509_get_subject_name(by->cert) : subject);
	X509_set_pubkey(c.cert, c.key);
	if (!by)
		cert_add(c.cert, c.cert, NID_basic_constraints, "critical,CA:TRUE");
	if (alt_names)
		cert_add(c.cert, by ? by->cert : c.cert, NID_subject_alt_name, alt_names);
	assert_true(X509_sign(c.cert, by ? by->key : c.key, EVP_sha256()) > 0);
	return c;
}

/* Writes the certificate to a new file in /tmp; its path. The caller unlinks it. */
static inline const char *cert_file(const struct test_cert *c)
{
	char *path = test_keep(sizeof("/tmp/easgate-cert-XXXXXX"));
	FILE *f;
	int fd;

	strcpy(path, "/tmp/easgate-cert-XXXXXX");
	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	f = fdopen(fd, "w");
	assert_true(f && PEM_write_X509(f, c->cert) == 1);
	fclose(f);
	return path;
}

static inline SSL_CTX *cert_server_context(const struct test_cert *c)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_int_equal(SSL_CTX_use_certificate(ctx, c->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, c->key), 1);
	return ctx;
}

#endif
