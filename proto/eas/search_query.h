#ifndef EASGATE_EAS_SEARCH_QUERY_H
#define EASGATE_EAS_SEARCH_QUERY_H

#include "mail/query.h"
#include "wbxml/wbxml.h"

/* The Query element of a mailbox Search: And { FreeText, Class, CollectionId, ConversationId, GreaterThan, LessThan, Or }.
 * FreeText is read as KQL (mail/kql.h). */
struct search_query {
	const struct query *root;  /* NULL: no condition of the mail itself */
	unsigned classes;          /* bits, 1 << enum eas_class; 0: Class is absent, all are wanted */
	struct bytes *folders;     /* CollectionIds as sent */
	size_t n_folders;          /* 0: all folders */
	struct bytes conversation; /* ConversationId; empty: any */
	/* DateReceived is later than / earlier than these, exactly; `root` asks for the days around. */
	int64_t later_than, earlier_than;
};

enum { SEARCH_QUERY_OK = 1, SEARCH_QUERY_INVALID = 2, SEARCH_QUERY_TOO_COMPLEX = 8 };

/* query NULL: the request has none. now: for KQL.
 * *status is a Store Status: 1; 2 for what isn't allowed in a query and for values that are none; 8 for conditions
 * outside of And, more than one And, or too many words. Only ERR_LIMIT (arena).
 * Source: MS-ASCMD 2.2.1.16. */
enum err search_query_parse(struct arena *a, const struct wbxml_node *query, int64_t now,
    struct search_query *out, uint32_t *status) MUST_CHECK;

#endif
