#ifndef EASGATE_PHONE_H
#define EASGATE_PHONE_H

/* A simulated phone: an ActiveSync client for tests, for the benchmark and for the tool `easphone`. Blocking calls,
 * one connection, which is kept alive as phones do. Not for threads.
 *
 *	struct phone *ph = phone_new(&(struct phone_config){ .url = "https://127.0.0.1:8443", .user = "anna",
 *	    .password = "secret", .ca_file = "ca.pem", .version = EAS_14_1 });
 *
 *	if (phone_setup(ph) || phone_sync_folder(ph, phone_folder_of_type(&ph->replica, 2), NULL))
 *		fail_msg("%s", ph->problem);
 *
 * Every call returns ERR_OK when an HTTP answer 200 came and could be read; what the server says in it stands in
 * ph->status (the Status of the answer's root element, 1 where there is none) and in ph->reply. Else:
 * ERR_AUTH (401), ERR_DENIED (403), ERR_CONFLICT (449: provision first), ERR_UNSUPPORTED (501, 505),
 * ERR_UNAVAILABLE (no connection, it broke off, or 5xx), ERR_TIMEOUT, ERR_PROTO (other codes; an answer that can't be
 * read), ERR_CANCELLED (the answer was thrown away as ph->lose asked). ph->problem says it in plain words.
 *
 * With EASPHONE_RECORD=DIR in the environment every body that came is kept there as PID-NNNN-Command-version.wbxml (or
 * .multipart, .xml, .json) beside a .meta, for tests/tools/validate. */

#include "eas/command.h"
#include "replica.h"
#include "wire.h"

struct phone_config {
	const char *url; /* see phone_server_init */
	const char *user, *password;
	const char *ca_file; /* NULL: the system's */
	bool insecure;
	const char *device_id;    /* NULL: "easphone0001" */
	const char *device_type;  /* NULL: "easphone" */
	const char *user_agent;   /* NULL: "easphone/1.0" */
	enum eas_version version; /* as it is: 0 = 2.5 */
	bool compact_query;       /* the base64 form */
	bool gzip;                /* accepts compressed answers */
	int timeout_ms;           /* for one answer, on top of what it may be held; 0: 30,000 */
};

/* How the next answer gets lost. */
enum phone_loss {
	PHONE_KEEP,
	PHONE_LOSE_UNREAD, /* the connection is cut as soon as the request is sent */
	PHONE_LOSE_READ, /* the whole answer comes, then it is thrown away: the server has done all of its work */
};

enum { PHONE_MAX_RESULTS = 512 };

/* One entry of Responses in a Sync answer, or of the answer to MoveItems or ItemOperations. */
struct phone_result {
	wbxml_tag command; /* AIRSYNC_ADD, AIRSYNC_CHANGE, ... */
	const char *folder_id;
	const char *client_id, *server_id; /* "" if not there; for a move: SrcMsgId, DstMsgId */
	unsigned status;
	const struct wbxml_node *node;
};

struct phone {
	struct phone_server server;
	char *user, *password, *device_id, *device_type, *user_agent,
	    *policy_key; /* owned; policy_key "0" at first */
	enum eas_version version;
	bool compact_query, gzip;
	bool
	    resends; /* true: a kept connection that turns out to be dead is opened anew and the request sent again */
	bool
	    provisions; /* true: a 449 or 142 to 144 is answered with Provision, and the command is sent again */
	bool accept_multipart; /* for ItemOperations */
	int timeout_ms;
	enum phone_loss lose; /* for the next answer only */

	struct phone_replica replica;

	/* the newest answer; lives until the next request of this phone */
	struct arena *arena;
	struct phone_answer reply;
	const struct wbxml_node *root; /* NULL: no WBXML came */
	unsigned status;               /* of the root element; 1 where it has none */
	/* phone_now_us when the request was out, and so on; last_byte_us: before anything was done with the answer */
	int64_t sent_us, first_byte_us, last_byte_us, done_us;
	struct phone_result results[PHONE_MAX_RESULTS];
	size_t result_count;
	char problem[512];

