/* The gateway with its own Redis: what it remembers outlives that server, the gateway and the master, and no password is in it. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>

#include "base/base64.h"
#include "integration/processes.h"

enum { PATIENCE_MS = 15 * 1000 };

/* ---- the processes ---- */

/* The master's child of that name; 0: none. */
static pid_t child_named(const char *name)
{
	pid_t v[8];
	size_t n = bed_children(process_master(), v, 8);

	for (size_t i = 0; i < n; i++) {
		char path[64], text[64] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/comm", v[i]);
		if ((f = fopen(path, "r"))) {
			(void)!fgets(text, sizeof(text), f);
			fclose(f);
		}
		if (!strncmp(text, name, strlen(name)))
			return v[i];
	}
	return 0;
}

static bool is_healthy(void *arg)
{
	(void)arg;
	return process_health("127.0.0.1", bed_port(scene_bed(), "EASGATE_PLAIN_PORT")) == 200;
}

static bool is_another_redis(void *before)
{
	pid_t now = child_named("redis-server");

	return now && now != *(pid_t *)before;
}

/* The key of before is still good, and brings just what is new. */
static void expect_same_life(struct phone *ph, const char *user)
{
	scene_append(user, "INBOX", "new", "");
	scene_sync(ph, scene_inbox(ph));
	assert_int_equal(scene_inbox(ph)->added, 1);
	scene_assert_same(scene_inbox(ph), user, "INBOX");
	scene_assert_clean(ph);
}

static struct phone *phone_with_mails(const char *user)
{
	scene_append_many(user, "INBOX", "m", 4);
	return scene_synced_phone(user, "PHONE1", EAS_14_1);
}

/* ---- what may end ---- */

/* Until it runs again the answer is "later", never a lost key. */
static void its_redis_dies_and_comes_back(void **state)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user);
	struct phone_collection c = { .folder_id = scene_inbox(ph)->id };
	pid_t before = child_named("redis-server");

	(void)state;
	assert_true(before > 0);
	assert_int_equal(kill(before, SIGKILL), 0);
	if (phone_sync_one(ph, &c)) { /* else it was quicker */
		assert_int_equal(ph->reply.status, 503);
		assert_true(phone_answer_header(&ph->reply, "Retry-After").len > 0);
	}
	assert_true(bed_wait(is_another_redis, &before, PATIENCE_MS));
	assert_true(bed_wait(is_healthy, NULL, PATIENCE_MS));
	expect_same_life(ph, user);
}

/* Each time a little later; the gateway itself stays. */
static void its_redis_may_die_again_and_again(void **state)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user);
	pid_t gateway = process_master();

	(void)state;
	for (int i = 0; i < 3; i++) {
		pid_t before = child_named("redis-server");

		assert_int_equal(kill(before, SIGKILL), 0);
		assert_true(bed_wait(is_another_redis, &before, PATIENCE_MS));
	}
	assert_true(bed_wait(is_healthy, NULL, PATIENCE_MS));
	assert_int_equal(process_master(), gateway);
	expect_same_life(ph, user);
}

/* One that stands still is no one that has died: all that asks it has its end, too. */
static void its_redis_stands_still_for_a_while(void **state)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user);
	struct phone_collection c = { .folder_id = scene_inbox(ph)->id };
	pid_t redis = child_named("redis-server");
	int64_t from = bed_now_ms();

	(void)state;
	assert_int_equal(kill(redis, SIGSTOP), 0);
	SCENE_ERR(ph, phone_sync_one(ph, &c), ERR_UNAVAILABLE);
	assert_int_equal(kill(redis, SIGCONT), 0);
	assert_int_equal(ph->reply.status, 503);
	assert_in_range(bed_now_ms() - from, 0, 12 * 1000);
	assert_true(bed_wait(is_healthy, NULL, PATIENCE_MS));
	expect_same_life(ph, user);
}

