#ifndef EASGATE_IMAP_FETCHED_H
#define EASGATE_IMAP_FETCHED_H

#include "imap/connection.h"

/* One FETCH response. What it doesn't hold is zero. */
struct imap_fetched {
	struct imap_flags flags; /* uid 0: it doesn't say which message */
	bool has_flags, has_size;
	uint64_t modseq;
	uint32_t size;
	int64_t date;
	struct mime_part *structure;
	bool has_body;
	char section[200]; /* BODY[section]<origin> */
	size_t section_len;
	uint32_t origin;
	struct bytes body;    /* p NULL: NIL */
	bool header_too_long; /* it was passed over: the whole header that wasn't asked for in part */
};

/* Of one message, so that the memory of a request is enough for all that it asked for. */
struct imap_fetch_limits {
	size_t header;    /* longest whole header that is taken */
	size_t structure; /* bytes of BODYSTRUCTURE as a tree of values; a larger one can't be read */
};
#define IMAP_NO_LIMITS ((struct imap_fetch_limits){ SIZE_MAX, SIZE_MAX })

/* Messages of one mailbox have the same few keywords: they share their text. */
enum { IMAP_KNOWN_KEYWORDS = 32 };
struct imap_keywords {
	struct bytes v[IMAP_KNOWN_KEYWORDS];
	size_t n; /* put in so far */
};

/* Reads what follows "* 3 FETCH ". */
enum err imap_read_fetch(
    struct imap *c, struct arena *a, struct imap_keywords *k, struct imap_fetched *f) WAITS MUST_CHECK;
/* The same with limits: what is beyond them is passed over, and f looks as if the server had not told it. */
enum err imap_read_fetch_within(struct imap *c, struct arena *a, struct imap_keywords *k,
    const struct imap_fetch_limits *limits, struct imap_fetched *f) WAITS MUST_CHECK;
/* The flags in such a list, keywords aside. */
uint32_t imap_flags_of(struct bytes list);
/* "(\Seen $Forwarded x)" */
void imap_put_flags(struct imap *c, uint32_t flags, const struct bytes *keywords, size_t n);

#endif
