#ifndef EASGATE_STORE_STORE_H
#define EASGATE_STORE_STORE_H

#include "store/redis.h"

/* What easgate remembers, in Redis. All keys of one account carry the hash tag {account}; every value that we
 * encode ourselves starts with a format version. No password, token or message content is ever stored.
 * The keys are described one by one in deploy/redis-schema.md.
 *
 * `account` is the account's canonical name (lower case, as gateway/auth makes it), `device` the DeviceId.
 * Errors: ERR_UNAVAILABLE Redis is down or the answer was lost (then a commit may or may not have happened: load
 * again, the generation tells); ERR_CONFLICT a compare-and-set lost; ERR_NOT_FOUND. */

/* ---- devices: partnerships (MS-ASPROV; DESIGN 3) ---- */

struct store_device {
	bool exists;
	struct bytes type, user_agent; /* of the last request that changed them */
	struct bytes model, imei, friendly_name, os, os_language, phone_number, mobile_operator;
	bool outbound_sms;
	uint32_t policy_key, policy_key_pending; /* 0 = none */
	struct bytes policy_hash;                /* of the policy that policy_key stands for */
	struct bytes version;                    /* protocol version last used, "16.1" */
	int64_t first_seen, last_seen;           /* seconds since 1970 */
	struct bytes ping;                       /* cached Ping parameters, opaque here */
	struct bytes sync_request;               /* cached Sync request (Partial, empty Sync), opaque here */
	struct bytes hierarchy;                  /* FolderSync state, opaque here */
	uint64_t hierarchy_generation;           /* for compare-and-set */
};
enum err store_device_load(struct redis *r, struct arena *a, struct bytes account, struct bytes device,
    struct store_device *out) WAITS MUST_CHECK;

/* Writes the fields whose bit is set, in one round trip; makes the device if it's new (and adds it to the account's
 * and the global device index). */
enum store_device_field {
	STORE_DEVICE_TYPE = 1 << 0,
	STORE_DEVICE_USER_AGENT = 1 << 1,
	STORE_DEVICE_INFORMATION = 1 << 2, /* model … sms */
	STORE_DEVICE_POLICY = 1 << 3,      /* both keys and the hash */
	STORE_DEVICE_VERSION = 1 << 4,
	STORE_DEVICE_LAST_SEEN = 1 << 5,
	STORE_DEVICE_PING = 1 << 6,
	STORE_DEVICE_SYNC_REQUEST = 1 << 7,
};
enum err store_device_save(struct redis *r, struct bytes account, struct bytes device,
    const struct store_device *d, unsigned fields) WAITS MUST_CHECK;
/* FolderSync state: ERR_CONFLICT unless the stored generation is still `expected`. */
enum err store_hierarchy_commit(struct redis *r, struct bytes account, struct bytes device, uint64_t expected,
    uint64_t generation, struct bytes hierarchy) WAITS MUST_CHECK;

/* ---- folder ids: they belong to the account, are small, never change and are never used again ---- */

struct store_folder {
	uint32_t id;
	struct bytes source; /* where it lives: "imap", later "cal", "card", … */
	struct bytes name;   /* its name there: an IMAP mailbox or a DAV href */
	/* IMAP; when it changes under an old name it's another folder and gets a new id. 0 = nobody knows it yet:
	 * matches any. */
	uint32_t uid_validity;
};
/* The ids of these folders, in order, giving new ids to those that have none (atomic across workers). They must be all
 * folders of their sources: one that isn't among them, and whose UIDVALIDITY only a new name has, was renamed by
 * another client and keeps its id. v[i].id is out; one round trip when all are known. */
enum err store_folders_resolve(struct redis *r, struct arena *a, struct bytes account, struct store_folder *v,
    size_t n) WAITS MUST_CHECK;
/* The folders behind these ids; ERR_NOT_FOUND in found[i] == false. v[i].id is in, the rest out. */
enum err store_folders_find(struct redis *r, struct arena *a, struct bytes account, struct store_folder *v,
    bool *found, size_t n) WAITS MUST_CHECK;
/* After a rename through us or seen elsewhere: the id stays, the name changes. */
enum err store_folder_rename(struct redis *r, struct bytes account, uint32_t id, struct bytes source,
    struct bytes name) WAITS MUST_CHECK;

/* ---- sync state of one (account, device, collection) (DESIGN 4) ---- */

struct store_sync {
	bool exists;
	uint64_t epoch;        /* random, made with key 0: keys of a former life never match */
	uint32_t generation;   /* 1 = primed; grows by one with each commit that the phone hears of */
	uint32_t revision;     /* how often it was committed anew at this generation; the store counts */
	struct bytes current;  /* what the phone has at this generation: opaque here */
	struct bytes previous; /* at generation - 1; empty if there is none */
	struct bytes settings; /* sticky options: opaque here */
	struct bytes adds; /* ClientId → ServerId of the commit that made this generation: opaque here */
};
/* Several collections in one round trip. */
enum err store_sync_load(struct redis *r, struct arena *a, struct bytes account, struct bytes device,
    const uint32_t *collections, size_t n, struct store_sync *out) WAITS MUST_CHECK;

