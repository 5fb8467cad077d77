#ifndef EASGATE_IMAP_CONNECTION_H
#define EASGATE_IMAP_CONNECTION_H

#include <sys/queue.h>

#include "base/buf.h"
#include "imap/imap.h"
#include "imap/reader.h"

/* Inside backends/imap only: one connection, and how commands are sent and their answers awaited.
 *
 * A public call is: imap_begin, any number of commands (imap_command, the imap_put_ functions), imap_run. All
 * commands go out at once (pipelined) and imap_run returns when each has its tagged answer, so one run is one
 * round trip. Untagged responses go to a handler, in the order in which they come. */

enum { /* more bits of `caps`, of no interest outside */
	IMAP_CAP_STARTTLS = 1 << 24,
	IMAP_CAP_LOGINDISABLED = 1 << 25,
	IMAP_CAP_AUTH_PLAIN = 1 << 26,
	IMAP_CAP_CREATE_SPECIAL_USE = 1 << 27, /* RFC 6154, 5 */
	IMAP_CAP_UNSELECT = 1 << 28,           /* RFC 3691 */
};

/* What a tagged or untagged OK, NO, BAD, BYE says. */
struct imap_code {
	struct bytes name, args; /* of [NAME ARGS]; empty if there is none */
};

struct imap_answer {
	enum err err; /* ERR_OK, or what NO or BAD means */
	bool given;
	struct imap_code code; /* in c->scratch */
};

/* What is refused because the message has gone meanwhile isn't: it is as if there were nothing to tell (RFC 5530, 3). */
static inline bool imap_is_refusal(const struct imap_answer *a)
{
	return a->err && !bytes_eq_nocase(a->code.name, "EXPUNGEISSUED");
}

/* Called for each untagged response while a run waits. `number` is that of "* 3 FETCH", else 0. What it leaves of the
 * response is skipped. An error other than ERR_OK ends the connection. For OK, NO and BAD: see c->code. */
typedef enum err imap_handler(void *arg, struct imap *c, uint32_t number, struct bytes keyword);

/* A place in the command text where something else happens than sending it. */
struct imap_cut {
	size_t at;           /* c->out.p[at] */
	bool sync;           /* waits for "+" first */
	struct bytes extra;  /* then sends this; borrowed until imap_run returns */
	struct source *rest; /* and what comes from there, exactly rest->size bytes; may be NULL */
	size_t command;
};

struct imap_selected {
	char *name; /* owned, UTF-8; NULL = nothing is selected */
	size_t len;
	struct imap_status status;
	uint32_t
	    may_change; /* system flags that last when they are changed (PERMANENTFLAGS; RFC 3501, 7.1) */
	bool fresh;     /* no other command since SELECT */
	bool stale;     /* selected by an earlier borrower: the server may show an old view of it */
};

struct imap {
	struct imap_pool *pool;                /* borrowed */
	struct imap_account *account;          /* the pool's business */
	TAILQ_ENTRY(imap) of_account, of_pool; /* idle connections, the pool's business */
	uint64_t idle_since_ms;

	const struct imap_config *config; /* the pool's */
	const struct imap_login *who;     /* borrowed; NULL: it isn't mended when it breaks */
	uint32_t mends;                   /* so far */
	uint64_t former_in, former_out;   /* bytes of the connections that this one is in the place of */
	struct stream *stream;            /* NULL once it has hung up */
	struct imap_reader reader;
	uint32_t caps;
	bool caps_known; /* since they were last forgotten */
	bool logged_in;
	bool broken; /* must be closed */
	struct imap_selected selected;
	uint32_t last_tag, round_trips;
	char *problem; /* owned; NULL: none, as with most, and a waiting watch should be small */

	/* one run */
	struct arena *scratch; /* until the next imap_begin */
	struct buf out;
	struct imap_cut *cuts;
	size_t n_cuts;
	size_t *ends; /* where each command ends in out */
	struct imap_answer *answers;
	size_t n_commands;
	struct imap_order *orders; /* under way, the first to be answered first; order.c's business */
	bool got_plus;
	struct imap_code code; /* of the present untagged OK, NO, BAD, BYE */
};

/* ---- connection.c ---- */

/* Takes the stream over. */
struct imap *imap_new(const struct imap_config *config, struct stream **s);
void imap_free(struct imap **c); /* closes at once */

