/* Waiting for changes, by Ping and by hanging Sync: nothing that happens is missed, whenever it happens, and nobody is woken for what
 * he has already. */
#include <poll.h>

#include "scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Dovecot gathers for half a second; where the machine has no inotify left for it, it looks every 30 seconds. */
enum { SOON_MS = 40 * 1000 };

static const char *folder_id(const struct phone_folder *f)
{
	char *id = test_keep(strlen(f->id) + 1);

	return strcpy(id, f->id);
}

static bool names(const char *const *changed, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(changed[i], id))
			return true;
	return false;
}

static struct phone_folder *sent_of(struct phone *ph)
{
	return phone_folder_of_type(&ph->replica, 5);
}

/* ---- what wakes a Ping, and what doesn't ---- */

/* A read mark alone doesn't wake the phone at once; the new mail after it does. */
static void new_mail_after_a_read_mark(enum eas_version v)
{
	const char *user = scene_user(), *inbox, *changed[2];
	struct phone *ph;
	int64_t start;
	size_t count;

	scene_append_many(user, "INBOX", "m", 3);
	ph = scene_synced_phone(user, "PHONE1", v);
	inbox = folder_id(scene_inbox(ph));
	SCENE_OK(ph, phone_ping_send(ph, 60, &inbox, 1));
	for (unsigned i = 1; i <= 3; i++) {
		char subject[8];

		poll(NULL, 0, 400);
		snprintf(subject, sizeof(subject), "m %u", i);
		scene_store(user, "INBOX", subject, "+FLAGS", "\\Seen");
	}
	poll(NULL, 0, 900);
	start = bed_now_ms();
	scene_deliver(user, "after the marks");
	SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count));
	assert_in_range(bed_now_ms() - start, 0, SOON_MS);
	assert_int_equal(ph->status, 2);
	scene_sync(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(new_mail_after_a_read_mark)

/* What doesn't wake at once does so in the end, also if something else in another folder comes in between. */
static void read_marks_are_told_after_a_while(void **state)
{
	const char *user = scene_user(), *ids[2], *changed[2];
	int64_t start = bed_now_ms();
	struct phone *ph;
	size_t count;

	(void)state;
	scene_append_many(user, "INBOX", "m", 2);
	scene_append_many(user, "Sent", "s", 1);
	ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	SCENE_OK(ph, phone_sync_folder(ph, sent_of(ph), NULL));
	ids[0] = folder_id(scene_inbox(ph));
	ids[1] = folder_id(sent_of(ph));
	SCENE_OK(ph, phone_ping_send(ph, 120, ids, 2));
	poll(NULL, 0, 300);
	scene_store(user, "INBOX", "m 1", "+FLAGS", "\\Seen");
	poll(NULL, 0, 12000);
	scene_store(user, "Sent", "s 1", "+FLAGS", "\\Seen");
	scene_store(user, "Sent", "s 1", "-FLAGS", "\\Seen");
	SCENE_OK(ph, phone_ping_receive(ph, 120, changed, COUNT(changed), &count));
	assert_int_equal(ph->status, 2);
	assert_true(names(changed, count, ids[0]));
	assert_in_range(bed_now_ms() - start, 15000, 2 * SOON_MS);
}

/* A mail that the phone fetches before the server's notification of it comes is no news when that comes. */
static void news_that_is_known_already(enum eas_version v)
{
	const char *user = scene_user(), *inbox;
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	bool changed;

	inbox = folder_id(scene_inbox(ph));
	SCENE_OK(ph, phone_ping(ph, 1, inbox, &changed)); /* the account is watched from here on */
	for (unsigned i = 1; i <= 3; i++) {
		char subject[16];

		snprintf(subject, sizeof(subject), "fetched %u", i);
		scene_append(user, "INBOX", subject, "");
		scene_sync(ph, scene_inbox(ph));
		assert_int_equal(scene_inbox(ph)->added, 1);
		SCENE_OK(ph, phone_ping(ph, 2, inbox, &changed));
		assert_int_equal(ph->status, 1);
	}
}
TEST_VERSIONS(news_that_is_known_already)

/* iOS names folders that it never syncs in every Ping. */
static void a_folder_that_is_never_synced(enum eas_version v)
{
	const char *user = scene_user(), *ids[2], *changed[2];
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	size_t count;

	ids[0] = folder_id(scene_inbox(ph));
	ids[1] = folder_id(sent_of(ph));
	SCENE_OK(ph, phone_ping_send(ph, 3, ids, 2));
	poll(NULL, 0, 300);
	scene_append(user, "Sent", "nobody waits for it", "");
	SCENE_OK(ph, phone_ping_receive(ph, 3, changed, COUNT(changed), &count));
	assert_int_equal(ph->status, 1);
}
TEST_VERSIONS(a_folder_that_is_never_synced)

/* Mails and marks at any moment: during a look, between two, while the phone syncs. Each mail is told, soon. */
static void nothing_is_missed(enum eas_version v)
{
	const char *user = scene_user(), *ids[2], *changed[2];
	struct phone *ph;
	uint32_t seed = 7;
	size_t count;

	scene_append_many(user, "INBOX", "m", 2);
	scene_append_many(user, "Sent", "s", 1);
	ph = scene_synced_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_sync_folder(ph, sent_of(ph), NULL));
	ids[0] = folder_id(scene_inbox(ph));
	ids[1] = folder_id(sent_of(ph));
	for (unsigned i = 0; i < 6; i++) {
		struct phone_folder *f = i % 2 ? sent_of(ph) : scene_inbox(ph);
		char subject[32];
		int64_t start;

		SCENE_OK(ph, phone_ping_send(ph, 60, ids, 2));
		for (unsigned marks = i % 3; marks; marks--) {
			seed = seed * 1664525u + 1013904223u;
			poll(NULL, 0, (int)(seed >> 24) * 3);
			scene_store(user, "INBOX", "m 1", marks % 2 ? "+FLAGS" : "-FLAGS", "\\Seen");
		}
		seed = seed * 1664525u + 1013904223u;
		poll(NULL, 0, (int)(seed >> 24) * 3);
		snprintf(subject, sizeof(subject), "told %u", i);
		start = bed_now_ms();
		scene_append(user, i % 2 ? "Sent" : "INBOX", subject, "");
		SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count));
		assert_in_range(bed_now_ms() - start, 0, SOON_MS);
		assert_int_equal(ph->status, 2);
		assert_true(names(changed, count, ids[i % 2]));
		SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
		SCENE_OK(ph, phone_sync_folder(ph, sent_of(ph), NULL));
		assert_non_null(phone_item_with_subject(f, subject));
	}
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_same(sent_of(ph), user, "Sent");
	scene_assert_clean(ph);
}
TEST_VERSIONS(nothing_is_missed)