	/* inside */
	struct phone_wire *wire;
	enum eas_command waiting; /* the command under way; CMD_NONE: some other HTTP request */
	bool building, reused;    /* reused: the request went over a kept connection */
	struct buf out;
	struct wbxml_writer writer;
	struct bytes request, body; /* the whole request under way, and its body in it */
	const struct phone_params *params;
};

/* What a command carries in its query, beside what it always has. */
struct phone_params {
	const char *attachment_name, *collection_id, *item_id, *long_id; /* NULL: not there */
	bool save_in_sent;
};

struct phone *phone_new(const struct phone_config *c);
void phone_free(struct phone **ph);
/* Hangs up; the next command connects anew. */
void phone_hang_up(struct phone *ph);

/* ---- any command ---- */

/* A WBXML request under construction: writes into the phone's arena, and drops the former answer. */
struct wbxml_writer *phone_request(struct phone *ph);
/* Sends what was built since phone_request, or no body at all if it wasn't called; waits for the answer. params may be
 * NULL. */
enum err phone_command(struct phone *ph, enum eas_command cmd, const struct phone_params *params) MUST_CHECK;
/* The same in two steps, so that something can happen meanwhile. hold_s: how long the server may keep us waiting. */
enum err phone_command_send(
    struct phone *ph, enum eas_command cmd, const struct phone_params *params) MUST_CHECK;
enum err phone_command_receive(struct phone *ph, unsigned hold_s) MUST_CHECK;
/* Any body: no WBXML, broken WBXML, mail. content_type NULL: none is sent. */
enum err phone_command_raw(struct phone *ph, enum eas_command cmd, const struct phone_params *params,
    const char *content_type, struct bytes body) MUST_CHECK;
/* The bytes of the whole HTTP request for that body, for tests that send it in their own way. They live until the next
 * request. */
enum err phone_command_bytes(struct phone *ph, enum eas_command cmd, const struct phone_params *params,
    const char *content_type, struct bytes body, struct bytes *out) MUST_CHECK;
/* Any HTTP request with the credentials, for what isn't a command. `headers`: more header lines, each with CRLF, or NULL. */
enum err phone_http(struct phone *ph, const char *method, const char *target, const char *headers,
    struct bytes body) MUST_CHECK;

/* ---- setting up ---- */

struct phone_offer {
	eas_version_set versions; /* those of MS-ASProtocolVersions that we know */
	char versions_text[128], commands_text[768];
};
enum err phone_options(struct phone *ph, struct phone_offer *out) MUST_CHECK;
/* POX. `url` gets the server's address, "" if the answer has none. */
enum err phone_autodiscover(
    struct phone *ph, const char *path, const char *email, char *url, size_t url_cap) MUST_CHECK;
/* Version 2, JSON. */
enum err phone_autodiscover_json(struct phone *ph, const char *email, char *url, size_t url_cap) MUST_CHECK;
/* Both phases; ph->policy_key is the final key afterwards. ERR_PROTO if a phase isn't answered as it should be: ph->status
 * is the Provision Status, or that of the policy if it is the culprit. */
enum err phone_provision(struct phone *ph) MUST_CHECK;
/* One phase by itself. phase 1 takes the temporary key, phase 2 acknowledges with `ack` (1 = applied). */
enum err phone_provision_phase(struct phone *ph, unsigned phase, unsigned ack) MUST_CHECK;
/* Provision and FolderSync. */
enum err phone_setup(struct phone *ph) MUST_CHECK;

/* ---- folders: keys are kept by the replica ---- */

/* key NULL: the replica's. On Status 1 the replica has the changes. */
enum err phone_folder_sync(struct phone *ph, const char *key) MUST_CHECK;
/* id_out: the new folder's id, lives until the next request; NULL where not wanted. */
enum err phone_folder_create(
    struct phone *ph, const char *parent, const char *name, unsigned type, const char **id_out) MUST_CHECK;
enum err phone_folder_delete(struct phone *ph, const char *id) MUST_CHECK;
enum err phone_folder_update(
    struct phone *ph, const char *id, const char *parent, const char *name) MUST_CHECK;

/* ---- Sync ---- */

enum phone_say { PHONE_UNSAID, PHONE_NO, PHONE_YES };

