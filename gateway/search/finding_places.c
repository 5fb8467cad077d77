#include "search/finding_places.h"

#include "sync/open.h"

struct bytes finding_place_mailbox(const struct finding_place *p)
{
	return p->class == CLASS_SMS ? p->c->sms.mailbox : p->c->mailbox;
}

/* A STATUS may be refused for a moment, so only what isn't listed isn't there. */
enum err finding_place_may_have(const struct finding_place *p, bool *out)
{
	const struct imap_status *s = p->class == CLASS_SMS ? &p->c->sms.status : &p->c->status;

	*out = false;
	if (!p->c->imap)
		return ERR_OK;
	if (!s->known)
		return imap_is_listed(p->c->imap, finding_place_mailbox(p), out);
	*out = s->messages > 0;
	return ERR_OK;
}

/* ---- which folders ---- */

/* Whether `folder` is asked for by itself or, if deep, by a folder above it. */
static bool is_asked(const struct known_folders *known, const struct known_folder *folder,
    const uint32_t *ids, size_t n, bool deep)
{
	for (size_t depth = 0; folder && depth < known->n; depth++) {
		for (size_t i = 0; i < n; i++)
			if (ids[i] == folder->id)
				return true;
		folder = deep ? known_folder(known, folder->parent) : NULL;
	}
	return false;
}

/* The ids that are asked for; *n 0 for all folders. */
static enum err asked_ids(struct request *rq, const struct finding_ask *ask,
    const struct known_folders *known, uint32_t **out, size_t *n)
{
	*n = 0;
	*out = arena_array(rq->arena, ask->n_folders, sizeof(**out));
	if (!*out)
		return ERR_LIMIT;
	for (size_t i = 0; i < ask->n_folders; i++) {
		if (bytes_eq_str(ask->folders[i], "0") || !ask->folders[i].len) {
			*n = 0;
			return ERR_OK;
		}
		if (folder_id_parse(ask->folders[i], &(*out)[*n]) || !known_folder(known, (*out)[*n]))
			return ERR_NOT_FOUND;
		++*n;
	}
	return ERR_OK;
}

/* ---- which classes ---- */

/* Only mails have conversations. SMS are mails, too, in folders that each phone sees: who asks for no class finds them as such. */
static bool is_wanted(const struct request *rq, const struct finding_ask *ask, enum eas_class class)
{
	if (class == CLASS_SMS && (!ask->classes || rq->version < EAS_14_0))
		return false;
	if (class != CLASS_EMAIL && ask->conversation.len)
		return false;
	return !ask->classes || ask->classes & 1u << class;
}

/* Whether the folder has items of that class that can be looked for. The SMS of the Outbox aren't sent yet. */
static bool may_have(enum folder_type type, enum eas_class class)
{
	if (class == CLASS_SMS)
		return type == FOLDER_INBOX || type == FOLDER_SENT;
	return folder_class(type) == class && type != FOLDER_OUTBOX && type != FOLDER_GENERIC;
}

/* What the server says of the folders, for who asks for all of them. */
static enum err load(struct request *rq, struct folder_list *out)
{
	struct imap *imap;
	enum err e = request_imap(rq, BYTES("INBOX"), &imap);

	return e ? e : folders_load(rq, imap, out);
}

/* Mails that are shown in two folders are found once, where they are. */
static bool is_left_out(const struct folder *f)
{
	return f && f->is_virtual;
}

static enum err list(struct request *rq, const struct finding_ask *ask, const struct known_folders *known,
    struct finding_place *out, uint32_t *ids, size_t *n)
{
	static const enum eas_class classes[] = { CLASS_EMAIL, CLASS_NOTES, CLASS_SMS };
	struct folder_list all = { 0 };
	uint32_t *asked;
	size_t n_asked;
	enum err e = asked_ids(rq, ask, known, &asked, &n_asked);

	if (!e && !n_asked)
		e = load(rq, &all);
	for (size_t i = 0; i < known->n && !e; i++) {
		const struct known_folder *k = &known->v[i];

		if (n_asked ? !is_asked(known, k, asked, n_asked, ask->deep)
			    : is_left_out(folders_by_id(&all, k->id)))
			continue;
		for (size_t m = 0; m < sizeof(classes) / sizeof(classes[0]); m++) {
			struct collection *c;

			if (!is_wanted(rq, ask, classes[m]) ||
			    !may_have((enum folder_type)k->type, classes[m]))
				continue;
			if (!(c = arena_alloc(rq->arena, sizeof(*c))))
				return ERR_LIMIT;
			c->sms.wanted = classes[m] == CLASS_SMS;
			out[*n] = (struct finding_place){ c, classes[m] };
			ids[(*n)++] = k->id;
		}
	}
	return e;
}

/* A mailbox that is looked into for SMS isn't for mails as well. */
static bool has_asked_sms(const struct finding_place *p, const struct finding_place *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].class == CLASS_SMS && bytes_eq(all[i].c->sms.mailbox, p->c->mailbox))
			return true;
	return false;
}

static enum err connect_all(struct request *rq, const struct known_folders *known, struct finding_place *v,
    const uint32_t *ids, size_t *n)
{
	struct collection **c = arena_array(rq->arena, *n, sizeof(struct collection *));
	size_t kept = 0;
	enum err e;

	if (!c)
		return ERR_LIMIT;
	if (!*n)
		return ERR_OK;
	for (size_t i = 0; i < *n; i++)
		c[i] = v[i].c;
	if ((e = collections_find(rq, known, ids, c, *n)))
		return e;
	for (size_t i = 0; i < *n; i++)
		if (v[i].class != CLASS_EMAIL || !has_asked_sms(&v[i], v, *n))
			v[kept++] = v[i];
	*n = kept;
	for (size_t i = 0; i < kept; i++)
		c[i] = v[i].c;
	return collections_connect(rq, c, kept);
}

enum err finding_places(
    struct request *rq, const struct finding_ask *ask, struct finding_place **out, size_t *n)
{
	struct known_folders known;
	uint32_t *ids;
	enum err e;

	*n = 0;
	if ((e = device_folders(rq, &known)))
		return e;
	if (!known.n)
		return ERR_NOT_FOUND;
	*out = arena_array(rq->arena, 2 * known.n, sizeof(**out)); /* a folder has two classes at most */
	ids = arena_array(rq->arena, 2 * known.n, sizeof(*ids));
	if (!*out || !ids)
		return ERR_LIMIT;
	if ((e = list(rq, ask, &known, *out, ids, n)))
		return e;
	return connect_all(rq, &known, *out, ids, n);
}
