/* The bed from C: starts tests/bed/bed once, then talks to its keeper over DIR/control as that script does. */
#include "integration/bed.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ARGS = 128, MAX_VARS = 128 };

struct bed {
	char dir[64];
	struct {
		char *key, *value; /* owned, one allocation each */
	} vars[MAX_VARS];
	size_t n_vars;
};

/* Runs to the end; true if it ended well. */
static bool run(const char *const *argv)
{
	pid_t pid;
	int status;

	if ((errno = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ))) {
		warn("%s", argv[0]);
		return false;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- the env file ---- */

/* Takes the quotes off one shell word, in place; it ends at the line's end. */
static void unquote(char *word)
{
	char *to = word, quote = '\0';

	for (const char *c = word; *c && (quote || *c != '\n'); c++) {
		if (quote && *c == quote)
			quote = '\0';
		else if (!quote && (*c == '\'' || *c == '"'))
			quote = *c;
		else
			*to++ = *c;
	}
	*to = '\0';
}

static bool read_env(struct bed *b)
{
	char path[80], *line = NULL;
	size_t cap = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/env", b->dir);
	if (!(f = fopen(path, "r"))) {
		warn("%s", path);
		return false;
	}
	while (getline(&line, &cap, f) > 0 && b->n_vars < MAX_VARS) {
		char *value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		unquote(value);
		b->vars[b->n_vars].key = strdup(line);
		b->vars[b->n_vars++].value = strdup(value);
	}
	free(line);
	fclose(f);
	return true;
}

const char *bed_get(const struct bed *b, const char *key)
{
	for (size_t i = 0; i < b->n_vars; i++)
		if (!strcmp(b->vars[i].key, key))
			return b->vars[i].value;
	return NULL;
}

uint16_t bed_port(const struct bed *b, const char *key)
{
	const char *text = bed_get(b, key);

	return text ? (uint16_t)strtoul(text, NULL, 10) : 0;
}

const char *bed_dir(const struct bed *b)
{
	return b->dir;
}

const char *bed_password(const struct bed *b, const char *user)
{
	char key[64] = "PASSWORD_";
	const char *password;

	if (!strncmp(user, "user", 4) || !strncmp(user, "load", 4))
		return bed_get(b, "BENCH_PASSWORD");
	for (size_t i = 0, at = strlen(key); user[i] && user[i] != '@' && at < sizeof(key) - 1; i++)
		key[at++] = (char)toupper((unsigned char)user[i]);
	if (!(password = bed_get(b, key)))
		errx(1, "bed: no user %s", user);
	return password;
}

/* ---- start and stop ---- */

struct args {
	const char *v[MAX_ARGS + 1]; /* NULL at the end */
	size_t n;
};

/* An option with its value; none if that is NULL. */
static void add(struct args *a, const char *option, const char *value)
{
	if (!value)
		return;
	if (a->n + 2 > MAX_ARGS)
		errx(1, "bed: too many settings");
	if (option)
		a->v[a->n++] = option;
	a->v[a->n++] = value;
}

/* The gateway of the build that this test belongs to (B is set by tests/run). */
static const char *easgate_program(const struct bed_opts *opts, char *out, size_t size)
{
	const char *build = getenv("B");

	snprintf(out, size, "%s/%s", build ? build : "build", opts->program ? opts->program : "easgate");
	return out;
}

static void add_options(struct args *a, const struct bed_opts *opts, char *program, size_t size)
{
	add(a, "--services", opts->services);
	add(a, "--imap-hide", opts->imap_hide);
	add(a, "--imap-capability", opts->imap_capability);
	add(a, "--imap-prefix", opts->imap_prefix);
	add(a, "--separator", opts->dots ? "." : NULL);
	add(a, NULL, opts->shared ? "--shared" : NULL);
	add(a, NULL, opts->no_special_use ? "--no-special-use" : NULL);
	add(a, "--redis-password", opts->redis_password);
	add(a, "--easgate", opts->easgate ? easgate_program(opts, program, size) : NULL);
	for (const char *const *s = opts->settings; s && *s; s++)
		add(a, "--set", *s);
}

static void bed_free(struct bed **b)
{
	for (size_t i = 0; i < (*b)->n_vars; i++) {
		free((*b)->vars[i].key);
		free((*b)->vars[i].value);
	}
	free(*b);
	*b = NULL;
}

struct bed *bed_start(const struct bed_opts *opts)
{
	struct args a = { { "tests/bed/bed", "start" }, 2 };
	char owner[16], users[16], program[256];
	struct bed *b = calloc(1, sizeof(*b));

	if (!b)
		err(1, "bed");
	strcpy(b->dir, "/tmp/easgate-bed.XXXXXX");
	if (!mkdtemp(b->dir))
		err(1, "%s", b->dir);
	snprintf(owner, sizeof(owner), "%d", getpid());
	snprintf(users, sizeof(users), "%u", opts->users);
	add(&a, NULL, b->dir);
	add(&a, "--owner", owner);
	add(&a, "--users", users);
	add_options(&a, opts, program, sizeof(program));
	if (!run(a.v) || !read_env(b))
		bed_free(&b); /* the folder stays: its logs say more */
	return b;
}

/* One order to the keeper. What it answers after "ok" is of no interest here. */
static bool ask(const struct bed *b, const char *line)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char answer[512] = "";
	size_t n = 0;
	ssize_t got;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/control", b->dir);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) || dprintf(fd, "%s\n", line) < 0)
		warn("bed: %s", line);
	else
		while (n < sizeof(answer) - 1 && (got = read(fd, answer + n, sizeof(answer) - 1 - n)) > 0)
			n += (size_t)got;
	close(fd);
	if (!strncmp(answer, "ok\n", 3))
		return true;
	warnx("bed: %s: %s", line, n ? answer : "no answer");
	return false;
}