struct phone_body_preference {
	unsigned type;       /* 1 plain, 2 HTML, 4 MIME; 0 ends the list */
	uint32_t truncation; /* bytes; PHONE_WHOLE: not said */
	bool all_or_none;
	unsigned preview; /* 0: not said */
};
#define PHONE_WHOLE UINT32_MAX

struct phone_options_block {
	const char *class;          /* NULL */
	int filter;                 /* FilterType + 1; 0: not said */
	enum phone_say server_wins; /* Conflict */
	int mime_support;           /* MIMESupport + 1; 0: not said */
	int mime_truncation;        /* MIMETruncation + 1; 0: not said */
	unsigned max_items;         /* 0: not said */
	struct phone_body_preference bodies[4];
	struct phone_body_preference body_part;
};

/* A file that is put into a draft. */
struct phone_file {
	const char *client_id, *name, *type, *content_id; /* type, content_id NULL: not said */
	struct bytes content;
	bool is_inline, is_mail; /* is_mail: Method 5 */
};

/* One client command. */
struct phone_edit {
	wbxml_tag command; /* AIRSYNC_ADD, AIRSYNC_CHANGE, AIRSYNC_DELETE, AIRSYNC_FETCH */
	const char *id;    /* ServerId; for Add the ClientId */
	enum phone_say read;
	enum phone_say flag; /* PHONE_YES: Status 2 with type and dates; PHONE_NO: an empty Flag */
	const char
	    *flag_text; /* the Flag's own properties instead: "Status=2\nFlagType=…"; NULL: `flag` says it */
	const char *categories;          /* one a line; "": none at all; NULL: not said */
	const char *to, *subject, *text; /* of a draft or note; NULL: not said */
	const char *cc, *bcc, *reply_to; /* of a draft */
	int importance;                  /* + 1; 0: not said */
	const struct phone_file *files;  /* put into it */
	size_t file_count;
	const char *const *drop; /* FileReferences of files that go */
	size_t drop_count;
	bool draft;                  /* it is one: its Add goes into the replica */
	bool note;                   /* it is one of the Notes class */
	bool sms;                    /* it is one of the SMS class: its Add says so */
	const char *from, *received; /* of an SMS; NULL: not said */
	unsigned text_type;          /* Type of the text's Body; 0: 1 */
	wbxml_tag other;             /* one more property, with the value 1; 0: none */
	bool send;                   /* email2:Send, 16.x */
	bool bare;                   /* no ApplicationData at all */
};

struct phone_collection {
	const char *folder_id;
	const char *key;   /* NULL: the replica's */
	const char *class; /* NULL: "Email" up to 12.1, none after */
	enum phone_say deletes_as_moves, get_changes, conversation_mode;
	unsigned window;                           /* 0: not said */
	const struct phone_options_block *options; /* NULL: not said */
	const struct phone_options_block *sms;     /* a second block, of class SMS; NULL: not said */
	const struct phone_edit *edits;
	size_t edit_count;
};

struct phone_sync {
	const struct phone_collection *collections;
	size_t count;
	unsigned wait_min, heartbeat_s, window; /* 0: not said */
	bool partial;
};

/* One Sync; NULL sends the empty request. On success the replica has the answer's commands, and of the phone's own edits
 * those that weren't refused. ph->status is 1 also for the empty answer. Each folder named in the answer has its status, and the
 * phone's results stand in ph->results. */
enum err phone_sync(struct phone *ph, const struct phone_sync *rq) MUST_CHECK;
/* In two steps; *rq and what it points to must live until the second. */
enum err phone_sync_send(struct phone *ph, const struct phone_sync *rq) MUST_CHECK;
enum err phone_sync_receive(struct phone *ph, const struct phone_sync *rq) MUST_CHECK;
/* One collection, one request. */
enum err phone_sync_one(struct phone *ph, const struct phone_collection *c) MUST_CHECK;

/* Primes the folder if its key is 0, then syncs until nothing more is available. `c` gives options, window and so on (its
 * folder_id and key are not looked at); NULL: WindowSize 100 and plain bodies of up to 500 bytes. MoreAvailable without
 * progress, twice in a row, is an anomaly and ERR_PROTO. A Collection status other than 1 is ERR_PROTO too: see
 * folder->status. */
