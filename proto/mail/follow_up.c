#include "mail/follow_up.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/utf8.h"

#define DEFAULT_TYPE "Flag for follow up"

enum kind { TEXT, DATE, YES_OR_NO };

/* MS-ASEMAIL 2.2.2.34; MS-ASWBXML 2.1.2.1.3 and 2.1.2.1.10. Array order is emit order. */
static const struct row {
	enum follow_up_property property;
	wbxml_tag tag;
	const char *key; /* in the stored form */
	enum kind kind;
} rows[] = {
	{ FOLLOW_UP_TYPE, EMAIL_FLAG_TYPE, "type", TEXT },
	{ FOLLOW_UP_COMPLETE_TIME, EMAIL_COMPLETE_TIME, "completeTime", DATE },
	{ FOLLOW_UP_SUBJECT, TASKS_SUBJECT, "subject", TEXT },
	{ FOLLOW_UP_DATE_COMPLETED, TASKS_DATE_COMPLETED, "dateCompleted", DATE },
	{ FOLLOW_UP_START, TASKS_START_DATE, "start", DATE },
	{ FOLLOW_UP_DUE, TASKS_DUE_DATE, "due", DATE },
	{ FOLLOW_UP_UTC_START, TASKS_UTC_START_DATE, "utcStart", DATE },
	{ FOLLOW_UP_UTC_DUE, TASKS_UTC_DUE_DATE, "utcDue", DATE },
	{ FOLLOW_UP_REMINDER_SET, TASKS_REMINDER_SET, "reminderSet", YES_OR_NO },
	{ FOLLOW_UP_REMINDER_TIME, TASKS_REMINDER_TIME, "reminderTime", DATE },
	{ FOLLOW_UP_ORDINAL, TASKS_ORDINAL_DATE, "ordinal", DATE },
	{ FOLLOW_UP_SUB_ORDINAL, TASKS_SUB_ORDINAL_DATE, "subOrdinal", TEXT },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* ---- values ---- */

/* Nothing that XML forbids: XML 1.0, 2.2. */
static bool is_text(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.p[i] < ' ' && in.p[i] != '\t' && in.p[i] != '\r' && in.p[i] != '\n')
			return false;
	return utf8_valid(in);
}

/* A value as it is kept. ERR_PROTO if it can't be one. */
static enum err clean(struct arena *a, enum kind kind, struct bytes in, struct bytes *out)
{
	struct buf b;
	int64_t t;

	*out = in;
	switch (kind) {
	case TEXT:
		return in.len <= FOLLOW_UP_TEXT_MAX && is_text(in) ? ERR_OK : ERR_PROTO;
	case YES_OR_NO:
		return bytes_eq_str(in, "0") || bytes_eq_str(in, "1") ? ERR_OK : ERR_PROTO;
	case DATE:
		break;
	}
	if (time_parse_eas(in, &t))
		return ERR_PROTO;
	buf_init(&b, a, 0);
	time_put_eas(&b, t);
	return buf_done(&b, out);
}

static bool has(const struct follow_up *f, enum follow_up_property p)
{
	return f->v[p].len > 0;
}

/* Dates of one form compare as text. */
static bool is_before(const struct follow_up *f, enum follow_up_property a, enum follow_up_property b)
{
	return memcmp(f->v[a].p, f->v[b].p, f->v[a].len < f->v[b].len ? f->v[a].len : f->v[b].len) < 0;
}

static bool is_sound(const struct follow_up *f)
{
	size_t dates = (size_t)has(f, FOLLOW_UP_START) + has(f, FOLLOW_UP_DUE) + has(f, FOLLOW_UP_UTC_START) +
		       has(f, FOLLOW_UP_UTC_DUE);

	if (dates && dates < 4)
		return false;
	if (dates && (is_before(f, FOLLOW_UP_DUE, FOLLOW_UP_START) ||
			 is_before(f, FOLLOW_UP_UTC_DUE, FOLLOW_UP_UTC_START)))
		return false;
	return !bytes_eq_str(f->v[FOLLOW_UP_REMINDER_SET], "1") || has(f, FOLLOW_UP_REMINDER_TIME);
}

