/* SIGHUP and SIGUSR1: another config, or a broken one, other certificates, places and logs, all of it while phones wait. */
#include <poll.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "integration/processes.h"

/* A held request is answered at once, as if its time were up; the next one meets the new worker. */
static void a_reload_sends_waiting_phones_to_the_new_worker(void **state)
{
	struct phone *ph = process_waiting_phone(scene_user());
	size_t changed;
	pid_t before = process_worker();
	int64_t from;

	(void)state;
	assert_true(before > 0);
	from = bed_now_ms();
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	SCENE_OK(ph, phone_ping_receive(ph, 60, NULL, 0, &changed));
	assert_int_equal(ph->status, 1);
	assert_true(ph->reply.close);
	assert_in_range(bed_now_ms() - from, 0, 5000);
	assert_true(bed_wait(process_is_another, &before, 5000));
	ph->resends = true;
	SCENE_OK(ph, phone_folder_sync(ph, NULL));
}

/* Under way when the reload comes: nobody is refused, nothing is cut off. */
static void requests_go_through_during_a_reload(void **state)
{
	struct phone *ph = scene_synced_phone(scene_user(), "BUSY1", EAS_14_1);
	pid_t before = process_worker();

	(void)state;
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	for (int i = 0; i < 200; i++)
		SCENE_OK(ph, phone_folder_sync(ph, NULL));
	assert_true(bed_wait(process_is_another, &before, 5000));
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
static const char *plus(const char *config, const char *more)
{
	char *text = test_keep(strlen(config) + strlen(more) + 2);

	sprintf(text, "%s\n%s", config, more);
	return text;
}

/* The new config is in force when this returns. */
static void reload_with(const char *config)
{
	pid_t before = process_worker();

	write_config(config);
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	assert_true(bed_wait(process_is_another, &before, 8000));
}

/* What a key says is so for the next mail, and no longer than it says it. */
static void another_key_is_heeded(void **state)
{
	static const struct {
		const char *more;
		size_t copies; /* in Sent, afterwards */
		const char *client_id;
	} steps[] = { { "", 1, "1" }, { "[smtp]\nsave_in_sent = no\n", 1, "2" }, { "", 2, "3" } };
	const char *user = scene_user();
	struct phone *ph = scene_synced_phone(user, "KEY1", EAS_14_1);
	struct phone_mail mail = { .mime = BYTES("To: bob@example.org\r\n\r\nhello\r\n"),
		.save_in_sent = true };
	struct scene_mail *sent;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		reload_with(plus(good_config(), steps[i].more));
		phone_hang_up(ph);
		mail.client_id = steps[i].client_id;
		SCENE_OK(ph, phone_send_mail(ph, &mail));
		assert_int_equal(ph->status, 1);
		assert_int_equal(scene_mails(user, "Sent", &sent), steps[i].copies);
	}
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
	struct phone *ph = process_waiting_phone(user);
	pid_t before = process_worker();
	size_t count;

	if (c->key)
		config = with(config, c->key, c->value);
	write_config(plus(config, c->more));
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	poll(NULL, 0, 1000);
	write_config(good_config());
	assert_int_equal(process_worker(), before);
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

	return bed_children(process_master(), v, 8);
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

/* ---- Redis ---- */

static int health(void)
{
	return process_health("127.0.0.1", bed_port(scene_bed(), "EASGATE_PLAIN_PORT"));
}

static bool is_healthy(void *arg)
{
	(void)arg;
	return health() == 200;
}

/* Asks again and again; how often the answer wasn't that all is well. */
static unsigned count_sick(int ms)
{
	unsigned sick = 0;

	for (int64_t end = bed_now_ms() + ms; bed_now_ms() < end; poll(NULL, 0, 5))
		sick += health() != 200;
	return sick;
}

/* A balancer would take the machine out because of a worker that hasn't reached Redis yet. */
static void a_worker_that_waits_for_redis_leaves_connections_to_the_old_one(void **state)
{
	pid_t before = process_worker();
	unsigned sick;
	size_t workers;

	(void)state;
	assert_true(bed_service_signal(scene_bed(), "redis", "STOP"));
	assert_true(bed_service_signal(scene_bed(), "easgate", "HUP"));
	sick = count_sick(2000);
	workers = worker_count();
	assert_true(bed_service_signal(scene_bed(), "redis", "CONT"));
	assert_int_equal(workers, 2);
	assert_int_equal(sick + count_sick(500), 0);
	assert_true(bed_wait(process_is_another, &before, 8000));
	assert_int_equal(health(), 200);
}

/* The config is in force all the same, and the outage is told as such. */
static void a_reload_does_not_wait_for_redis_for_ever(void **state)
{
	(void)state;
	assert_true(bed_service_stop(scene_bed(), "redis"));
	reload_with(good_config());
	assert_int_equal(health(), 503);
	assert_true(bed_service_restart(scene_bed(), "redis"));
	assert_true(bed_wait(is_healthy, NULL, 8000));
}

/* Whatever the config says by now: each of the reloads warns, and what phones have is still known. */
static const struct store_case {
	const char *name, *store;
} store_cases[] = {
	{ "another Redis", "redis://127.0.0.1:1" },
	{ "the embedded one", "embedded" },
};
static void another_store_needs_a_restart(const struct store_case *c)
{
	struct phone *ph = scene_synced_phone(scene_user(), "STORE1", EAS_14_1);

	for (int i = 0; i < 2; i++) {
		reload_with(with(good_config(), "store", c->store));
		assert_int_equal(health(), 200);
		phone_hang_up(ph);
		scene_sync(ph, scene_inbox(ph));
	}
	reload_with(good_config());
	scene_assert_clean(ph);
}
TEST_ROW(another_store_needs_a_restart)

/* ---- logs ---- */

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
	reload_with(plus(with(good_config(), "access", log), "[server]\nuser = nobody\n"));
	a_rotation(log); /* the file of the new config, at once */
	reload_with(good_config());
}

