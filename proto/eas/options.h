#ifndef EASGATE_EAS_OPTIONS_H
#define EASGATE_EAS_OPTIONS_H

#include "eas/class.h"
#include "eas/version.h"
#include "wbxml/wbxml.h"

enum body_type { BODY_NONE, BODY_PLAIN = 1, BODY_HTML = 2, BODY_RTF = 3, BODY_MIME = 4, BODY_TYPES };

/* BodyPreference, BodyPartPreference. Source: MS-ASAIRS 2.2.2.12. */
struct body_preference {
	enum body_type type;      /* BODY_NONE: not asked for */
	uint32_t truncation_size; /* bytes; BODY_WHOLE = no limit */
	bool all_or_none;         /* only true together with a truncation size */
	uint8_t preview;          /* characters of plain text wanted beside the body; 0 = none */
};
#define BODY_WHOLE UINT32_MAX
enum { BODY_PREVIEW_MAX = 255 };

enum filter_type {
	FILTER_ALL,
	FILTER_1_DAY,
	FILTER_3_DAYS,
	FILTER_1_WEEK,
	FILTER_2_WEEKS,
	FILTER_1_MONTH,
	FILTER_3_MONTHS,
	FILTER_6_MONTHS,
	FILTER_INCOMPLETE,
	FILTERS
};
/* The window's length in days (31 for a month); 0 = no window. */
unsigned filter_type_days(enum filter_type f);
/* Whether this filter may be asked for this class. Contacts and notes take any: it is ignored there.
 * Source: MS-ASCMD 2.2.3.68. */
bool filter_type_fits(enum filter_type f, enum eas_class c);

enum mime_support { MIME_NEVER, MIME_FOR_SMIME, MIME_FOR_ALL };

/* One Options block of Sync, GetItemEstimate, Search or ItemOperations. No pointers inside: copy it as you
 * like. */
struct sync_options {
	enum eas_class class; /* CLASS_NONE: the folder's own class */
	enum filter_type filter_type;
	bool client_wins; /* Conflict 0 */
	enum mime_support mime_support;
	uint32_t mime_truncation; /* characters, not steps; BODY_WHOLE = no limit */
	uint32_t truncation;      /* the same, Truncation of 2.5 */
	uint32_t max_items;       /* of the recipient cache; 0 = not said */
	bool rights_management;   /* RightsManagementSupport */
	bool conversation_mode;   /* the Collection's, no element of Options: kept beside them, as sticky */
	uint8_t body_count;
	struct body_preference body[BODY_TYPES - 1]; /* in the client's order, each type once */
	struct body_preference body_part;
};

/* What holds when the client has never sent Options. */
void sync_options_default(struct sync_options *o);
/* Reads an Options element; NULL or an empty one gives the defaults.
 * ERR_PROTO: a value that is no number or beyond its range, the children of BodyPreference in wrong order,
 * an element or a body type twice (Sync status 4, ItemOperations status 2). ERR_UNSUPPORTED: a
 * BodyPartPreference that isn't type 2 (status 164). Elements that are not listed above are skipped.
 * Source: MS-ASCMD 2.2.3.125; MS-ASAIRS 2.2.2.12. */
enum err sync_options_parse(const struct wbxml_node *options, struct sync_options *out) MUST_CHECK;
/* The preference of that type, or NULL. */
const struct body_preference *sync_options_body(const struct sync_options *o, enum body_type type);
bool sync_options_equal(const struct sync_options *a, const struct sync_options *b);

/* The stored form: a version byte, then varints. Equal options give equal bytes. */
void sync_options_put(struct buf *out, const struct sync_options *o);
/* Moves `in` past what it read. ERR_TRUNCATED or ERR_PROTO if it isn't what sync_options_put wrote. */
enum err sync_options_get(struct bytes *in, struct sync_options *out) MUST_CHECK;

#endif
