#ifndef EASGATE_SYNC_COPIES_H
#define EASGATE_SYNC_COPIES_H

#include "sync/collection.h"

/* Items that outlive the mails that they are kept in: notes, and drafts that phones write. A mail never changes: who changes
 * such an item appends another mail, which names the item in its header, and deletes the former. Inside gateway/sync only.
 *
 * An item is all the mails of the mailbox that name it, and it is shown as the newest of them: others are what a client left
 * behind that died between appending the new and deleting the old. Nothing of this is stored: the names are asked for anew whenever
 * something has changed, one short field of each mail. */

struct copy {
	uint64_t id; /* of the item */
	uint32_t uid, digest;
	const struct imap_flags *flags;
	struct bytes name; /* notes: the UUID as in the header; where that has none, made of the UID */
	void *more;        /* the kind's own, or NULL */
	bool outside;      /* of the window that the phone asks for */
};
struct copy_list {
	struct copy *v; /* ascending id, then UID; without mails marked as \Deleted */
	size_t n;
	uint32_t uid_validity;
	uint64_t modseq; /* the list holds all that was up to here; 0: not known */
	/* What the server couldn't read: uid, flags, and the item's id if it is the mail that the phone has of that item. 0: whose it is nobody
	 * knows. So none of the items that it may belong to can be said to be gone; and it may be a newer copy than those that can
	 * be read. */
	struct copy *unread;
	size_t n_unread;
};

/* What tells the kinds of such items apart. */
struct copy_kind {
	const char *section; /* the field that names the item, as BODY[...] wants it */
	bool has_window;     /* FilterType holds */
	uint32_t mail_bits;  /* of a digest: they differ where the mail is another */
	/* out has uid and flags; `field` is what the server has of the section. Sets the rest but for `outside` and the digest. */
	enum err (*fill)(
	    struct collection *c, const struct copy_list *l, struct bytes field, struct copy *out);
	/* May look at all of them, before they are sorted; NULL: there is nothing to see. */
	enum err (*settle)(struct collection *c, struct copy_list *l);
	uint32_t (*digest)(const struct copy *copy);
	/* Fits the options to what a mail is asked for. */
	void (*options)(const struct sync_options *asked, struct sync_options *out);
};

/* The mailbox as it is now; `known_will_do`: or as this request has seen it before. ERR_NOT_FOUND: it isn't there (any more). */
enum err copies_load(struct collection *c, const struct copy_kind *kind, bool known_will_do,
    const struct copy_list **out) WAITS MUST_CHECK;
/* All copies of an item, the last one being what is shown; *n 0: there is none. */
const struct copy *copies_of(const struct copy_list *l, uint64_t id, size_t *n);
/* What is shown of it, or NULL. */
const struct copy *copies_find(const struct copy_list *l, uint64_t id);

/* Whether a mail that can't be read may be the item, or may be why it isn't among the others. */
bool copies_may_hide(const struct copy_list *l, uint64_t id);
/* What it means that an item has no copy: ERR_NOT_FOUND, or ERR_UNAVAILABLE. */
enum err copies_missing(const struct copy_list *l, uint64_t id);
/* The same as the status of a Delete: what perhaps is only not to be read comes back to the phone once it can be. */
uint32_t copies_missing_status(const struct copy_list *l, uint64_t id);

/* Whether the item, which the phone has with that digest, is perhaps only a former state of it: another mail than the phone had, and
 * older than one that can't be read. Where it isn't known what the phone has, it is told what there is. */
bool copy_may_be_former(
    const struct copy_list *l, const struct copy_kind *kind, const struct copy *copy, uint32_t had);

/* As collection_ops has them. */
enum err copies_compare(struct collection *c, const struct copy_kind *kind, const struct snapshot *had,
    struct snapshot *now, struct changes *out) WAITS MUST_CHECK;
enum err copies_prepare(struct collection *c, const struct copy_kind *kind, struct change *v, size_t n,
    size_t budget, size_t *done) WAITS MUST_CHECK;

/* The value of a field whose lines these are; empty if there is none. */
struct bytes copy_field_value(struct bytes field);

#endif