void bed_stop(struct bed **b)
{
	if (!*b)
		return;
	ask(*b, "stop");
	if (getenv("BED_KEEP"))
		warnx("bed: %s is kept", (*b)->dir);
	else
		run((const char *[]){ "rm", "-rf", (*b)->dir, NULL });
	bed_free(b);
}

/* ---- services ---- */

static bool order(const struct bed *b, const char *verb, const char *service, const char *more)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %s %s", verb, service, more);
	return ask(b, line);
}

bool bed_service_stop(const struct bed *b, const char *service)
{
	return order(b, "stop", service, "");
}

bool bed_service_kill(const struct bed *b, const char *service)
{
	return order(b, "kill", service, "");
}

bool bed_service_restart(const struct bed *b, const char *service)
{
	return order(b, "restart", service, "");
}

bool bed_service_signal(const struct bed *b, const char *service, const char *name)
{
	return order(b, "signal", service, name);
}

pid_t bed_service_pid(const struct bed *b, const char *service)
{
	char path[128];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/pids/%s", b->dir, service);
	if (!(f = fopen(path, "r")))
		return 0;
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

static pid_t parent_of(const char *pid)
{
	char path[280], text[512] = "";
	const char *end;
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (!(f = fopen(path, "r")))
		return 0;
	/* "pid (name) state ppid ...": the name may hold anything, so from its last parenthesis on */
	if (!fgets(text, sizeof(text), f) || !(end = strrchr(text, ')')) ||
	    sscanf(end, ") %*c %d", &parent) != 1)
		parent = 0;
	fclose(f);
	return parent;
}

size_t bed_children(pid_t parent, pid_t *out, size_t max)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	while (proc && n < max && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == parent)
			out[n++] = (pid_t)strtol(entry->d_name, NULL, 10);
	if (proc)
		closedir(proc);
	return n;
}

void bed_mocksmtp_behave(const struct bed *b, const char *words)
{
	const char *path = bed_get(b, "MOCKSMTP_BEHAVIOUR");
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f || fputs(words, f) < 0 || fclose(f))
		errx(1, "bed: no mock SMTP server");
}

/* ---- waiting ---- */

int64_t bed_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool bed_wait(bool (*done)(void *arg), void *arg, int timeout_ms)
{
	const int64_t until = bed_now_ms() + timeout_ms;

	while (!done(arg)) {
		if (bed_now_ms() > until)
			return false;
		usleep(3000);
	}
	return true;
}
