#include "sync/drafts.h"

#include "sync/draft_collection.h"
#include "sync/open.h"

enum err drafts_open(
    struct request *rq, uint32_t folder, struct bytes mailbox, uint32_t uid_validity, struct collection **out)
{
	struct known_folders known;
	const struct known_folder *k;
	struct collection *c;
	enum err e = device_folders(rq, &known);

	*out = NULL;
	if (e)
		return e;
	k = known_folder(&known, folder);
	if (!k || collection_ops_of((enum folder_type)k->type, rq->version) != &draft_collection)
		return ERR_OK;
	c = arena_alloc(rq->arena, sizeof(*c));
	if (!c)
		return ERR_LIMIT;
	*c = (struct collection){ .ops = &draft_collection,
		.rq = rq,
		.folder_id = folder,
		.folder_type = FOLDER_DRAFTS,
		.mailbox = mailbox,
		.validity = uid_validity };
	sync_options_default(&c->options);
	*out = c;
	return request_imap(rq, mailbox, &c->imap);
}

enum err drafts_uid(struct collection *c, uint64_t id, uint32_t *uid)
{
	const struct copy_list *l;
	const struct copy *copy;
	enum err e = copies_load(c, &draft_kind, true, &l);

	if (e)
		return e;
	copy = copies_find(l, id);
	*uid = copy ? copy->uid : 0;
	return copy ? ERR_OK : copies_missing(l, id);
}

enum err drafts_ids(struct collection *c, struct change *v, size_t n)
{
	const struct copy_list *l;
	enum err e = copies_load(c, &draft_kind, true, &l);

	for (size_t i = 0; !e && i < l->n; i++)
		for (size_t k = 0; k < n; k++)
			if (l->v[i].uid == v[k].id && l->v[i].id != v[k].id) {
				v[k].id = l->v[i].id;
				break;
			}
	return e;
}

enum err drafts_part(
    struct collection *c, uint32_t named_uid, struct bytes part, uint32_t *uid, struct bytes *section)
{
	const struct copy_list *l;
	enum err e = copies_load(c, &draft_kind, true, &l);

	for (size_t i = 0; !e && i < l->n; i++) {
		const struct draft_field *f = draft_field_of(&l->v[i]);
		const struct draft_name *name = f ? draft_field_find(f, named_uid, part) : NULL;

		if (!name)
			continue;
		*uid = l->v[i].uid;
		*section = name->section;
		return ERR_OK;
	}
	return e ? e : ERR_NOT_FOUND;
}