/* ---- the folder list changes while somebody waits ---- */

static void make_one(struct truth *t)
{
	truth_create(t, "Made meanwhile");
}

static void delete_one(struct truth *t)
{
	truth_delete(t, "Watched");
}

static void rename_one(struct truth *t)
{
	truth_rename(t, "Watched", "Named anew");
}

static const struct hierarchy_case {
	const char *name;
	void (*change)(struct truth *t);
} hierarchy_cases[] = {
	{ "a folder is made", make_one },
	{ "the watched folder is deleted", delete_one },
	{ "the watched folder is renamed", rename_one },
};

static struct phone *phone_with_watched(enum eas_version v, struct phone_folder **watched)
{
	const char *user = scene_user();
	struct phone *ph;

	truth_create(scene_truth(user), "Watched");
	scene_append_many(user, "Watched", "m", 2);
	ph = scene_synced_phone(user, "PHONE1", v);
	*watched = phone_folder_named(&ph->replica, "Watched");
	assert_non_null(*watched);
	SCENE_OK(ph, phone_sync_folder(ph, *watched, NULL));
	return ph;
}

static void ping_tells_of_the_folder_list(const struct hierarchy_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		const char *ids[2], *changed[2];
		struct phone_folder *watched;
		struct phone *ph = phone_with_watched(scene_versions[n].version, &watched);
		int64_t start;
		size_t count;

		ids[0] = folder_id(scene_inbox(ph));
		ids[1] = folder_id(watched);
		SCENE_OK(ph, phone_ping_send(ph, 60, ids, 2));
		poll(NULL, 0, 300);
		start = bed_now_ms();
		c->change(scene_truth(ph->user));
		SCENE_OK(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count));
		assert_int_equal(ph->status, 7);
		assert_in_range(bed_now_ms() - start, 0, SOON_MS);
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
		assert_int_equal(ph->status, 1);
		SCENE_OK(ph, phone_ping_send(ph, 1, ids, 1)); /* and now it is told no more */
		SCENE_OK(ph, phone_ping_receive(ph, 1, changed, COUNT(changed), &count));
		assert_int_equal(ph->status, 1);
	}
}
TEST_ROW(ping_tells_of_the_folder_list)

static void hang(struct phone *ph, struct phone_sync *rq)
{
	if (ph->version >= EAS_14_0)
		rq->heartbeat_s = 60;
	else
		rq->wait_min = 1;
	SCENE_OK(ph, phone_sync_send(ph, rq));
}