static void the_gateway_is_restarted(void **state)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user);

	(void)state;
	assert_true(bed_service_restart(scene_bed(), "easgate"));
	expect_same_life(ph, user);
}

/* Nobody is left to stop the others: they go by themselves, and the next master finds the folder free. */
static void the_master_is_killed(void **state)
{
	const char *user = scene_user();
	struct phone *ph = phone_with_mails(user);
	pid_t old_master = process_master(), old_worker = child_named("easgate"),
	      redis = child_named("redis-server");

	(void)state;
	assert_true(old_worker > 0 && redis > 0);
	assert_int_equal(kill(old_master, SIGKILL), 0);
	assert_true(bed_wait(process_is_gone, &old_worker, PATIENCE_MS));
	assert_true(bed_wait(process_is_gone, &redis, PATIENCE_MS));
	assert_true(bed_service_restart(scene_bed(), "easgate"));
	expect_same_life(ph, user);
}

/* ---- what must not be kept ---- */

/* True if `wanted` is in a file below the folder. */
static bool is_below(const char *folder, struct bytes wanted)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		char path[1024];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR) {
			found = is_below(path, wanted);
		} else if (entry->d_type == DT_REG) {
			struct bytes text = test_file(path);

			found = memmem(text.p, text.len, wanted.p, wanted.len) != NULL;
		}
	}
	if (d)
		closedir(d);
	return found;
}

static struct bytes in_base64(const char *text)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	base64_put(&b, bytes_str(text), BASE64_PLAIN);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

/* At the chattiest level, with a right and a wrong sign-in, syncs and a mail that is sent. */
static void no_password_is_kept_or_logged(void **state)
{
	const char *user = scene_user(), *password = bed_password(scene_bed(), user);
	const char *wrong = "a wrong one 4711";
	struct phone *ph = phone_with_mails(user);
	char state_dir[256], log_dir[256], pair[256];
	struct bytes secrets[5];
	struct phone_mail mail = { .mime = BYTES("From: <me@example.org>\r\nTo: <you@example.net>\r\n"
						 "Subject: words in confidence\r\n\r\nwords of mine\r\n") };
	struct phone_offer offer;

	(void)state;
	SCENE_OK(ph, phone_send_mail(ph, &mail));
	expect_same_life(ph, user);
	free(ph->password);
	ph->password = strdup(wrong);
	SCENE_ERR(ph, phone_options(ph, &offer), ERR_AUTH);
	snprintf(state_dir, sizeof(state_dir), "%s/easgate/state", scene_env("BED"));
	snprintf(log_dir, sizeof(log_dir), "%s/log", scene_env("BED"));
	secrets[0] = bytes_str(password);
	secrets[1] = bytes_str(wrong);
	snprintf(pair, sizeof(pair), "%s:%s", user, password);
	secrets[2] = in_base64(pair);
	snprintf(pair, sizeof(pair), "%s:%s", user, wrong);
	secrets[3] = in_base64(pair);
	secrets[4] = BYTES("words of mine");
	for (size_t i = 0; i < 5; i++) {
		assert_false(is_below(state_dir, secrets[i]));
		assert_false(is_below(log_dir, secrets[i]));
	}
	assert_true(is_below(state_dir, bytes_str(user))); /* or we looked in the wrong places */
	assert_true(is_below(log_dir, BYTES("sign-in refused")));
}

int main(void)
{
	static const char *const settings[] = { "log.level=debug", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .services = "dovecot,mocksmtp", .settings = settings });
	TEST_ADD(its_redis_dies_and_comes_back);
	TEST_ADD(its_redis_may_die_again_and_again);
	TEST_ADD(its_redis_stands_still_for_a_while);
	TEST_ADD(the_gateway_is_restarted);
	TEST_ADD(the_master_is_killed);
	TEST_ADD(no_password_is_kept_or_logged);
	failed = test_run("embedded");
	scene_close();
	return failed;
}
