#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "http/http.h"
#include "io/log.h"
#include "listeners.h"
#include "process.h"
#include "store/embedded.h"
#include "worker.h"

enum {
	READY_MS = 10 * 1000,
	REDIS_START_MS = 10 * 1000,
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MOST_MS = 10 * 1000,
	SOUND_MS = 10 * 1000, /* who lived that long is restarted at once */
	KILL_GRACE_MS = 3000, /* beyond the drain time */
};

/* A process that is restarted when it dies: with growing delay, as long as it dies soon. */
struct child {
	pid_t pid; /* 0: not running */
	uint64_t started_ms, restart_ms;
	uint32_t backoff_ms;
};

/* A worker of before a reload. */
struct old_worker {
	struct old_worker *next;
	pid_t pid;
	uint64_t kill_ms;
};

struct master {
	const char *config_path;
	struct config *config;
	struct listeners *listeners;
	struct embedded_redis *redis; /* NULL: a server of somebody else's */
	struct child redis_child;
	struct child *workers;
	uint32_t n_workers;
	struct old_worker *old;
	uint8_t ticket_keys[HTTP_TICKET_KEYS_LEN];
	sigset_t signals;
	bool stopping, at_once;
};

void master_complain(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

static void log_complaint(void *arg, const char *text)
{
	(void)arg;
	log_error("%s", text);
}

/* ---- workers ---- */

static uint32_t wanted_workers(const struct config *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return c->workers ? c->workers : cores > 0 ? (uint32_t)cores : 1;
}

static const char *store_url(const struct master *m)
{
	return m->redis ? embedded_redis_url(m->redis) : m->config->store;
}

/* The new process never comes back from here. */
static void be_worker(struct master *m, uint32_t i, int ready_fd)
{
	struct worker_start start = { .config = m->config,
		.store_url = store_url(m),
		.ticket_keys = m->ticket_keys,
		.ready_fd = ready_fd };

	listeners_keep(m->listeners, i);
	start.fds = listeners_of(m->listeners, i, &start.n_fds);
	exit(worker_run(&start));
}

/* *ready: where its word will come that it serves; to be closed. */
static pid_t fork_worker(struct master *m, uint32_t i, int *ready)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		log_error("cannot start a worker: %s", strerror(errno));
		return -1;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		be_worker(m, i, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		log_error("cannot start a worker: %s", strerror(errno));
		close(ends[0]);
		return -1;
	}
	*ready = ends[0];
	return pid;
}

static bool await_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	bool ready = poll(&p, 1, READY_MS) == 1 && read(fd, &byte, 1) == 1;

	close(fd);
	return ready;
}

static void start_child(struct child *c, pid_t pid)
{
	c->pid = pid;
	c->started_ms = loop_now_ms();
}

/* A set of workers, all at once; true if every one of them serves. */
static bool start_workers(struct master *m, struct child *v, uint32_t n)
{
	int *ready = calloc(n, sizeof(*ready));
	bool all = true;

	if (!ready)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		pid_t pid = fork_worker(m, i, &ready[i]);

		if (pid < 0) {
			ready[i] = -1;
			all = false;
			continue;
		}
		start_child(&v[i], pid);
	}
	for (uint32_t i = 0; i < n; i++)
		all = ready[i] >= 0 && await_ready(ready[i]) && all;
	free(ready);
	return all;
}

static void restart_worker(struct master *m, uint32_t i)
{
	int ready;
	pid_t pid = fork_worker(m, i, &ready);

	if (pid < 0) {
		m->workers[i].restart_ms = loop_now_ms() + BACKOFF_MOST_MS;
		return;
	}
	close(ready); /* nobody waits for it: its ports are open, connections queue */
	start_child(&m->workers[i], pid);
}

/* ---- children that die ---- */

static const char *how_it_ended(int status)
{
	static char text[64];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "killed by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "exit status %d", WEXITSTATUS(status));
	return text;
}

static void plan_restart(struct child *c)
{
	uint64_t now = loop_now_ms();

	if (now - c->started_ms >= SOUND_MS)
		c->backoff_ms = 0;
	c->restart_ms = now + c->backoff_ms;
	c->backoff_ms = c->backoff_ms ? c->backoff_ms * 2 : BACKOFF_FIRST_MS;
	if (c->backoff_ms > BACKOFF_MOST_MS)
		c->backoff_ms = BACKOFF_MOST_MS;
	c->pid = 0;
}

static bool forget_old(struct master *m, pid_t pid)
{
	for (struct old_worker **o = &m->old; *o; o = &(*o)->next) {
		struct old_worker *gone = *o;

		if (gone->pid != pid)
			continue;
		*o = gone->next;
		free(gone);
		return true;
	}
	return false;
}

