/* Things break in the middle: Redis, Dovecot, a worker. The phone sees an error that it may retry, and afterwards it holds what IMAP
 * says, without a doubt or a double. */
#include <poll.h>
#include <signal.h>

#include "received.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A worker that dies again and again is started with growing pauses. */
enum { PATIENCE_TRIES = 300, PATIENCE_STEP_MS = 100 };

/* Syncs until the gateway has found its way back; nothing but "later" is allowed meanwhile. */
static void sync_when_back(struct phone *ph, struct phone_folder *f)
{
	enum err e = ERR_UNAVAILABLE;

	for (unsigned i = 0; e && i < PATIENCE_TRIES; i++) {
		e = phone_sync_folder(ph, f, &(struct phone_collection){ .window = 100 });
		if (e == ERR_PROTO &&
		    (f->status == 5 || f->status == 16 || ph->status == 5 || ph->status == 16))
			e = ERR_UNAVAILABLE; /* the same in other words */
		if (e && e != ERR_UNAVAILABLE)
			break;
		if (e)
			poll(NULL, 0, PATIENCE_STEP_MS);
	}
	if (e)
		fail_msg("the gateway doesn't come back: %s", ph->problem);
}

/* ---- Redis ---- */

static void redis_goes_and_comes(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection c = { .window = 100 };
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 4);
	ph = scene_synced_phone(user, "PHONE1", v);
	c.folder_id = scene_inbox(ph)->id;
	scene_append(user, "INBOX", "new", "");
	assert_true(bed_service_stop(scene_bed(), "redis"));
	SCENE_ERR(ph, phone_sync_one(ph, &c), ERR_UNAVAILABLE);
	assert_int_equal(ph->reply.status, 503);
	assert_true(phone_answer_header(&ph->reply, "Retry-After").len > 0);
	SCENE_ERR(ph, phone_folder_sync(ph, NULL), ERR_UNAVAILABLE);
	assert_true(bed_service_restart(scene_bed(), "redis"));
	sync_when_back(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added, 1); /* the key was still good */
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(redis_goes_and_comes)

