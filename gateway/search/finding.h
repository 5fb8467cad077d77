#ifndef EASGATE_SEARCH_FINDING_H
#define EASGATE_SEARCH_FINDING_H

#include "mail/query.h"
#include "sync/collection.h"

/* Mails, notes and SMS found in the folders that the device knows, by IMAP SEARCH in each of them: what Search and Find have in common.
 * Nothing is kept between two requests: each page searches again, so its Total is of the moment. */

enum { FINDING_PAGE = 100 }; /* most results of one answer. Source: MS-ASCMD, Range */

struct finding_ask {
	const struct query *query;   /* NULL: all mails */
	const struct bytes *folders; /* CollectionIds as sent; "0" is all folders */
	size_t n_folders;            /* 0: all folders, but those that only show mails of others (\All) */
	bool deep;                   /* with the folders below */
	unsigned classes;            /* bits, 1 << enum eas_class; 0: all */
	struct bytes conversation;   /* ConversationId; empty: any */
	int64_t later_than, earlier_than; /* exactly, as search_query.h has them */
};

struct finding_hit {
	struct collection *c;
	uint64_t id;
	int64_t received;
};
struct finding {
	struct finding_hit *v; /* the newest first; not all of them if there are very many */
	size_t n;
	uint32_t total;
	size_t refused;    /* folders that could not be searched */
	size_t unreadable; /* mails that the server can't read now: they may belong to the conversation */
};

/* ERR_NOT_FOUND: a folder that the device doesn't know, or it knows none: it must do FolderSync. ERR_TIMEOUT: it takes too
 * long; out has what was found till then. ERR_UNSUPPORTED: no folder's server can search so. */
enum err finding_run(struct request *rq, const struct finding_ask *ask, struct finding *out) WAITS MUST_CHECK;

/* "0-99" */
struct finding_range {
	uint32_t first, last; /* both included */
};
/* Empty text is 0-99. False if it isn't a range. */
bool finding_range_parse(struct bytes text, struct finding_range *out);

/* What of the range can be sent now, fetched: at most FINDING_PAGE results, fewer if their bodies are large. A mail that has
 * gone meanwhile is left out of v, but counts in `taken`. */
struct finding_page {
	struct finding_item {
		struct collection *c;
		struct change mail;
	} * v;
	size_t n;
	uint32_t taken; /* the answer's Range is first .. first + taken - 1 */
};
enum err finding_fetch(struct request *rq, const struct finding *f, struct finding_range range,
    const struct sync_options *options, struct finding_page *out) WAITS MUST_CHECK;

#endif
