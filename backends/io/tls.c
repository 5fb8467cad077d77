#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "io/stream_priv.h"

/* ---- contexts: one for each way of checking certificates, kept for the life of the process ---- */

struct cached {
	struct cached *next;
	bool verify;
	char *ca_file;           /* owned; NULL = the system's */
	struct timespec changed; /* of the file that was read */
	ino_t inode;
	SSL_CTX *ctx;
};

static struct cached *cache;

static SSL_CTX *context_new(bool verify, const char *ca_file)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	if (!c)
		abort();
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_mode(c,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Many servers close without a close_notify. The protocols on top mark their own ends. */
	SSL_CTX_set_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	if (!verify)
		return c;
	if (!(ca_file ? SSL_CTX_load_verify_file(c, ca_file) : SSL_CTX_set_default_verify_paths(c))) {
		SSL_CTX_free(c);
		return NULL;
	}
	/* Who names a file may put a server's own certificate there, and means that one. */
	if (ca_file)
		X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c), X509_V_FLAG_PARTIAL_CHAIN);
	return c;
}

static struct cached *cached_find(bool verify, const char *ca_file)
{
	struct cached *k;

	for (k = cache; k; k = k->next) {
		if (k->verify == verify &&
		    (!k->ca_file || !ca_file ? k->ca_file == ca_file : strcmp(k->ca_file, ca_file) == 0))
			return k;
	}
	k = calloc(1, sizeof(*k));
	if (!k || (ca_file && !(k->ca_file = strdup(ca_file))))
		abort();
	k->verify = verify;
	k->next = cache;
	cache = k;
	return k;
}

/* The context, made again if its CA file has changed. NULL if that can't be read. */
static SSL_CTX *context_get(bool verify, const char *ca_file)
{
	struct cached *k = cached_find(verify, verify ? ca_file : NULL);
	struct stat st;

	if (k->ca_file && stat(k->ca_file, &st) == 0 &&
	    (st.st_ino != k->inode || st.st_mtim.tv_sec != k->changed.tv_sec ||
		st.st_mtim.tv_nsec != k->changed.tv_nsec)) {
		SSL_CTX_free(k->ctx); /* connections hold a reference of their own */
		k->ctx = NULL;
		k->changed = st.st_mtim;
		k->inode = st.st_ino;
	}
	if (!k->ctx)
		k->ctx = context_new(k->verify, k->ca_file);
	return k->ctx;
}

/* ---- why a certificate is refused ---- */

struct refusal {
	const char *host;
	char text[512]; /* empty = it was not refused */
};

/* Adds what a peer named itself, in printable ASCII, as far as there is room. */
static void add_text(struct refusal *r, const char *text, int len)
{
	size_t at = strlen(r->text);

	for (int i = 0; i < len && at + 1 < sizeof(r->text); i++)
		r->text[at++] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	r->text[at] = 0;
}

static void add_name(struct refusal *r, const GENERAL_NAME *name)
{
	char address[INET6_ADDRSTRLEN] = "";
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);

	if (type == GEN_DNS) {
		add_text(r, (const char *)ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
	} else if (type == GEN_IPADD) {
		inet_ntop(ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value),
		    address, sizeof(address));
		add_text(r, address, (int)strlen(address));
	}
}

static void add_common_name(struct refusal *r, const X509_NAME *name)
{
	char text[128];

	if (X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "somebody without a name");
	add_text(r, text, (int)strlen(text));
}

static void add_names(struct refusal *r, X509 *cert)
{
	enum { MOST = 4 };
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int count = names ? sk_GENERAL_NAME_num(names) : 0;

	for (int i = 0; i < count && i < MOST; i++) {
		add_text(r, ", ", i ? 2 : 0);
		add_name(r, sk_GENERAL_NAME_value(names, i));
	}
	if (count > MOST)
		add_text(r, " and others", 11);
	if (!count)
		add_common_name(r, X509_get_subject_name(cert));
	GENERAL_NAMES_free(names);
}

static void add_time(struct refusal *r, const ASN1_TIME *when)
{
	char text[32];
	struct tm tm;

	if (!ASN1_TIME_to_tm(when, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm))
		snprintf(text, sizeof(text), "an unknown time");
	add_text(r, text, (int)strlen(text));
}

