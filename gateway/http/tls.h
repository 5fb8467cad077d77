#ifndef EASGATE_HTTP_TLS_H
#define EASGATE_HTTP_TLS_H

#include <openssl/ssl.h>

#include "config.h"

/* The server's side of TLS: 1.2 and later, with little memory for a connection that waits.
 *   ticket_keys  see struct http_server_opts
 *   why          what is wrong and with which file; room for why_len bytes
 * ERR_UNAVAILABLE if the certificate or its key can't be used. */
enum err tls_context_new(const struct config *config, const uint8_t *ticket_keys, SSL_CTX **out, char *why,
    size_t why_len) MUST_CHECK;

#endif
