#ifndef EASGATE_IO_LOG_H
#define EASGATE_IO_LOG_H

#include <sys/types.h>

#include "base/bytes.h"

/* The log of everything above proto: one line per event, in UTC, to stderr or a file:
 *
 *	2026-11-24T13:00:00.123Z WARN cannot connect request=7f3a account=ann@example.org host=192.0.2.7
 *
 * A value that is empty or has spaces, quotes, '=' or control characters stands in double quotes, with \" \\
 * \n \r \t and \xNN inside; a message only has its control characters escaped. So a peer can't forge a line,
 * but it could forge fields in a message: give what a peer said as a field. A line longer than 8 KiB is cut
 * and ends in "...". A line goes out in one write, so processes can share a file. Never log passwords,
 * tokens or message contents. */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Opens the file at `path` for appending, made with mode 0640; NULL goes back to stderr. ERR_UNAVAILABLE,
 * with errno set and the log as before, if it can't. */
enum err log_open(const char *path) MUST_CHECK;
/* Opens the same path again, after it was rotated away. Nothing to do for stderr. */
enum err log_reopen(void) MUST_CHECK;
/* Makes the file that user's, so that a process which has become that user can open it again. Nothing to do for stderr.
 * ERR_UNAVAILABLE, with errno set. */
enum err log_give(uid_t uid, gid_t gid) MUST_CHECK;
/* What is less important than `level` is left out. At the start: info. */
void log_level_set(enum log_level level);
bool log_enabled(enum log_level level);
/* From "error", "warn", "info" or "debug", any case; false if it is none of them. */
bool log_level_parse(struct bytes name, enum log_level *out);

/* Who a line is about. Each may be NULL. */
struct log_context {
	const char *request, *account, *device;
};
/* Every later line of this fiber (or, off fibers, of the loop's own stack) ends with these fields. `c` is
 * borrowed until the fiber ends or sets another; NULL for none. */
void log_context_set(const struct log_context *c);

#define log_error(...) log_printf(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_printf(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_printf(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_LEVEL_DEBUG, __VA_ARGS__)
void log_printf(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* With fields of its own:
 *	log_event(LOG_LEVEL_INFO, "command", LOG_STR("name", "Sync"), LOG_U64("ms", took)); */
struct log_field {
	const char *key;
	struct bytes text;
	uint64_t number;
	bool is_number;
};
#define LOG_BYTES(name, value) ((struct log_field){ .key = (name), .text = (value) })
#define LOG_STR(name, value) LOG_BYTES((name), bytes_str(value))
#define LOG_U64(name, value) ((struct log_field){ .key = (name), .number = (value), .is_number = true })
#define log_event(level, message, ...)                                            \
	log_fields((level), (message), (const struct log_field[]){ __VA_ARGS__ }, \
	    sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
void log_fields(enum log_level level, const char *message, const struct log_field *fields, size_t count);

#endif
