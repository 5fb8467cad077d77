#include "io/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/fiber.h"

enum { LINE_MAX_BYTES = 8192 };

static const char *const level_names[] = { "ERROR", "WARN", "INFO", "DEBUG" };

static enum log_level threshold = LOG_LEVEL_INFO;
static int log_fd = STDERR_FILENO;
static char *log_path;                         /* owned; NULL = stderr */
static const struct log_context *loop_context; /* for lines that no fiber writes */

/* One line at a time is made, between two waits, so one buffer serves all fibers. */
static struct {
	char text[LINE_MAX_BYTES];
	size_t len;
	bool cut;
} line;

/* ---- where to ---- */

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

static void replace_fd(int fd)
{
	if (log_fd != STDERR_FILENO)
		close(log_fd);
	log_fd = fd;
}

enum err log_open(const char *path)
{
	int fd = path ? open_file(path) : STDERR_FILENO;
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		abort();
	if (fd == -1) {
		free(copy);
		return ERR_UNAVAILABLE;
	}
	replace_fd(fd);
	free(log_path);
	log_path = copy;
	return ERR_OK;
}

enum err log_reopen(void)
{
	int fd = log_path ? open_file(log_path) : STDERR_FILENO;

	if (fd == -1)
		return ERR_UNAVAILABLE;
	replace_fd(fd);
	return ERR_OK;
}

enum err log_give(uid_t uid, gid_t gid)
{
	return log_path && fchown(log_fd, uid, gid) != 0 ? ERR_UNAVAILABLE : ERR_OK;
}

void log_level_set(enum log_level level)
{
	threshold = level;
}

bool log_enabled(enum log_level level)
{
	return level <= threshold;
}

bool log_level_parse(struct bytes name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (bytes_eq_nocase(name, level_names[i])) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_context_set(const struct log_context *c)
{
	if (fiber_is_running())
		fiber_slot_set(c);
	else
		loop_context = c;
}

/* ---- making a line ---- */

/* All of it or nothing, so that no escape is cut in two; room for "...\n" stays. */
static void put(const char *text, size_t len)
{
	if (line.cut || len > sizeof(line.text) - sizeof("...") - line.len) {
		line.cut = true;
		return;
	}
	memcpy(line.text + line.len, text, len);
	line.len += len;
}

static void put_str(const char *text)
{
	put(text, strlen(text));
}

static bool is_control(uint8_t c)
{
	return c < ' ' || c == 0x7F;
}

/* In quotes, the quote and the backslash are escaped as well. */
static void put_escaped(struct bytes text, bool quoted)
{
	for (size_t i = 0; i < text.len && !line.cut; i++) {
		uint8_t c = text.p[i];
		char hex[8];

		if (c == '\n')
			put("\\n", 2);
		else if (c == '\r')
			put("\\r", 2);
		else if (c == '\t')
			put("\\t", 2);
		else if (is_control(c))
			put(hex, (size_t)snprintf(hex, sizeof(hex), "\\x%02X", c));
		else if (quoted && (c == '"' || c == '\\'))
			put((const char[]){ '\\', (char)c }, 2);
		else
			put((const char *)&text.p[i], 1);
	}
}

static bool is_bare(struct bytes value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.p[i];

		if (is_control(c) || c == ' ' || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return value.len > 0;
}

static void put_field(const char *key, struct bytes value)
{
	put(" ", 1);
	put_str(key);
	put("=", 1);
	if (is_bare(value)) {
		put_escaped(value, false);
	} else {
		put("\"", 1);
		put_escaped(value, true);
		put("\"", 1);
	}
}

static void put_start(enum log_level level)
{
	struct timespec now;
	struct tm tm;
	char text[64];
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03dZ ", (int)(now.tv_nsec / 1000000));
	line.len = 0;
	line.cut = false;
	put_str(text);
	put_str(level_names[level]);
	put(" ", 1);
}

static void put_context(void)
{
	const struct log_context *c = fiber_is_running() ? fiber_slot() : loop_context;

	if (c && c->request)
		put_field("request", bytes_str(c->request));
	if (c && c->account)
		put_field("account", bytes_str(c->account));
	if (c && c->device)
		put_field("device", bytes_str(c->device));
}

static void write_line(void)
{
	const char *p = line.text;

	if (line.cut) {
		memcpy(line.text + line.len, "...", 3);
		line.len += 3;
	}
	line.text[line.len++] = '\n';
	/* A full disk must not stop the service; the line is lost then. */
	while (line.len) {
		ssize_t n = write(log_fd, p, line.len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p += n;
		line.len -= (size_t)n;
	}
}

/* Logging must not change what the caller is about to look at. */
void log_printf(enum log_level level, const char *fmt, ...)
{
	static char message[LINE_MAX_BYTES];
	int error = errno;
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	if (vsnprintf(message, sizeof(message), fmt, args) < 0)
		snprintf(message, sizeof(message), "a message that can't be printed: %s", fmt);
	va_end(args);
	log_fields(level, message, NULL, 0);
	errno = error;
}

void log_fields(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
	int error = errno;
	char number[24];

	if (!log_enabled(level))
		return;
	put_start(level);
	put_escaped(bytes_str(message), false);
	put_context();
	for (size_t i = 0; i < count; i++) {
		const struct log_field *f = &fields[i];

		if (f->is_number)
			snprintf(number, sizeof(number), "%llu", (unsigned long long)f->number);
		put_field(f->key, f->is_number ? bytes_str(number) : f->text);
	}
	write_line();
	errno = error;
}