enum err phone_sync_folder(
    struct phone *ph, struct phone_folder *f, const struct phone_collection *c) MUST_CHECK;
/* A single edit in one request; its status (1 if the answer lists none) in *status. */
enum err phone_edit_one(
    struct phone *ph, struct phone_folder *f, const struct phone_edit *edit, unsigned *status) MUST_CHECK;

/* *estimate of what that folder's next Sync brings; *status of the Response. */
enum err phone_estimate(struct phone *ph, struct phone_folder *f, const struct phone_options_block *options,
    unsigned *status, unsigned *estimate) MUST_CHECK;

/* The same with ConversationMode: of `c` only folder_id, options and conversation_mode are looked at. */
enum err phone_estimate_of(
    struct phone *ph, const struct phone_collection *c, unsigned *status, unsigned *estimate) MUST_CHECK;

/* ---- Ping ---- */

/* heartbeat_s 0: not said; count 0: no Folders. Both: the empty request. */
enum err phone_ping_send(
    struct phone *ph, unsigned heartbeat_s, const char *const *folder_ids, size_t count) MUST_CHECK;
/* changed: filled with the ids of changed folders, which live until the next request; may be NULL. */
enum err phone_ping_receive(
    struct phone *ph, unsigned heartbeat_s, const char **changed, size_t cap, size_t *count) MUST_CHECK;
/* One folder, both steps: true in *has_changed on Status 2. */
enum err phone_ping(
    struct phone *ph, unsigned heartbeat_s, const char *folder_id, bool *has_changed) MUST_CHECK;

/* ---- items ---- */

/* new_id lives until the next request. The replica moves the item too. *status 3 is success. */
enum err phone_move_item(struct phone *ph, const char *id, const char *from, const char *to, unsigned *status,
    const char **new_id) MUST_CHECK;
/* ItemOperations Fetch of a mail, with one body preference; *item (owned by the caller: phone_item_free) has what came. */
enum err phone_fetch_item(struct phone *ph, const char *folder_id, const char *id,
    const struct phone_body_preference *body, unsigned *status, struct phone_item **item) MUST_CHECK;
/* Of an attachment; GetAttachment up to 12.1 if `old_form`. *data lives until the next request. range NULL: whole. */
enum err phone_fetch_attachment(struct phone *ph, const char *reference, const char *range, bool old_form,
    unsigned *status, struct bytes *data, struct bytes *content_type) MUST_CHECK;
enum err phone_empty_folder(
    struct phone *ph, const char *folder_id, bool with_subfolders, unsigned *status) MUST_CHECK;

struct phone_mail {
	struct bytes mime;
	const char *client_id; /* NULL: made from the clock */
	bool save_in_sent;
};
/* In the form of the phone's version. ph->status 1 = sent. */
enum err phone_send_mail(struct phone *ph, const struct phone_mail *mail) MUST_CHECK;
/* Its request alone, from 14.0 on: phone_command_receive brings the answer, or nobody ever hears it. */
enum err phone_send_mail_start(struct phone *ph, const struct phone_mail *mail) MUST_CHECK;
/* What is replied to or forwarded; NULL where not said. */
struct phone_source {
	const char *folder_id, *item_id, *long_id;
	const char *instance_id;
	bool replace_mime; /* from 14.0 on */
};
/* CMD_SMART_REPLY, CMD_SMART_FORWARD. */
enum err phone_send_smart(struct phone *ph, enum eas_command cmd, const struct phone_mail *mail,
    const struct phone_source *source) MUST_CHECK;
/* As phone_send_mail_start. */
enum err phone_send_smart_start(struct phone *ph, enum eas_command cmd, const struct phone_mail *mail,
    const struct phone_source *source) MUST_CHECK;

/* Settings: DeviceInformation Set, UserInformation Get. `address` gets the first SMTP address. */
enum err phone_settings_device(struct phone *ph, const char *model, unsigned *status) MUST_CHECK;
enum err phone_settings_user(struct phone *ph, char *address, size_t cap, unsigned *status) MUST_CHECK;

#endif