static void on_death(struct master *m, pid_t pid, int status)
{
	if (forget_old(m, pid))
		return;
	if (m->redis && pid == m->redis_child.pid) {
		if (!m->stopping)
			log_error("the embedded Redis has died: %s", how_it_ended(status));
		plan_restart(&m->redis_child);
		return;
	}
	for (uint32_t i = 0; i < m->n_workers; i++) {
		if (m->workers[i].pid != pid)
			continue;
		if (!m->stopping)
			log_error("worker %u has died: %s", i + 1, how_it_ended(status));
		plan_restart(&m->workers[i]);
	}
}

static void reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_death(m, pid, status);
}

static void restart_redis(struct master *m)
{
	const char *why = "";

	if (embedded_redis_restart(m->redis, REDIS_START_MS, &why)) {
		log_error("cannot start the embedded Redis again: %s", why);
		plan_restart(&m->redis_child);
		return;
	}
	log_info("the embedded Redis runs again");
	start_child(&m->redis_child, embedded_redis_pid(m->redis));
}

static void do_what_is_due(struct master *m)
{
	uint64_t now = loop_now_ms();

	for (struct old_worker *o = m->old; o; o = o->next)
		if (o->kill_ms <= now)
			kill(o->pid, SIGKILL);
	if (m->stopping)
		return;
	if (m->redis && !m->redis_child.pid && m->redis_child.restart_ms <= now)
		restart_redis(m);
	for (uint32_t i = 0; i < m->n_workers; i++)
		if (!m->workers[i].pid && m->workers[i].restart_ms <= now)
			restart_worker(m, i);
}

/* ---- reload ---- */

static void retire(struct master *m, struct child *workers, uint32_t n, int signal_number)
{
	for (uint32_t i = 0; i < n; i++) {
		struct old_worker *o;

		if (!workers[i].pid)
			continue;
		o = calloc(1, sizeof(*o));
		if (!o)
			abort();
		o->pid = workers[i].pid;
		o->kill_ms = loop_now_ms() + m->config->drain_s * 1000ull + KILL_GRACE_MS;
		o->next = m->old;
		m->old = o;
		kill(o->pid, signal_number);
	}
}

static void make_ticket_keys(struct master *m)
{
	if (RAND_bytes(m->ticket_keys, sizeof(m->ticket_keys)) != 1)
		abort();
}

/* True if it is another one. */
static bool keep_value(char **value, const char *before)
{
	if (strcmp(*value, before) == 0)
		return false;
	free(*value);
	*value = strdup(before);
	if (!*value)
		abort();
	return true;
}

/* What phones have is in the store: one that is changed without a word to them would make all of them start over. So that it is done
 * on purpose, with a restart, and not by a reload for a certificate in between. */
static void keep_store(struct config *next, const struct config *before)
{
	bool other_store = keep_value(&next->store, before->store),
	     other_dir = keep_value(&next->state_dir, before->state_dir);

	if (other_store || other_dir)
		log_warn("reload: a change of store or state_dir needs a restart: until then the former ones "
			 "are used");
}

static void reload(struct master *m)
{
	struct config *before = m->config, *next;
	const char *why = "";
	struct child *workers;
	uint32_t n;

	if (config_load(m->config_path, log_complaint, NULL, &next)) {
		log_error("reload: the config has problems, so everything stays as it was");
		return;
	}
	keep_store(next, before);
	n = wanted_workers(next);
	workers = calloc(n, sizeof(*workers));
	if (!workers)
		abort();
	m->config = next;
	if (listeners_open(m->listeners, next, n, &why)) {
		log_error("reload: %s; everything stays as it was", why);
	} else if (!start_workers(m, workers, n)) {
		log_error("reload: the new workers could not start, so the old ones go on");
		retire(m, workers, n, SIGKILL);
		if (listeners_open(m->listeners, before, m->n_workers, &why))
			log_error("reload: %s", why);
		listeners_close_others(m->listeners);
	} else {
		process_open_logs(next);
		retire(m, m->workers, m->n_workers, SIGTERM);
		listeners_close_others(m->listeners);
		free(m->workers);
		config_free(&before);
		m->workers = workers;
		m->n_workers = n;
		log_info("reloaded: listening on %s", listeners_text(m->listeners));
		return;
	}
	m->config = before;
	config_free(&next);
	free(workers);
}

/* ---- life ---- */

static uint64_t next_due(const struct master *m)
{
	uint64_t due = UINT64_MAX;

	for (const struct old_worker *o = m->old; o; o = o->next)
		due = o->kill_ms < due ? o->kill_ms : due;
	if (m->stopping)
		return due;
	if (m->redis && !m->redis_child.pid && m->redis_child.restart_ms < due)
		due = m->redis_child.restart_ms;
	for (uint32_t i = 0; i < m->n_workers; i++)
		if (!m->workers[i].pid && m->workers[i].restart_ms < due)
			due = m->workers[i].restart_ms;
	return due;
}

