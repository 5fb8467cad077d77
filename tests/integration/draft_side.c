#include "draft_side.h"

const struct version_row draft_versions[2] = { { "16.0", EAS_16_0 }, { "16.1", EAS_16_1 } };

enum { DRAFTS = 3 };

static const struct phone_options_block whole_html = { .bodies = {
							   { .type = 2, .truncation = PHONE_WHOLE } } };
const struct phone_collection draft_collection_asked = { .window = 100, .options = &whole_html };

struct phone_folder *drafts_of(struct phone *ph)
{
	struct phone_folder *f = phone_folder_of_type(&ph->replica, DRAFTS);

	assert_non_null(f);
	return f;
}

void sync_drafts(struct phone *ph)
{
	SCENE_OK(ph, phone_sync_folder(ph, drafts_of(ph), &draft_collection_asked));
	scene_assert_clean(ph);
}

const struct phone_item *draft_with(struct phone *ph, const char *subject)
{
	const struct phone_item *i = phone_item_with_subject(drafts_of(ph), subject);

	if (!i)
		fail_msg("no draft \"%s\" among %zu", subject, drafts_of(ph)->count);
	return i;
}

unsigned draft_edit(struct phone *ph, struct phone_edit edit)
{
	unsigned status;

	edit.draft = true;
	SCENE_OK(ph, phone_edit_one(ph, drafts_of(ph), &edit, &status));
	scene_assert_clean(ph);
	return status;
}

unsigned draft_alter(struct phone *ph, const char *subject, struct phone_edit edit)
{
	char id[64];

	snprintf(id, sizeof(id), "%s", draft_with(ph, subject)->id);
	edit.command = AIRSYNC_CHANGE;
	edit.id = id;
	return draft_edit(ph, edit);
}

struct phone *drafting_phone(const char *user, const char *device, enum eas_version v)
{
	struct phone *ph = scene_phone(user, device, v);

	SCENE_OK(ph, phone_setup(ph));
	sync_drafts(ph);
	return ph;
}

void assert_file(struct phone *ph, const char *reference, struct bytes want)
{
	struct bytes data, type;
	unsigned status;

	SCENE_OK(ph, phone_fetch_attachment(ph, reference, NULL, false, &status, &data, &type));
	assert_int_equal(status, 1);
	assert_int_equal(data.len, want.len);
	assert_memory_equal(data.p, want.p, want.len);
}

const struct phone_attachment *file_named(const struct phone_item *i, const char *name)
{
	for (size_t n = 0; n < i->attachment_count; n++)
		if (!strcmp(i->attachments[n].name, name))
			return &i->attachments[n];
	fail_msg("no file \"%s\"", name);
	return NULL;
}

struct bytes draft_mail(const char *user, size_t count)
{
	struct bytes mail = { 0 };
	struct scene_mail *all;

	assert_int_equal(scene_mails(user, "Drafts", &all), count);
	if (count)
		assert_true(truth_fetch(scene_truth(user), "Drafts", all[count - 1].uid, &mail));
	return mail;
}

static void check_text(const char *what, const char *one, const char *other, const char *file, int line)
{
	if (strcmp(one, other) != 0)
		fail_msg("%s:%d: the phones' %s differ: \"%s\" and \"%s\"", file, line, what, one, other);
}

static void check_files(
    const struct phone_item *one, const struct phone_item *other, const char *file, int line)
{
	if (one->attachment_count != other->attachment_count)
		fail_msg("%s:%d: %zu files, and %zu on the other phone", file, line, one->attachment_count,
		    other->attachment_count);
	for (size_t i = 0; i < one->attachment_count; i++) {
		bool found = false;

		for (size_t k = 0; k < other->attachment_count; k++)
			found = found ||
				(!strcmp(one->attachments[i].name, other->attachments[k].name) &&
				    !strcmp(one->attachments[i].reference, other->attachments[k].reference));
		if (!found)
			fail_msg("%s:%d: the other phone doesn't have \"%s\" under its reference", file, line,
			    one->attachments[i].name);
	}
}

void check_same_drafts(struct phone *ph, const char *user, const char *device, const char *file, int line)
{
	struct phone *two = scene_phone(user, device, ph->version);
	const struct phone_folder *f = drafts_of(ph);

	SCENE_OK(two, phone_setup(two));
	sync_drafts(two);
	if (f->count != drafts_of(two)->count)
		fail_msg("%s:%d: %zu drafts, and %zu on the other phone", file, line, f->count,
		    drafts_of(two)->count);
	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i)) {
		const struct phone_item *o = phone_item(drafts_of(two), i->id);

		if (!o)
			fail_msg("%s:%d: the other phone has no draft %s", file, line, i->id);
		check_text("subjects", i->subject, o->subject, file, line);
		check_text("recipients", i->to, o->to, file, line);
		check_text("Cc", i->cc, o->cc, file, line);
		check_text("Bcc", i->bcc, o->bcc, file, line);
		check_text("Reply-To", i->reply_to, o->reply_to, file, line);
		check_text("categories", i->categories, o->categories, file, line);
		if (i->body_type == o->body_type)
			check_text("texts", i->body, o->body, file, line);
		check_files(i, o, file, line);
		if (i->importance != o->importance || i->read != o->read || i->flag != o->flag ||
		    !o->is_draft)
			fail_msg("%s:%d: marks of %s differ", file, line, i->subject);
	}
}
