#include "imap/uid_set.h"

#include <stdlib.h>
#include <string.h>

void uid_set_put(struct buf *out, const uint32_t *v, size_t n, size_t max, size_t *at)
{
	size_t start = out->len, i = *at;

	while (i < n && !out->failed && (i == *at || out->len - start < max)) {
		uint32_t first = v[i], last = v[i];

		for (i++; i < n && (v[i] == last || v[i] - last == 1); i++)
			last = v[i];
		buf_printf(out, out->len > start ? ",%u" : "%u", first);
		if (last > first)
			buf_printf(out, ":%u", last);
	}
	*at = i;
}

enum err uid_set_next(struct bytes *set, struct imap_uid_range *out)
{
	struct bytes range, first;
	uint32_t a, b;

	if (!bytes_split(set, ',', &range) || !bytes_split(&range, ':', &first) ||
	    bytes_to_u32(first, UINT32_MAX, &a))
		return ERR_PROTO;
	b = a;
	if (range.len && bytes_to_u32(range, UINT32_MAX, &b))
		return ERR_PROTO;
	if (!a || !b)
		return ERR_PROTO;
	*out = a < b ? (struct imap_uid_range){ a, b } : (struct imap_uid_range){ b, a };
	return ERR_OK;
}

static enum err make_room(struct arena *a, struct imap_uids *uids, size_t *cap, size_t more)
{
	size_t want = *cap ? *cap : 64;
	uint32_t *grown;

	if (more > SIZE_MAX / 16 - uids->n)
		return ERR_LIMIT;
	while (want < uids->n + more)
		want *= 2;
	if (want <= *cap)
		return ERR_OK;
	grown = arena_grow(a, uids->v, *cap * sizeof(*uids->v), want * sizeof(*uids->v));
	if (!grown)
		return ERR_LIMIT;
	uids->v = grown;
	*cap = want;
	return ERR_OK;
}

enum err uids_add(struct arena *a, struct imap_uids *uids, size_t *cap, uint32_t uid)
{
	enum err e = uids->n < *cap ? ERR_OK : make_room(a, uids, cap, 1);

	if (!e)
		uids->v[uids->n++] = uid;
	return e;
}

enum err uid_set_expand(struct arena *a, struct bytes set, struct imap_uids *out, size_t *cap)
{
	struct imap_uid_range range;
	enum err e;

	while (set.len) {
		if ((e = uid_set_next(&set, &range)) ||
		    (e = make_room(a, out, cap, (size_t)(range.last - range.first) + 1)))
			return e;
		for (uint64_t uid = range.first; uid <= range.last; uid++)
			out->v[out->n++] = (uint32_t)uid;
	}
	return ERR_OK;
}

int compare_uids(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

enum err uids_sort(struct arena *a, const uint32_t *v, size_t n, struct imap_uids *out)
{
	size_t kept = 0;

	*out = (struct imap_uids){ arena_array(a, n, sizeof(*v)), n };
	if (!out->v)
		return ERR_LIMIT;
	if (n)
		memcpy(out->v, v, n * sizeof(*v));
	qsort(out->v, n, sizeof(*v), compare_uids);
	for (size_t i = 0; i < n; i++)
		if (!i || out->v[i] != out->v[kept - 1])
			out->v[kept++] = out->v[i];
	out->n = kept;
	return ERR_OK;
}
