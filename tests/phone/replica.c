/* Folders as a list, items in a hash table with chaining: some thousand items for each of many phones. */
#include "replica.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"

enum { FIRST_SLOTS = 64, MAX_ANOMALY_TEXT = 16 * 1024 };

static void *alloc_or_die(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

static char *dup_bytes(struct bytes in)
{
	char *p = alloc_or_die(in.len + 1);

	if (in.len)
		memcpy(p, in.p, in.len);
	return p;
}

static void set_text(char **field, struct bytes value)
{
	free(*field);
	*field = dup_bytes(value);
}

/* ---- life ---- */

void phone_replica_init(struct phone_replica *r)
{
	memset(r, 0, sizeof(*r));
	r->key = dup_bytes(BYTES("0"));
	r->former_key = dup_bytes(BYTES("0"));
	r->anomaly_text = dup_bytes(BYTES(""));
}

static void free_folder(struct phone_folder *f)
{
	phone_folder_forget_all(f);
	free(f->id);
	free(f->parent);
	free(f->name);
	free(f->key);
	free(f->former_key);
	free(f->slots);
	free(f);
}

void phone_replica_deinit(struct phone_replica *r)
{
	while (r->folders) {
		struct phone_folder *f = r->folders;

		r->folders = f->next;
		free_folder(f);
	}
	for (size_t i = 0; i < r->moved_count; i++)
		free(r->moved[i]);
	free(r->moved);
	free(r->key);
	free(r->former_key);
	free(r->anomaly_text);
	memset(r, 0, sizeof(*r));
}

void phone_replica_anomaly(struct phone_replica *r, const char *fmt, ...)
{
	size_t had = strlen(r->anomaly_text);
	char line[512], *grown;
	va_list args;

	r->anomalies++;
	if (had > MAX_ANOMALY_TEXT)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	grown = realloc(r->anomaly_text, had + strlen(line) + 2);
	if (!grown)
		abort();
	r->anomaly_text = grown;
	sprintf(grown + had, "%s\n", line);
}

/* ---- items of a folder ---- */

static size_t slot_of(const struct phone_folder *f, const char *id)
{
	return (size_t)hash64(bytes_str(id), 0) & (f->slot_count - 1);
}

struct phone_item *phone_item(const struct phone_folder *f, const char *id)
{
	struct phone_item *i = f && f->slot_count ? f->slots[slot_of(f, id)] : NULL;

	while (i && strcmp(i->id, id) != 0)
		i = i->chain;
	return i;
}

struct phone_item *phone_item_next(const struct phone_folder *f, const struct phone_item *after)
{
	size_t s = 0;

	if (after && after->chain)
		return after->chain;
	if (after)
		s = slot_of(f, after->id) + 1;
	while (s < f->slot_count && !f->slots[s])
		s++;
	return s < f->slot_count ? f->slots[s] : NULL;
}

struct phone_item *phone_item_with_subject(const struct phone_folder *f, const char *subject)
{
	struct phone_item *i = phone_item_next(f, NULL);

	while (i && strcmp(i->subject, subject) != 0)
		i = phone_item_next(f, i);
	return i;
}

static void link_item(struct phone_folder *f, struct phone_item *i)
{
	size_t s = slot_of(f, i->id);

	i->chain = f->slots[s];
	f->slots[s] = i;
	f->count++;
}

static void grow(struct phone_folder *f)
{
	struct phone_item **old = f->slots;
	size_t old_count = f->slot_count;

	f->slot_count = old_count ? old_count * 2 : FIRST_SLOTS;
	f->slots = alloc_or_die(f->slot_count * sizeof(*f->slots));
	f->count = 0;
	for (size_t s = 0; s < old_count; s++) {
		struct phone_item *i, *next;

		for (i = old[s]; i; i = next) {
			next = i->chain;
			link_item(f, i);
		}
	}
	free(old);
}

static struct phone_item *new_item(const char *id)
{
	struct phone_item *i = alloc_or_die(sizeof(*i));
	char **const texts[] = { &i->subject, &i->from, &i->to, &i->cc, &i->bcc, &i->reply_to, &i->date,
		&i->message_class, &i->categories, &i->body, &i->preview, &i->flag_text, &i->told };

	i->id = dup_bytes(bytes_str(id));
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		*texts[n] = dup_bytes(BYTES(""));
	i->importance = 1; /* what a missing Importance means */
	return i;
}

static struct phone_item *add_item(struct phone_folder *f, const char *id)
{
	struct phone_item *i = new_item(id);

	if (f->count >= f->slot_count)
		grow(f);
	link_item(f, i);
	return i;
}

struct phone_item *phone_folder_keep_item(struct phone_folder *f, const char *id)
{
	struct phone_item *i = phone_item(f, id);

	return i ? i : add_item(f, id);
}

static void free_file(struct phone_attachment *at)
{
	free(at->name);
	free(at->reference);
	free(at->content_id);
}

static void drop_attachments(struct phone_item *i)
{
	for (size_t n = 0; n < i->attachment_count; n++)
		free_file(&i->attachments[n]);
	free(i->attachments);
	i->attachments = NULL;
	i->attachment_count = 0;
}

static void free_item(struct phone_item *i)
{
	char *const texts[] = { i->id, i->subject, i->from, i->to, i->cc, i->bcc, i->reply_to, i->date,
		i->message_class, i->categories, i->body, i->preview, i->flag_text, i->told };

	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		free(texts[n]);
	drop_attachments(i);
	free(i);
}

struct phone_item *phone_item_new(const char *id)
{
	return new_item(id);
}

void phone_item_free(struct phone_item **item)
{
	if (*item)
		free_item(*item);
	*item = NULL;
}

static struct phone_item *take_item(struct phone_folder *f, const char *id)
{
	struct phone_item **at = f->slot_count ? &f->slots[slot_of(f, id)] : NULL, *i;

	while (at && *at && strcmp((*at)->id, id) != 0)
		at = &(*at)->chain;
	if (!at || !*at)
		return NULL;
	i = *at;
	*at = i->chain;
	f->count--;
	return i;
}

void phone_folder_forget_item(struct phone_folder *f, const char *id)
{
	struct phone_item *i = take_item(f, id);

	phone_item_free(&i);
}

void phone_folder_forget_all(struct phone_folder *f)
{
	for (size_t s = 0; s < f->slot_count; s++) {
		while (f->slots[s]) {
			struct phone_item *i = f->slots[s];

			f->slots[s] = i->chain;
			free_item(i);
		}
	}
	f->count = 0;
}

/* ---- properties ---- */

static unsigned number(const struct wbxml_node *parent, wbxml_tag tag)
{
	uint32_t n = 0;

	if (bytes_to_u32(wbxml_child_text(parent, tag), UINT32_MAX, &n))
		return 0;
	return n;
}

/* An empty element is true. */
static bool is_true(const struct wbxml_node *n)
{
	return n && !bytes_eq_str(bytes_trim(n->text), "0");
}

static void apply_text(const struct wbxml_node *data, wbxml_tag tag, char **field)
{
	const struct wbxml_node *n = wbxml_child(data, tag);

	if (n)
		set_text(field, n->text);
}

static void apply_body(struct phone_item *i, const struct wbxml_node *body)
{
	const struct wbxml_node *data = wbxml_child(body, AIRSYNCBASE_DATA);

	if (!body)
		return;
	i->body_type = number(body, AIRSYNCBASE_TYPE);
	i->body_size = number(body, AIRSYNCBASE_ESTIMATED_DATA_SIZE);
	i->body_truncated = is_true(wbxml_child(body, AIRSYNCBASE_TRUNCATED));
	i->has_body_data = data != NULL;
	i->body_len = data ? data->text.len : 0;
	set_text(&i->body, data ? data->text : BYTES(""));
	set_text(&i->preview, wbxml_child_text(body, AIRSYNCBASE_PREVIEW));
}

static void apply_attachments(struct phone_item *i, const struct wbxml_node *list)
{
	if (!list)
		return;
	drop_attachments(i);
	for (const struct wbxml_node *n = wbxml_child(list, AIRSYNCBASE_ATTACHMENT); n;
	     n = wbxml_next(n, AIRSYNCBASE_ATTACHMENT)) {
		struct phone_attachment *at;

		i->attachments = realloc(i->attachments, (i->attachment_count + 1) * sizeof(*at));
		if (!i->attachments)
			abort();
		at = &i->attachments[i->attachment_count++];
		*at = (struct phone_attachment){
			.name = dup_bytes(wbxml_child_text(n, AIRSYNCBASE_DISPLAY_NAME)),
			.reference = dup_bytes(wbxml_child_text(n, AIRSYNCBASE_FILE_REFERENCE)),
			.content_id = dup_bytes(wbxml_child_text(n, AIRSYNCBASE_CONTENT_ID)),
			.method = number(n, AIRSYNCBASE_METHOD),
			.size = number(n, AIRSYNCBASE_ESTIMATED_DATA_SIZE),
			.is_inline = is_true(wbxml_child(n, AIRSYNCBASE_IS_INLINE)),
		};
	}
}

void phone_item_keep_file(struct phone_item *i, const char *name, struct bytes reference, size_t size)
{
	struct phone_attachment *at;

	i->attachments = realloc(i->attachments, (i->attachment_count + 1) * sizeof(*at));
	if (!i->attachments)
		abort();
	at = &i->attachments[i->attachment_count++];
	*at = (struct phone_attachment){ .name = dup_bytes(bytes_str(name)),
		.reference = dup_bytes(reference),
		.content_id = dup_bytes(BYTES("")),
		.method = 1,
		.size = size };
}

void phone_item_drop_file(struct phone_item *i, const char *reference)
{
	size_t kept = 0;

	for (size_t n = 0; n < i->attachment_count; n++)
		if (strcmp(i->attachments[n].reference, reference) == 0)
			free_file(&i->attachments[n]);
		else
			i->attachments[kept++] = i->attachments[n];
	i->attachment_count = kept;
}

static void apply_categories(struct phone_item *i, const struct wbxml_node *list, wbxml_tag category)
{
	size_t len = 0;

	if (!list)
		return;
	set_text(&i->categories, BYTES(""));
	for (const struct wbxml_node *n = wbxml_child(list, category); n; n = wbxml_next(n, category)) {
		i->categories = realloc(i->categories, len + n->text.len + 2);
		if (!i->categories)
			abort();
		len += (size_t)sprintf(i->categories + len, "%s%.*s", len ? "\n" : "", BYTES_ARG(n->text));
	}
}

const struct phone_flag_name phone_flag_names[] = {
	{ EMAIL_STATUS, "Status" },
	{ EMAIL_FLAG_TYPE, "FlagType" },
	{ EMAIL_COMPLETE_TIME, "CompleteTime" },
	{ TASKS_SUBJECT, "Subject" },
	{ TASKS_DATE_COMPLETED, "DateCompleted" },
	{ TASKS_START_DATE, "StartDate" },
	{ TASKS_DUE_DATE, "DueDate" },
	{ TASKS_UTC_START_DATE, "UtcStartDate" },
	{ TASKS_UTC_DUE_DATE, "UtcDueDate" },
	{ TASKS_REMINDER_SET, "ReminderSet" },
	{ TASKS_REMINDER_TIME, "ReminderTime" },
	{ TASKS_ORDINAL_DATE, "OrdinalDate" },
	{ TASKS_SUB_ORDINAL_DATE, "SubOrdinalDate" },
	{ 0, "?" },
};

static const char *flag_name(wbxml_tag tag)
{
	const struct phone_flag_name *n = phone_flag_names;

	while (n->tag && n->tag != tag)
		n++;
	return n->name;
}

static void apply_flag(struct phone_item *i, const struct wbxml_node *flag)
{
	size_t len = 0;

	if (!flag)
		return;
	i->flag = number(flag, EMAIL_STATUS);
	set_text(&i->flag_text, BYTES(""));
	for (const struct wbxml_node *n = flag->child; n; n = n->next) {
		const char *name = flag_name(n->tag);

		i->flag_text = realloc(i->flag_text, len + strlen(name) + n->text.len + 3);
		if (!i->flag_text)
			abort();
		len += (size_t)sprintf(
		    i->flag_text + len, "%s%s=%.*s", len ? "\n" : "", name, BYTES_ARG(n->text));
	}
}

static void apply_verb(struct phone_item *i, const struct wbxml_node *data)
{
	if (wbxml_child(data, EMAIL2_LAST_VERB_EXECUTED))
		i->last_verb = number(data, EMAIL2_LAST_VERB_EXECUTED);
	if (wbxml_child(data, EMAIL2_LAST_VERB_EXECUTION_TIME) &&
	    time_parse_eas(wbxml_child_text(data, EMAIL2_LAST_VERB_EXECUTION_TIME), &i->last_verb_time))
		i->last_verb_time = -1;
}

/* All of a mail comes: what isn't said of it, it hasn't (any more). */
static void forget_content(struct phone_item *i)
{
	char **const texts[] = { &i->subject, &i->from, &i->to, &i->cc, &i->bcc, &i->reply_to, &i->body };

	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		set_text(texts[n], BYTES(""));
	i->body_len = 0;
	i->importance = 1;
	drop_attachments(i);
}

void phone_item_apply(struct phone_item *i, const struct wbxml_node *data)
{
	if (wbxml_child(data, EMAIL_MESSAGE_CLASS) && wbxml_child(data, EMAIL_DATE_RECEIVED))
		forget_content(i);
	apply_text(data, EMAIL_SUBJECT, &i->subject);
	apply_text(data, EMAIL_FROM, &i->from);
	apply_text(data, EMAIL_TO, &i->to);
	apply_text(data, EMAIL_CC, &i->cc);
	apply_text(data, EMAIL2_BCC, &i->bcc);
	apply_text(data, EMAIL_REPLY_TO, &i->reply_to);
	apply_text(data, EMAIL_DATE_RECEIVED, &i->date);
	apply_text(data, EMAIL_MESSAGE_CLASS, &i->message_class);
	if (wbxml_child(data, EMAIL_READ))
		i->read = is_true(wbxml_child(data, EMAIL_READ));
	if (wbxml_child(data, EMAIL2_IS_DRAFT))
		i->is_draft = is_true(wbxml_child(data, EMAIL2_IS_DRAFT));
	if (wbxml_child(data, EMAIL_IMPORTANCE))
		i->importance = number(data, EMAIL_IMPORTANCE);
	apply_verb(i, data);
	apply_flag(i, wbxml_child(data, EMAIL_FLAG));
	if (wbxml_child(data, AIRSYNCBASE_NATIVE_BODY_TYPE))
		i->native_body = number(data, AIRSYNCBASE_NATIVE_BODY_TYPE);
	apply_body(i, wbxml_child(data, AIRSYNCBASE_BODY));
	apply_attachments(i, wbxml_child(data, AIRSYNCBASE_ATTACHMENTS));
	apply_categories(i, wbxml_child(data, EMAIL_CATEGORIES), EMAIL_CATEGORY);
	apply_text(data, NOTES_SUBJECT, &i->subject);
	apply_text(data, NOTES_LAST_MODIFIED_DATE, &i->date);
	apply_text(data, NOTES_MESSAGE_CLASS, &i->message_class);
	apply_categories(i, wbxml_child(data, NOTES_CATEGORIES), NOTES_CATEGORY);
}

/* ---- commands of a Collection ---- */

/* MoveItems was answered for this id: the server may tell the phone about it again. */
static bool was_moved(const struct phone_replica *r, const char *folder, const char *id)
{
	for (size_t i = 0; i < r->moved_count; i++)
		if (!strcmp(r->moved[i], folder) && !strcmp(r->moved[i] + strlen(folder) + 1, id))
			return true;
	return false;
}

static void note_moved(struct phone_replica *r, const char *folder, const char *id)
{
	char *both = alloc_or_die(strlen(folder) + strlen(id) + 2);

	strcpy(both, folder);
	strcpy(both + strlen(folder) + 1, id);
	r->moved = realloc(r->moved, (r->moved_count + 1) * sizeof(*r->moved));
	if (!r->moved)
		abort();
	r->moved[r->moved_count++] = both;
}

static void apply_add(struct phone_replica *r, struct phone_folder *f, const char *id, bool is_sms,
    const struct wbxml_node *data)
{
	struct phone_item *i = phone_item(f, id);

	if (i && !was_moved(r, f->id, id))
		phone_replica_anomaly(r, "folder %s: Add of %s, which is there already", f->name, id);
	if (!data)
		phone_replica_anomaly(r, "folder %s: Add of %s without ApplicationData", f->name, id);
	i = phone_folder_keep_item(f, id);
	phone_item_apply(i, data);
	if (!strcmp(i->message_class, "IPM.Note.Mobile.SMS") != is_sms)
		phone_replica_anomaly(r, "folder %s: Add of %s with the wrong Class", f->name, id);
	f->added++;
}

static void note_told(struct phone_item *i, const struct wbxml_node *data)
{
	size_t len = 0;

	set_text(&i->told, BYTES(""));
	for (const struct wbxml_node *n = data ? data->child : NULL; n; n = n->next) {
		const struct wbxml_tag_info *info = wbxml_tag_info(n->tag);
		const char *name = info ? info->name : "?";

		i->told = realloc(i->told, len + strlen(name) + 2);
		if (!i->told)
			abort();
		len += (size_t)sprintf(i->told + len, "%s%s", len ? " " : "", name);
	}
}

static void apply_change(
    struct phone_replica *r, struct phone_folder *f, const char *id, const struct wbxml_node *data)
{
	struct phone_item *i = phone_item(f, id);

	if (i) {
		phone_item_apply(i, data);
		i->changes++;
		note_told(i, data);
	} else {
		phone_replica_anomaly(r, "folder %s: Change of %s, which isn't there", f->name, id);
	}
	f->changed++;
}

static void apply_delete(struct phone_replica *r, struct phone_folder *f, const char *id, bool soft)
{
	if (phone_item(f, id))
		phone_folder_forget_item(f, id);
	else if (!was_moved(r, f->id, id))
		phone_replica_anomaly(
		    r, "folder %s: %s of %s, which isn't there", f->name, soft ? "SoftDelete" : "Delete", id);
	if (soft)
		f->soft_deleted++;
	else
		f->deleted++;
}

void phone_replica_apply_commands(
    struct phone_replica *r, struct phone_folder *f, const struct wbxml_node *commands)
{
	if (commands && !commands->child)
		phone_replica_anomaly(r, "folder %s: empty Commands", f->name);
	for (const struct wbxml_node *n = commands ? commands->child : NULL; n; n = n->next) {
		char *id = dup_bytes(wbxml_child_text(n, AIRSYNC_SERVER_ID));
		const struct wbxml_node *data = wbxml_child(n, AIRSYNC_APPLICATION_DATA);

		if (!id[0])
			phone_replica_anomaly(r, "folder %s: a command without ServerId", f->name);
		else if (n->tag == AIRSYNC_ADD)
			apply_add(r, f, id, bytes_eq_str(wbxml_child_text(n, AIRSYNC_CLASS), "SMS"), data);
		else if (n->tag == AIRSYNC_CHANGE)
			apply_change(r, f, id, data);
		else if (n->tag == AIRSYNC_DELETE || n->tag == AIRSYNC_SOFT_DELETE)
			apply_delete(r, f, id, n->tag == AIRSYNC_SOFT_DELETE);
		else
			phone_replica_anomaly(r, "folder %s: unknown command 0x%04X", f->name, n->tag);
		free(id);
	}
}

/* ---- folders ---- */

struct phone_folder *phone_folder(struct phone_replica *r, const char *id)
{
	struct phone_folder *f = r->folders;

	while (f && strcmp(f->id, id) != 0)
		f = f->next;
	return f;
}

struct phone_folder *phone_folder_of_type(struct phone_replica *r, unsigned type)
{
	struct phone_folder *f = r->folders;

	while (f && f->type != type)
		f = f->next;
	return f;
}

struct phone_folder *phone_folder_named(struct phone_replica *r, const char *name)
{
	struct phone_folder *f = r->folders;

	while (f && strcmp(f->name, name) != 0)
		f = f->next;
	return f;
}

struct phone_folder *phone_replica_add_folder(
    struct phone_replica *r, const char *id, const char *parent, const char *name, unsigned type)
{
	struct phone_folder *f = alloc_or_die(sizeof(*f)), **end = &r->folders;

	f->id = dup_bytes(bytes_str(id));
	f->parent = dup_bytes(bytes_str(parent));
	f->name = dup_bytes(bytes_str(name));
	f->key = dup_bytes(BYTES("0"));
	f->former_key = dup_bytes(BYTES("0"));
	f->type = type;
	while (*end)
		end = &(*end)->next;
	*end = f;
	return f;
}

void phone_replica_drop_folder(struct phone_replica *r, const char *id)
{
	struct phone_folder **at = &r->folders, *f;

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	if (!*at)
		return;
	f = *at;
	*at = f->next;
	free_folder(f);
}

static void apply_folder(struct phone_replica *r, const struct wbxml_node *n, bool full)
{
	char *id = dup_bytes(wbxml_child_text(n, FOLDERHIERARCHY_SERVER_ID));
	char *parent = dup_bytes(wbxml_child_text(n, FOLDERHIERARCHY_PARENT_ID));
	char *name = dup_bytes(wbxml_child_text(n, FOLDERHIERARCHY_DISPLAY_NAME));
	unsigned type = number(n, FOLDERHIERARCHY_TYPE);
	struct phone_folder *f = phone_folder(r, id);

	if (n->tag == FOLDERHIERARCHY_DELETE) {
		if (!f)
			phone_replica_anomaly(r, "Delete of folder %s, which isn't there", id);
		phone_replica_drop_folder(r, id);
	} else if (f) {
		if (n->tag == FOLDERHIERARCHY_ADD && !full)
			phone_replica_anomaly(r, "Add of folder %s (%s), which is there already", id, name);
		set_text(&f->parent, bytes_str(parent));
		set_text(&f->name, bytes_str(name));
		f->type = type;
	} else {
		if (n->tag == FOLDERHIERARCHY_UPDATE)
			phone_replica_anomaly(r, "Update of folder %s (%s), which isn't there", id, name);
		phone_replica_add_folder(r, id, parent, name, type);
	}
	free(id);
	free(parent);
	free(name);
}

static bool is_listed(const struct wbxml_node *changes, const char *id)
{
	for (const struct wbxml_node *n = wbxml_child(changes, FOLDERHIERARCHY_ADD); n;
	     n = wbxml_next(n, FOLDERHIERARCHY_ADD))
		if (bytes_eq_str(wbxml_child_text(n, FOLDERHIERARCHY_SERVER_ID), id))
			return true;
	return false;
}

void phone_replica_apply_folders(struct phone_replica *r, const struct wbxml_node *changes, bool full)
{
	struct phone_folder *f, *next;
	unsigned told = number(changes, FOLDERHIERARCHY_COUNT), seen = 0;

	for (f = full ? r->folders : NULL; f; f = next) {
		next = f->next;
		if (!is_listed(changes, f->id))
			phone_replica_drop_folder(r, f->id);
	}
	for (const struct wbxml_node *n = changes ? changes->child : NULL; n; n = n->next) {
		if (n->tag == FOLDERHIERARCHY_COUNT)
			continue;
		apply_folder(r, n, full);
		seen++;
	}
	if (told != seen)
		phone_replica_anomaly(r, "FolderSync: Count says %u, there are %u", told, seen);
	for (f = r->folders; f; f = f->next)
		if (strcmp(f->parent, "0") != 0 && !phone_folder(r, f->parent))
			phone_replica_anomaly(
			    r, "folder %s (%s): its parent %s isn't there", f->id, f->name, f->parent);
}

void phone_replica_move(
    struct phone_replica *r, const char *from, const char *id, const char *to, const char *new_id)
{
	struct phone_folder *source = phone_folder(r, from), *target = phone_folder(r, to);
	struct phone_item *i = source ? take_item(source, id) : NULL;

	note_moved(r, from, id);
	note_moved(r, to, new_id);
	if (i && target && strcmp(target->key, "0") != 0 && !phone_item(target, new_id)) {
		set_text(&i->id, bytes_str(new_id));
		if (target->count >= target->slot_count)
			grow(target);
		link_item(target, i);
		i = NULL;
	}
	phone_item_free(&i);
}
