#ifndef EASGATE_EAS_REQUEST_LINE_H
#define EASGATE_EAS_REQUEST_LINE_H

#include "eas/command.h"
#include "eas/status.h"

enum { DEVICE_ID_MAX = 64, DEVICE_TYPE_MAX = 64 }; /* bytes; a binary id is twice as long as hex */

/* What the query string says, in either form. Absent texts are empty; the others are views of the query or
 * of the arena. */
struct request_line {
	bool compact;             /* it was the base64 form */
	enum eas_command command; /* CMD_NONE: see name */
	struct bytes name;        /* the command as the client wrote it; empty in the compact form */
	struct bytes user;
	struct bytes device_id;   /* only letters, digits, '-', '_' and '.': fit for keys and log lines */
	struct bytes device_type; /* printable ASCII */
	bool has_version;         /* compact form only: it stands for the MS-ASProtocolVersion header */
	enum eas_version version;
	bool has_policy_key; /* compact form only: it stands for the X-MS-PolicyKey header */
	uint32_t policy_key;
	uint16_t locale; /* Windows LCID, 0 = not said */
	struct bytes attachment_name, collection_id, item_id, long_id, occurrence;
	bool save_in_sent;
	bool accept_multipart; /* compact form only: it stands for MS-ASAcceptMultiPart: T */
};

/* Reads the query string, without its '?'.
 *   status  why on ERR_PROTO: 101 (not readable at all), 108 or 109 (device id or type),
 *           137 (unknown command), 138 (the compact form names a version that nobody knows)
 * After 108, 109, 137 and 138 the rest of *out is filled as far as it could be read, for the log. ERR_LIMIT
 * when the arena is spent.
 * Lenient: names in any letter case and order, unknown ones skipped; percent-encoding anywhere; base64 in
 * either alphabet, with or without padding; a policy key of 4 bytes or of decimal digits.
 * Source: MS-ASHTTP 2.2.1.1.1. */
enum err request_line_parse(
    struct arena *a, struct bytes query, struct request_line *out, unsigned *status) MUST_CHECK;

#endif
