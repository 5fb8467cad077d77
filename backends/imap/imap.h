#ifndef EASGATE_IMAP_IMAP_H
#define EASGATE_IMAP_IMAP_H

#include "base/arena.h"
#include "io/source.h"
#include "io/stream.h"
#include "mail/mime_part.h"
#include "mail/query.h"

/* IMAP4rev1 for fibers: a pool of authenticated connections per account, and the calls that a mail gateway
 * needs. Each extension is used where the server has it; where it hasn't, the same call takes a
 * longer way with the same result. Everything in an `out` lives in the arena given.
 *
 * Errors: ERR_UNAVAILABLE the connection broke, the server is down or speaks nonsense (retry later; imap_problem says which of
 * them), ERR_AUTH credentials refused,
 * ERR_NOT_FOUND no such mailbox or message, ERR_EXISTS, ERR_DENIED (NO by ACL, or without a reason), ERR_LIMIT quota,
 * or more than the arena holds (the connection is then dropped), ERR_UNSUPPORTED (BAD), ERR_TIMEOUT, ERR_CANCELLED. After any error of the connection itself every later call
 * on it gives ERR_UNAVAILABLE.
 *
 * COMPRESS (RFC 4978) isn't used: with zlib's memory (256 KB to write, 40 KB to read) each connection would cost ten times
 * what it does, on both sides, and a mail server is near. */

struct imap_config {
	struct stream_target server;
	uint32_t command_ms;      /* longest wait for one answer */
	uint32_t idle_close_s;    /* a pooled connection unused that long is logged out */
	uint16_t max_per_account; /* connections of one account and worker; further callers queue */
	uint16_t max_total;
};

/* Who logs in. Borrowed by each call; the pool keeps no password: it knows a login by a salted hash. */
struct imap_login {
	struct bytes user, password;
	struct bytes
	    client_address; /* the phone's; told by ID (x-originating-ip) where the server takes it. May be empty */
};

enum imap_cap {                          /* bits; as announced after login */
	IMAP_CAP_CONDSTORE = 1 << 0,     /* RFC 7162 */
	IMAP_CAP_QRESYNC = 1 << 1,       /* RFC 7162 */
	IMAP_CAP_UIDPLUS = 1 << 2,       /* RFC 4315 */
	IMAP_CAP_MOVE = 1 << 3,          /* RFC 6851 */
	IMAP_CAP_IDLE = 1 << 4,          /* RFC 2177 */
	IMAP_CAP_NOTIFY = 1 << 5,        /* RFC 5465 */
	IMAP_CAP_SPECIAL_USE = 1 << 6,   /* RFC 6154 */
	IMAP_CAP_LIST_STATUS = 1 << 7,   /* RFC 5819 */
	IMAP_CAP_LIST_EXTENDED = 1 << 8, /* RFC 5258 */
	IMAP_CAP_ESEARCH = 1 << 9,       /* RFC 4731 */
	IMAP_CAP_ID = 1 << 10,           /* RFC 2971 */
	IMAP_CAP_ACL = 1 << 11,          /* RFC 4314 */
	IMAP_CAP_NAMESPACE = 1 << 12,    /* RFC 2342 */
	IMAP_CAP_SASL_IR = 1 << 13,
	IMAP_CAP_LITERAL_PLUS = 1 << 14,
	IMAP_CAP_ENABLE = 1 << 15,
	IMAP_CAP_METADATA = 1 << 16,
	IMAP_CAP_WITHIN = 1 << 17,
	IMAP_CAP_FUZZY = 1 << 18,  /* RFC 6203 */
	IMAP_CAP_THREAD = 1 << 19, /* RFC 5256, THREAD=REFERENCES */
};

struct imap_pool; /* one per worker */
struct imap;      /* one authenticated connection, borrowed from the pool */

struct imap_pool *imap_pool_new(struct loop *l, const struct imap_config *config);
void imap_pool_free(struct imap_pool **p);

/* A connection of that account: an idle one (rather the one that has `prefer` selected; may be empty), else a new
 * one, else waits for one. *why (may be NULL): text for the log, in the fiber's arena. */
enum err imap_open(struct imap_pool *p, const struct imap_login *who, struct bytes prefer, struct imap **out,
    const char **why) WAITS MUST_CHECK;
