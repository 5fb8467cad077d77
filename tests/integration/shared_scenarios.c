#include "shared_scenarios.h"

#include "received.h"
#include "scene.h"

#define ALL_RIGHTS "lrwstipekxa"

/* The owner's mailbox `Team` with three mails, which the reader sees as folder with those rights. */
struct shared {
	const char *owner, *reader;
	struct phone *ph;
	struct phone_folder *f;
	char mailbox[96]; /* as the reader names it */
};

static void share(struct shared *s, const char *rights, enum eas_version v)
{
	s->owner = scene_user();
	s->reader = scene_user();
	truth_create(scene_truth(s->owner), "Team");
	scene_append_many(s->owner, "Team", "m", 3);
	truth_command(scene_truth(s->owner), "SETACL Team %s %s", s->reader, rights);
	snprintf(s->mailbox, sizeof(s->mailbox), "shared/%.8s/Team", s->owner);
	s->ph = scene_synced_phone(s->reader, "PHONE1", v);
	s->f = phone_folder_named(&s->ph->replica, "Team");
	assert_non_null(s->f);
	assert_int_equal(s->f->type, 12);
	SCENE_OK(s->ph, phone_sync_folder(s->ph, s->f, NULL));
	assert_int_equal(s->f->count, 3);
}

/* What the phone has and what the owner has are the same as ever. */
static void assert_untouched(struct shared *s)
{
	scene_sync(s->ph, s->f);
	scene_assert_same(s->f, s->owner, "Team");
	assert_int_equal(s->f->count, 3);
	scene_assert_clean(s->ph);
}

static void a_change_is_taken_back(enum eas_version v)
{
	struct shared s;
	struct phone_item *item;
	unsigned status;

	share(&s, "lr", v);
	item = phone_item_with_subject(s.f, "m 2");
	SCENE_OK(
	    s.ph, phone_edit_one(s.ph, s.f,
		      &(struct phone_edit){ .command = AIRSYNC_CHANGE, .id = item->id, .read = PHONE_YES },
		      &status));
	assert_int_equal(status, 7);
	item = phone_item_with_subject(s.f, "m 2");
	assert_int_equal(item->changes, 1); /* the server's copy came along */
	assert_false(item->read);
	assert_untouched(&s);
}
TEST_VERSIONS(a_change_is_taken_back)

static void a_deletion_is_taken_back(enum eas_version v)
{
	static const enum phone_say as_moves[] = { PHONE_YES, PHONE_NO };
	struct shared s;
	char id[64];

	share(&s, "lrws", v);
	snprintf(id, sizeof(id), "%s", phone_item_with_subject(s.f, "m 2")->id);
	for (size_t i = 0; i < 2; i++) {
		const struct phone_edit edit = { .command = AIRSYNC_DELETE, .id = id };

		SCENE_OK(s.ph, phone_sync_one(s.ph, &(struct phone_collection){ .folder_id = s.f->id,
							.deletes_as_moves = as_moves[i],
							.get_changes = PHONE_YES,
							.edits = &edit,
							.edit_count = 1 }));
		assert_int_equal(s.ph->results[0].status, 7);
		assert_int_equal(s.f->added, 1); /* it is there again */
		assert_untouched(&s);
	}
	assert_int_equal(scene_mails(s.reader, "Trash", &(struct scene_mail *){ NULL }), 0);
}
TEST_VERSIONS(a_deletion_is_taken_back)

