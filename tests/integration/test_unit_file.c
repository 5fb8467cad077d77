/* deploy/systemd/easgate.service: what it takes away from root must leave easgate what it needs. Without systemd, the
 * capabilities alone: they are what a master that is root, with everything else below another user, trips over. */
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "bed.h"
#include "testing.h"

#define UNIT_FILE "deploy/systemd/easgate.service"

enum { READY_MS = 20 * 1000 };

/* The value of KEY= in the unit file. */
static const char *unit_get(const char *key)
{
	struct bytes text = test_file(UNIT_FILE), line, name;
	char *out;

	while (bytes_split(&text, '\n', &line)) {
		if (!bytes_split(&line, '=', &name) || !bytes_eq_str(name, key))
			continue;
		out = test_keep(line.len + 1);
		memcpy(out, line.p, line.len);
		out[line.len] = '\0';
		return out;
	}
	fail_msg("there is no %s= in " UNIT_FILE, key);
	return NULL;
}

/* "CAP_KILL CAP_CHOWN" as setpriv wants it: "-all,+kill,+chown". */
static const char *bounding_set(void)
{
	const char *caps = unit_get("CapabilityBoundingSet");
	char *out = test_keep(strlen(caps) * 2 + 64);
	char *copy = test_keep(strlen(caps) + 1), *rest, *word;
	size_t n = (size_t)sprintf(out, "--bounding-set=-all");

	strcpy(copy, caps);
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_int_equal(strncmp(word, "CAP_", 4), 0);
		n += (size_t)sprintf(out + n, ",+%s", word + 4);
	}
	return out;
}

/* ---- a machine as an administrator prepares it ---- */

struct machine {
	char dir[64], config[96], log[96], notify[96]; /* log: easgate's own, in a folder of root's */
	int notify_fd;
	pid_t pid;
};

static void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *fmt, ...)
{
	char command[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

/* The key is root's alone, and the state folder as systemd makes it. */
static void machine_prepare(struct machine *m)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	FILE *f;

	snprintf(m->dir, sizeof(m->dir), "/tmp/easgate-test-unit-XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	snprintf(m->config, sizeof(m->config), "%s/easgate.conf", m->dir);
	snprintf(m->log, sizeof(m->log), "%s/log/easgate.log", m->dir);
	snprintf(m->notify, sizeof(m->notify), "%s/notify", m->dir);
	shell(
	    "cd %s && chmod 755 . && mkdir -m 755 state log && mkdir -m 700 key && openssl req -x509 -newkey "
	    "rsa:2048 -nodes -days 2 "
	    "-subj /CN=localhost -keyout key/key.pem -out key/cert.pem 2>openssl.log",
	    m->dir);
	f = fopen(m->config, "w");
	assert_non_null(f);
	fprintf(f,
	    "[server]\nlisten = 127.0.0.1:0\nworkers = 1\nuser = nobody\nstate_dir = %s/state\ncertificate = "
	    "%s/key/cert.pem\n"
	    "certificate_key = %s/key/key.pem\n[log]\nfile = %s\n",
	    m->dir, m->dir, m->dir, m->log);
	fclose(f);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", m->notify);
	m->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m->notify_fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
}

/* As `systemctl start`: returns when it says that it is ready. */
static void machine_start(struct machine *m)
{
	const char *build = getenv("B"), *caps = bounding_set();
	char program[256], text[64] = "";
	struct pollfd p = { .fd = m->notify_fd, .events = POLLIN };

	snprintf(program, sizeof(program), "%s/easgate", build ? build : "build");
	m->pid = fork();
	if (m->pid == 0) {
		int log = open(m->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		setenv("NOTIFY_SOCKET", m->notify, 1);
		execlp("setpriv", "setpriv", "--no-new-privs", "--inh-caps=-all", caps, program, "-c",
		    m->config, NULL);
		_exit(127);
	}
	if (poll(&p, 1, READY_MS) != 1)
		fail_msg("it was not ready in time; it said: %.*s", BYTES_ARG(test_file(m->log)));
	assert_true(recv(m->notify_fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "READY=1");
}

static bool machine_said(const struct machine *m, const char *what)
{
	struct bytes text;

	for (int i = 0; i < READY_MS / 50; i++) {
		text = test_file(m->log);
		if (memmem(text.p, text.len, what, strlen(what)))
			return true;
		poll(NULL, 0, 50);
	}
	return false;
}

/* Whether the worker writes into the log at its path; redis-server, the other child, never does. */
static bool worker_has_log(void *arg)
{
	const struct machine *m = arg;
	pid_t children[4];
	size_t n = bed_children(m->pid, children, 4);
	char fd[64], target[128];
	ssize_t len;

	for (size_t i = 0; i < n && i < 4; i++)
		for (int j = 0; j < 64; j++) {
			snprintf(fd, sizeof(fd), "/proc/%d/fd/%d", (int)children[i], j);
			len = readlink(fd, target, sizeof(target));
			if (bytes_eq_str(bytes_of(target, len < 0 ? 0 : (size_t)len), m->log))
				return true;
		}
	return false;
}

static void machine_stop(struct machine *m)
{
	int status;

	kill(m->pid, SIGTERM);
	assert_int_equal(waitpid(m->pid, &status, 0), m->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- */

/* The first start makes the state, the second finds it; both as root over folders of another user. In between, a reload reads
 * the key again, and a rotation moves the log. */
static void its_capabilities_are_enough(void **state)
{
	struct machine m;
	struct stat st;
	char path[128];

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can give capabilities away\n");
		skip();
	}
	machine_prepare(&m);
	machine_start(&m);
	snprintf(path, sizeof(path), "%s/state/redis", m.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, getpwnam("nobody")->pw_uid);
	kill(m.pid, SIGHUP);
	assert_true(machine_said(&m, "reloaded"));
	snprintf(path, sizeof(path), "%s.1", m.log);
	assert_int_equal(rename(m.log, path), 0);
	assert_false(worker_has_log(&m));
	kill(m.pid, SIGUSR1);
	assert_true(bed_wait(worker_has_log, &m, READY_MS));
	machine_stop(&m);
	machine_start(&m);
	machine_stop(&m);
	close(m.notify_fd);
	shell("rm -rf %s", m.dir);
}

/* `systemctl start` then tells whether it runs, and not only that it was started. */
static void systemd_is_told_when_it_is_ready(void **state)
{
	(void)state;
	assert_string_equal(unit_get("Type"), "notify");
}

int main(void)
{
	TEST_ADD(its_capabilities_are_enough);
	TEST_ADD(systemd_is_told_when_it_is_ready);
	return test_run("unit file");
}