struct store_sync_commit {
	uint32_t collection;
	bool expect_exists;
	uint64_t expected_epoch; /* compared when expect_exists */
	uint32_t expected_generation, expected_revision;
	struct store_sync next;
	bool won; /* out: this one was stored */
};
/* Compare-and-set each of them, in one round trip. ERR_CONFLICT if any lost; see won. */
enum err store_sync_commit(struct redis *r, struct bytes account, struct bytes device,
    struct store_sync_commit *v, size_t n) WAITS MUST_CHECK;
/* Forgets a collection of a device (its folder is gone). */
enum err store_sync_forget(struct redis *r, struct bytes account, struct bytes device,
    const uint32_t *collections, size_t n) WAITS MUST_CHECK;

/* ---- device record and sync states in one round trip: what each Sync starts with ---- */
enum err store_load_for_sync(struct redis *r, struct arena *a, struct bytes account, struct bytes device,
    const uint32_t *collections, size_t n, struct store_device *d, struct store_sync *out) WAITS MUST_CHECK;

/* ---- mails sent: a repeated SendMail is recognised (quirks 23) ---- */

/* Where a mail stands. The mail server may have it from GIVEN on, so from there it is never sent again. */
enum store_sent {
	STORE_SENT_NEW,       /* not sent: not known, or given up */
	STORE_SENT_UNDER_WAY, /* somebody is at it */
	STORE_SENT_GIVEN,     /* the server was given all of it, and whether it took it isn't known */
	STORE_SENT_UNSAVED,   /* the server has it; the copy in Sent may be missing */
	STORE_SENT_DONE,
};
/* Whose mail it is, and how the phone calls it; also by another name, unless that is empty: the mail is known by either. Borrowed. */
struct store_sent_id {
	struct bytes account, device, client_id, other_name;
};
struct store_sent_note {
	enum store_sent state;
	struct bytes
	    message_id; /* GIVEN, UNSAVED: as the server was given it, by which its copy is found; may be empty */
};
/* Claims it for a lease of lease_s seconds. NEW, GIVEN, UNSAVED: nobody else is at it, and the caller must say how it went
 * on. UNDER_WAY and DONE: the caller leaves it alone. */
enum err store_sent_claim(struct redis *r, struct arena *a, const struct store_sent_id *id, uint32_t lease_s,
    struct store_sent_note *out) WAITS MUST_CHECK;
/* Says where it stands. NEW: forgotten, so that the phone may try again; not UNDER_WAY. Remembered for keep_s seconds, and
 * GIVEN and UNSAVED are the caller's for lease_s more. */
enum err store_sent_settle(struct redis *r, const struct store_sent_id *id,
    const struct store_sent_note *note, uint32_t lease_s, uint32_t keep_s) WAITS MUST_CHECK;

/* ---- moves and adds remembered by content for replays ---- */
/* A small value that lives for a while under a name of the caller's, in the account's slot. */
enum err store_memo_set(struct redis *r, struct bytes account, const char *kind, struct bytes name,
    struct bytes value, uint32_t keep_s) WAITS MUST_CHECK;
enum err store_memo_get(struct redis *r, struct arena *a, struct bytes account, const char *kind,
    struct bytes name, struct bytes *out) WAITS MUST_CHECK; /* ERR_NOT_FOUND */
/* Sets it unless there is one. out: the value that is there now. */
enum err store_memo_claim(struct redis *r, struct arena *a, struct bytes account, const char *kind,
    struct bytes name, struct bytes value, uint32_t keep_s, struct bytes *out) WAITS MUST_CHECK;
/* In one round trip; out[i].p NULL: there is none. */
enum err store_memo_get_many(struct redis *r, struct arena *a, struct bytes account, const char *kind,
    const struct bytes *names, size_t n, struct bytes *out) WAITS MUST_CHECK;

/* ---- failures, counted across workers ---- */

struct store_rate {
	uint32_t count, window_left_s;
};
/* Adds `n` (0 = only look) to the counter of `kind` ("auth-address", "auth-account", "auth-pair") and `subject` in a window that
 * starts with the first failure. */
enum err store_rate_add(struct redis *r, const char *kind, struct bytes subject, uint32_t n,
    uint32_t window_s, struct store_rate *out) WAITS MUST_CHECK;
enum err store_rate_clear(struct redis *r, const char *kind, struct bytes subject) WAITS MUST_CHECK;

/* ---- wake-ups across workers and nodes (DESIGN 5) ---- */

/* Tells every worker that these folders of the account changed (ids as text "3 17", "*" = folder list). */
enum err store_wake_publish(struct redis *r, struct bytes account, struct bytes what) WAITS MUST_CHECK;
/* One subscription per worker for all accounts that it asks for: fn gets account and what. An empty `what` means that
 * something may have been missed. */
struct store_wakes;
struct store_wakes *store_wakes_new(
    struct redis *r, void (*fn)(void *arg, struct bytes account, struct bytes what), void *arg);
void store_wakes_free(struct store_wakes **w);
enum err store_wakes_add(struct store_wakes *w, struct bytes account) MUST_CHECK; /* counted */
void store_wakes_remove(struct store_wakes *w, struct bytes account);

#endif
