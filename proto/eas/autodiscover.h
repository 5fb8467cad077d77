#ifndef EASGATE_EAS_AUTODISCOVER_H
#define EASGATE_EAS_AUTODISCOVER_H

#include "base/buf.h"

/* How a client that knows only a mail address finds us: POX (an XML request and answer) and JSON (version 2).
 * Source: MS-ASCMD 2.2.1.1 and 4.2; MS-OXDSCLI. */

enum { AUTODISCOVER_MAX_BODY = 16 * 1024 };
enum { AUTODISCOVER_INVALID_REQUEST = 600, AUTODISCOVER_NO_PROVIDER = 601 };

struct autodiscover_request {
	struct bytes email; /* trimmed; copied into the arena */
};

/* Reads a request in POX form, for the mobilesync schema. ERR_LIMIT: longer than AUTODISCOVER_MAX_BODY, or
 * the arena is spent. ERR_PROTO: no such request. ERR_UNSUPPORTED: it asks for another schema. In both these
 * cases *code is what autodiscover_put_error takes. No entities, no network, no files. */
enum err autodiscover_parse(
    struct arena *a, struct bytes body, struct autodiscover_request *out, int *code) MUST_CHECK;

struct autodiscover_user {
	struct bytes culture;      /* "en:us" */
	struct bytes display_name; /* may be empty */
	struct bytes email;        /* the primary address */
};

/* Whole answers, in XML with its declaration. Texts are escaped here; what XML cannot carry is left out. */
void autodiscover_put_settings(struct buf *out, const struct autodiscover_user *user, struct bytes url);
/* The framework's own error.
 *   code    AUTODISCOVER_INVALID_REQUEST or AUTODISCOVER_NO_PROVIDER
 *   now_us  microseconds since 1970, for the Time attribute
 *   id      names the server */
void autodiscover_put_error(struct buf *out, int code, int64_t now_us, uint32_t id);

/* Version 2: {"Protocol":"ActiveSync","Url":"..."} */
void autodiscover_put_json(struct buf *out, struct bytes protocol, struct bytes url);
/* {"ErrorCode":"...","ErrorMessage":"..."} */
void autodiscover_put_json_error(struct buf *out, const char *code, const char *message);

#endif