/* Whether the password is (still) right: logs in on a connection of its own, whatever the pool has. */
enum err imap_verify(struct imap_pool *p, const struct imap_login *who, const char **why) WAITS MUST_CHECK;
/* Back to the pool, or closed if it broke or its state is unsure. Doesn't wait. Accepts NULL, sets NULL. */
void imap_close(struct imap **c);
/* From now on, until imap_close, the connection can be mended when the server hangs up while mails are read. imap_fetch_messages,
 * imap_fetch_parts and the orders of them do so by themselves. `who` is borrowed as long. */
void imap_keep_login(struct imap *c, const struct imap_login *who);
/* Whether the connection can be used after that error of another call, mended if it must be: then it was about what was asked
 * for, not about the server. The same mailbox is selected. */
bool imap_goes_on(struct imap *c, enum err e) WAITS MUST_CHECK;
/* How often it was mended: it isn't known what else the server will hang up on, so what is ready had better be sent. */
uint32_t imap_mends(const struct imap *c);
uint32_t imap_caps(const struct imap *c);
/* Commands sent and answers awaited so far on this connection: for figures and tests. */
uint32_t imap_round_trips(const struct imap *c);
void imap_byte_counts(const struct imap *c, uint64_t *in, uint64_t *out);
/* Why the last call failed: the server's own text, or ours. Valid until the next call. Never NULL. */
const char *imap_problem(const struct imap *c);

/* ---- mailboxes ---- */

/* Mailbox names are UTF-8 here; modified UTF-7 is the wire's business. A name on the wire that isn't valid
 * modified UTF-7 is the byte IMAP_RAW_NAME and then what is on the wire, and goes back as that: so it can't be taken
 * for another mailbox's name. It is never valid UTF-8; to show it, repair it. */
enum { IMAP_RAW_NAME = 0xFF };
enum imap_use {
	IMAP_USE_NONE,
	IMAP_USE_INBOX,
	IMAP_USE_DRAFTS,
	IMAP_USE_SENT,
	IMAP_USE_TRASH,
	IMAP_USE_JUNK,
	IMAP_USE_ARCHIVE,
	IMAP_USE_ALL,
	IMAP_USE_FLAGGED
};

struct imap_status {
	bool known; /* STATUS was given */
	uint32_t messages, unseen, uid_next, uid_validity;
	uint64_t highest_modseq; /* 0: none (no CONDSTORE) */
};

struct imap_mailbox {
	struct bytes name; /* full name with separators */
	char separator;    /* 0: flat */
	bool selectable, may_have_children, subscribed;
	bool foreign;      /* in a namespace of other users or of all (RFC 2342), where the server tells */
	enum imap_use use; /* by SPECIAL-USE, or INBOX; by name only is the gateway's business */
	struct imap_status status;
};
struct imap_mailboxes {
	struct imap_mailbox *v;
	size_t n;
	struct bytes prefix; /* of one's own namespace, such as "INBOX."; p NULL if the server doesn't tell */
};
/* All mailboxes of all namespaces, with status if asked for; one round trip where LIST-STATUS is there.
 * INBOX is always first. A mailbox whose STATUS the server refuses has status.known false. */
enum err imap_list(
    struct imap *c, struct arena *a, bool with_status, struct imap_mailboxes *out) WAITS MUST_CHECK;
/* Whether LIST has that mailbox, and it can be selected. What else is refused of a mailbox that is there may be so for a moment
 * only, and not every server says why. */
enum err imap_is_listed(struct imap *c, struct bytes mailbox, bool *out) WAITS MUST_CHECK;
/* ERR_NOT_FOUND where it isn't listed; ERR_UNAVAILABLE where it is, and is refused without a reason. */
enum err imap_status(struct imap *c, struct bytes mailbox, struct imap_status *out) WAITS MUST_CHECK;
/* Several in one round trip (pipelined). out[i].known is false for one that failed. */
enum err imap_status_many(
    struct imap *c, const struct bytes *mailboxes, size_t n, struct imap_status *out) WAITS MUST_CHECK;
/* The same of one by SELECT, for who will read its messages anyway: the trip of the SELECT is then spared. `unseen` isn't told. */
enum err imap_status_selected(struct imap *c, struct bytes mailbox, struct imap_status *out) WAITS MUST_CHECK;
enum err imap_create(
    struct imap *c, struct bytes mailbox, enum imap_use use) WAITS MUST_CHECK; /* and subscribes */
