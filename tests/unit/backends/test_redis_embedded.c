#include "unit/backends/redis_server.h"

#include <dirent.h>
#include <fcntl.h>

#include "store/embedded.h"

enum { WAIT_MS = 10000 };

static struct embedded_redis *start(const char *dir)
{
	struct embedded_redis *r = NULL;
	const char *why = "";

	if (embedded_redis_start("redis-server", dir, WAIT_MS, &r, &why))
		fail_msg("%s", why);
	return r;
}

static void new_dir(char *dir)
{
	strcpy(dir, "/tmp/easgate-test-redis-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void remove_dir(const char *dir)
{
	nftw(dir, redis_server_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- its data ---- */

static void put_main(struct redis_test *t)
{
	struct redis_reply r;

	assert_int_equal(REDIS_SAY(t->r, &r, "SET", "k", "kept"), ERR_OK);
	assert_int_equal(r.kind, REDIS_STATUS);
}

static void get_main(struct redis_test *t)
{
	struct redis_reply r;

	assert_int_equal(REDIS_SAY(t->r, &r, "GET", "k"), ERR_OK);
	assert_bytes_str(r.text, "kept");
	assert_int_equal(REDIS_SAY(t->r, &r, "CONFIG", "GET", "maxmemory-policy"), ERR_OK);
	assert_bytes_str(r.items[1].text, "noeviction");
	assert_int_equal(REDIS_SAY(t->r, &r, "CONFIG", "GET", "port"), ERR_OK);
	assert_bytes_str(r.items[1].text, "0");
}

static void say(const char *url, void (*fn)(struct redis_test *t))
{
	struct redis_test t = { .fn = fn };

	redis_test_on(&t, url);
}

static void stop_and_start(void **state)
{
	char dir[64];
	struct embedded_redis *r;
	struct stat st;
	char path[96];
	pid_t pid;

	(void)state;
	new_dir(dir);
	r = start(dir);
	say(embedded_redis_url(r), put_main);
	snprintf(path, sizeof(path), "%s/redis", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	pid = embedded_redis_pid(r);
	embedded_redis_stop(&r);
	assert_null(r);
	assert_int_equal(kill(pid, 0), -1);
	r = start(dir);
	assert_int_not_equal(embedded_redis_pid(r), pid);
	say(embedded_redis_url(r), get_main);
	embedded_redis_stop(&r);
	embedded_redis_stop(&r);
	remove_dir(dir);
}

/* Killed, reaped by the master, started again. */
static void restart(void **state)
{
	char dir[64];
	struct embedded_redis *r;
	const char *why = "";

	(void)state;
	new_dir(dir);
	r = start(dir);
	say(embedded_redis_url(r), put_main);
	kill(embedded_redis_pid(r), SIGKILL);
	waitpid(embedded_redis_pid(r), NULL, 0);
	assert_int_equal(embedded_redis_restart(r, WAIT_MS, &why), ERR_OK);
	say(embedded_redis_url(r), get_main);
	embedded_redis_stop(&r);
	remove_dir(dir);
}

/* ---- masters ---- */

struct master {
	pid_t pid;
	pid_t redis;
};

/* A master in a process of its own, that has started its Redis. */
static struct master fork_master(const char *dir)
{
	struct master m;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	m.pid = fork();
	if (m.pid == 0) {
		struct embedded_redis *r = start(dir);
		pid_t redis = embedded_redis_pid(r);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(fds[1], &redis, sizeof(redis)) == sizeof(redis))
			pause();
		_exit(0);
	}
	assert_int_equal(read(fds[0], &m.redis, sizeof(m.redis)), sizeof(m.redis));
	close(fds[0]);
	close(fds[1]);
	return m;
}

static void kill_master(const struct master *m)
{
	kill(m->pid, SIGKILL);
	waitpid(m->pid, NULL, 0);
}

static bool has_gone(pid_t pid)
{
	for (int i = 0; i < 2000; i++) {
		char path[32], line[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		if (!(f = fopen(path, "r")))
			return true;
		/* nobody may be there to reap it */
		if (fgets(line, sizeof(line), f) && strstr(line, ") Z "))
			i = 2000;
		fclose(f);
		if (i == 2000)
			return true;
		usleep(5000);
	}
	return false;
}

static void master_killed(void **state)
{
	char dir[64];
	struct master m;
	struct embedded_redis *r;

	(void)state;
	new_dir(dir);
	m = fork_master(dir);
	kill_master(&m);
	/* The next master may come before the old Redis has gone: it waits for it. */
	r = start(dir);
	assert_true(has_gone(m.redis));
	embedded_redis_stop(&r);
	remove_dir(dir);
}

/* A process that holds the server's lock and its socket, as a redis-server whose master died, but without its
 * manners: it goes after `after_ms`, whatever it is told. */
static pid_t fork_orphan(const char *dir, unsigned after_ms, bool with_socket)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1 };
	char path[96];
	int fds[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/redis", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/redis/lock", dir);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/redis/redis.sock", dir);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_CREAT, 0600), s = socket(AF_UNIX, SOCK_STREAM, 0);

		signal(SIGTERM, SIG_IGN);
		if (fcntl(fd, F_SETLK, &l) ||
		    (with_socket && (bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 5))) ||
		    write(fds[1], "", 1) != 1)
			_exit(1);
		usleep(after_ms * 1000);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], path, 1), 1);
	close(fds[0]);
	return pid;
}

