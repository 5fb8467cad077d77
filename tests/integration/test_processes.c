/* Master and workers: reload, stop, a worker that dies, a config that is broken, all of it while phones wait. */
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "scene.h"

static struct phone *waiting_phone(const char *user)
{
	struct phone *ph = scene_synced_phone(user, "WAIT1", EAS_14_1);
	const char *id = scene_inbox(ph)->id;

	ph->resends = false;
	SCENE_OK(ph, phone_ping_send(ph, 60, &id, 1));
	poll(NULL, 0, 200);
	return ph;
}

static pid_t master(void)
{
	return bed_service_pid(scene_bed(), "easgate");
}

static pid_t worker(void)
{
	pid_t v[4];

	return bed_children(master(), v, 4) == 1 ? v[0] : 0;
}

static bool is_another(void *before)
{
	pid_t now = worker();

	return now && now != *(pid_t *)before;
}

/* A held request is answered at once, as if its time were up; the next one meets the new worker. */
static void a_reload_sends_waiting_phones_to_the_new_worker(void **state)
{
	struct phone *ph = waiting_phone(scene_user());
	size_t changed;
	pid_t before = worker();
	int64_t from;

	(void)state;
	assert_true(before > 0);
	from = bed_now_ms();
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	SCENE_OK(ph, phone_ping_receive(ph, 60, NULL, 0, &changed));
	assert_int_equal(ph->status, 1);
	assert_true(ph->reply.close);
	assert_in_range(bed_now_ms() - from, 0, 5000);
	assert_true(bed_wait(is_another, &before, 5000));
	ph->resends = true;
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
}

/* Under way when the reload comes: nobody is refused, nothing is cut off. */
static void requests_go_through_during_a_reload(void **state)
{
	struct phone *ph = scene_synced_phone(scene_user(), "BUSY1", EAS_14_1);
	pid_t before = worker();

	(void)state;
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	for (int i = 0; i < 200; i++)
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_true(bed_wait(is_another, &before, 5000));
}

static void a_worker_that_is_killed_is_replaced(void **state)
{
	struct phone *ph = waiting_phone(scene_user());
	size_t changed;
	pid_t before = worker();

	(void)state;
	assert_int_equal(kill(before, SIGKILL), 0);
	assert_int_equal(phone_ping_receive(ph, 60, NULL, 0, &changed), ERR_UNAVAILABLE);
	ph->resends = true;
	SCENE_OK(ph, phone_folder_sync(ph, NULL)); /* at once: the socket was open all the time */
	assert_true(bed_wait(is_another, &before, 2000));
}

/* ---- other configs ---- */

static const char *good_config(void)
{
	static const char *text;

	if (!text) {
		struct bytes file = test_file(scene_env("EASGATE_CONF"));
		char *copy = test_keep(file.len + 1);

		memcpy(copy, file.p, file.len);
		copy[file.len] = '\0';
		text = copy;
	}
	return text;
}