enum err imap_delete(struct imap *c, struct bytes mailbox) WAITS MUST_CHECK;   /* and unsubscribes */
/* *all: the user's rights allow to delete each of them. True where the server has no ACL to ask for. */
enum err imap_may_delete(struct imap *c, const struct bytes *mailboxes, size_t n, bool *all) WAITS MUST_CHECK;
/* With all below it; but subscriptions go by name, and only its own is moved along. */
enum err imap_rename(struct imap *c, struct bytes from, struct bytes to) WAITS MUST_CHECK;
/* A refusal is none: nothing depends on them but what is shown. */
enum err imap_subscribe(struct imap *c, struct bytes mailbox) WAITS MUST_CHECK;
enum err imap_resubscribe(struct imap *c, struct bytes from, struct bytes to) WAITS MUST_CHECK;

/* Selects (read-write, with CONDSTORE) unless it is selected already; what it knows comes without asking again only
 * when it has just been selected, so: */
enum err imap_select(struct imap *c, struct bytes mailbox, struct imap_status *out) WAITS MUST_CHECK;

/* ---- messages of the selected mailbox ---- */

enum { /* flag bits; what isn't one of these is a keyword */
	IMAP_SEEN = 1 << 0,
	IMAP_FLAGGED = 1 << 1,
	IMAP_ANSWERED = 1 << 2,
	IMAP_DELETED = 1 << 3,
	IMAP_DRAFT = 1 << 4,
	IMAP_FORWARDED = 1 << 5, /* $Forwarded */
	IMAP_MDN_SENT = 1 << 6,
	IMAP_JUNK = 1 << 7,
	IMAP_NEW_KEYWORDS = 1 << 8, /* in PERMANENTFLAGS only: \*, keywords can be made */
	IMAP_SYSTEM_FLAGS = IMAP_SEEN | IMAP_FLAGGED | IMAP_ANSWERED | IMAP_DELETED | IMAP_DRAFT,
};

struct imap_flags {
	uint32_t uid, flags;
	struct bytes *keywords; /* other keywords as the server spells them */
	uint16_t n_keywords;
};
struct imap_uid_range {
	uint32_t first, last;
};
struct imap_changes {
	struct imap_flags *v; /* new and changed messages, ascending uid; all messages if `complete` */
	size_t n;
	struct imap_uid_range *gone; /* expunged since, ascending; meaningless if `complete` */
	size_t n_gone;
	bool complete; /* v is the whole mailbox: what isn't in it is gone */
	uint64_t highest_modseq;
};
/* What changed since that modseq. since_modseq 0, or a server without QRESYNC, gives the complete list.
 * Never marks anything as read. */
enum err imap_fetch_changes(
    struct imap *c, struct arena *a, uint64_t since_modseq, struct imap_changes *out) WAITS MUST_CHECK;

/* Messages that carry \Deleted are found by none of these searches: other clients show them as deleted, and expunge them
 * later. */

/* UIDs of messages received (INTERNALDATE) on or after that UTC time, ascending. IMAP's SINCE knows whole days
 * only: `day` is rounded down to its day. 0 = all messages of the mailbox. One of which the server can't tell (Dovecot looks into the
 * file of a mail, and then refuses all of the search) is among them. */
struct imap_uids {
	uint32_t *v;
	size_t n;
};
enum err imap_search_since(
    struct imap *c, struct arena *a, int64_t day, struct imap_uids *out) WAITS MUST_CHECK;
/* Of those from that UID on; perhaps also the last message of the mailbox, whatever its UID. */
enum err imap_search_new_since(
    struct imap *c, struct arena *a, uint32_t first_uid, int64_t day, struct imap_uids *out) WAITS MUST_CHECK;

/* UIDs of the messages that match, ascending; q NULL: all. One that the server can't look into is none of them. Words that needn't stand exactly so are looked for
 * by FUZZY where the server can. ERR_DENIED, ERR_UNSUPPORTED: the server refuses such a search. */
enum err imap_search(
    struct imap *c, struct arena *a, const struct query *q, struct imap_uids *out) WAITS MUST_CHECK;
