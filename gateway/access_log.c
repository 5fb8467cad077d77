#include "access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 4096 };

static int fd = STDOUT_FILENO; /* -1: off */
static char *file;             /* owned; NULL: standard output, or off */

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

/* path  of the file that `opened` is; NULL if it is none */
static void replace(int opened, const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		abort();
	if (file)
		close(fd);
	free(file);
	fd = opened;
	file = copy;
}

enum err access_log_open(const char *path)
{
	int opened;

	if (!path || !*path) {
		replace(STDOUT_FILENO, NULL);
		return ERR_OK;
	}
	if (strcmp(path, "off") == 0) {
		replace(-1, NULL);
		return ERR_OK;
	}
	if ((opened = open_file(path)) < 0)
		return ERR_UNAVAILABLE;
	replace(opened, path);
	return ERR_OK;
}

enum err access_log_reopen(void)
{
	int opened;

	if (!file)
		return ERR_OK;
	if ((opened = open_file(file)) < 0)
		return ERR_UNAVAILABLE;
	close(fd);
	fd = opened;
	return ERR_OK;
}

enum err access_log_give(uid_t uid, gid_t gid)
{
	return file && fchown(fd, uid, gid) != 0 ? ERR_UNAVAILABLE : ERR_OK;
}

/* ---- a line ---- */

struct line {
	char text[LINE_MAX_LEN];
	size_t len;
};

static void put(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *l, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt, args);
	va_end(args);
	l->len += n < 0 ? 0 : (size_t)n;
	if (l->len > sizeof(l->text) - 1)
		l->len = sizeof(l->text) - 1;
}

static bool is_plain(struct bytes v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] <= ' ' || v.p[i] == '"' || v.p[i] == '\\' || v.p[i] == '=' || v.p[i] == 0x7F)
			return false;
	return v.len > 0;
}

static void put_text(struct line *l, const char *key, struct bytes v)
{
	if (v.len > 256)
		v.len = 256;
	if (is_plain(v)) {
		put(l, " %s=%.*s", key, BYTES_ARG(v));
		return;
	}
	put(l, " %s=\"", key);
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] == '"' || v.p[i] == '\\')
			put(l, "\\%c", v.p[i]);
		else if (v.p[i] < ' ' || v.p[i] == 0x7F)
			put(l, "\\x%02X", v.p[i]);
		else
			put(l, "%c", v.p[i]);
	}
	put(l, "\"");
}

static void put_time(struct line *l)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	put(l, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static void put_counts(struct line *l, const struct request_figures *f)
{
	const struct {
		const char *key;
		uint32_t n;
	} counts[] = {
		{ "adds", f->adds },
		{ "changes", f->changes },
		{ "deletes", f->deletes },
		{ "soft_deletes", f->soft_deletes },
		{ "fetches", f->fetches },
		{ "client", f->client_commands },
		{ "stubs", f->stubs },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i].n)
			put(l, " %s=%" PRIu32, counts[i].key, counts[i].n);
}

void access_log_write(const struct request *rq, int http, size_t bytes_out)
{
	const struct request_figures *f = &rq->figures;
	struct line l = { .len = 0 };
	ssize_t written;

	if (fd < 0)
		return;
	put_time(&l);
	put(&l, " request=%s", rq->id);
	put_text(&l, "account", bytes_str(rq->account ? rq->account->name : "-"));
	put_text(&l, "device", rq->device_id.len ? rq->device_id : BYTES("-"));
	put_text(&l, "type", rq->device_type.len ? rq->device_type : BYTES("-"));
	put(&l, " version=%s command=%s", rq->version < EAS_VERSIONS ? eas_version_name(rq->version) : "-",
	    rq->name);
	if (rq->reply.status || http == 200)
		put(&l, " status=%" PRIu32, rq->reply.status ? rq->reply.status : 1);
	put(&l, " http=%d", http);
	put_counts(&l, f);
	put(&l,
	    " in=%zu out=%zu ms=%" PRIu64 " backend_ms=%" PRIu32 " imap=%" PRIu32 " imap_in=%" PRIu64
	    " redis=%" PRIu32,
	    rq->body_len, bytes_out, loop_now_ms() - rq->started_ms, f->backend_ms, f->imap_round_trips,
	    f->imap_in, f->redis_round_trips);
	put_text(&l, "address", rq->address);
	put_text(&l, "agent", rq->user_agent.len ? rq->user_agent : BYTES("-"));
	l.text[l.len++] = '\n'; /* put() leaves room for it: it keeps one byte for a NUL */
	written = write(fd, l.text, l.len);
	(void)written; /* a full disk must not stop the mail */
}