/* The answer is lost, and the phone asks again. */
static void what_is_taken_back_survives_a_loss(enum eas_version v)
{
	struct shared s;
	char ids[2][64];

	share(&s, "lr", v);
	snprintf(ids[0], sizeof(ids[0]), "%s", phone_item_with_subject(s.f, "m 1")->id);
	snprintf(ids[1], sizeof(ids[1]), "%s", phone_item_with_subject(s.f, "m 3")->id);
	{
		const struct phone_edit edits[] = { { .command = AIRSYNC_DELETE, .id = ids[0] },
			{ .command = AIRSYNC_CHANGE, .id = ids[1], .read = PHONE_YES } };
		struct phone_collection c = {
			.folder_id = s.f->id, .get_changes = PHONE_YES, .edits = edits, .edit_count = 2
		};

		s.ph->lose = PHONE_LOSE_READ;
		SCENE_ERR(s.ph, phone_sync_one(s.ph, &c), ERR_CANCELLED);
		SCENE_OK(s.ph, phone_sync_one(s.ph, &c));
		assert_int_equal(s.f->added, 1);
		assert_int_equal(phone_item_with_subject(s.f, "m 3")->changes, 1);
	}
	assert_untouched(&s);
}
TEST_VERSIONS(what_is_taken_back_survives_a_loss)

/* Each right by itself: to mark as read, and no more. */
static void a_right_is_enough(enum eas_version v)
{
	struct shared s;
	unsigned status;

	share(&s, "lrs", v);
	SCENE_OK(s.ph, phone_edit_one(s.ph, s.f,
			   &(struct phone_edit){ .command = AIRSYNC_CHANGE,
			       .id = phone_item_with_subject(s.f, "m 1")->id,
			       .read = PHONE_YES },
			   &status));
	assert_int_equal(status, 1);
	SCENE_OK(s.ph, phone_edit_one(s.ph, s.f,
			   &(struct phone_edit){ .command = AIRSYNC_CHANGE,
			       .id = phone_item_with_subject(s.f, "m 2")->id,
			       .flag = PHONE_YES },
			   &status));
	assert_int_equal(status, 7);
	assert_true(scene_mail(s.owner, "Team", "m 1")->seen);
	assert_false(scene_mail(s.owner, "Team", "m 2")->flagged);
	if (v >= EAS_14_0) { /* no keyword can be made there: the phone is shown that there is none */
		SCENE_OK(s.ph, phone_edit_one(s.ph, s.f,
				   &(struct phone_edit){ .command = AIRSYNC_CHANGE,
				       .id = phone_item_with_subject(s.f, "m 3")->id,
				       .categories = "Red" },
				   &status));
		scene_sync(s.ph, s.f);
		assert_string_equal(phone_item_with_subject(s.f, "m 3")->categories, "");
	}
	assert_untouched(&s);
}
TEST_VERSIONS(a_right_is_enough)

static void nothing_moves(enum eas_version v)
{
	struct shared s;
	const char *new_id;
	unsigned status;

	share(&s, "lr", v);
	scene_append(s.reader, "INBOX", "mine", NULL);
	scene_sync(s.ph, scene_inbox(s.ph));
	SCENE_OK(s.ph, phone_move_item(s.ph, phone_item_with_subject(s.f, "m 1")->id, s.f->id,
			   scene_inbox(s.ph)->id, &status, &new_id)); /* out of it: not even a copy */
	assert_int_equal(status, 5);
	SCENE_OK(s.ph, phone_move_item(s.ph, phone_item_with_subject(scene_inbox(s.ph), "mine")->id,
			   scene_inbox(s.ph)->id, s.f->id, &status, &new_id)); /* into it */
	assert_int_equal(status, 5);
	scene_sync(s.ph, scene_inbox(s.ph));
	scene_assert_same(scene_inbox(s.ph), s.reader, "INBOX");
	assert_int_equal(scene_inbox(s.ph)->count, 1);
	assert_untouched(&s);
}
TEST_VERSIONS(nothing_moves)