/* ---- certificates and places ---- */

static void make_certificate(const char *file, const char *name)
{
	char command[2048];

	snprintf(command, sizeof(command),
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s "
	    "-keyout "
	    "%s.key -out %s 2>/dev/null && cat %s.key >> %s",
	    name, file, file, file, file);
	assert_int_equal(system(command), 0);
}

/* Whom the certificate that a new connection meets is for. */
static const char *served_name(void)
{
	char command[256];
	char *name = test_keep(256);
	FILE *p;

	snprintf(command, sizeof(command),
	    "openssl s_client -connect 127.0.0.1:%s </dev/null 2>/dev/null | openssl x509 -noout -subject",
	    scene_env("EASGATE_PORT"));
	p = popen(command, "r");
	assert_non_null(p);
	if (!fgets(name, 256, p))
		name[0] = '\0';
	pclose(p);
	return name;
}

/* As certbot does it: the same files with other contents. */
static void a_renewed_certificate_is_read_by_a_reload(void **state)
{
	const char *config;
	char file[256];

	(void)state;
	snprintf(file, sizeof(file), "%s/renewed.pem", scene_env("BED"));
	config = with(with(good_config(), "certificate", file), "certificate_key", file);
	make_certificate(file, "first.example.org");
	reload_with(config);
	assert_non_null(strstr(served_name(), "first.example.org"));
	make_certificate(file, "second.example.org");
	assert_non_null(strstr(served_name(), "first.example.org"));
	reload_with(config);
	assert_non_null(strstr(served_name(), "second.example.org"));
	reload_with(good_config());
}

static uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void places_may_come_and_go(void **state)
{
	uint16_t kept = bed_port(scene_bed(), "EASGATE_PLAIN_PORT"), more = free_port();
	char places[128];

	(void)state;
	assert_true(process_is_refused(&more));
	snprintf(places, sizeof(places), "127.0.0.1:%u, 127.0.0.1:%u, [::1]:%u", kept, more, more);
	reload_with(with(good_config(), "listen_plain", places));
	assert_int_equal(process_health("127.0.0.1", kept), 200);
	assert_int_equal(process_health("127.0.0.1", more), 200);
	assert_int_equal(process_health("[::1]", more), 200);
	reload_with(good_config());
	assert_int_equal(process_health("127.0.0.1", kept), 200);
	assert_true(bed_wait(process_is_refused, &more, 2000));
}

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .services = "dovecot,redis,mocksmtp" });
	TEST_ADD(a_reload_sends_waiting_phones_to_the_new_worker);
	TEST_ADD(requests_go_through_during_a_reload);
	TEST_ADD(another_key_is_heeded);
	TEST_ADD_ROWS(a_reload_with, broken_cases);
	TEST_ADD(the_number_of_workers_may_change);
	TEST_ADD(a_worker_that_waits_for_redis_leaves_connections_to_the_old_one);
	TEST_ADD(a_reload_does_not_wait_for_redis_for_ever);
	TEST_ADD_ROWS(another_store_needs_a_restart, store_cases);
	TEST_ADD(logs_are_opened_again_after_a_rotation);
	TEST_ADD(workers_that_are_not_root_open_them_too);
	TEST_ADD(a_renewed_certificate_is_read_by_a_reload);
	TEST_ADD(places_may_come_and_go);
	failed = test_run("reload");
	scene_close();
	return failed;
}
