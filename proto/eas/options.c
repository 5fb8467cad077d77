/* Options as requests say them: one table of the elements that are known. */
#include "eas/options.h"

enum { MIME_TRUNCATION_MAX = 8, TRUNCATION_MAX = 9 };

unsigned filter_type_days(enum filter_type f)
{
	static const unsigned days[FILTERS] = {
		[FILTER_1_DAY] = 1,
		[FILTER_3_DAYS] = 3,
		[FILTER_1_WEEK] = 7,
		[FILTER_2_WEEKS] = 14,
		[FILTER_1_MONTH] = 31,
		[FILTER_3_MONTHS] = 92,
		[FILTER_6_MONTHS] = 183,
	};

	return days[f];
}

bool filter_type_fits(enum filter_type f, enum eas_class c)
{
	switch (c) {
	case CLASS_EMAIL:
	case CLASS_SMS:
		return f <= FILTER_1_MONTH;
	case CLASS_CALENDAR:
		return f == FILTER_ALL || (f >= FILTER_2_WEEKS && f <= FILTER_6_MONTHS);
	case CLASS_TASKS:
		return f == FILTER_ALL || f == FILTER_INCOMPLETE;
	case CLASS_CONTACTS:
	case CLASS_NOTES:
	case CLASS_NONE:
	case CLASSES:
		break;
	}
	return true;
}

void sync_options_default(struct sync_options *o)
{
	*o = (struct sync_options){ .mime_truncation = BODY_WHOLE, .truncation = BODY_WHOLE };
}

/* ---- reading a request ---- */

static enum err read_number(const struct wbxml_node *n, uint32_t max, uint32_t *out)
{
	return bytes_to_u32(bytes_trim(n->text), max, out) ? ERR_PROTO : ERR_OK;
}

/* Type, TruncationSize, AllOrNone, Preview: each at most once, in this order. Other elements are skipped. */
static enum err read_preference(const struct wbxml_node *pref, struct body_preference *out)
{
	enum { TYPE, SIZE, ALL_OR_NONE, PREVIEW, COUNT };
	static const wbxml_tag order[COUNT] = { AIRSYNCBASE_TYPE, AIRSYNCBASE_TRUNCATION_SIZE,
		AIRSYNCBASE_ALL_OR_NONE, AIRSYNCBASE_PREVIEW };
	uint32_t number[COUNT] = { BODY_NONE, BODY_WHOLE, 0, 0 };
	static const uint32_t max[COUNT] = { BODY_TYPES - 1, UINT32_MAX, 1, BODY_PREVIEW_MAX };
	size_t next = 0;
	bool all_or_none;
	enum err e;

	for (const struct wbxml_node *n = pref->child; n; n = n->next) {
		size_t i = 0;

		while (i < COUNT && order[i] != n->tag)
			i++;
		if (i == COUNT)
			continue;
		if (i < next)
			return ERR_PROTO;
		next = i + 1;
		if (i != ALL_OR_NONE)
			e = read_number(n, max[i], &number[i]);
		else if (!(e = wbxml_bool(n, &all_or_none)))
			number[i] = all_or_none;
		if (e)
			return e;
	}
	*out = (struct body_preference){ (enum body_type)number[TYPE], number[SIZE],
		number[ALL_OR_NONE] && number[SIZE] != BODY_WHOLE, (uint8_t)number[PREVIEW] };
	return out->type == BODY_NONE ? ERR_PROTO : ERR_OK;
}

static enum err read_body(const struct wbxml_node *n, struct sync_options *o)
{
	struct body_preference pref;
	enum err e = read_preference(n, &pref);

	if (e)
		return e;
	if (sync_options_body(o, pref.type))
		return ERR_PROTO;
	o->body[o->body_count++] = pref; /* each type once: there is room */
	return ERR_OK;
}

static enum err read_body_part(const struct wbxml_node *n, struct sync_options *o)
{
	enum err e = read_preference(n, &o->body_part);

	if (e)
		return e;
	return o->body_part.type == BODY_HTML ? ERR_OK : ERR_UNSUPPORTED;
}

