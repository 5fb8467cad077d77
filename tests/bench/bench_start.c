/* From the start of the program to its first answered request, with the Redis that it starts itself and with another. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "wire.h"

enum { ROUNDS = 9, PATIENCE_US = 20 * 1000 * 1000 };

/* A configuration of the bed's with another store. Returns its path. */
static char *write_config(const struct bed *b, const char *store)
{
	char *path = bench_text("%s/bench.conf", bed_dir(b)), line[1024];
	FILE *from = fopen(bed_get(b, "EASGATE_CONF"), "r"), *to = fopen(path, "w");

	if (!from || !to)
		bench_die("the gateway's configuration can't be copied");
	while (fgets(line, sizeof(line), from))
		if (!strncmp(line, "store = ", 8))
			fprintf(to, "store = %s\n", store);
		else
			fputs(line, to);
	fclose(from);
	fclose(to);
	return path;
}

/* Milliseconds until a request that signs in is answered with 200. */
static double start_once(const struct bed *b, const char *config)
{
	const char *dir = getenv("B");
	char *argv[] = { bench_text("%s/easgate", dir ? dir : "build"), bench_text("-c"),
		bench_text("%s", config), NULL };
	posix_spawn_file_actions_t silently;
	struct phone_offer offer;
	int64_t began = phone_now_us();
	struct phone *ph;
	pid_t pid;

	posix_spawn_file_actions_init(&silently);
	posix_spawn_file_actions_addopen(&silently, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, argv[0], &silently, NULL, argv, environ))
		bench_die("%s can't be started", argv[0]);
	ph = bench_phone(b, 1, "benchstart", EAS_14_1);
	while (phone_options(ph, &offer)) {
		if (phone_now_us() - began > PATIENCE_US)
			bench_die("the gateway doesn't answer: %s", ph->problem);
		usleep(1000);
	}
	began = phone_now_us() - began;
	posix_spawn_file_actions_destroy(&silently);
	phone_free(&ph);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return (double)began / 1000;
}

static void bench_start(const struct bed *b, const char *store, const char *what)
{
	const char *config = write_config(b, store);
	double ms[ROUNDS], median;

	for (int i = 0; i < ROUNDS; i++)
		ms[i] = start_once(b, config);
	median = bench_median(ms, ROUNDS);
	bench_row(bench_text("start to the first answered request, %s", what), bench_text("%.0f ms", median),
	    "", "<= 500 ms", median <= 500);
}

int main(void)
{
	struct bed *b;

	signal(SIGPIPE, SIG_IGN);
	bench_title("Start");
	b = bench_bed((struct bed_opts){ .services = "dovecot,redis", .users = 1 });
	bed_service_stop(b, "easgate");
	bench_start(b, "embedded", "embedded Redis");
	bench_start(b, bed_get(b, "REDIS_URL"), "an own Redis");
	bed_stop(&b);
	return 0;
}