static void orphan(void **state)
{
	char dir[64];

	(void)state;
	for (int with_socket = 0; with_socket < 2; with_socket++) {
		struct embedded_redis *r;
		uint64_t since = loop_now_ms();
		pid_t pid;

		new_dir(dir);
		pid = fork_orphan(dir, 300, with_socket);
		r = start(dir);
		assert_true(loop_now_ms() - since >= 300);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		say(embedded_redis_url(r), put_main);
		embedded_redis_stop(&r);
		remove_dir(dir);
	}
}

static void orphan_that_stays(void **state)
{
	char dir[64];
	struct embedded_redis *r = NULL;
	const char *why = "";
	pid_t pid;

	(void)state;
	new_dir(dir);
	pid = fork_orphan(dir, 60000, false);
	assert_int_equal(embedded_redis_start("redis-server", dir, 100, &r, &why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, "does not end"));
	assert_null(r);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	remove_dir(dir);
}

/* A socket that a crash left. */
static void stale_socket(void **state)
{
	char dir[64];
	struct embedded_redis *r;
	pid_t pid;

	(void)state;
	new_dir(dir);
	pid = fork_orphan(dir, 0, true);
	waitpid(pid, NULL, 0);
	r = start(dir);
	say(embedded_redis_url(r), put_main);
	embedded_redis_stop(&r);
	remove_dir(dir);
}

static void two_masters(void **state)
{
	char dir[64];
	struct master m;
	struct embedded_redis *r = NULL;
	const char *why = "";

	(void)state;
	new_dir(dir);
	m = fork_master(dir);
	assert_int_equal(embedded_redis_start("redis-server", dir, WAIT_MS, &r, &why), ERR_EXISTS);
	assert_non_null(strstr(why, "another easgate"));
	assert_int_equal(kill(m.redis, 0), 0);
	kill_master(&m);
	assert_true(has_gone(m.redis));
	remove_dir(dir);
}

/* ---- what can't start ---- */

static const struct fault_case {
	const char *name, *program, *dir, *want;
} fault_cases[] = {
	{ "no such program", "no-such-redis-server", NULL, "cannot run no-such-redis-server" },
	{ "ends at once", "false", NULL, "ended at once" },
	{ "never answers", "sleep-for-ever", NULL, "did not answer within 200 ms" },
	{ "no parent folder", "redis-server", "/nowhere/at/all", "cannot use the state folder" },
};

static void fault(const struct fault_case *c)
{
	char dir[64], program[96];
	struct embedded_redis *r = NULL;
	const char *why = "";

	new_dir(dir);
	snprintf(program, sizeof(program), "%s", c->program);
	if (!strcmp(c->program, "sleep-for-ever")) {
		FILE *f;

		snprintf(program, sizeof(program), "%s/sleeper", dir);
		f = fopen(program, "w");
		assert_non_null(f);
		fputs("#!/bin/sh\nexec sleep 100\n", f);
		fclose(f);
		chmod(program, 0700);
	}
	assert_int_equal(
	    embedded_redis_start(program, c->dir ? c->dir : dir, 200, &r, &why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, c->want));
	assert_null(r);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	remove_dir(dir);
}
TEST_ROW(fault)

static void long_path(void **state)
{
	char dir[64], deep[256];
	struct embedded_redis *r = NULL;
	const char *why = "";

	(void)state;
	new_dir(dir);
	snprintf(deep, sizeof(deep), "%s/%0100d", dir, 7);
	assert_int_equal(embedded_redis_start("redis-server", deep, 200, &r, &why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, "too long"));
	remove_dir(dir);
}

/* Where root starts it, it belongs to whom the folder belongs to, and still ends with its master. */
static void other_user(void **state)
{
	char dir[64], path[96];
	struct master m;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	new_dir(dir);
	assert_int_equal(chown(dir, 65534, 65534), 0);
	m = fork_master(dir);
	snprintf(path, sizeof(path), "%s/redis/redis.sock", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	kill_master(&m);
	assert_true(has_gone(m.redis));
	remove_dir(dir);
}

/* Nothing of the master's is open in the server, except the lock. */
static void descriptors(void **state)
{
	char dir[64], path[64], target[128];
	struct embedded_redis *r;
	struct dirent *d;
	ssize_t n;
	int leak = open("/etc/hostname", O_RDONLY);
	DIR *list;

	(void)state;
	new_dir(dir);
	r = start(dir);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)embedded_redis_pid(r));
	list = opendir(path);
	assert_non_null(list);
	while ((d = readdir(list))) {
		n = readlinkat(dirfd(list), d->d_name, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = 0;
		assert_string_not_equal(target, "/etc/hostname");
	}
	closedir(list);
	close(leak);
	embedded_redis_stop(&r);
	remove_dir(dir);
}

int main(void)
{
	TEST_ADD(stop_and_start);
	TEST_ADD(restart);
	TEST_ADD(master_killed);
	TEST_ADD(orphan);
	TEST_ADD(orphan_that_stays);
	TEST_ADD(stale_socket);
	TEST_ADD(two_masters);
	TEST_ADD_ROWS(fault, fault_cases);
	TEST_ADD(long_path);
	TEST_ADD(other_user);
	TEST_ADD(descriptors);
	return test_run("redis_embedded");
}