static void hanging_sync_tells_of_the_folder_list(const struct hierarchy_case *c)
{
	for (size_t n = 0; n < COUNT(scene_versions); n++) {
		struct phone_folder *watched;
		struct phone *ph = phone_with_watched(scene_versions[n].version, &watched);
		struct phone_collection one = { .folder_id = folder_id(watched) };
		struct phone_sync rq = { .collections = &one, .count = 1 };
		int64_t start;

		hang(ph, &rq);
		poll(NULL, 0, 300);
		start = bed_now_ms();
		c->change(scene_truth(ph->user));
		SCENE_OK(ph, phone_sync_receive(ph, &rq));
		assert_int_equal(ph->status, 12);
		assert_in_range(bed_now_ms() - start, 0, SOON_MS);
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
		assert_int_equal(ph->status, 1);
		/* one that changed before the wait is told when it begins */
		truth_create(scene_truth(ph->user), "Made in between");
		one.folder_id = folder_id(scene_inbox(ph));
		hang(ph, &rq);
		SCENE_OK(ph, phone_sync_receive(ph, &rq));
		assert_int_equal(ph->status, 12);
	}
}
TEST_ROW(hanging_sync_tells_of_the_folder_list)

/* ---- how long, and for whom ---- */

static void a_hanging_sync_ends_by_itself(enum eas_version v)
{
	struct phone *ph = scene_synced_phone(scene_user(), "PHONE1", v);
	struct phone_collection one = { .folder_id = scene_inbox(ph)->id };
	struct phone_sync rq = { .collections = &one, .count = 1, .heartbeat_s = 2 };
	int64_t start = bed_now_ms();

	SCENE_OK(ph, phone_sync(ph, &rq));
	assert_int_equal(ph->status, 1);
	assert_int_equal(ph->reply.body.len, 0); /* nothing new: the keys stay */
	assert_in_range(bed_now_ms() - start, 1900, 6000);
}
TEST_VERSIONS(a_hanging_sync_ends_by_itself)

/* Wait is in minutes: three seconds are nothing. */
static void wait_is_in_minutes(void **state)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", EAS_12_1);
	struct phone_collection one = { .folder_id = scene_inbox(ph)->id };
	struct phone_sync rq = { .collections = &one, .count = 1, .wait_min = 1 };
	int64_t start = bed_now_ms();

	(void)state;
	SCENE_OK(ph, phone_sync_send(ph, &rq));
	poll(NULL, 0, 3000);
	scene_append(user, "INBOX", "after three seconds", "");
	SCENE_OK(ph, phone_sync_receive(ph, &rq));
	assert_int_equal(scene_inbox(ph)->added, 1);
	assert_true(bed_now_ms() - start >= 3000);
}

/* A hanging Sync is overtaken by another of the same phone, which takes the mail: what the old one then says must not void the key
 * that the phone has by now. */
static void a_hanging_sync_is_overtaken(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "PHONE1", v), *other = scene_phone(user, "PHONE1", v);
	struct phone_folder *f = scene_inbox(ph);
	struct phone_collection one = { .folder_id = folder_id(f),
		.key = folder_id(&(struct phone_folder){ .id = f->key }) };
	struct phone_sync rq = { .collections = &one, .count = 1 };

	other->policy_key = strcpy(realloc(other->policy_key, 32), ph->policy_key);
	SCENE_OK(other, phone_folder_sync(other, "0"));
	hang(other, &rq);
	poll(NULL, 0, 300);
	scene_append(user, "INBOX", "first", "");
	scene_sync(ph, f); /* comes before the watch tells */
	scene_store(user, "INBOX", "first", "+FLAGS", "\\Seen");
	SCENE_OK(other, phone_sync_receive(other, &rq));
	scene_sync(ph, f);
	scene_assert_same(f, user, "INBOX");
	scene_append(user, "INBOX", "second", "");
	scene_sync(ph, f);
	scene_assert_same(f, user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_hanging_sync_is_overtaken)

int main(void)
{
	static const char *const settings[] = { "eas.poll=1s", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 80, .services = "dovecot,redis", .settings = settings });
	TEST_ADD_VERSIONS(new_mail_after_a_read_mark);
	TEST_ADD(read_marks_are_told_after_a_while);
	TEST_ADD_VERSIONS(news_that_is_known_already);
	TEST_ADD_VERSIONS(a_folder_that_is_never_synced);
	TEST_ADD_VERSIONS(nothing_is_missed);
	TEST_ADD_ROWS(ping_tells_of_the_folder_list, hierarchy_cases);
	TEST_ADD_ROWS(hanging_sync_tells_of_the_folder_list, hierarchy_cases);
	TEST_ADD_VERSIONS(a_hanging_sync_ends_by_itself);
	TEST_ADD(wait_is_in_minutes);
	TEST_ADD_VERSIONS(a_hanging_sync_is_overtaken);
	failed = test_run("push");
	scene_close();
	return failed;
}