static int next_signal(struct master *m)
{
	uint64_t due = next_due(m), now = loop_now_ms();
	uint64_t ms = due == UINT64_MAX ? 3600 * 1000 : due > now ? due - now : 0;
	struct timespec limit = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };

	return sigtimedwait(&m->signals, NULL, &limit);
}

static void tell_workers(const struct master *m, int number)
{
	for (uint32_t i = 0; i < m->n_workers; i++)
		if (m->workers[i].pid)
			kill(m->workers[i].pid, number);
	for (const struct old_worker *o = m->old; o; o = o->next)
		kill(o->pid, number);
}

static void stop(struct master *m)
{
	if (m->stopping) {
		tell_workers(m, SIGKILL);
		return;
	}
	log_info("stopping");
	m->stopping = true;
	listeners_free(
	    &m->listeners); /* a balancer then sends phones elsewhere at once, not when we have drained */
	retire(m, m->workers, m->n_workers, SIGTERM);
	m->n_workers = 0;
}

static void act_on(struct master *m, int number)
{
	switch (number) {
	case SIGCHLD:
		reap(m);
		break;
	case SIGHUP:
		if (!m->stopping)
			reload(m);
		break;
	case SIGTERM:
	case SIGINT:
		stop(m);
		break;
	case SIGUSR1:
		process_reopen_logs(m->config);
		tell_workers(m, SIGUSR1);
		break;
	}
}

static void supervise(struct master *m)
{
	while (!m->stopping || m->old) {
		act_on(m, next_signal(m));
		reap(m); /* signals that come together are one */
		do_what_is_due(m);
	}
}

static void take_signals(struct master *m)
{
	static const int numbers[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT, SIGUSR1 };

	sigemptyset(&m->signals);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&m->signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &m->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static enum err start_redis(struct master *m)
{
	const struct config *c = m->config;
	const struct passwd *pw = *c->user && geteuid() == 0 ? getpwnam(c->user) : NULL;
	const char *why = "";

	if (strcmp(c->store, "embedded") != 0)
		return ERR_OK;
	if (mkdir(c->state_dir, 0700) != 0 && errno != EEXIST) {
		log_error("cannot make the state folder %s: %s", c->state_dir, strerror(errno));
		return ERR_UNAVAILABLE;
	}
	if (pw && chown(c->state_dir, pw->pw_uid, pw->pw_gid) != 0)
		log_warn("cannot give %s to %s: %s", c->state_dir, c->user, strerror(errno));
	if (embedded_redis_start(c->redis_server, c->state_dir, REDIS_START_MS, &m->redis, &why)) {
		log_error("cannot start the embedded Redis: %s", why);
		return ERR_UNAVAILABLE;
	}
	start_child(&m->redis_child, embedded_redis_pid(m->redis));
	return ERR_OK;
}

static enum err start(struct master *m)
{
	const char *why = "";

	m->n_workers = wanted_workers(m->config);
	m->workers = calloc(m->n_workers, sizeof(*m->workers));
	if (!m->workers)
		abort();
	make_ticket_keys(m);
	if (listeners_open(m->listeners, m->config, m->n_workers, &why)) {
		log_error("%s", why);
		return ERR_UNAVAILABLE;
	}
	if (start_redis(m))
		return ERR_UNAVAILABLE;
	if (!start_workers(m, m->workers, m->n_workers)) {
		log_error("the workers could not start: `easgate check` may tell more");
		return ERR_UNAVAILABLE;
	}
	return ERR_OK;
}

int master_run(const char *config_path)
{
	struct master m = { .config_path = config_path };
	int status = EXIT_FAILURE;

	if (config_load(config_path, master_complain, NULL, &m.config))
		return EXIT_FAILURE;
	take_signals(&m);
	process_raise_limits();
	process_leave_no_core();
	process_open_logs(m.config);
	m.listeners = listeners_new();
	if (!start(&m)) {
		process_write_pid_file(m.config);
		log_info("listening on %s with %u workers", listeners_text(m.listeners), m.n_workers);
		process_notify_ready();
		supervise(&m);
		status = EXIT_SUCCESS;
	} else {
		stop(&m);
		supervise(&m);
	}
	listeners_free(&m.listeners);
	embedded_redis_stop(&m.redis);
	if (*m.config->pid_file)
		unlink(m.config->pid_file);
	log_info("stopped");
	free(m.workers);
	config_free(&m.config);
	return status;
}
