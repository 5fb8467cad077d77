#include "mail/draft.h"

/* All in one line of words, see draft.h. */

static bool next_word(struct bytes *in, struct bytes *out)
{
	*in = bytes_trim(*in);
	for (out->p = in->p, out->len = 0; out->len < in->len; out->len++)
		if (in->p[out->len] <= ' ')
			break;
	*in = bytes_of(in->p + out->len, in->len - out->len);
	return out->len > 0;
}

static bool next_number(struct bytes *in, uint64_t max, uint64_t *out)
{
	struct bytes word;

	return next_word(in, &word) && !bytes_to_u64(word, max, out);
}

/* "2=5/3" */
static bool read_name(struct bytes word, struct draft_name *out)
{
	struct bytes uid;

	if (!bytes_split(&word, '=', &out->section) || !bytes_split(&word, '/', &uid))
		return false;
	out->part = word;
	return out->section.len && out->part.len && !bytes_to_u32(uid, UINT32_MAX, &out->uid);
}

static enum err read_names(struct arena *a, struct bytes in, struct draft_field *out, bool *fits)
{
	size_t cap = in.len / 5 < DRAFT_MAX_NAMES ? in.len / 5 + 1 : DRAFT_MAX_NAMES;
	struct bytes word;

	*fits = true;
	out->names = arena_array(a, cap, sizeof(*out->names));
	if (!out->names)
		return ERR_LIMIT;
	while (*fits && next_word(&in, &word))
		*fits = out->n_names < cap && read_name(word, &out->names[out->n_names++]);
	return ERR_OK;
}

enum err draft_field_parse(struct arena *a, struct bytes value, struct draft_field *out)
{
	uint64_t validity, id, replaces, device;
	bool fits;
	enum err e;

	*out = (struct draft_field){ 0 };
	if (!next_number(&value, UINT32_MAX, &validity) || !next_number(&value, UINT32_MAX, &id) ||
	    !next_number(&value, UINT32_MAX, &replaces) || !next_number(&value, UINT64_MAX, &out->mark) ||
	    !next_number(&value, UINT32_MAX, &device)) {
		out->mark = 0;
		return ERR_OK;
	}
	if ((e = read_names(a, value, out, &fits)))
		return e;
	if (!fits) {
		*out = (struct draft_field){ 0 };
		return ERR_OK;
	}
	out->validity = (uint32_t)validity;
	out->id = (uint32_t)id;
	out->replaces = (uint32_t)replaces;
	out->device = (uint32_t)device;
	return ERR_OK;
}

void draft_field_put(struct buf *out, const struct draft_field *f)
{
	buf_printf(out, DRAFT_FIELD ": %u %u %u %llu %u", f->validity, f->id, f->replaces,
	    (unsigned long long)f->mark, f->device);
	for (size_t i = 0; i < f->n_names; i++)
		buf_printf(out, "\r\n %.*s=%u/%.*s", BYTES_ARG(f->names[i].section), f->names[i].uid,
		    BYTES_ARG(f->names[i].part));
	buf_put_str(out, "\r\n");
}

const struct draft_name *draft_field_name(const struct draft_field *f, struct bytes section)
{
	for (size_t i = 0; i < f->n_names; i++)
		if (bytes_eq(f->names[i].section, section))
			return &f->names[i];
	return NULL;
}

const struct draft_name *draft_field_find(const struct draft_field *f, uint32_t uid, struct bytes part)
{
	for (size_t i = 0; i < f->n_names; i++)
		if (f->names[i].uid == uid && bytes_eq(f->names[i].part, part))
			return &f->names[i];
	return NULL;
}
