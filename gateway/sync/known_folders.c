#include <stdlib.h>

#include "base/hash.h"
#include "base/varint.h"
#include "sync/folders.h"

/* What a device was told of the folders: the list behind its FolderSync key, and the one before, in case the answer got
 * lost. Stored as: format, epoch, then for both lists generation, count and the folders. */
enum { FORMAT = 1, MAX_FOLDERS = 20000 };

static enum err get_u32(struct bytes *in, uint32_t *out)
{
	uint64_t n;
	enum err e = varint_get_max(in, UINT32_MAX, &n);

	if (!e)
		*out = (uint32_t)n;
	return e;
}

static enum err get_list(struct arena *a, struct bytes *in, struct known_folders *out)
{
	uint64_t n, type;
	enum err e;

	if ((e = get_u32(in, &out->generation)) || (e = varint_get_max(in, MAX_FOLDERS, &n)))
		return e;
	out->v = arena_array(a, n, sizeof(*out->v));
	if (!out->v)
		return ERR_LIMIT;
	for (out->n = 0; out->n < n; out->n++) {
		struct known_folder *f = &out->v[out->n];

		if ((e = get_u32(in, &f->id)) || (e = get_u32(in, &f->parent)) ||
		    (e = varint_get_max(in, UINT8_MAX, &type)) || (e = get_u32(in, &f->name_hash)))
			return e;
		f->type = (uint8_t)type;
	}
	return ERR_OK;
}

enum err hierarchy_decode(struct arena *a, struct bytes in, struct hierarchy *out)
{
	struct bytes format;
	enum err e;

	*out = (struct hierarchy){ 0 };
	if (in.len == 0)
		return ERR_OK;
	if (!bytes_take(&in, 1, &format) || format.p[0] != FORMAT)
		return ERR_PROTO;
	e = varint_get(&in, &out->epoch);
	if (!e)
		e = get_list(a, &in, &out->current);
	if (!e)
		e = get_list(a, &in, &out->previous);
	return e == ERR_OK || e == ERR_LIMIT ? e : ERR_PROTO;
}

static void put_list(struct buf *b, const struct known_folders *k)
{
	varint_put(b, k->generation);
	varint_put(b, k->n);
	for (size_t i = 0; i < k->n; i++) {
		varint_put(b, k->v[i].id);
		varint_put(b, k->v[i].parent);
		varint_put(b, k->v[i].type);
		varint_put(b, k->v[i].name_hash);
	}
}

enum err hierarchy_encode(struct arena *a, const struct hierarchy *h, struct bytes *out)
{
	struct buf b;

	buf_init(&b, a, 0);
	buf_put_u8(&b, FORMAT);
	varint_put(&b, h->epoch);
	put_list(&b, &h->current);
	put_list(&b, &h->previous);
	return buf_done(&b, out);
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = ((const struct known_folder *)a)->id, y = ((const struct known_folder *)b)->id;

	return (x > y) - (x < y);
}

const struct known_folder *known_folder(const struct known_folders *k, uint32_t id)
{
	struct known_folder key = { .id = id };

	return k->n ? bsearch(&key, k->v, k->n, sizeof(*k->v), compare_ids) : NULL;
}

uint32_t known_folder_name(struct bytes display)
{
	return (uint32_t)hash64(display, 0);
}

enum err known_folders_of(
    struct arena *a, const struct folder_list *l, uint32_t generation, struct known_folders *out)
{
	*out = (struct known_folders){ generation, arena_array(a, l->n, sizeof(*out->v)), l->n };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < l->n; i++)
		out->v[i] = (struct known_folder){ l->v[i].id, l->v[i].parent, (uint8_t)l->v[i].type,
			known_folder_name(l->v[i].display) };
	qsort(out->v, out->n, sizeof(*out->v), compare_ids);
	return ERR_OK;
}

bool known_folders_equal(const struct known_folders *a, const struct known_folders *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct known_folder *x = &a->v[i], *y = &b->v[i];

		if (x->id != y->id || x->parent != y->parent || x->type != y->type ||
		    x->name_hash != y->name_hash)
			return false;
	}
	return true;
}
