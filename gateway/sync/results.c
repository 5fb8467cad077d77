#include "sync/results.h"

#include "base/hash.h"
#include "base/varint.h"

enum { FORMAT = 4, FORMAT_BEFORE = 3 /* without `said` */, MAX_RESULTS = 1000 };

uint64_t sync_commands_hash(const struct wbxml_node *commands)
{
	const struct wbxml_node *n = commands;
	uint64_t h = 1;

	if (!commands)
		return 0;
	for (;;) { /* depth first, without recursion */
		uint8_t head[3] = { (uint8_t)(n->tag >> 8), (uint8_t)n->tag, n->child != NULL };

		h = hash64(n->text, hash64(bytes_of(head, sizeof(head)), h));
		if (n->child) {
			n = n->child;
			continue;
		}
		while (n != commands && !n->next) {
			n = n->parent;
			h = hash64(BYTES("/"), h);
		}
		if (n == commands)
			return h ? h : 1;
		n = n->next;
	}
}

enum err sync_results_add(struct arena *a, struct sync_results *r, const struct sync_result *one)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		struct sync_result *v = arena_grow(a, r->v, r->cap * sizeof(*v), cap * sizeof(*v));

		if (!v)
			return ERR_LIMIT;
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = *one;
	return ERR_OK;
}

const struct sync_result *sync_results_find_add(const struct sync_results *r, struct bytes client_id)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == AIRSYNC_ADD && bytes_eq(r->v[i].client_id, client_id))
			return &r->v[i];
	return NULL;
}

/* A phone whose answers get lost again and again asks for more and more; what is beyond the limit is forgotten, so the
 * worst is an item that it is told of twice. */
enum err sync_results_carry(struct arena *a, struct sync_results *r, const struct sync_results *earlier)
{
	for (size_t i = 0; i < earlier->n && r->n < MAX_RESULTS; i++) {
		struct sync_result one = earlier->v[i];
		enum err e;

		if (one.kind == AIRSYNC_ADD && sync_results_find_add(r, one.client_id))
			continue;
		one.former = true;
		if ((e = sync_results_add(a, r, &one)))
			return e;
	}
	return ERR_OK;
}

bool sync_result_is_told(const struct sync_result *r)
{
	return !r->former && (r->kind == AIRSYNC_ADD || r->status != 1 || r->told.len);
}

enum err sync_results_encode(struct arena *a, const struct sync_results *r, struct bytes *out)
{
	struct buf b;

	*out = bytes_of(NULL, 0);
	if (!r->commands_hash && !r->n)
		return ERR_OK;
	buf_init(&b, a, 0);
	buf_put_u8(&b, FORMAT);
	varint_put(&b, r->commands_hash);
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].kind == AIRSYNC_FETCH)
			continue; /* is simply fetched again */
		varint_put(&b, r->v[i].kind);
		varint_put_bytes(&b, r->v[i].client_id);
		varint_put_bytes(&b, r->v[i].server_id);
		varint_put(&b, r->v[i].status);
		varint_put_bytes(&b, r->v[i].told);
		varint_put(&b, r->v[i].former);
		varint_put(&b, r->v[i].said);
	}
	return buf_done(&b, out);
}

enum err sync_results_decode(struct arena *a, struct bytes in, struct sync_results *out)
{
	struct sync_results r = { 0 };
	struct bytes format;

	*out = r;
	if (in.len == 0)
		return ERR_OK;
	if (!bytes_take(&in, 1, &format) || (format.p[0] != FORMAT && format.p[0] != FORMAT_BEFORE) ||
	    varint_get(&in, &r.commands_hash))
		return ERR_PROTO;
	while (in.len) {
		struct sync_result one = { 0 };
		uint64_t kind, status, former;
		enum err e;

		if (varint_get_max(&in, UINT16_MAX, &kind) || varint_get_bytes(&in, &one.client_id) ||
		    varint_get_bytes(&in, &one.server_id) || varint_get_max(&in, UINT32_MAX, &status) ||
		    varint_get_bytes(&in, &one.told) || varint_get_max(&in, 1, &former) ||
		    r.n >= MAX_RESULTS || (format.p[0] == FORMAT && varint_get(&in, &one.said)))
			return ERR_PROTO;
		one.kind = (wbxml_tag)kind;
		one.status = (uint32_t)status;
		one.former = former != 0;
		if ((e = sync_results_add(a, &r, &one)))
			return e;
	}
	*out = r;
	return ERR_OK;
}