/* All messages, with those that belong together by their References or have the same subject (THREAD=REFERENCES, RFC 5256). The
 * messages of a thread stand together, in no special order. ERR_UNSUPPORTED where the server has no such thing, or ERR_DENIED. */
struct imap_threaded {
	uint32_t uid, thread; /* the thread's number means nothing else */
};
struct imap_threads {
	struct imap_threaded *v;
	size_t n;
};
enum err imap_thread(struct imap *c, struct arena *a, struct imap_threads *out) WAITS MUST_CHECK;
/* When each of these (ascending) was received, in (*out)[0..n); IMAP_NO_DATE for one that is gone, or can't be read. */
#define IMAP_NO_DATE INT64_MIN
enum err imap_fetch_dates(
    struct imap *c, struct arena *a, const uint32_t *uids, size_t n, int64_t **out) WAITS MUST_CHECK;

/* All that decides how a message is shown, without its bodies; one round trip for all uids.
 * A uid that is gone is left out.
 *
 * One odd message doesn't fail the call. What the server could not give, or what is too large, is asked for with less, and in
 * the end left out (no structure, only the beginning of the header; without any header `problem` says so). Where the server hangs up on a message, which is
 * then asked for once more by itself, the connection is mended, and `problem` says why the message can't be read. After several of
 * those the others aren't asked for any more (`unasked`); those that come first in `uids` are seen to first. If no
 * message of the mailbox can be read, it is ERR_UNAVAILABLE. */
struct imap_message {
	struct imap_flags flags;
	int64_t internal_date;       /* seconds since 1970, UTC */
	uint32_t size;               /* RFC822.SIZE */
	struct mime_part *structure; /* from BODYSTRUCTURE; NULL if the server's could not be read */
	struct bytes header;         /* the whole header block, as it is */
	enum err problem;            /* ERR_OK, or why it can't be read: some of the above is missing */
	bool unasked;                /* all but its uid is missing: to be asked for in another call */
};
struct imap_messages {
	struct imap_message *v;
	size_t n;
};
enum err imap_fetch_messages(struct imap *c, struct arena *a, const uint32_t *uids, size_t n,
    struct imap_messages *out) WAITS MUST_CHECK;

/* Bytes of body sections, BODY.PEEK[section]<from.count>, for many messages at once: requests for the same
 * section and range share a command, and the commands are pipelined. */
struct imap_part_request {
	uint32_t uid;
	const char *section;  /* "1.2", "1.2.MIME", "TEXT", "HEADER", or "" for the whole message */
	uint32_t from, count; /* count 0 = to the end */
	struct bytes data;    /* out */
	bool found;           /* out; false: the message or section isn't there, or can't be read */
	enum err problem;     /* out; why it can't be read: as in struct imap_message */
	bool unasked;         /* out; the same: it may be asked for in another call. `problem` is set, too */
};
enum err imap_fetch_parts(
    struct imap *c, struct arena *a, struct imap_part_request *v, size_t n) WAITS MUST_CHECK;

/* The same two in halves (but that of parts, too, those that come first in `v` are seen to first, and others are left unasked sooner),
 * so that the server is at work on one thing while the caller is busy with another: an order sends
 * the commands, and imap_await waits for its answers, with the errors and the outcome of imap_fetch_…. Several can be under
 * way: they are served in turn, so the first is awaited first. All of them have the same arena, and what they fill (`to`,
 * `v`) lives as long. Any other call first waits for all that is under way, and imap_close drops a connection where
 * something is: an order may be left alone at any time. */
struct imap_order;
enum err imap_order_messages(struct imap *c, struct arena *a, const uint32_t *uids, size_t n,
    struct imap_messages *to, struct imap_order **out) WAITS MUST_CHECK;
enum err imap_order_parts(struct imap *c, struct arena *a, struct imap_part_request *v, size_t n,
    struct imap_order **out) WAITS MUST_CHECK;
enum err imap_await(struct imap *c, struct imap_order *o) WAITS MUST_CHECK;

/* One body section (from, count as above) piece by piece, however long it is, without holding more than a piece. `put` gets
 * views that end with its return; it may wait, and the server then waits too. Its error ends the call, and the connection,
 * on which the rest is still to come. ERR_NOT_FOUND: the message or section isn't there; nothing was put.
 * Nothing but ERR_OK says that all of it has come. */