static enum err read_filter(const struct wbxml_node *n, struct sync_options *o)
{
	uint32_t v;

	if (read_number(n, FILTERS - 1, &v))
		return ERR_PROTO;
	o->filter_type = (enum filter_type)v;
	return ERR_OK;
}

static enum err read_conflict(const struct wbxml_node *n, struct sync_options *o)
{
	uint32_t v;

	if (read_number(n, 1, &v))
		return ERR_PROTO;
	o->client_wins = v == 0;
	return ERR_OK;
}

static enum err read_mime_support(const struct wbxml_node *n, struct sync_options *o)
{
	uint32_t v;

	if (read_number(n, MIME_FOR_ALL, &v))
		return ERR_PROTO;
	o->mime_support = (enum mime_support)v;
	return ERR_OK;
}

/* MS-ASCMD 2.2.3.103 */
static enum err read_mime_truncation(const struct wbxml_node *n, struct sync_options *o)
{
	static const uint32_t steps[] = { 0, 4096, 5120, 7168, 10240, 20480, 51200, 102400, BODY_WHOLE };
	uint32_t v;

	if (read_number(n, MIME_TRUNCATION_MAX, &v))
		return ERR_PROTO;
	o->mime_truncation = steps[v];
	return ERR_OK;
}

/* MS-ASCMD 2.2.3.185 */
static enum err read_truncation(const struct wbxml_node *n, struct sync_options *o)
{
	static const uint32_t steps[] = { 0, 512, 1024, 2048, 5120, 10240, 20480, 51200, 102400, BODY_WHOLE };
	uint32_t v;

	if (read_number(n, TRUNCATION_MAX, &v))
		return ERR_PROTO;
	o->truncation = steps[v];
	return ERR_OK;
}

static enum err read_class(const struct wbxml_node *n, struct sync_options *o)
{
	return eas_class_parse(bytes_trim(n->text), &o->class);
}

static enum err read_max_items(const struct wbxml_node *n, struct sync_options *o)
{
	return read_number(n, UINT32_MAX, &o->max_items);
}

static enum err read_rights(const struct wbxml_node *n, struct sync_options *o)
{
	return wbxml_bool(n, &o->rights_management);
}

static const struct option {
	wbxml_tag tag;
	bool repeats;
	enum err (*read)(const struct wbxml_node *n, struct sync_options *o);
} options_known[] = {
	{ AIRSYNC_FILTER_TYPE, false, read_filter },
	{ AIRSYNC_CONFLICT, false, read_conflict },
	{ AIRSYNC_MIME_SUPPORT, false, read_mime_support },
	{ AIRSYNC_MIME_TRUNCATION, false, read_mime_truncation },
	{ AIRSYNC_TRUNCATION, false, read_truncation },
	{ AIRSYNC_CLASS, false, read_class },
	{ AIRSYNC_MAX_ITEMS, false, read_max_items },
	{ AIRSYNCBASE_BODY_PREFERENCE, true, read_body },
	{ AIRSYNCBASE_BODY_PART_PREFERENCE, false, read_body_part },
	{ RIGHTSMANAGEMENT_RIGHTS_MANAGEMENT_SUPPORT, false, read_rights },
};

enum err sync_options_parse(const struct wbxml_node *options, struct sync_options *out)
{
	unsigned seen = 0;
	enum err e;

	sync_options_default(out);
	for (const struct wbxml_node *n = options ? options->child : NULL; n; n = n->next) {
		for (size_t i = 0; i < sizeof(options_known) / sizeof(options_known[0]); i++) {
			if (options_known[i].tag != n->tag)
				continue;
			if (seen & 1u << i && !options_known[i].repeats)
				return ERR_PROTO;
			seen |= 1u << i;
			if ((e = options_known[i].read(n, out)))
				return e;
		}
	}
	return ERR_OK;
}

const struct body_preference *sync_options_body(const struct sync_options *o, enum body_type type)
{
	for (size_t i = 0; i < o->body_count; i++)
		if (o->body[i].type == type)
			return &o->body[i];
	return NULL;
}
