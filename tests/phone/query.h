#ifndef EASGATE_PHONE_QUERY_H
#define EASGATE_PHONE_QUERY_H

#include "phone.h"

/* The bytes of HTTP requests as phones write them; no connection is needed, so the load generator uses them too. */

/* Who asks: borrowed texts. */
struct phone_identity {
	const char *host, *path, *user, *password, *device_id, *device_type, *user_agent, *policy_key;
	uint16_t port;
	enum eas_version version;
	bool compact_query, gzip, accept_multipart;
};

/* A whole POST of that command: request line, headers, body. content_type NULL: none. */
void phone_put_command(struct buf *out, const struct phone_identity *who, enum eas_command cmd,
    const struct phone_params *params, const char *content_type, struct bytes body);
/* Any other request, with the credentials unless the password is NULL. `headers`: more lines, each with CRLF, or NULL. */
void phone_put_http(struct buf *out, const struct phone_identity *who, const char *method, const char *target,
    const char *headers, struct bytes body);

#endif