static void the_folder_stays(enum eas_version v)
{
	struct shared s;
	const char *id;
	unsigned status;

	share(&s, "lrws", v);
	SCENE_OK(s.ph, phone_empty_folder(s.ph, s.f->id, true, &status));
	assert_int_equal(status, 16);
	SCENE_OK(s.ph, phone_folder_delete(s.ph, s.f->id));
	assert_int_equal(s.ph->status, 6);
	SCENE_OK(s.ph, phone_folder_update(s.ph, s.f->id, "0", "Mine now"));
	assert_int_equal(s.ph->status, 6);
	SCENE_OK(s.ph, phone_folder_create(s.ph, s.f->id, "Below", 12, &id));
	assert_int_equal(s.ph->status, 6);
	SCENE_OK(s.ph, phone_folder_sync(s.ph, NULL));
	assert_true(truth_has_mailbox(scene_truth(s.owner), "Team"));
	assert_false(truth_has_mailbox(scene_truth(s.owner), "Team/Below"));
	assert_untouched(&s);
}
TEST_VERSIONS(the_folder_stays)

/* With all rights it is a folder as any other. */
static void all_rights(enum eas_version v)
{
	struct shared s;
	const char *new_id, *id;
	unsigned status;

	share(&s, ALL_RIGHTS, v);
	SCENE_OK(s.ph, phone_move_item(s.ph, phone_item_with_subject(s.f, "m 1")->id, s.f->id,
			   scene_inbox(s.ph)->id, &status, &new_id));
	assert_int_equal(status, 3);
	SCENE_OK(s.ph, phone_folder_create(s.ph, s.f->id, "Below", 12, &id));
	assert_int_equal(s.ph->status, 1);
	assert_true(truth_has_mailbox(scene_truth(s.owner), "Team/Below"));
	SCENE_OK(s.ph, phone_empty_folder(s.ph, s.f->id, true, &status));
	assert_int_equal(status, 1);
	scene_sync(s.ph, s.f);
	assert_int_equal(s.f->count, 0);
	scene_assert_same(s.f, s.owner, "Team");
	scene_sync(s.ph, scene_inbox(s.ph));
	scene_assert_same(scene_inbox(s.ph), s.reader, "INBOX");
	scene_assert_clean(s.ph);
}
TEST_VERSIONS(all_rights)

/* A tree of which one folder may not be deleted, as the reader's phone has it. */
static struct phone_folder *share_tree(
    struct truth *t, const char *reader, enum eas_version v, struct phone **ph)
{
	static const char *const rights[][2] = { { "Tree", ALL_RIGHTS }, { "Tree/Kept", "lr" },
		{ "Tree/Lost", ALL_RIGHTS } };
	struct phone_folder *f;

	for (size_t i = 0; i < 3;
	     i++) { /* before the reader's first session, which would remember what it may see */
		truth_create(t, rights[i][0]);
		truth_command(t, "SETACL %s %s %s", rights[i][0], reader, rights[i][1]);
	}
	*ph = scene_synced_phone(reader, "PHONE1", v);
	f = phone_folder_named(&(*ph)->replica, "Tree");
	assert_non_null(f);
	return f;
}

