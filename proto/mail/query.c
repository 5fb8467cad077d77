#include "mail/query.h"

struct query *query_new(struct arena *a, const struct query *like)
{
	struct query *q = arena_alloc(a, sizeof(*q));

	if (q)
		*q = *like;
	return q;
}

enum err query_join(struct arena *a, enum query_kind kind, const struct query *left,
    const struct query *right, const struct query **out)
{
	if (!left || !right) {
		*out = left ? left : right;
		return ERR_OK;
	}
	*out = query_new(a, &(struct query){ .kind = kind, .left = left, .right = right });
	return *out ? ERR_OK : ERR_LIMIT;
}