static void write_config(const char *text)
{
	FILE *f = fopen(scene_env("EASGATE_CONF"), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* `config` with the value of that key, which stands in it, replaced. */
static const char *with(const char *config, const char *key, const char *value)
{
	char *text = test_keep(strlen(config) + strlen(key) + strlen(value) + 8), start[64];
	const char *at;

	snprintf(start, sizeof(start), "\n%s = ", key);
	at = strstr(config, start);
	if (!at)
		fail_msg("no %s in the config", key);
	sprintf(text, "%.*s%s%s%s", (int)(at - config), config, start, value, strchr(at + 1, '\n'));
	return text;
}

/* The same with more lines at its end. */
static const char * and (const char *config, const char *more)
{
	char *text = test_keep(strlen(config) + strlen(more) + 2);

	sprintf(text, "%s\n%s", config, more);
	return text;
}

/* The new config is in force when this returns. */
static void reload_with(const char *config)
{
	pid_t before = worker();

	write_config(config);
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	assert_true(bed_wait(is_another, &before, 8000));
}

/* A mistake is told, everything stays as it was, and who waits goes on waiting: new mail still reaches him. */
static const struct broken_case {
	const char *name, *key, *value, *more;
} broken_cases[] = {
	{ "an unknown key", NULL, NULL, "[server]\nnonsense = 1\n" },
	{ "a file that is not there", NULL, NULL, "[imap]\nca_file = /nonexistent\n" },
	{ "no certificate in the file", "certificate", "/etc/passwd", "" },
	{ "a place that is not ours", "listen_plain", "192.0.2.1:1", "" },
	{ "no Redis address", "store", "redis://:", "" },
	{ "no such user", NULL, NULL, "[server]\nuser = nobody-of-that-name\n" },
};
static void a_reload_with(const struct broken_case *c)
{
	const char *user = scene_user(), *config = good_config(), *changed[2];
	struct phone *ph = waiting_phone(user);
	pid_t before = worker();
	size_t count;

	if (c->key)
		config = with(config, c->key, c->value);
	write_config(and(config, c->more));
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	poll(NULL, 0, 1000);
	write_config(good_config());
	assert_int_equal(worker(), before);
	scene_append(user, "INBOX", "still there", "");
	SCENE_OK(ph, phone_ping_receive(ph, 60, changed, 2, &count));
	assert_int_equal(ph->status, 2);
	ph->resends = true;
	phone_hang_up(ph);
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
}
TEST_ROW(a_reload_with)

static size_t worker_count(void)
{
	pid_t v[8];

	return bed_children(master(), v, 8);
}

static bool are_three(void *arg)
{
	(void)arg;
	return worker_count() == 3;
}

static bool is_one(void *arg)
{
	(void)arg;
	return worker_count() == 1;
}

/* Connections are spread over the workers' sockets: none may be left without its worker. */
static void the_number_of_workers_may_change(void **state)
{
	struct phone *ph = scene_synced_phone(scene_user(), "MANY1", EAS_14_1);

	(void)state;
	write_config(with(good_config(), "workers", "3"));
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	assert_true(bed_wait(are_three, NULL, 8000));
	write_config(good_config());
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	assert_true(bed_wait(is_one, NULL, 8000));
	for (int i = 0; i < 30; i++) {
		phone_hang_up(ph);
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
	}
}

/* ---- logs ---- */

static bool is_gone(void *pid)
{
	return kill(*(pid_t *)pid, 0) != 0;
}

static bool is_moved(void *log)
{
	struct stat st;

	return stat(log, &st) == 0 && st.st_size > 0;
}

static void a_rotation(const char *log)
{
	struct phone *ph = scene_synced_phone(scene_user(), "ROTATE1", EAS_14_1);
	char moved[512];

	snprintf(moved, sizeof(moved), "%s.1", log);
	assert_int_equal(rename(log, moved), 0);
	assert_true(bed_service_signal(scene_bed(), "easgate", "USR1"));
	for (int i = 0; i < 100 && !is_moved((void *)(uintptr_t)log); i++) {
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
		poll(NULL, 0, 10);
	}
	assert_true(is_moved((void *)(uintptr_t)log));
}

static void logs_are_opened_again_after_a_rotation(void **state)
{
	(void)state;
	a_rotation(scene_env("EASGATE_ACCESS_LOG"));
}

/* Root makes the file, in a folder where the workers may make none. */
static void workers_that_are_not_root_open_them_too(void **state)
{
	char folder[256], log[300];

	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(folder, sizeof(folder), "%s/others", scene_env("BED"));
	snprintf(log, sizeof(log), "%s/access.log", folder);
	assert_int_equal(chmod(scene_env("BED"), 0755), 0);
	assert_int_equal(mkdir(folder, 0755), 0);
	reload_with(and(with(good_config(), "access", log), "[server]\nuser = nobody\n"));
	a_rotation(log); /* the file of the new config, at once */
	reload_with(good_config());
}

/* The last test. */
static void a_stop_answers_waiting_phones_and_ends(void **state)
{
	struct phone *ph = waiting_phone(scene_user());
	size_t changed;
	pid_t old_master = master(), old_worker = worker();
	int64_t from = bed_now_ms();

	(void)state;
	assert_int_equal(kill(old_master, SIGTERM), 0);
	SCENE_OK(ph, phone_ping_receive(ph, 60, NULL, 0, &changed));
	assert_int_equal(ph->status, 1);
	assert_true(bed_wait(is_gone, &old_worker, 3000));
	assert_in_range(bed_now_ms() - from, 0, 4000);
	phone_hang_up(ph);
	ph->resends = true;
	SCENE_ERR(ph, phone_folder_sync(ph, NULL), ERR_UNAVAILABLE);
}

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .services = "dovecot,redis" });
	TEST_ADD(a_reload_sends_waiting_phones_to_the_new_worker);
	TEST_ADD(requests_go_through_during_a_reload);
	TEST_ADD(a_worker_that_is_killed_is_replaced);
	TEST_ADD_ROWS(a_reload_with, broken_cases);
	TEST_ADD(the_number_of_workers_may_change);
	TEST_ADD(logs_are_opened_again_after_a_rotation);
	TEST_ADD(workers_that_are_not_root_open_them_too);
	TEST_ADD(a_stop_answers_waiting_phones_and_ends);
	failed = test_run("processes");
	scene_close();
	return failed;
}
