#include "sync/folder_display.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "sync/folder_tree.h"

enum { NAME_CHARS = 200, PATH_CHARS = 50 /* together less than the 256 that a name may have */ };

static uint8_t small_letter(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static int compare_names(struct bytes x, struct bytes y)
{
	for (size_t i = 0; i < x.len && i < y.len; i++)
		if (small_letter(x.p[i]) != small_letter(y.p[i]))
			return small_letter(x.p[i]) - small_letter(y.p[i]);
	return (x.len > y.len) - (x.len < y.len);
}

static bool collide(const struct folder *x, const struct folder *y)
{
	return x->parent == y->parent && compare_names(x->display, y->display) == 0;
}

static int by_place(const void *a, const void *b)
{
	const struct folder *x = *(const struct folder *const *)a, *y = *(const struct folder *const *)b;
	int order;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	order = compare_names(x->display, y->display);
	return order ? order : (x->id > y->id) - (x->id < y->id);
}

const struct folder *folders_by_display(const struct folder_list *l, uint32_t parent, struct bytes display)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].parent == parent && compare_names(l->v[i].display, display) == 0)
			return &l->v[i];
	return NULL;
}

/* What stands between the folder and the one that is shown as its parent. */
static struct bytes hidden_path(const struct folder_list *l, const struct folder *f)
{
	const struct folder *parent = folders_by_id(l, f->parent);
	struct bytes head, path = f->mailbox;
	size_t shown = parent ? parent->mailbox.len + 1 : l->prefix.len;

	if (!bytes_take(&path, shown, &head) || (!parent && !bytes_eq(head, l->prefix)))
		path = f->mailbox;
	while (path.len && (!f->separator || (char)path.p[path.len - 1] != f->separator))
		path.len--;
	path.len -= path.len > 0;
	return path;
}

/* Of folders with one name, by id. */
static size_t who_keeps_it(const struct folder_list *l, struct folder *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (folder_is_special(v[i]))
			return i;
	for (size_t i = 0; i < n; i++)
		if (!hidden_path(l, v[i]).len)
			return i;
	return 0;
}

static enum err rename_one(struct arena *a, const struct folder_list *l, struct folder *f, unsigned *number)
{
	struct bytes name = utf8_cut_chars(f->display, NAME_CHARS), path, shown;
	enum err e = utf8_repair(a, hidden_path(l, f), &path);

	if (e)
		return e;
	path = utf8_cut_chars(path, PATH_CHARS);
	shown = f->display;
	while (folders_by_display(l, f->parent, shown)) {
		char *text = path.len ? arena_printf(a, "%.*s (%.*s)", BYTES_ARG(name), BYTES_ARG(path))
				      : arena_printf(a, "%.*s (%u)", BYTES_ARG(name), ++*number);

		if (!text)
			return ERR_LIMIT;
		path.len = 0; /* it is tried once */
		shown = bytes_str(text);
	}
	f->display = shown;
	return ERR_OK;
}

enum err folders_tell_apart(struct arena *a, struct folder_list *l)
{
	struct folder **v = arena_array(a, l->n, sizeof(struct folder *));
	enum err e = ERR_OK;
	size_t n = 0;

	if (!v)
		return ERR_LIMIT;
	for (size_t i = 0; i < l->n; i++)
		v[i] = &l->v[i];
	qsort(v, l->n, sizeof(struct folder *), by_place);
	for (size_t i = 0; i < l->n && !e; i += n) {
		size_t keeper;
		unsigned number = 1;

		for (n = 1; i + n < l->n && collide(v[i], v[i + n]);)
			n++;
		keeper = n > 1 ? who_keeps_it(l, v + i, n) : 0;
		for (size_t k = 0; k < n && !e; k++)
			if (k != keeper)
				e = rename_one(a, l, v[i + k], &number);
	}
	return e;
}