/* ---- EAS ---- */

enum err follow_up_read(struct arena *a, const struct wbxml_node *flag, struct follow_up *out)
{
	uint32_t status = FOLLOW_UP_NONE;
	enum err e;

	*out = (struct follow_up){ 0 };
	if (!flag->child)
		return ERR_OK;
	if (!wbxml_child(flag, EMAIL_STATUS) ||
	    wbxml_child_uint(flag, EMAIL_STATUS, 0, FOLLOW_UP_ACTIVE, &status))
		return ERR_PROTO;
	if (status == FOLLOW_UP_NONE)
		return ERR_OK;
	out->status = status;
	for (size_t i = 0; i < ROWS; i++) {
		struct bytes text = wbxml_child_text(flag, rows[i].tag);

		if (text.len && (e = clean(a, rows[i].kind, text, &out->v[rows[i].property])))
			return e;
	}
	return is_sound(out) ? ERR_OK : ERR_PROTO;
}

void follow_up_write(struct wbxml_writer *w, const struct follow_up *f)
{
	if (f->status == FOLLOW_UP_NONE)
		return;
	wbxml_put_uint(w, EMAIL_STATUS, f->status);
	if (!has(f, FOLLOW_UP_TYPE))
		wbxml_put_str(w, EMAIL_FLAG_TYPE, DEFAULT_TYPE);
	for (size_t i = 0; i < ROWS; i++)
		if (has(f, rows[i].property))
			wbxml_put(w, rows[i].tag, f->v[rows[i].property]);
}

bool follow_up_has_more(const struct follow_up *f)
{
	for (size_t i = 0; i < FOLLOW_UP_PROPERTIES; i++)
		if (f->v[i].len && !(i == FOLLOW_UP_TYPE && bytes_eq_str(f->v[i], DEFAULT_TYPE)) &&
		    !(i == FOLLOW_UP_REMINDER_SET && bytes_eq_str(f->v[i], "0")))
			return f->status != FOLLOW_UP_NONE;
	return false;
}

/* ---- the stored form ---- */

enum err follow_up_encode(struct arena *a, const struct follow_up *f, struct bytes *out)
{
	json_t *all = json_object();
	enum err e = ERR_OK;
	char *text;

	for (size_t i = 0; i < ROWS; i++) {
		struct bytes v = f->v[rows[i].property];

		if (v.len && json_object_set_new(all, rows[i].key, json_stringn((const char *)v.p, v.len)))
			abort(); /* no memory: texts are valid UTF-8 here */
	}
	text = json_dumps(all, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (!text)
		abort();
	e = arena_strdup(a, text, out);
	free(text);
	json_decref(all);
	return e;
}

static enum err take_property(struct arena *a, const json_t *all, const struct row *row, struct follow_up *f)
{
	const json_t *value = json_object_get(all, row->key);
	struct bytes text;
	enum err e;

	if (!json_is_string(value))
		return ERR_OK;
	if ((e = arena_dup(a, bytes_of(json_string_value(value), json_string_length(value)), &text)))
		return e;
	return text.len ? clean(a, row->kind, text, &f->v[row->property]) : ERR_OK;
}

enum err follow_up_decode(struct arena *a, struct bytes in, struct follow_up *f)
{
	struct follow_up read = { .status = f->status };
	json_t *all = json_loadb((const char *)in.p, in.len, JSON_REJECT_DUPLICATES, NULL);
	enum err e = json_is_object(all) ? ERR_OK : ERR_PROTO;

	for (size_t i = 0; i < ROWS && !e; i++)
		e = take_property(a, all, &rows[i], &read);
	json_decref(all);
	if (!e && !is_sound(&read))
		e = ERR_PROTO;
	*f = e ? (struct follow_up){ .status = f->status } : read;
	return e;
}
