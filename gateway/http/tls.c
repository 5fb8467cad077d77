#include "http/tls.h"

#include <stdio.h>
#include <openssl/err.h>

#include "http/http.h"

/* Without forward secrecy nothing; ChaCha20 first for phones that ask for it first. TLS 1.3 has its own list. */
#define CIPHERS_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES"

static enum err fail(char *why, size_t why_len, const char *what, const char *file)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(why, why_len, "%s %s: %s", what, file, reason ? reason : "unknown reason");
	ERR_clear_error();
	return ERR_UNAVAILABLE;
}

static void set_options(SSL_CTX *c, const uint8_t *ticket_keys)
{
	uint8_t keys[HTTP_TICKET_KEYS_LEN];

	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
				   SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Buffers only while bytes move: 34 KB less for each connection that waits. */
	SSL_CTX_set_mode(c,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Sessions are resumed by tickets, which the phones keep; we keep nothing. */
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(c, (const unsigned char *)"easgate", 7);
	if (ticket_keys && SSL_CTX_get_tlsext_ticket_keys(c, NULL, 0) == (long)sizeof(keys)) {
		memcpy(keys, ticket_keys, sizeof(keys));
		SSL_CTX_set_tlsext_ticket_keys(c, keys, sizeof(keys));
		OPENSSL_cleanse(keys, sizeof(keys));
	}
}

enum err tls_context_new(
    const struct config *config, const uint8_t *ticket_keys, SSL_CTX **out, char *why, size_t why_len)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	enum err e = ERR_OK;

	if (!c)
		abort();
	ERR_clear_error();
	set_options(c, ticket_keys);
	if (SSL_CTX_set_cipher_list(c, CIPHERS_TLS12) != 1)
		e = fail(why, why_len, "cannot set the ciphers", CIPHERS_TLS12);
	else if (SSL_CTX_use_certificate_chain_file(c, config->certificate) != 1)
		e = fail(why, why_len, "cannot use the certificate", config->certificate);
	else if (SSL_CTX_use_PrivateKey_file(c, config->certificate_key, SSL_FILETYPE_PEM) != 1)
		e = fail(why, why_len, "cannot use the private key", config->certificate_key);
	else if (SSL_CTX_check_private_key(c) != 1)
		e = fail(why, why_len, "the private key is not the certificate's:", config->certificate_key);
	if (e) {
		SSL_CTX_free(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}