/* Of a tree that is emptied, what may not be deleted stays, and the phone is told so. */
static void a_tree_is_emptied_partly(enum eas_version v)
{
	struct truth *t = scene_truth(scene_user());
	struct phone *ph;
	struct phone_folder *f = share_tree(t, scene_user(), v, &ph);
	unsigned status;

	SCENE_OK(ph, phone_empty_folder(ph, f->id, true, &status));
	assert_int_equal(status, 17);
	assert_true(truth_has_mailbox(t, "Tree/Kept"));
	assert_false(truth_has_mailbox(t, "Tree/Lost"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_non_null(phone_folder_named(&ph->replica, "Kept"));
	assert_null(phone_folder_named(&ph->replica, "Lost"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_tree_is_emptied_partly)

/* A tree is deleted whole or not at all, and never all that others share. Where the server tells no rights beforehand, the phone is told
 * of what is left. */
static void a_tree_stays(enum eas_version v)
{
	struct truth *t = scene_truth(scene_user());
	struct phone *ph;
	struct phone_folder *f = share_tree(t, scene_user(), v, &ph);
	bool told = received_has(truth_command(t, "CAPABILITY"), " ACL ");

	SCENE_OK(ph, phone_folder_delete(ph, f->id));
	assert_int_equal(ph->status, 6);
	if (told) {
		SCENE_OK(ph, phone_folder_delete(ph, phone_folder_named(&ph->replica, "shared")->id));
		assert_int_equal(ph->status, 3);
		assert_true(truth_has_mailbox(t, "Tree/Lost"));
	}
	assert_true(truth_has_mailbox(t, "Tree") && truth_has_mailbox(t, "Tree/Kept"));
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_non_null(phone_folder_named(&ph->replica, "Tree"));
	assert_non_null(phone_folder_named(&ph->replica, "Kept"));
	/* gone only if the server listed it behind the one that it refused, at which the deleting ends */
	assert_int_equal(phone_folder_named(&ph->replica, "Lost") != NULL, truth_has_mailbox(t, "Tree/Lost"));
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_tree_stays)

/* Everybody's, made by the phone for others to see. */
static void a_public_folder(enum eas_version v)
{
	const char *one = scene_user(), *other = scene_user(), *id;
	struct phone *ph;
	struct phone_folder *f;
	char top[64], name[96], made[64];

	snprintf(top, sizeof(top), "public/Of %.8s", one);
	snprintf(name, sizeof(name), "%s/News", top);
	truth_create(scene_truth(other), top);
	ph = scene_synced_phone(one, "PHONE1", v);
	f = phone_folder_named(&ph->replica, strchr(top, '/') + 1);
	assert_non_null(f);
	assert_int_equal(f->type, 12);
	SCENE_OK(ph, phone_folder_create(ph, f->id, "News", 12, &id));
	assert_int_equal(ph->status, 1);
	snprintf(made, sizeof(made), "%s", id);
	scene_append_many(other, name, "m", 2);
	SCENE_OK(ph, phone_folder_sync(ph, "0"));
	f = phone_folder(&ph->replica, made);
	assert_non_null(f);
	SCENE_OK(ph, phone_sync_folder(ph, f, NULL));
	scene_assert_same(f, other, name);
	assert_int_equal(f->count, 2);
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_public_folder)

/* Another's Sent isn't where one's own mails are kept, wherever it stands in the list. */
static void special_folders_are_ones_own(enum eas_version v)
{
	const char *owner = scene_user(), *reader = scene_user();
	struct phone *ph;
	size_t sent = 0;

	truth_create(scene_truth(owner), "Drafts/Sent");
	truth_command(scene_truth(owner), "SETACL Sent %s " ALL_RIGHTS, reader);
	truth_command(scene_truth(owner), "SETACL Drafts/Sent %s " ALL_RIGHTS, reader);
	ph = scene_synced_phone(reader, "PHONE1", v);
	for (const struct phone_folder *f = ph->replica.folders; f; f = f->next) {
		sent += f->type == 5;
		if (f->type == 5)
			assert_string_equal(f->parent, "0");
	}
	assert_int_equal(sent, 1);
	scene_assert_clean(ph);
}
TEST_VERSIONS(special_folders_are_ones_own)

int shared_scenarios_run(const char *program)
{
	TEST_ADD_VERSIONS(a_change_is_taken_back);
	TEST_ADD_VERSIONS(a_deletion_is_taken_back);
	TEST_ADD_VERSIONS(what_is_taken_back_survives_a_loss);
	TEST_ADD_VERSIONS(a_right_is_enough);
	TEST_ADD_VERSIONS(nothing_moves);
	TEST_ADD_VERSIONS(the_folder_stays);
	TEST_ADD_VERSIONS(all_rights);
	TEST_ADD_VERSIONS(a_tree_is_emptied_partly);
	TEST_ADD_VERSIONS(a_tree_stays);
	TEST_ADD_VERSIONS(a_public_folder);
	TEST_ADD_VERSIONS(special_folders_are_ones_own);
	return test_run(program);
}