/* It stops in the middle of a Sync, between reading and commit as luck will have it. */
static void redis_goes_in_mid_sync(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection c = { .window = 512 };
	struct phone_sync rq = { .collections = &c, .count = 1 };
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 60);
	ph = scene_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_setup(ph));
	c.folder_id = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = c.folder_id, .key = "0" }));
	ph->resends = false;
	SCENE_OK(ph, phone_sync_send(ph, &rq));
	assert_true(bed_service_kill(scene_bed(), "redis"));
	if (!phone_sync_receive(ph, &rq))
		assert_int_equal(scene_inbox(ph)->status, 1); /* it was quicker */
	assert_true(bed_service_restart(scene_bed(), "redis"));
	ph->resends = true;
	sync_when_back(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(redis_goes_in_mid_sync)

/* ---- Dovecot ---- */

static void dovecot_goes_and_comes(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;
	enum err e;

	scene_append_many(user, "INBOX", "m", 4);
	ph = scene_synced_phone(user, "PHONE1", v);
	scene_append(user, "INBOX", "new", "");
	assert_true(bed_service_kill(scene_bed(), "dovecot"));
	e = phone_sync_folder(ph, scene_inbox(ph), NULL);
	assert_true(e == ERR_UNAVAILABLE || e == ERR_PROTO);
	assert_true(ph->reply.status == 503 || scene_inbox(ph)->status == 16 || scene_inbox(ph)->status == 5);
	assert_true(bed_service_restart(scene_bed(), "dovecot"));
	sync_when_back(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(dovecot_goes_and_comes)

static void dovecot_goes_in_mid_sync(enum eas_version v)
{
	const char *user = scene_user();
	struct phone_collection c = { .window = 512 };
	struct phone_sync rq = { .collections = &c, .count = 1 };
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 60);
	ph = scene_phone(user, "PHONE1", v);
	SCENE_OK(ph, phone_setup(ph));
	c.folder_id = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_sync_one(ph, &(struct phone_collection){ .folder_id = c.folder_id, .key = "0" }));
	SCENE_OK(ph, phone_sync_send(ph, &rq));
	assert_true(bed_service_kill(scene_bed(), "dovecot"));
	if (!phone_sync_receive(ph, &rq))
		assert_true(scene_inbox(ph)->status == 1 || scene_inbox(ph)->status == 16 ||
			    scene_inbox(ph)->status == 5);
	assert_true(bed_service_restart(scene_bed(), "dovecot"));
	sync_when_back(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(dovecot_goes_in_mid_sync)

/* A held Ping outlives the restart of Dovecot, or is answered so that the phone asks again; new mail comes in either case. */
static void dovecot_goes_in_mid_ping(enum eas_version v)
{
	const char *user = scene_user(), *inbox, *changed[2];
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	bool has_changed = false;
	size_t count;
	enum err e;

	inbox = scene_inbox(ph)->id;
	SCENE_OK(ph, phone_ping_send(ph, 90, &inbox, 1));
	poll(NULL, 0, 300);
	assert_true(bed_service_kill(scene_bed(), "dovecot"));
	poll(NULL, 0, 300);
	assert_true(bed_service_restart(scene_bed(), "dovecot"));
	scene_append(user, "INBOX", "after the fall", "");
	e = phone_ping_receive(ph, 90, changed, COUNT(changed), &count);
	for (unsigned i = 0; i < PATIENCE_TRIES && (e || ph->status != 2); i++) {
		if (e)
			poll(NULL, 0, PATIENCE_STEP_MS);
		e = phone_ping(ph, 10, inbox, &has_changed);
	}
	SCENE_OK(ph, e);
	assert_int_equal(ph->status, 2);
	sync_when_back(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(dovecot_goes_in_mid_ping)

/* ---- workers ---- */

static pid_t some_worker(void)
{
	pid_t worker;

	assert_int_equal(bed_children(bed_service_pid(scene_bed(), "easgate"), &worker, 1), 1);
	return worker;
}

static const struct kill_case {
	const char *name;
	int after_ms;
	enum eas_version version;
} kill_cases[] = {
	{ "at once", 0, EAS_16_1 },
	{ "after 2 ms", 2, EAS_14_1 },
	{ "after 5 ms", 5, EAS_14_0 },
	{ "after 10 ms", 10, EAS_12_1 },
	{ "after 20 ms", 20, EAS_14_1 },
	{ "after 40 ms", 40, EAS_16_1 },
};

/* SIGKILL to the worker while it makes a Sync answer; then the same key again. */
static void worker_dies_in_mid_sync(const struct kill_case *k)
{
	const char *user = scene_user();
	struct phone_edit edits[2] = { { .command = AIRSYNC_CHANGE, .read = PHONE_YES },
		{ .command = AIRSYNC_DELETE } };
	struct phone_collection c = { .window = 512, .edits = edits, .edit_count = 2 };
	struct phone_sync rq = { .collections = &c, .count = 1 };
	struct scene_mail *trash;
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 5);
	ph = scene_synced_phone(user, "PHONE1", k->version);
	scene_append_many(user, "INBOX", "new", 40);
	c.folder_id = scene_inbox(ph)->id;
	edits[0].id = phone_item_with_subject(scene_inbox(ph), "m 1")->id;
	edits[1].id = phone_item_with_subject(scene_inbox(ph), "m 2")->id;
	ph->resends = false;
	SCENE_OK(ph, phone_sync_send(ph, &rq));
	poll(NULL, 0, k->after_ms);
	kill(some_worker(), SIGKILL);
	if (phone_sync_receive(ph, &rq)) { /* else it was quicker than the signal */
		enum err e = ERR_UNAVAILABLE;

		ph->resends = true;
		for (unsigned i = 0; e == ERR_UNAVAILABLE && i < PATIENCE_TRIES; i++) {
			poll(NULL, 0, PATIENCE_STEP_MS);
			e = phone_sync_one(ph, &c); /* the same key, the same edits */
		}
		SCENE_OK(ph, e);
		assert_int_equal(scene_inbox(ph)->status, 1);
	}
	ph->resends = true;
	sync_when_back(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	assert_int_equal(scene_mails(user, "Trash", &trash), 1);
	assert_true(scene_mail(user, "INBOX", "m 1")->seen);
	scene_assert_clean(ph);
}
TEST_ROW(worker_dies_in_mid_sync)

static void a_held_ping_of_a_dead_worker(enum eas_version v)
{
	const char *user = scene_user(), *inbox, *changed[2];
	struct phone *ph = scene_synced_phone(user, "PHONE1", v);
	bool has_changed = false;
	size_t count;
	enum err e;

	inbox = scene_inbox(ph)->id;
	ph->resends = false;
	SCENE_OK(ph, phone_ping_send(ph, 60, &inbox, 1));
	poll(NULL, 0, 200);
	kill(some_worker(), SIGKILL);
	SCENE_ERR(ph, phone_ping_receive(ph, 60, changed, COUNT(changed), &count), ERR_UNAVAILABLE);
	ph->resends = true;
	scene_append(user, "INBOX", "meanwhile", "");
	e = ERR_UNAVAILABLE;
	for (unsigned i = 0; e == ERR_UNAVAILABLE && i < PATIENCE_TRIES; i++) {
		poll(NULL, 0, PATIENCE_STEP_MS);
		e = phone_ping(ph, 60, inbox, &has_changed);
	}
	SCENE_OK(ph, e);
	assert_true(has_changed);
	scene_sync(ph, scene_inbox(ph));
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_held_ping_of_a_dead_worker)

/* ---- a mail that is out ---- */

/* The phone hangs up as soon as SMTP has the mail. */
static void send_and_hang_up(struct phone *ph, const struct phone_mail *mail)
{
	unsigned want = received_count() + 1;

	SCENE_OK(ph, phone_send_mail_start(ph, mail));
	received_expect(want);
	phone_hang_up(ph);
}

/* The worker dies when SMTP has taken the mail and the copy in Sent isn't kept yet, since Dovecot has come to stand still. The phone asks
 * again: the mail goes out once, and the copy is kept once. */
static void worker_dies_after_the_mail_is_out(void **state)
{
	const char *user = scene_user();
	struct phone_mail mail = {
		.mime = BYTES("From: a@example.org\r\nTo: bob@example.org\r\nSubject: out\r\n\r\nhello\r\n"),
		.client_id = "dies",
		.save_in_sent = true
	};
	struct phone *ph = scene_synced_phone(user, "PHONE1", EAS_14_1);
	unsigned want = received_count() + 1;
	struct scene_mail *sent;
	enum err e = ERR_UNAVAILABLE;

	(void)state;
	assert_int_equal(scene_mails(user, "Sent", &sent), 0);
	bed_mocksmtp_behave(scene_bed(), "late=1000");
	send_and_hang_up(ph, &mail);
	assert_true(bed_service_signal(scene_bed(), "dovecot", "STOP"));
	poll(NULL, 0, 1500);
	kill(some_worker(), SIGKILL);
	bed_mocksmtp_behave(scene_bed(), "");
	assert_true(bed_service_signal(scene_bed(), "dovecot", "CONT"));
	for (unsigned i = 0; (e == ERR_UNAVAILABLE || (!e && ph->status != 1)) && i < 600; i++) {
		poll(NULL, 0, PATIENCE_STEP_MS);
		e = phone_send_mail(ph, &mail);
		assert_true(e || ph->status == 1 || ph->status == 111); /* "later" */
	}
	SCENE_OK(ph, e);
	assert_int_equal(ph->status, 1);
	assert_int_equal(received_count(), want);
	assert_int_equal(scene_mails(user, "Sent", &sent), 1);
	SCENE_OK(ph, phone_send_mail(ph, &mail));
	assert_int_equal(ph->status, 1);
	assert_int_equal(received_count(), want);
	assert_int_equal(scene_mails(user, "Sent", &sent), 1);
}

/* ---- a new start ---- */

static void the_whole_gateway_restarts(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_many(user, "INBOX", "m", 4);
	ph = scene_synced_phone(user, "PHONE1", v);
	scene_append(user, "INBOX", "new", "");
	assert_true(bed_service_restart(scene_bed(), "easgate"));
	sync_when_back(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added, 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}
TEST_VERSIONS(the_whole_gateway_restarts)

int main(void)
{
	static const char *const settings[] = { "server.workers=1", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 80, .settings = settings });
	TEST_ADD_VERSIONS(redis_goes_and_comes);
	TEST_ADD_VERSIONS(redis_goes_in_mid_sync);
	TEST_ADD_VERSIONS(dovecot_goes_and_comes);
	TEST_ADD_VERSIONS(dovecot_goes_in_mid_sync);
	TEST_ADD_VERSIONS(dovecot_goes_in_mid_ping);
	TEST_ADD_ROWS(worker_dies_in_mid_sync, kill_cases);
	TEST_ADD_VERSIONS(a_held_ping_of_a_dead_worker);
	TEST_ADD(worker_dies_after_the_mail_is_out);
	TEST_ADD_VERSIONS(the_whole_gateway_restarts);
	failed = test_run("outages");
	scene_close();
	return failed;
}
