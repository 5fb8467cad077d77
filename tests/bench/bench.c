#include "bench.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the table ---- */

void bench_title(const char *title)
{
	printf("\n%s\n%-58s %-26s %-44s %s\n", title, "", "measured", "raw limit, same run", "asked");
	fflush(stdout);
}

void bench_row(const char *what, const char *measured, const char *limit, const char *asked, bool met)
{
	printf("%-58s %-26s %-44s %s%s\n", what, measured, limit, asked, met ? "  met" : "  MISSED");
	fflush(stdout);
}

void bench_note(const char *what, const char *fmt, ...)
{
	va_list args;

	printf("  %-56s ", what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

char *bench_text(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	return text;
}

void bench_die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* ---- the bed ---- */

struct bed *bench_bed(struct bed_opts opts)
{
	struct bed *b;

	opts.easgate = true;
	b = bed_start(&opts);
	if (!b)
		bench_die("the private servers did not start");
	return b;
}

pid_t bench_worker(const struct bed *b)
{
	pid_t worker;

	if (bed_children(bed_service_pid(b, "easgate"), &worker, 1) != 1)
		bench_die("the gateway has no worker");
	return worker;
}

char *bench_user(const struct bed *b, unsigned account)
{
	return bench_text("user%04u@%s", account, bed_get(b, "DOMAIN"));
}

static struct phone *phone_at(
    const char *url, const struct bed *b, unsigned account, const char *device, enum eas_version v)
{
	return phone_new(&(struct phone_config){
	    .url = url,
	    .user = bench_user(b, account),
	    .password = bed_get(b, "BENCH_PASSWORD"),
	    .ca_file = bed_get(b, "CA_FILE"),
	    .device_id = device,
	    .version = v,
	    .timeout_ms = 120 * 1000,
	});
}

struct phone *bench_phone(const struct bed *b, unsigned account, const char *device, enum eas_version v)
{
	return phone_at(bed_get(b, "EASGATE_URL"), b, account, device, v);
}

struct phone *bench_phone_without_tls(
    const struct bed *b, unsigned account, const char *device, enum eas_version v)
{
	return phone_at(bench_text("http://%s:%u", bed_get(b, "HOST"), bed_port(b, "EASGATE_PLAIN_PORT")), b,
	    account, device, v);
}

/* ---- processes ---- */

static bool read_proc(pid_t pid, const char *name, char *to, size_t cap)
{
	char path[64];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fread(to, 1, cap - 1, f);
	to[n] = '\0';
	fclose(f);
	return n > 0;
}

size_t bench_memory(pid_t pid)
{
	char text[8192];
	const char *at = read_proc(pid, "status", text, sizeof(text)) ? strstr(text, "RssAnon:") : NULL;

	if (!at)
		bench_die("process %d has gone", (int)pid);
	return strtoul(at + strlen("RssAnon:"), NULL, 10) * 1024;
}

/* Fields of /proc/PID/stat behind the name, which may hold blanks: ppid is 2, utime 12, stime 13 (proc(5) counts
 * from the pid). Children that have been waited for are 14 and 15. */
static bool read_stat(pid_t pid, pid_t *parent, double *seconds)
{
	char text[1024];
	const char *at = read_proc(pid, "stat", text, sizeof(text)) ? strrchr(text, ')') : NULL;
	long long ppid, ticks[4];

	if (!at || sscanf(at, ") %*c %lld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld", &ppid,
		       &ticks[0], &ticks[1], &ticks[2], &ticks[3]) != 5)
		return false;
	*parent = (pid_t)ppid;
	*seconds = (double)(ticks[0] + ticks[1] + ticks[2] + ticks[3]) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

static double cpu_below(pid_t pid)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	double sum = 0, seconds;

	while (d && (e = readdir(d))) {
		pid_t child = (pid_t)atoi(e->d_name), parent;

		if (child > 0 && read_stat(child, &parent, &seconds) && parent == pid)
			sum += seconds + cpu_below(child);
	}
	if (d)
		closedir(d);
	return sum;
}

double bench_cpu(pid_t pid, bool with_children)
{
	double seconds = 0;
	pid_t parent;

	if (!read_stat(pid, &parent, &seconds))
		bench_die("process %d has gone", (int)pid);
	return seconds + (with_children ? cpu_below(pid) : 0);
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *v, size_t n)
{
	if (!n)
		bench_die("nothing was measured");
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}
