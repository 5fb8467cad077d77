#ifndef EASGATE_SYNC_COLLECTION_H
#define EASGATE_SYNC_COLLECTION_H

#include "eas/options.h"
#include "request.h"
#include "sync/folders.h"
#include "sync/snapshot.h"
#include "sync/sync_status.h"

/* A collection as the sync engine sees it: a table of functions that mail, and later events, contacts, tasks and notes,
 * fill in. The engine knows keys, windows and replays; the table knows items. */

/* In the order in which they are sent: what frees room and what is cheap first, then new items, the newest first. */
enum change_kind { CHANGE_DELETE, CHANGE_SOFT_DELETE, CHANGE_UPDATE, CHANGE_ADD, CHANGE_NONE };

struct change {
	enum change_kind kind;
	uint64_t id;
	uint32_t had; /* digest that the phone has; UPDATE only, and DELETE of a mail, where it is known */
	uint32_t now; /* digest on the server */
	bool stale;   /* `now` isn't known before `prepare`, and the item may even be gone */
	bool again;   /* ADD: of what the phone has as a stub (stubs.h) */
	bool is_stub; /* set by `prepare` of what can't be read now, though perhaps another time */
	void *item;   /* the class's own, made by `prepare` */
};
struct changes {
	struct change *v;
	size_t n;
};

struct collection_ops;
struct collection {
	const struct collection_ops *ops;
	struct request *rq;
	struct imap *imap; /* borrowed; NULL for a folder with nothing behind it */
	uint32_t folder_id;
	enum folder_type folder_type;
	struct bytes mailbox;      /* empty: nothing behind it */
	struct imap_status status; /* of the beginning of this request */
	uint64_t
	    token; /* what the phone's items were last compared with, see struct snapshot; 0: not known */
	uint64_t validity; /* UIDVALIDITY that the phone's ids belong to; 0: not known, any will do */
	struct sync_options options;
	bool deletes_as_moves;
	bool enough;  /* set by `prepare`: the backend gives trouble, and is slow therefore */
	bool fetches; /* it will be selected in any case: there are items to be fetched */
	bool
	    is_sync; /* it is prepared for a Sync: rules for new mails are followed, and items may be written ahead */
	/* ItemOperations: */
	const struct wbxml_node *schema; /* the properties that are wanted; NULL: all */
	uint32_t
	    multipart_number; /* a body's Data becomes this part of a multipart answer; 0: it is written */
	struct bytes multipart_data; /* set by `write` when it did so */
	bool passes_mime; /* the whole MIME of a large mail needn't be held: it can be sent from IMAP */
	struct collection_passing {
		uint32_t uid, uid_validity;
		uint32_t size; /* 0: none */
		size_t gap;    /* where it belongs in the document, if it is no part */
	} passing;             /* set by `write` when it left that out */
	uint32_t trash_id;     /* where deleted items go; 0: nowhere */
	struct bytes trash;
	/* The folder's SMS, out of a mailbox of their own: */
	struct collection_sms {
		struct bytes mailbox; /* empty: none are kept */
		bool wanted;          /* the phone asks for them */
		struct sync_options options;
		struct imap_status status;
		uint64_t token, validity; /* as the collection's */
	} sms;
	const struct snapshot
	    *had;          /* what the phone had when it asked, before its commands; NULL: not known */
	struct bytes told; /* set by `add` and `change`: what `tell` needs to tell of it; empty: nothing */
	void *cache;       /* the class's own, for as long as the request */
	struct follow_up_record *follow_ups; /* mail: what follow_ups_load has read */
	struct verb *verbs;                  /* mail: what verbs_load has read */
};

struct collection_ops {
	enum eas_class class;
	/* Compares `had` with the server. Fills `out` in no special order (UPDATE, DELETE and ADD may turn out as CHANGE_NONE in
	 * prepare) and sets in `now`, a copy of had's head, what the comparison was made against: validity, token,
	 * next id, window day. ERR_NOT_FOUND: the folder is gone or has been replaced by another of its name. */
	enum err (*compare)(struct collection *c, const struct snapshot *had, struct snapshot *now,
	    struct changes *out) WAITS;
	/* Fetches what writing v[0..n) needs, in as few round trips as it can, until `budget` bytes are spent.
	 * done: how many are ready, at least one if n is. Kinds and `now` may change: an item that vanished meanwhile. Sets c->enough
	 * when what is ready had better be sent before more is fetched. */
	enum err (*prepare)(
	    struct collection *c, struct change *v, size_t n, size_t budget, size_t *done) WAITS;
	/* Writes the content of ApplicationData. An item that can't be shown is written as a stub. ERR_LIMIT only. */
	enum err (*write)(struct collection *c, struct wbxml_writer *w, const struct change *change);
	/* Client commands: *status is the item's EAS status (1 = done). `command` is the whole Change or Add; its
	 * ApplicationData is there (but in a Change that only says Send), and an Add's ClientId. A command may come again when the worker died before its outcome was
	 * stored: what is found done already is done.
	 *   item  what the phone has; `change` sets the new digest, SNAPSHOT_UNSURE if the phone must be told what is there. NULL in `remove`: it isn't known to have it
	 *   has   all that the phone has: an id that isn't in it is free for a new item */
	enum err (*change)(struct collection *c, struct snapshot_item *item, const struct wbxml_node *command,
	    uint32_t *status) WAITS;
	enum err (*remove)(
	    struct collection *c, uint64_t id, const struct snapshot_item *item, uint32_t *status) WAITS;
	/* new_id and digest tell what was made, when *status is 1. */
	enum err (*add)(struct collection *c, const struct wbxml_node *command, const struct snapshot *has,
	    uint64_t *new_id, uint32_t *digest, uint32_t *status) WAITS;
	/* Writes the content of ApplicationData in the Response of an Add or Change; NULL where there never is one. */
	enum err (*tell)(struct collection *c, struct wbxml_writer *w, struct bytes told);
};

extern const struct collection_ops mail_collection, note_collection;
/* The Drafts folder from 16.0 on. */
extern const struct collection_ops draft_collection;
/* Mails, and SMS where they are wanted. */
extern const struct collection_ops mail_and_sms_collection;
/* Moves a note to another folder of notes, both with `imap` set: all its mails. *new_id 0: it isn't known. ERR_NOT_FOUND: it isn't there, or the folder that it
 * is to go to (*no_target). ERR_DENIED, ERR_LIMIT: nothing has happened. */
enum err note_move(struct collection *from, struct collection *to, uint64_t id, uint64_t *new_id,
    bool *no_target) WAITS MUST_CHECK;
/* From the mails found in a folder of notes (ascending UIDs) to the notes that they are, in (*ids)[0..uids->n). Mails that aren't shown,
 * being former copies, are taken out. */
enum err notes_of_mails(struct collection *c, struct imap_uids *uids, uint64_t **ids) WAITS MUST_CHECK;
/* Of a mail that was prepared as ADD: what Find tells. ERR_LIMIT only. */
enum err mail_write_found(
    struct collection *c, struct wbxml_writer *w, const struct change *change) MUST_CHECK;

/* The item's own class: SMS stand beside mails. */
enum eas_class item_class(const struct collection *c, uint64_t id);

/* ServerId ↔ (folder, item): "17:4711". */
enum { SERVER_ID_MAX = 40 };
void server_id_format(uint32_t folder, uint64_t item, char to[SERVER_ID_MAX]);
/* ERR_NOT_FOUND for what can't be an id of ours. */
enum err server_id_parse(struct bytes text, uint32_t *folder, uint64_t *item) MUST_CHECK;

#endif
