#ifndef EASGATE_MAIL_ADDRESS_H
#define EASGATE_MAIL_ADDRESS_H

#include "mail/header.h"

/* Addresses as headers have them and as ActiveSync shows them. Only ERR_LIMIT (arena) anywhere here. */

enum { ADDRESS_MAX = 4000 }; /* entries of one list; what is beyond is left out */

struct mail_address {
	struct bytes name;    /* decoded display name; may be empty */
	struct bytes address; /* local@domain; may lack the @ if the mail does */
};
struct mail_addresses {
	struct mail_address *v;
	size_t n;
};
/* A list (RFC 5322, 3.4) with groups, comments, routes, missing quotes and commas; groups are flattened. */
enum err address_list(struct arena *a, struct bytes value, struct mail_addresses *out) MUST_CHECK;
/* All fields of that name together. */
enum err header_addresses(
    struct arena *a, const struct header *h, const char *name, struct mail_addresses *out) MUST_CHECK;
/* `"Name" <addr>, <addr>`: as ActiveSync shows addresses. Whole entries only, at most max bytes.
 * Source: MS-ASDTYPE 2.7.3; MS-ASEMAIL 2.2.2.80. */
enum err address_list_format(struct arena *a, const struct mail_addresses *list, const char *separator,
    size_t max, struct bytes *out) MUST_CHECK;
/* How many of its entries that shows. */
enum err address_list_count_shown(struct arena *a, const struct mail_addresses *list, const char *separator,
    size_t max, size_t *out) MUST_CHECK;
/* The names, or addresses where there is no name, separated by semicolons. Source: MS-ASEMAIL 2.2.2.27. */
enum err address_names(
    struct arena *a, const struct mail_addresses *list, size_t max, struct bytes *out) MUST_CHECK;

/* Bare addresses compare without case: that a domain has none is sure, and no server that people use tells local parts apart by it. */
bool address_same(struct bytes a, struct bytes b);
/* What stands behind the @; "localhost" where nothing does. */
struct bytes address_domain(struct bytes address);
/* A whole field of addresses, with its CRLF, folded. What is no address (somebody is still typing) stands there as a name. */
void address_field_put(struct buf *out, const char *name, const struct mail_addresses *list);

#endif
