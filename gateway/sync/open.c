#include "sync/open.h"

#include "io/log.h"

enum err device_folders(struct request *rq, struct known_folders *out)
{
	struct hierarchy h;
	enum err e = hierarchy_decode(rq->arena, rq->device.hierarchy, &h);

	if (e == ERR_PROTO) {
		log_warn("stored folder list of the device is damaged: it will be asked to fetch its folders "
			 "again");
		h = (struct hierarchy){ 0 };
		e = ERR_OK;
	}
	*out = h.current;
	return e;
}

enum err device_folders_differ(struct request *rq, const struct folder_list *now, bool *out)
{
	struct known_folders known, fresh;
	enum err e;

	if ((e = device_folders(rq, &known)) || (e = known_folders_of(rq->arena, now, 0, &fresh)))
		return e;
	*out = !known_folders_equal(&known, &fresh);
	return ERR_OK;
}

static uint32_t trash_of(const struct known_folders *known)
{
	for (size_t i = 0; i < known->n; i++)
		if (known->v[i].type == FOLDER_TRASH)
			return known->v[i].id;
	return 0;
}

const struct collection_ops *collection_ops_of(enum folder_type type, enum eas_version version)
{
	if (type == FOLDER_DRAFTS && version >= EAS_16_0)
		return &draft_collection;
	if (type == FOLDER_INBOX || type == FOLDER_SENT || type == FOLDER_OUTBOX)
		return &mail_and_sms_collection;
	switch (folder_class(type)) {
	case CLASS_EMAIL:
		return &mail_collection;
	case CLASS_NOTES:
		return &note_collection;
	case CLASS_NONE:
	case CLASS_CALENDAR:
	case CLASS_CONTACTS:
	case CLASS_TASKS:
	case CLASS_SMS:
	case CLASSES:
		break;
	}
	return NULL;
}

/* Three folders have SMS, in a mailbox each: that of sms_folder, and two with names of their own. */
enum err collection_sms_mailbox(struct request *rq, enum folder_type type, struct bytes *out)
{
	const char *name = rq->worker->config->imap_sms;
	const char *behind = type == FOLDER_INBOX    ? ""
			     : type == FOLDER_SENT   ? " Sent"
			     : type == FOLDER_OUTBOX ? " Outbox"
						     : NULL;
	char *text = *name && behind ? arena_printf(rq->arena, "%s%s", name, behind) : NULL;

	*out = bytes_str(text);
	return *name && behind && !text ? ERR_LIMIT : ERR_OK;
}

/* A folder with nothing behind it: the Outbox, and parents that can't be selected. */
static bool is_hollow(enum folder_type type)
{
	return type == FOLDER_OUTBOX || type == FOLDER_GENERIC;
}

enum err collections_find(struct request *rq, const struct known_folders *known, const uint32_t *ids,
    struct collection **c, size_t n)
{
	struct store_folder *v = arena_array(rq->arena, n + 1, sizeof(*v));
	bool *found = arena_array(rq->arena, n + 1, sizeof(*found));
	uint32_t trash = trash_of(known);
	enum err e;

	if (!v || !found)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		v[i].id = ids[i];
	v[n].id = trash;
	if ((e = store_folders_find(
		 rq->worker->redis, rq->arena, bytes_str(rq->account->name), v, found, n + 1)))
		return e;
	for (size_t i = 0; i < n; i++) {
		const struct known_folder *k = known_folder(known, ids[i]);

		c[i]->rq = rq;
		c[i]->folder_id = ids[i];
		if (!k || !found[i])
			continue;
		c[i]->folder_type = (enum folder_type)k->type;
		c[i]->ops = collection_ops_of(c[i]->folder_type, rq->version);
		c[i]->validity = v[i].uid_validity;
		c[i]->mailbox = is_hollow(c[i]->folder_type) ? bytes_of(NULL, 0) : v[i].name;
		c[i]->trash_id = found[n] ? trash : 0;
		c[i]->trash = v[n].name;
		if ((e = collection_sms_mailbox(rq, c[i]->folder_type, &c[i]->sms.mailbox)))
			return e;
	}
	return ERR_OK;
}

static bool has_sms(const struct collection *c)
{
	return c->sms.wanted && c->sms.mailbox.len;
}

/* A folder by itself with a page to come is selected at once. `unseen` is then not known, which doesn't matter to who watches
 * a mailbox with modseqs. */
static enum err read_status(struct imap *imap, struct collection *const *c, size_t n,
    const struct bytes *names, struct imap_status *status, size_t used)
{
	if (n == 1 && used == 1 && c[0]->fetches && (imap_caps(imap) & IMAP_CAP_CONDSTORE))
		return imap_status_selected(imap, names[0], status);
	return imap_status_many(imap, names, used, status);
}

enum err collections_connect(struct request *rq, struct collection **c, size_t n)
{
	struct bytes *names = arena_array(rq->arena, 2 * n, sizeof(*names));
	struct imap_status *status = arena_array(rq->arena, 2 * n, sizeof(*status));
	size_t used = 0, at = 0;
	struct imap *imap;
	enum err e;

	if (!names || !status)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		if (c[i]->mailbox.len)
			names[used++] = c[i]->mailbox;
		if (has_sms(c[i]))
			names[used++] = c[i]->sms.mailbox;
	}
	if (!used)
		return ERR_OK;
	if ((e = request_imap(rq, names[0], &imap)) || (e = read_status(imap, c, n, names, status, used)))
		return e;
	for (size_t i = 0; i < n; i++) {
		if (!c[i]->mailbox.len && !has_sms(c[i]))
			continue;
		c[i]->imap = imap;
		if (c[i]->mailbox.len)
			c[i]->status = status[at++];
		if (has_sms(c[i]))
			c[i]->sms.status = status[at++];
	}
	return ERR_OK;
}

enum err collection_make(struct imap *imap, const struct collection *c)
{
	enum err e;

	if (c->folder_type != FOLDER_DRAFTS && c->folder_type != FOLDER_SENT &&
	    c->folder_type != FOLDER_TRASH)
		return ERR_NOT_FOUND;
	e = imap_create(imap, c->mailbox, IMAP_USE_NONE);
	return e == ERR_EXISTS ? ERR_OK : e;
}
