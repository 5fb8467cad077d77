#ifndef EASGATE_TESTS_IMAP_BED_H
#define EASGATE_TESTS_IMAP_BED_H

/* A real Dovecot for tests of the IMAP backend: tests/bed starts it in a folder of its own and stops it when this
 * process is gone. */
#include <sys/stat.h>
#include <sys/wait.h>

#include "imap/imap.h"
#include "unit/backends/on_fiber.h"

struct imap_bed {
	char dir[64];
	uint16_t port, tls_port;
	char ca[128];
};

static inline int imap_bed_run(const char *fmt, ...)
{
	char command[1024];
	va_list args;
	int n, rc;

	va_start(args, fmt);
	n = vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	assert_true(n > 0 && (size_t)n < sizeof(command));
	rc = system(command);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

/* The value of a line KEY=VALUE in the bed's file of settings. */
static inline const char *imap_bed_value(const struct imap_bed *b, const char *key)
{
	char path[96], line[512];
	size_t n = strlen(key);
	FILE *f;

	snprintf(path, sizeof(path), "%s/env", b->dir);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, n) == 0 && line[n] == '=') {
			char *text = test_keep(strlen(line));

			line[strcspn(line, "\n")] = 0;
			strcpy(text, line + n + 1);
			fclose(f);
			return text;
		}
	}
	if (f)
		fclose(f);
	fail_msg("no %s in %s", key, path);
	return "";
}

/* options: as tests/bed/bed start takes them, such as "--imap-hide QRESYNC". */
static inline void imap_bed_start(struct imap_bed *b, const char *options)
{
	strcpy(b->dir, "/tmp/easgate-imap.XXXXXX");
	if (!mkdtemp(b->dir) || chmod(b->dir, 0755) || /* others than we go in */
	    imap_bed_run("tests/bed/bed start %s/bed --services dovecot --owner %d %s >%s/log 2>&1", b->dir,
		(int)getpid(), options, b->dir))
		fail_msg("the bed does not start: see %s/log", b->dir);
	strcat(b->dir, "/bed");
	b->port = (uint16_t)atoi(imap_bed_value(b, "IMAP_PORT"));
	b->tls_port = (uint16_t)atoi(imap_bed_value(b, "IMAPS_PORT"));
	snprintf(b->ca, sizeof(b->ca), "%s", imap_bed_value(b, "CA_FILE"));
}

static inline void imap_bed_stop(struct imap_bed *b)
{
	imap_bed_run("tests/bed/bed stop %s >/dev/null 2>&1", b->dir);
	b->dir[strlen(b->dir) - strlen("/bed")] = 0;
	imap_bed_run("rm -rf %s", b->dir);
}

static inline struct imap_config imap_bed_config(const struct imap_bed *b)
{
	return (struct imap_config){
		.server = { .host = "127.0.0.1",
		    .port = b->port,
		    .tls = STREAM_PLAIN,
		    .connect_ms = 5000,
		    .io_ms = 10000 },
		.command_ms = 10000,
		.idle_close_s = 60,
		.max_per_account = 4,
		.max_total = 100,
	};
}

static inline struct imap_login imap_bed_login(const char *user, const char *password)
{
	return (struct imap_login){ bytes_str(user), bytes_str(password), { 0 } };
}

#endif