/* ERR_UNAVAILABLE if the connection is broken, or what fiber_check says. Waits for orders that are still under way. */
enum err imap_begin(struct imap *c) WAITS MUST_CHECK;
/* After a run, for another in the same call: scratch stays. */
void imap_next(struct imap *c);
/* Starts a command, after its tag. Text as it is: no CR, LF or peer's strings. */
void imap_command(struct imap *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void imap_put(struct imap *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Quoted, or a literal where it must be. */
void imap_put_string(struct imap *c, struct bytes s);
void imap_put_mailbox(struct imap *c, struct bytes utf8);
/* A literal that isn't copied. */
void imap_put_literal(struct imap *c, struct bytes s);
/* The same with more behind it. If the source fails, or doesn't give what its size says, the connection breaks: the server
 * waits for the rest of the literal and throws it away. */
void imap_put_long_literal(struct imap *c, struct bytes s, struct source *rest);
/* A line of its own after "+"; without `sync` it follows at once. Not copied: a secret
 * stays where the caller can wipe it. */
void imap_put_extra(struct imap *c, bool sync, struct bytes s);
/* Bytes of command text so far: what is pipelined must stay small, or both sides could wait for the other to read. */
size_t imap_pending_bytes(const struct imap *c);

/* Sends, and waits for all answers. The connection's failure, or the first failed command's error, which
 * imap_problem explains. handler may be NULL. */
enum err imap_run(struct imap *c, imap_handler *handler, void *arg) WAITS MUST_CHECK;
/* The same, but a command that the server refused is no error: see c->answers. */
enum err imap_run_all(struct imap *c, imap_handler *handler, void *arg) WAITS MUST_CHECK;
/* imap_run_all in two: sends what was put since the last time (no literals); waits until the first n commands have their
 * answers. In between more may be put and sent. */
enum err imap_send(struct imap *c) WAITS MUST_CHECK;
enum err imap_hear(struct imap *c, size_t n, imap_handler *handler, void *arg) WAITS MUST_CHECK;
/* IDLE (RFC 2177): imap_idle returns when it has begun; ERR_UNSUPPORTED if the server refuses. While it lasts, and while nothing is asked at all,
 * imap_read_one waits for one untagged response. */
enum err imap_idle(struct imap *c, imap_handler *handler, void *arg) WAITS MUST_CHECK;
enum err imap_idle_done(struct imap *c, imap_handler *handler, void *arg) WAITS MUST_CHECK;
enum err imap_read_one(struct imap *c, imap_handler *handler, void *arg) WAITS MUST_CHECK;
enum err imap_read_greeting(struct imap *c, bool *preauth) WAITS MUST_CHECK;
/* Between two borrowers: gives back what memory only a run needs. */
void imap_rest(struct imap *c);
/* Notes why, and returns e. Breaks the connection. */
enum err imap_fail(struct imap *c, enum err e, const char *why);
void imap_set_problem(struct imap *c, struct bytes text);
void imap_forget_selected(struct imap *c);
/* Closes the stream of one that is broken. */
void imap_hang_up(struct imap *c);
/* It goes on with what `fresh` has, and nothing selected on the server; `fresh` is freed. */
void imap_take_over(struct imap *c, struct imap **fresh);

/* ---- mend.c ---- */

/* After an error `e` of a run that broke the connection: a new one in its place, with the same mailbox selected. `e` where
 * it isn't to be mended, else what the new one says: ERR_NOT_FOUND if the mailbox is gone or another has its name. */
enum err imap_mend(struct imap *c, enum err e) WAITS MUST_CHECK;
/* Whether it is the fault of those mails that they can't be read: ERR_OK if the server can read another mail, one of the mailbox that
 * isn't suspect, or one of another mailbox; or if there is none to ask for. ERR_UNAVAILABLE if it could read none that it was
 * asked for: then all of its storage is away. */
enum err imap_find_witness(struct imap *c, struct arena *a, bool (*is_suspect)(const void *arg, uint32_t uid),
    const void *arg) WAITS MUST_CHECK;
/* For the administrator. */
void imap_log_unreadable(const struct imap *c, uint32_t uid, const char *what, enum err why);

/* ---- mailbox.c ---- */

/* SELECT in any case. */
enum err imap_reselect(struct imap *c, struct bytes mailbox) WAITS MUST_CHECK;
/* The command that selects again what is selected, so that commands behind it see the newest state. (NOOP is no
 * such command: Dovecot puts its effect off until after those that are pipelined behind it.) The run's handler
 * passes on to imap_on_select. */
void imap_put_reselect(struct imap *c);
enum err imap_on_select(struct imap *c, struct bytes keyword);
/* After that: ERR_NOT_FOUND, and nothing is selected any more, if another mailbox has taken the name since it had that
 * UIDVALIDITY. The uids that the caller holds are then another's. */
enum err imap_check_validity(struct imap *c, uint32_t validity) MUST_CHECK;
/* ERR_DENIED unless each of these flags can be changed in the selected mailbox: servers say OK to a STORE that they ignore
 * because a right is missing (RFC 4314), and copy what they then don't remove. Keywords aren't looked at. */
enum err imap_check_rights(struct imap *c, uint32_t flags) MUST_CHECK;
/* What a server tells of the selected mailbox by STATUS and LIST may be old: this deselects it. */
void imap_put_deselect(struct imap *c);
/* What to ask of a mailbox: "(MESSAGES …)". */
const char *imap_status_items(const struct imap *c);
/* The command for one mailbox's status, and what follows "* STATUS ". */
void imap_put_status(struct imap *c, struct bytes mailbox);
enum err imap_read_status(
    struct imap *c, struct arena *a, struct bytes *mailbox, struct imap_status *out) WAITS MUST_CHECK;
/* The two halves of it; items that aren't told stay as they are. */
enum err imap_read_mailbox_name(struct imap *c, struct arena *a, struct bytes *out) WAITS MUST_CHECK;
enum err imap_read_status_items(struct imap *c, struct imap_status *out) WAITS MUST_CHECK;

/* Servers that refuse without a reason (`refused` is ERR_DENIED) are asked: is that mailbox there? */
enum err imap_explain_refusal(
    struct imap *c, struct bytes mailbox, bool should_exist, enum err refused) WAITS MUST_CHECK;

/* ---- order.c ---- */

/* Waits until nothing that was ordered is under way. If the connection breaks meanwhile and could be mended, that is no error:
 * what is then missing is asked for when it is awaited. */
enum err imap_settle_orders(struct imap *c) WAITS MUST_CHECK;

/* ---- search.c ---- */

struct imap_search_keys {
	void (*put)(struct imap *c, const void *arg); /* may be NULL where `undeleted` says enough */
	const void *arg;
	bool undeleted;     /* none that carries \Deleted */
	bool utf8;          /* they aren't all ASCII */
	bool takes_unsure;  /* a message of which the server can't tell is found */
	uint32_t first_uid; /* from which on; 0: all */
};
/* The result, ascending. If the server can't look into some messages, it is that of the others. */
enum err imap_search_for(struct imap *c, struct arena *a, const struct imap_search_keys *keys,
    struct imap_uids *out) WAITS MUST_CHECK;
/* The same in pieces, for keys that say nothing of what is in a message: "UID SEARCH " in the way that this server
 * answers shortest, to be followed by the keys, and the result. */
void imap_put_search(struct imap *c);
enum err imap_run_search(struct imap *c, struct arena *a, struct imap_uids *out) WAITS MUST_CHECK;

/* ---- change.c ---- */

enum {
	IMAP_SET_BYTES = 4000
}; /* longest set in one command; servers bound their lines (RFC 7162, 4: 8,192) */

/* A command, or as many as it takes: `before`, a set, `after`. */
void imap_put_uids(struct imap *c, const char *before, const struct imap_uids *uids, const char *after);
/* imap_expunge inside a call that has begun. Ascending uids. */
enum err imap_expunge_uids(struct imap *c, const struct imap_uids *ours) WAITS MUST_CHECK;

/* ---- login.c ---- */

/* Greeting, STARTTLS, login, ENABLE. */
enum err imap_login(struct imap *c, const struct imap_login *who, const char **why) WAITS MUST_CHECK;
uint32_t imap_caps_parse(struct bytes list);

/* ---- pool.c ---- */

/* A new connection that belongs to nobody, logged in. */
enum err imap_connect(
    struct imap_pool *p, const struct imap_login *who, struct imap **out, const char **why) WAITS MUST_CHECK;
/* That mailbox was deleted or renamed: idle connections of this account must select it again. */
void imap_pool_forget_mailbox(struct imap *c, struct bytes mailbox);

#endif
