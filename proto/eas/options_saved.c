/* Options as we keep them, since they are sticky (MS-ASCMD 2.2.3.125.5): compare, write, read. */
#include "eas/options.h"

#include "base/varint.h"

enum { FORMAT = 1 };

/* In one number: bits 2 and 3 are MIMESupport. */
enum { CLIENT_WINS = 1, RIGHTS_MANAGEMENT = 2, MIME_SHIFT = 2, MIME_MASK = 3, CONVERSATION_MODE = 16 };

static bool preference_equal(const struct body_preference *a, const struct body_preference *b)
{
	return a->type == b->type && a->truncation_size == b->truncation_size &&
	       a->all_or_none == b->all_or_none && a->preview == b->preview;
}

bool sync_options_equal(const struct sync_options *a, const struct sync_options *b)
{
	if (a->class != b->class || a->filter_type != b->filter_type || a->client_wins != b->client_wins ||
	    a->mime_support != b->mime_support || a->mime_truncation != b->mime_truncation ||
	    a->truncation != b->truncation || a->max_items != b->max_items ||
	    a->rights_management != b->rights_management || a->conversation_mode != b->conversation_mode ||
	    a->body_count != b->body_count || !preference_equal(&a->body_part, &b->body_part))
		return false;
	for (size_t i = 0; i < a->body_count; i++)
		if (!preference_equal(&a->body[i], &b->body[i]))
			return false;
	return true;
}

/* Sizes are stored plus one, so that "the whole", the usual case, is one byte. */
static void put_size(struct buf *out, uint32_t size)
{
	varint_put(out, size == BODY_WHOLE ? 0 : (uint64_t)size + 1);
}

static enum err get_size(struct bytes *in, uint32_t *out)
{
	uint64_t n;
	enum err e = varint_get_max(in, UINT32_MAX, &n);

	if (!e)
		*out = n ? (uint32_t)(n - 1) : BODY_WHOLE;
	return e;
}

static void put_preference(struct buf *out, const struct body_preference *p)
{
	varint_put(out, (unsigned)p->type << 1 | p->all_or_none);
	if (p->type == BODY_NONE)
		return;
	put_size(out, p->truncation_size);
	varint_put(out, p->preview);
}

static enum err get_preference(struct bytes *in, struct body_preference *out)
{
	uint64_t head, preview;
	enum err e;

	*out = (struct body_preference){ 0 };
	if ((e = varint_get_max(in, (BODY_TYPES - 1) << 1 | 1, &head)))
		return e;
	if (head == BODY_NONE)
		return ERR_OK;
	if (head >> 1 == BODY_NONE)
		return ERR_PROTO;
	if ((e = get_size(in, &out->truncation_size)) || (e = varint_get_max(in, BODY_PREVIEW_MAX, &preview)))
		return e;
	out->type = (enum body_type)(head >> 1);
	out->all_or_none = head & 1;
	out->preview = (uint8_t)preview;
	return ERR_OK;
}

static unsigned flags_of(const struct sync_options *o)
{
	return (o->client_wins ? CLIENT_WINS : 0u) | (o->rights_management ? RIGHTS_MANAGEMENT : 0u) |
	       (unsigned)o->mime_support << MIME_SHIFT | (o->conversation_mode ? CONVERSATION_MODE : 0u);
}

static enum err get_flags(struct bytes *in, struct sync_options *o)
{
	uint64_t flags;
	enum err e = varint_get_max(in, 2 * CONVERSATION_MODE - 1, &flags);

	if (e)
		return e;
	if ((flags >> MIME_SHIFT & MIME_MASK) > MIME_FOR_ALL)
		return ERR_PROTO;
	o->client_wins = flags & CLIENT_WINS;
	o->rights_management = flags & RIGHTS_MANAGEMENT;
	o->mime_support = (enum mime_support)(flags >> MIME_SHIFT & MIME_MASK);
	o->conversation_mode = flags & CONVERSATION_MODE;
	return ERR_OK;
}

void sync_options_put(struct buf *out, const struct sync_options *o)
{
	buf_put_u8(out, FORMAT);
	varint_put(out, o->class);
	varint_put(out, o->filter_type);
	varint_put(out, flags_of(o));
	put_size(out, o->mime_truncation);
	put_size(out, o->truncation);
	varint_put(out, o->max_items);
	put_preference(out, &o->body_part);
	varint_put(out, o->body_count);
	for (size_t i = 0; i < o->body_count; i++)
		put_preference(out, &o->body[i]);
}

static enum err get_fields(struct bytes *in, struct sync_options *o)
{
	uint64_t class, filter, max_items, count;
	enum err e;

	if ((e = varint_get_max(in, CLASSES - 1, &class)) || (e = varint_get_max(in, FILTERS - 1, &filter)) ||
	    (e = get_flags(in, o)) || (e = get_size(in, &o->mime_truncation)) ||
	    (e = get_size(in, &o->truncation)) || (e = varint_get_max(in, UINT32_MAX, &max_items)) ||
	    (e = get_preference(in, &o->body_part)) || (e = varint_get_max(in, BODY_TYPES - 1, &count)))
		return e;
	o->class = (enum eas_class) class;
	o->filter_type = (enum filter_type)filter;
	o->max_items = (uint32_t)max_items;
	for (; o->body_count < count; o->body_count++) {
		struct body_preference p;

		if ((e = get_preference(in, &p)))
			return e;
		if (p.type == BODY_NONE || sync_options_body(o, p.type))
			return ERR_PROTO;
		o->body[o->body_count] = p;
	}
	return ERR_OK;
}

enum err sync_options_get(struct bytes *in, struct sync_options *out)
{
	struct sync_options o = { 0 };
	struct bytes rest = *in, format;
	enum err e;

	if (!bytes_take(&rest, 1, &format))
		return ERR_TRUNCATED;
	if (format.p[0] != FORMAT)
		return ERR_PROTO;
	if ((e = get_fields(&rest, &o)))
		return e == ERR_LIMIT ? ERR_PROTO : e;
	*in = rest;
	*out = o;
	return ERR_OK;
}
