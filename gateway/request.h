#ifndef EASGATE_REQUEST_H
#define EASGATE_REQUEST_H

#include "eas/command.h"
#include "eas/request_line.h"
#include "eas/status.h"
#include "eas/version.h"
#include "wbxml/wbxml.h"
#include "worker.h"

struct item_parts;
struct parked;
struct request;

/* What a command handler sees: a decoded request of a verified account and a known device, and a place for the
 * answer. Never HTTP or TLS. It lives on its fiber and in its arena. */
enum reply_kind {
	REPLY_WBXML,  /* what the handler wrote; an empty 200 if it wrote nothing */
	REPLY_HTTP,   /* http_status and nothing else */
	REPLY_RAW,    /* raw with content_type: no WBXML */
	REPLY_STREAM, /* pieces with content_type: attachments, multipart */
	REPLY_PARKED, /* answered later by gateway/push, which now owns the exchange */
};

/* Takes the next of what is made; it waits while the client is slow. */
typedef enum err reply_put_fn(void *arg, struct bytes piece) WAITS;

/* A part of an answer that is too long to be held: bytes, or what `make` makes when its turn has come. An error of `make` can
 * only cut the answer off, so all that has a status is found out before. */
struct reply_piece {
	struct bytes bytes;
	enum err (*make)(struct request *rq, void *arg, reply_put_fn *put, void *put_arg) WAITS; /* or NULL */
	void *arg;
	uint64_t made; /* bytes that `make` gives; UINT64_MAX if it can't be told before */
	bool base64;   /* what it gives is sent as base64 */
};

struct reply {
	enum reply_kind kind;
	int http_status;        /* 0 = 200 */
	uint32_t retry_after_s; /* with 503 */
	const char *allow;      /* with 405; static */
	bool lists;             /* send the lists of versions and commands (OPTIONS) */
	struct bytes raw;
	struct reply_piece *pieces; /* with REPLY_STREAM, in the order in which they are sent */
	size_t n_pieces;
	const char *content_type; /* with REPLY_RAW, and REPLY_STREAM unless it is WBXML's */
	uint32_t status;          /* the EAS status of the whole, for the access log; 0 = 1 */
	bool resync;              /* send X-MS-RP and the two version lists (FolderSync key 0) */
};

/* For the access log: what the request did. */
struct request_figures {
	uint32_t adds, changes, deletes, soft_deletes, fetches, client_commands, stubs;
	uint32_t imap_round_trips, redis_round_trips;
	uint64_t imap_in; /* bytes that the IMAP server sent */
	uint32_t backend_ms;
};

struct request {
	struct worker *worker;
	struct arena *arena;            /* borrowed: the fiber's */
	char id[24];                    /* for logs and the request-id header */
	struct http_exchange *exchange; /* owned by the dispatcher, or by push once parked */
	const char *name;               /* "Sync", "OPTIONS", "Autodiscover": for logs */
	enum eas_command command;
	enum eas_version version; /* EAS_VERSIONS: not known (yet) */
	struct account *account;  /* a reference is held while the request lives */
	struct bytes device_id, device_type, user_agent, address;
	const struct request_line *line; /* never NULL; empty when a parked request goes on */
	struct store_device device;      /* as loaded at the start; see device_loaded */
	bool device_loaded;              /* Sync loads it together with its states: one round trip */
	bool has_policy_key;             /* the client sent one, be it 0 */
	uint32_t policy_key;
	struct imap *imap; /* opened by request_imap, given back when the request ends */
	uint32_t imap_trips_before;
	uint64_t imap_in_before;
	struct parked *parked;    /* set when a parked request goes on (push/push.h) */
	bool multipart;           /* the client takes multipart ItemOperations responses */
	struct item_parts *parts; /* of ItemOperations alone: see commands/item_parts.h */
	struct bytes body;        /* undecoded; empty when a parked request goes on */
	size_t body_len;          /* for the access log */
	struct bytes content_type;
	const struct wbxml_node *xml; /* decoded body; NULL if there is none or it isn't WBXML */
	uint64_t started_ms;
	struct reply reply;
	struct request_figures figures;
};

/* A command: ERR_OK and what it wrote is the answer. On an error the dispatcher drops what was written and answers by the
 * table in dispatch.c: ERR_UNAVAILABLE → HTTP 503 with Retry-After, ERR_LIMIT → …, as DESIGN section 7. A handler that
 * knows a better status writes it and returns ERR_OK. */
typedef enum err command_fn(struct request *rq, struct wbxml_writer *w) WAITS;

/* The account's IMAP connection for this request, opened when it's first asked for, rather one that has `prefer` selected.
 * ERR_AUTH: the password was changed meanwhile; the account must sign in again (401). */
enum err request_imap(struct request *rq, struct bytes prefer, struct imap **out) WAITS MUST_CHECK;
/* Gives it back, and adds up in rq->figures what the fiber has cost; the dispatcher does so at the end of every request. */
void request_release(struct request *rq);

/* <Root><Status>n</Status></Root> as the whole answer (≤12.1: the HTTP code that stands for it). */
enum err request_refuse(struct request *rq, struct wbxml_writer *w, uint32_t status) MUST_CHECK;

#endif
