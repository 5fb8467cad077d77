#ifndef EASGATE_BASE_ERR_H
#define EASGATE_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* What went wrong, named by what the caller can do about it. 0 is success, so `if ((e = f()))` reads
 * "if it failed". Peers cause errors; only our own bugs cause asserts. */
enum err {
	ERR_OK = 0,
	ERR_TRUNCATED,   /* input ends too early: ask for the rest or refuse it */
	ERR_PROTO,       /* input breaks its grammar: refuse it */
	ERR_LIMIT,       /* a size, count or memory budget is spent: refuse or do less */
	ERR_AUTH,        /* credentials refused: ask the user again */
	ERR_DENIED,      /* known user, forbidden action: tell the user, do not retry */
	ERR_NOT_FOUND,   /* the named thing does not exist (any more) */
	ERR_EXISTS,      /* the named thing is there already */
	ERR_STALE_KEY,   /* a sync key that we do not know: the client starts over */
	ERR_CONFLICT,    /* somebody else changed it meanwhile: read again and decide */
	ERR_UNSUPPORTED, /* we or the peer cannot do that */
	ERR_UNAVAILABLE, /* a backend is down or broke off: retry later */
	ERR_TIMEOUT,     /* the deadline of this wait has passed */
	ERR_CANCELLED,   /* nobody waits for the result any more: unwind */
	ERR_COUNT        /* not an error: how many there are */
};

/* A short stable name for log lines, such as "unavailable". Never NULL. */
const char *err_name(enum err e);

#endif
