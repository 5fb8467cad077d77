#ifndef EASGATE_TESTS_BENCH_H
#define EASGATE_TESTS_BENCH_H

#include "integration/bed.h"
#include "phone.h"

/* What the benchmark programs share: the table that they print, and what the system says of a process. A figure stands
 * beside the raw limit, which is measured in the same run and not remembered: the machine is shared and noisy. */

/* Column heads, once a program. */
void bench_title(const char *title);
/* One row. limit  the raw limit in words ("plain IMAP: 310 ms"), "" if there is none
 *   asked  what the figure should be ("<= 2.0"); met is printed behind it */
void bench_row(const char *what, const char *measured, const char *limit, const char *asked, bool met);
/* A row that only informs: no figure is asked for. */
void bench_note(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* printf into memory that lives as long as the program. */
char *bench_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Starts the bed with the gateway (opts->easgate is set) or ends the program. */
struct bed *bench_bed(struct bed_opts opts);
/* The gateway's only worker. */
pid_t bench_worker(const struct bed *b);
/* Must be an account "user%04u@DOMAIN" of the bed. */
/* Of that account of the bed. Without TLS as through a proxy that has done it. */
struct phone *bench_phone(const struct bed *b, unsigned account, const char *device, enum eas_version v);
struct phone *bench_phone_without_tls(
    const struct bed *b, unsigned account, const char *device, enum eas_version v);
char *bench_user(const struct bed *b, unsigned account);

/* Bytes of memory of its own (RssAnon). */
size_t bench_memory(pid_t pid);
/* CPU seconds that the process and, if asked for, all its descendants have used so far. */
double bench_cpu(pid_t pid, bool with_children);

/* Ends the program with that text. */
void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* The same, unless it is ERR_OK: BENCH_OK(ph, phone_setup(ph)) */
#define BENCH_OK(ph, call)                                                         \
	do {                                                                       \
		if (call)                                                          \
			bench_die("%s:%d: %s", __FILE__, __LINE__, (ph)->problem); \
	} while (0)

/* Sorts v and returns its middle. */
double bench_median(double *v, size_t n);

#endif
