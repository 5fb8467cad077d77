#ifndef EASGATE_MAIL_QUERY_H
#define EASGATE_MAIL_QUERY_H

#include "base/arena.h"
#include "base/bytes.h"

/* What mails somebody looks for: a tree that KQL (mail/kql.h) and Search requests (eas/search_query.h) become and that
 * backends/imap turns into SEARCH keys. All of it lives in one arena. */
enum query_kind {
	QUERY_AND,    /* left and right */
	QUERY_OR,     /* left or right */
	QUERY_NOT,    /* not left */
	QUERY_TEXT,   /* text stands in one of the places */
	QUERY_SINCE,  /* received on that day or later */
	QUERY_BEFORE, /* received before that day */
	QUERY_READ,
	QUERY_FLAGGED,
	QUERY_ATTACHMENT, /* has an attachment */
};

enum query_place { /* bits */
	PLACE_FROM = 1 << 0,
	PLACE_TO = 1 << 1,
	PLACE_CC = 1 << 2,
	PLACE_BCC = 1 << 3,
	PLACE_SUBJECT = 1 << 4,
	PLACE_BODY = 1 << 5,
	PLACE_ANY = (1 << 6) - 1,
};

struct query {
	enum query_kind kind;
	const struct query *left, *right; /* AND, OR; NOT has a left alone */
	struct bytes text;                /* TEXT: valid UTF-8, not empty */
	unsigned places;                  /* TEXT */
	bool exact;  /* TEXT: as it stands; else words alike will do where the server knows them */
	int64_t day; /* SINCE, BEFORE: days since 1970, 0 or later */
};

/* Larger trees are refused: what a server makes of them takes its time, and whoever walks one may do so by recursion. */
enum { QUERY_MAX_TERMS = 64, QUERY_MAX_DEPTH = 2 * QUERY_MAX_TERMS };

/* A node in the arena, NULL if that is spent. */
struct query *query_new(struct arena *a, const struct query *like);
/* Both; either may be NULL, which says nothing. ERR_LIMIT. */
enum err query_join(struct arena *a, enum query_kind kind, const struct query *left,
    const struct query *right, const struct query **out) MUST_CHECK;

#endif
