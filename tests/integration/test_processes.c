/* Workers that die, and the stop, while phones wait. */
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "integration/processes.h"
#include "received.h"

static void a_worker_that_is_killed_is_replaced(void **state)
{
	struct phone *ph = process_waiting_phone(scene_user());
	size_t changed;
	pid_t before = process_worker();

	(void)state;
	assert_int_equal(kill(before, SIGKILL), 0);
	assert_int_equal(phone_ping_receive(ph, 60, NULL, 0, &changed), ERR_UNAVAILABLE);
	ph->resends = true;
	SCENE_OK(ph, phone_folder_sync(ph, NULL)); /* at once: the socket was open all the time */
	assert_true(bed_wait(process_is_another, &before, 2000));
}

/* Even where the system asks for core files. */
static void a_worker_that_crashes_leaves_no_core(void **state)
{
	char path[64], line[256] = "";
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/limits", process_worker());
	f = fopen(path, "r");
	assert_non_null(f);
	while (strncmp(line, "Max core file size", 18) != 0)
		assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_int_equal(line[18 + strspn(line + 18, " ")], '0');
}

/* ---- dying again and again ---- */

/* At once the first time, then with growing pauses. */
static void a_worker_that_keeps_dying_is_started_more_and_more_slowly(void **state)
{
	enum { DEATHS = 5 };
	int64_t took[DEATHS];

	(void)state;
	for (int i = 0; i < DEATHS; i++) {
		pid_t before = process_worker();
		int64_t from = bed_now_ms();

		assert_int_equal(kill(before, SIGKILL), 0);
		assert_true(bed_wait(process_is_another, &before, 12000));
		took[i] = bed_now_ms() - from;
	}
	assert_in_range(took[DEATHS - 1], 500, 11000);
	assert_true(took[DEATHS - 1] > took[DEATHS - 3]);
}

/* ---- the end ---- */

/* A request that never ends arriving. */
static struct phone_wire *half_a_request(void)
{
	struct phone_wire *w = NULL;

	assert_int_equal(process_knock("127.0.0.1", bed_port(scene_bed(), "EASGATE_PLAIN_PORT"), &w), ERR_OK);
	assert_int_equal(
	    phone_wire_send(w, BYTES("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf"), 1000), ERR_OK);
	poll(NULL, 0, 100);
	return w;
}

/* The drain has an end, and while it lasts nobody is let in any more. */
static void a_stop_takes_no_longer_than_drain(void **state)
{
	struct phone_wire *w = half_a_request();
	pid_t old_master = process_master(), old_worker = process_worker();
	uint16_t port = bed_port(scene_bed(), "EASGATE_PLAIN_PORT");
	int64_t from = bed_now_ms();

	(void)state;
	assert_int_equal(kill(old_master, SIGTERM), 0);
	assert_true(bed_wait(process_is_refused, &port, 1000));
	assert_false(process_is_gone(&old_worker));
	assert_true(bed_wait(process_is_gone, &old_master, 6000));
	assert_true(process_is_gone(&old_worker));
	assert_in_range(bed_now_ms() - from, 1500, 5000); /* drain is 2s */
	phone_wire_free(&w);
	assert_true(bed_service_restart(scene_bed(), "easgate"));
}

static void a_second_signal_stops_at_once(void **state)
{
	struct phone_wire *w = half_a_request();
	pid_t old_master = process_master();
	int64_t from = bed_now_ms();

	(void)state;
	assert_int_equal(kill(old_master, SIGTERM), 0);
	poll(NULL, 0, 200);
	assert_int_equal(kill(old_master, SIGINT), 0);
	assert_true(bed_wait(process_is_gone, &old_master, 5000));
	assert_in_range(bed_now_ms() - from, 0, 1400);
	phone_wire_free(&w);
	assert_true(bed_service_restart(scene_bed(), "easgate"));
}

static unsigned log_times(const char *text)
{
	return received_times(
	    test_file(arena_printf(test_arena(), "%s/log/easgate.out", scene_env("BED"))), text);
}

/* One that still waits for Redis has nobody to answer, and needs no time to end: it stops to wait, and neither opens its doors nor
 * complains. */
static void a_stop_ends_a_worker_that_waits_for_redis(void **state)
{
	pid_t old_master = process_master(), killed = process_worker();
	unsigned opened = log_times("Redis can't be reached"), left = log_times("did not end in time");
	bool replaced, ended;

	(void)state;
	assert_true(bed_service_signal(scene_bed(), "redis", "STOP"));
	assert_int_equal(kill(killed, SIGKILL), 0);
	replaced = bed_wait(process_is_another, &killed, 2000);
	poll(NULL, 0, 200);
	assert_int_equal(kill(old_master, SIGTERM), 0);
	ended = bed_wait(process_is_gone, &old_master, 1500);
	assert_true(bed_service_signal(scene_bed(), "redis", "CONT"));
	assert_true(replaced);
	assert_true(ended);
	assert_int_equal(log_times("Redis can't be reached"), opened);
	assert_int_equal(log_times("did not end in time"), left);
	assert_true(bed_service_restart(scene_bed(), "easgate"));
}

/* The last test. */
static void a_stop_answers_waiting_phones_and_ends(void **state)
{
	struct phone *ph = process_waiting_phone(scene_user());
	size_t changed;
	pid_t old_master = process_master(), old_worker = process_worker();
	int64_t from = bed_now_ms();

	(void)state;
	assert_int_equal(kill(old_master, SIGTERM), 0);
	SCENE_OK(ph, phone_ping_receive(ph, 60, NULL, 0, &changed));
	assert_int_equal(ph->status, 1);
	assert_true(bed_wait(process_is_gone, &old_worker, 3000));
	assert_in_range(bed_now_ms() - from, 0, 4000);
	phone_hang_up(ph);
	ph->resends = true;
	SCENE_ERR(ph, phone_folder_sync(ph, NULL), ERR_UNAVAILABLE);
}

int main(void)
{
	static const char *const settings[] = { "server.drain=2s", NULL };
	int failed;

	setrlimit(RLIMIT_CORE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY }); /* where we may */
	scene_open(&(struct bed_opts){ .services = "dovecot,redis", .settings = settings });
	TEST_ADD(a_worker_that_is_killed_is_replaced);
	TEST_ADD(a_worker_that_crashes_leaves_no_core);
	TEST_ADD(a_worker_that_keeps_dying_is_started_more_and_more_slowly);
	TEST_ADD(a_stop_takes_no_longer_than_drain);
	TEST_ADD(a_second_signal_stops_at_once);
	TEST_ADD(a_stop_ends_a_worker_that_waits_for_redis);
	TEST_ADD(a_stop_answers_waiting_phones_and_ends);
	failed = test_run("processes");
	scene_close();
	return failed;
}
