#ifndef EASGATE_MAIL_WIRE_SAFE_H
#define EASGATE_MAIL_WIRE_SAFE_H

#include "base/arena.h"
#include "base/bytes.h"

/* A phone's mail as SMTP can carry it: `raw` itself, or a copy in which those bodies are encoded anew that have a NUL in them,
 * lines of more than 998 octets, or are binary with lone CRs or LFs. What is signed or encrypted stays byte for byte, be it
 * then refused: another encoding would break the signature. Only ERR_LIMIT (arena).
 * Source: RFC 5321, 4.5.3.1.6; RFC 3030, 3 (BINARYMIME, which hardly a server has); RFC 1847, 2.1. */
enum err mail_wire_safe(struct arena *a, struct bytes raw, struct bytes *out) MUST_CHECK;

#endif
