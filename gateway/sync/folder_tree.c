#include "sync/folder_tree.h"

static bool is_below(const struct folder_list *l, const struct folder *f, const struct folder *top)
{
	for (size_t depth = 0; f && depth < l->n; depth++) {
		if (f->parent == top->id)
			return true;
		f = folders_by_id(l, f->parent);
	}
	return false;
}

/* A Drafts or Trash that isn't there yet is nowhere. */
static bool is_mailbox_below(const struct folder_list *l, const struct folder *f, const struct folder *top)
{
	return f->mailbox.len && f->exists && is_below(l, f, top);
}

bool folder_is_special(const struct folder *f)
{
	if (f->foreign && f->type == FOLDER_GENERIC)
		return true;
	return f->type != FOLDER_USER_MAIL && f->type != FOLDER_USER_NOTES && f->type != FOLDER_GENERIC;
}

bool folder_tree_is_special(const struct folder_list *l, const struct folder *top)
{
	bool has_some = false, has_use = top->has_use;

	if (folder_is_special(top))
		return true;
	for (size_t i = 0; i < l->n; i++) {
		if (!is_mailbox_below(l, &l->v[i], top))
			continue;
		if (folder_is_special(&l->v[i]))
			return true;
		has_some = true;
		has_use |= l->v[i].has_use;
	}
	return has_some && has_use; /* alone it may be tried: a refusal costs nothing then */
}

enum err folder_tree_may_go(
    struct imap *imap, struct arena *a, const struct folder_list *l, const struct folder *top, bool *may)
{
	struct bytes *names = arena_array(a, l->n, sizeof(*names));
	size_t n = 0;

	if (!names)
		return ERR_LIMIT;
	for (size_t i = 0; i < l->n; i++)
		if (&l->v[i] == top || is_mailbox_below(l, &l->v[i], top))
			names[n++] = l->v[i].mailbox;
	return imap_may_delete(imap, names, n, may);
}

/* The list has parents before their children. A parent that can't be selected may go with its last child. */
enum err folder_tree_delete_below(
    struct imap *imap, const struct folder_list *l, const struct folder *top, bool go_on, bool *partly)
{
	for (size_t i = l->n; i-- > 0;) {
		const struct folder *f = &l->v[i];
		enum err e = ERR_DENIED;

		if (!is_mailbox_below(l, f, top))
			continue;
		if (!folder_is_special(f))
			e = imap_delete(imap, f->mailbox);
		if (e == ERR_DENIED || e == ERR_LIMIT || e == ERR_UNSUPPORTED) {
			*partly = true;
			if (!go_on)
				return ERR_OK;
		} else if (e && e != ERR_NOT_FOUND) {
			return e;
		}
	}
	return ERR_OK;
}
