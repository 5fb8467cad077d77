#ifndef EASGATE_IMAP_STRUCTURE_H
#define EASGATE_IMAP_STRUCTURE_H

#include "imap/reader.h"
#include "mail/mime_part.h"

/* Reads the value of BODYSTRUCTURE (RFC 3501, 7.4.2) into the arena. Tolerant: what is missing is empty, what is of
 * the wrong kind is passed over. *out is NULL where nothing could be made of it, although the response can be
 * read on; any error means that the rest of this response can't be read (ERR_PROTO), or of the connection.
 *   most  bytes that all its values may take, which is more than what is kept of them; beyond that it can't be read */
enum err imap_read_structure(
    struct imap_reader *r, struct arena *a, size_t most, struct mime_part **out) WAITS MUST_CHECK;

#endif
