#ifndef EASGATE_PHONE_REPLICA_H
#define EASGATE_PHONE_REPLICA_H

#include "wbxml/wbxml.h"

/* What the phone holds: folders and their mails, fed with what the server sends and with nothing else. A server that
 * sends what can't be (an Add for what is there, a Change or Delete for what is not) is found out: an anomaly. */

struct phone_attachment {
	char *name, *reference, *content_id; /* owned; "" if not sent */
	unsigned method;
	size_t size;
	bool is_inline;
};

struct phone_item {
	char *id; /* ServerId */
	bool read, is_draft;
	unsigned flag;   /* Flag/Status: 0 none, 1 complete, 2 flagged */
	char *flag_text; /* owned; all of Flag: "Status=2\nFlagType=…", as it came */
	char *subject, *from, *to, *cc, *bcc, *reply_to, *date, *message_class,
	    *categories; /* owned; "" if not sent. date: DateReceived, or a note's LastModifiedDate.
	    categories: joined by '\n' */
	unsigned importance, last_verb;
	int64_t last_verb_time; /* seconds since 1970; 0 if not sent */
	unsigned native_body;   /* NativeBodyType; 0 if not sent */
	unsigned body_type;     /* 0: there is no Body */
	size_t body_size;       /* EstimatedDataSize */
	bool body_truncated, has_body_data;
	char *body; /* owned, with a NUL behind it */
	size_t body_len;
	char *preview;
	struct phone_attachment *attachments;
	size_t attachment_count;
	unsigned changes;         /* how often the server has changed it since the Add */
	char *told;               /* owned; what the newest Change named, such as "Read Flag" */
	struct phone_item *chain; /* of the hash table */
};

struct phone_folder {
	char *id, *parent, *name;                       /* owned */
	unsigned type;                                  /* MS-ASCMD 2.2.3.170.3: 2 = Inbox */
	char *key, *former_key;                         /* sync keys; "0" before the first Sync */
	unsigned status;                                /* Status of its newest Collection; 0: it had none */
	bool more;                                      /* MoreAvailable in the newest one */
	unsigned added, changed, deleted, soft_deleted; /* by the newest one */
	struct phone_item **slots;                      /* hash table */
	size_t slot_count, count;                       /* count: items held */
	struct phone_folder *next;
};

struct phone_replica {
	struct phone_folder *folders;
	char *key, *former_key; /* of FolderSync */
	unsigned anomalies;
	char *anomaly_text; /* owned; a line for each, "" at first */
	char **
	    moved; /* owned: ids (folder NUL item) that MoveItems took away or brought; an echo is no anomaly */
	size_t moved_count;
};

/* What stands in a Flag, in the order of the documents; the last has tag 0. */
extern const struct phone_flag_name {
	wbxml_tag tag;
	const char *name;
} phone_flag_names[];

void phone_replica_init(struct phone_replica *r);
void phone_replica_deinit(struct phone_replica *r);
void phone_replica_anomaly(struct phone_replica *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* NULL if there is none. */
struct phone_folder *phone_folder(struct phone_replica *r, const char *id);
struct phone_folder *phone_folder_of_type(struct phone_replica *r, unsigned type);
struct phone_folder *phone_folder_named(
    struct phone_replica *r, const char *name); /* the first of that name */
/* The folder's item, or NULL. */
struct phone_item *phone_item(const struct phone_folder *f, const char *id);
/* The first item with that subject, or NULL. */
struct phone_item *phone_item_with_subject(const struct phone_folder *f, const char *subject);
/* Walks all items in no particular order: after NULL the first; NULL at the end. */
struct phone_item *phone_item_next(const struct phone_folder *f, const struct phone_item *after);
/* An item by itself, for the answer of a Fetch. */
struct phone_item *phone_item_new(const char *id);
void phone_item_free(struct phone_item **item);
/* The item of that id; an empty one is made if it isn't there. */
struct phone_item *phone_folder_keep_item(struct phone_folder *f, const char *id);
void phone_folder_forget_item(struct phone_folder *f, const char *id);
void phone_folder_forget_all(struct phone_folder *f);

/* Applies one answer. `full` = it answers key 0: the list is complete, and folders that stay keep their items and keys. */
void phone_replica_apply_folders(struct phone_replica *r, const struct wbxml_node *changes, bool full);
/* Commands of one Collection: Add, Change, Delete, SoftDelete. */
void phone_replica_apply_commands(
    struct phone_replica *r, struct phone_folder *f, const struct wbxml_node *commands);
/* One item's properties (ApplicationData or Properties): what is there is set, what isn't stays. */
void phone_item_apply(struct phone_item *item, const struct wbxml_node *data);
/* A file that the phone itself has put into a draft, or taken out of it. */
void phone_item_keep_file(struct phone_item *item, const char *name, struct bytes reference, size_t size);
void phone_item_drop_file(struct phone_item *item, const char *reference);
/* A folder that the phone itself has made or deleted. */
struct phone_folder *phone_replica_add_folder(
    struct phone_replica *r, const char *id, const char *parent, const char *name, unsigned type);
void phone_replica_drop_folder(struct phone_replica *r, const char *id);
/* The item goes to another folder under a new id, if that folder is known and has been synced; else it is dropped. */
void phone_replica_move(
    struct phone_replica *r, const char *from, const char *id, const char *to, const char *new_id);

#endif