static void explain(struct refusal *r, int error, X509 *cert)
{
	const char *reason = X509_verify_cert_error_string(error);

	snprintf(r->text, sizeof(r->text), "the certificate of %.255s ", r->host);
	if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
		add_text(r, "is for ", 7);
		add_names(r, cert);
	} else if (error == X509_V_ERR_CERT_HAS_EXPIRED) {
		add_text(r, "has expired on ", 15);
		add_time(r, X509_get0_notAfter(cert));
	} else if (error == X509_V_ERR_CERT_NOT_YET_VALID) {
		add_text(r, "is valid only from ", 19);
		add_time(r, X509_get0_notBefore(cert));
	} else if (error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
		add_text(r, "is self-signed, and not among the trusted ones", 46);
	} else if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
		   error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
		   error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
		add_text(r, "comes from an authority that is not trusted: ", 45);
		add_common_name(r, X509_get_issuer_name(cert));
	} else {
		add_text(r, "was refused: ", 13);
		add_text(r, reason, (int)strlen(reason));
	}
}

/* OpenSSL asks for each certificate of the chain; the refused one is known only here. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct refusal *r = SSL_get_app_data(ssl);

	if (!ok && r && !r->text[0])
		explain(r, X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_current_cert(store));
	return ok;
}

/* ---- the handshake ---- */

static bool is_address(const char *host)
{
	unsigned char parsed[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, parsed) == 1 || inet_pton(AF_INET6, host, parsed) == 1;
}

/* Whom we want to reach, for the server (SNI) and for the check of its certificate. */
static bool set_name(SSL *ssl, const struct stream_target *t)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
	size_t len = strlen(t->host);
	char name[256];

	if (is_address(t->host))
		return X509_VERIFY_PARAM_set1_ip_asc(p, t->host) == 1;
	if (len && t->host[len - 1] == '.')
		len--; /* DNS's root has no place in certificates */
	if (!len || len >= sizeof(name))
		return false;
	memcpy(name, t->host, len);
	name[len] = 0;
	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, name) == 1 && X509_VERIFY_PARAM_set1_host(p, name, len) == 1;
}

/* What OpenSSL complains of first. */
static const char *reason_text(void)
{
	unsigned long e = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) : ERR_reason_error_string(e);

	return e && text ? text : "unknown reason";
}

static void say_failed(const char **why, const struct stream_target *t, int ssl_error)
{
	unsigned long e = ERR_peek_error();
	int reason = ERR_GET_LIB(e) == ERR_LIB_SSL ? ERR_GET_REASON(e) : 0;
	unsigned port = t->port;

	if (ssl_error == SSL_ERROR_SYSCALL || ssl_error == SSL_ERROR_ZERO_RETURN ||
	    reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		say_why(why, "%.255s port %u closed the connection in the TLS handshake", t->host, port);
	else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)
		say_why(why, "%.255s does not speak TLS on port %u", t->host, port);
	else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
		say_why(why, "%.255s port %u has no TLS 1.2 or newer", t->host, port);
	else
		say_why(why, "the TLS handshake with %.255s port %u failed: %.255s", t->host, port,
		    reason_text());
}

static enum err shake_hands(
    SSL *ssl, int fd, const struct stream_target *t, struct limit limit, const char **why)
{
	for (;;) {
		int done, ssl_error;
		uint32_t left;
		enum err e;

		ERR_clear_error();
		done = SSL_connect(ssl);
		if (done == 1)
			return ERR_OK;
		ssl_error = SSL_get_error(ssl, done);
		if (ssl_error != SSL_ERROR_WANT_READ && ssl_error != SSL_ERROR_WANT_WRITE) {
			say_failed(why, t, ssl_error);
			return ERR_UNAVAILABLE;
		}
		if ((e = limit_left(limit, &left)) ||
		    (e = fiber_wait_fd(fd, ssl_error == SSL_ERROR_WANT_READ ? EV_READ : EV_WRITE, left)))
			return e;
	}
}

enum err tls_connect(int fd, const struct stream_target *t, struct limit limit, SSL **out, const char **why)
{
	struct refusal refusal = { .host = t->host };
	SSL_CTX *ctx;
	SSL *ssl;
	enum err e;

	ERR_clear_error();
	ctx = context_get(t->verify, t->ca_file);
	if (!ctx) {
		say_why(why, "cannot read certificates from %.255s: %.255s",
		    t->ca_file ? t->ca_file : "the system's store", reason_text());
		return ERR_UNAVAILABLE;
	}
	ssl = SSL_new(ctx);
	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		abort();
	SSL_set_app_data(ssl, &refusal);
	SSL_set_verify(ssl, t->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, on_verify);
	if (set_name(ssl, t)) {
		e = shake_hands(ssl, fd, t, limit, why);
	} else {
		say_why(why, "\"%.255s\" can't be the name of a TLS server", t->host);
		e = ERR_UNAVAILABLE;
	}
	SSL_set_app_data(ssl, NULL);
	if (t->verify && refusal.text[0]) {
		say_why(why, "%s", refusal.text);
		e = ERR_DENIED;
	}
	if (e)
		SSL_free(ssl);
	else
		*out = ssl;
	return e;
}
