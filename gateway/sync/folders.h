#ifndef EASGATE_SYNC_FOLDERS_H
#define EASGATE_SYNC_FOLDERS_H

#include "eas/class.h"
#include "request.h"

/* Type of FolderSync's Add. Source: MS-ASCMD 2.2.3.186.3. */
enum folder_type {
	FOLDER_GENERIC = 1,
	FOLDER_INBOX = 2,
	FOLDER_DRAFTS = 3,
	FOLDER_TRASH = 4,
	FOLDER_SENT = 5,
	FOLDER_OUTBOX = 6,
	FOLDER_TASKS = 7,
	FOLDER_CALENDAR = 8,
	FOLDER_CONTACTS = 9,
	FOLDER_NOTES = 10,
	FOLDER_JOURNAL = 11,
	FOLDER_USER_MAIL = 12,
	FOLDER_USER_CALENDAR = 13,
	FOLDER_USER_CONTACTS = 14,
	FOLDER_USER_TASKS = 15,
	FOLDER_USER_JOURNAL = 16,
	FOLDER_USER_NOTES = 17,
	FOLDER_UNKNOWN = 18,
	FOLDER_RECIPIENT_CACHE = 19,
};
enum eas_class folder_class(enum folder_type type); /* CLASS_NONE for types that hold no items of ours */

struct folder {
	uint32_t id, parent; /* parent 0 = root */
	enum folder_type type;
	struct bytes display; /* UTF-8 */
	struct bytes
	    mailbox; /* IMAP name; empty for the Outbox. A GENERIC folder is a \Noselect parent: it has no mails */
	char separator;
	bool foreign;    /* another user's, or everybody's: an ordinary folder, whatever its name */
	bool is_virtual; /* shows mails of other folders (\All, \Flagged of RFC 6154) */
	bool has_use;    /* RFC 6154, be it Junk or Archive: the server may refuse to delete it */
	bool subscribed;
	bool exists; /* the mailbox is there: a missing Drafts, Sent or Trash is listed all the same */
	struct imap_status status;
};
struct folder_list {
	struct folder *v;
	size_t n;
	struct bytes
	    prefix; /* of the personal namespace ("INBOX."), which top-level names don't show; may be empty */
};

/* All folders of the account as its servers have them now, with their ids; parents before their children. */
enum err folders_load(struct request *rq, struct imap *c, struct folder_list *out) WAITS MUST_CHECK;
struct folder *folders_by_id(const struct folder_list *l, uint32_t id);          /* or NULL */
struct folder *folders_by_type(const struct folder_list *l, enum folder_type t); /* the first, or NULL */

/* ---- what a device was told of the folders ---- */

struct known_folder {
	uint32_t id, parent;
	uint8_t type;
	uint32_t name_hash;
};
struct known_folders {
	uint32_t generation;    /* 0: none */
	struct known_folder *v; /* ascending ids */
	size_t n;
};
struct hierarchy {
	uint64_t epoch;
	struct known_folders current, previous;
};
/* An empty `in` is a device that was told nothing. ERR_PROTO: damaged; the device starts over. */
enum err hierarchy_decode(struct arena *a, struct bytes in, struct hierarchy *out) MUST_CHECK;
enum err hierarchy_encode(struct arena *a, const struct hierarchy *h, struct bytes *out) MUST_CHECK;
const struct known_folder *known_folder(const struct known_folders *k, uint32_t id); /* or NULL */
uint32_t known_folder_name(struct bytes display);                                    /* name_hash */
enum err known_folders_of(
    struct arena *a, const struct folder_list *l, uint32_t generation, struct known_folders *out) MUST_CHECK;
bool known_folders_equal(
    const struct known_folders *a, const struct known_folders *b); /* generations aside */

/* The IMAP mailbox behind a folder id that the device knows. ERR_NOT_FOUND for an unknown id; an empty name for a folder
 * with nothing behind it. uid_validity: what its mails' ids belong to; 0 if not known. */
enum err folder_mailbox(
    struct request *rq, uint32_t id, struct bytes *mailbox, uint32_t *uid_validity) WAITS MUST_CHECK;

/* "17" → 17. ERR_NOT_FOUND for what can't be an id of ours. */
enum err folder_id_parse(struct bytes text, uint32_t *out) MUST_CHECK;

#endif