typedef enum err imap_put_fn(void *arg, struct bytes piece) WAITS;
enum err imap_stream_part(struct imap *c, uint32_t uid, const char *section, uint32_t from, uint32_t count,
    imap_put_fn *put, void *arg) WAITS MUST_CHECK;
/* What changes, moves or destroys messages of a mailbox where that isn't allowed (SELECT tells: READ-ONLY,
 * PERMANENTFLAGS) gives ERR_DENIED, and nothing has happened. */

/* Adds and removes flags and keywords (UID STORE … .SILENT). With unchanged_since (0 = always) a message that somebody
 * else changed meanwhile gives ERR_CONFLICT. ERR_NOT_FOUND if the uid is gone. */
enum err imap_store_flags(struct imap *c, uint32_t uid, uint32_t add, uint32_t remove,
    const struct bytes *add_keywords, size_t n_add, const struct bytes *remove_keywords, size_t n_remove,
    uint64_t unchanged_since) WAITS MUST_CHECK;

/* Whether the selected mailbox takes keywords that it doesn't know yet. */
bool imap_may_add_keywords(const struct imap *c);

/* Moves messages: MOVE, or COPY + \Deleted + UID EXPUNGE. `to` (in order of uids, 0 = unknown) takes the new uids from
 * COPYUID, else they are found by Message-ID and size. ERR_NOT_FOUND if the target mailbox doesn't exist. */
struct imap_moved {
	uint32_t uid_validity; /* of the target; 0 = unknown, or nothing was moved */
	uint32_t *to;
	bool exact; /* the server told (COPYUID): a 0 in `to` means that the message was gone */
};
enum err imap_move(struct imap *c, struct arena *a, const uint32_t *uids, size_t n, struct bytes target,
    struct imap_moved *out) WAITS MUST_CHECK;
/* Destroys: \Deleted + UID EXPUNGE. Without UIDPLUS other messages that carry \Deleted are spared. */
enum err imap_expunge(struct imap *c, const uint32_t *uids, size_t n) WAITS MUST_CHECK;
enum err imap_expunge_all(struct imap *c) WAITS MUST_CHECK;

/* Appends; *uid 0 if the server doesn't tell. ERR_NOT_FOUND if there is no such mailbox. date 0 = now. */
enum err imap_append(struct imap *c, struct bytes mailbox, struct bytes message, uint32_t flags, int64_t date,
    uint32_t *uid) WAITS MUST_CHECK;
/* The same with keywords, which the message has from the first moment on. */
enum err imap_append_with_keywords(struct imap *c, struct bytes mailbox, struct bytes message, uint32_t flags,
    const struct bytes *keywords, size_t n_keywords, uint32_t *uid) WAITS MUST_CHECK;
/* The same for a message that isn't in memory: `head`, then what `rest` gives, which must be as long as it says and may come from
 * another connection. If it fails, or is shorter or longer, nothing is appended and this connection is broken. */
enum err imap_append_long(struct imap *c, struct bytes mailbox, struct bytes head, struct source *rest,
    uint32_t flags, const struct bytes *keywords, size_t n_keywords, uint32_t *uid) WAITS MUST_CHECK;
/* Messages of the selected mailbox with that Message-ID (with brackets), ascending. */
enum err imap_search_message_id(
    struct imap *c, struct arena *a, struct bytes message_id, struct imap_uids *out) WAITS MUST_CHECK;

/* ---- metadata of a mailbox (RFC 5464) ---- */

/* ERR_UNSUPPORTED where the server has no such thing, ERR_DENIED where it refuses, for quotas, too. Entry names: ASCII, none of
 * "*%\"". */
struct imap_entry {
	const char *name;   /* "/private/vendor/easgate/…" */
	struct bytes value; /* out; p NULL: there is none, or none of at most 16 KB */
};
enum err imap_get_metadata(
    struct imap *c, struct arena *a, struct bytes mailbox, struct imap_entry *v, size_t n) WAITS MUST_CHECK;
/* value.p NULL removes the entry. */
enum err imap_set_metadata(
    struct imap *c, struct bytes mailbox, const char *name, struct bytes value) WAITS MUST_CHECK;

#endif
