#include "cutter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "scene.h"
#include "testing.h"

enum {
	MAX_PAIRS = 64,
	CHUNK = 1 << 16,
	LOOK_MS = 5 /* at what the test says, as long as a command is held */
};

/* What both processes see. */
struct shared {
	volatile uint16_t port;
	volatile unsigned armed; /* how often */
	volatile enum cutter_when when;
	volatile unsigned cuts;
	volatile bool deranged, held;
	char word[64];
};
struct cutter {
	struct shared *shared;
	int listener;
	uint16_t port;
	pid_t pid;
};

/* ---- the child ---- */

struct pair {
	int client, server; /* -1: unused */
	bool doomed;        /* the server's next answer is lost */
	char *held;         /* owned; what the client said, and the server isn't to hear yet */
	size_t held_len;
};

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	return fd;
}

static const struct pair NO_PAIR = { .client = -1, .server = -1 };

static void drop(struct pair *p)
{
	close(p->client);
	close(p->server);
	free(p->held);
	*p = NO_PAIR;
}

static void cut(struct shared *s, struct pair *p)
{
	s->cuts++; /* first: who notices the cut may ask */
	drop(p);
}

static bool put_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t put = send(fd, data, n, MSG_NOSIGNAL);

		if (put <= 0)
			return false;
		data += put;
		n -= (size_t)put;
	}
	return true;
}

static bool has(const char *data, size_t n, const char *word)
{
	return memmem(data, n, word, strlen(word)) != NULL;
}

/* Who somebody is, is still answered as ever. */
static bool is_login(const char *data, size_t n)
{
	return has(data, n, " LOGIN ") || has(data, n, " AUTHENTICATE ") || has(data, n, " CAPABILITY");
}

/* In the server's place; behind the command's tag. */
static void answer(struct pair *p, const char *command, size_t n, const char *rest)
{
	const char *blank = memchr(command, ' ', n);

	if (!blank || !put_all(p->client, command, (size_t)(blank - command)) ||
	    !put_all(p->client, rest, strlen(rest)))
		drop(p);
}

static void hold(struct shared *s, struct pair *p, const char *data, size_t n)
{
	p->held = malloc(n);
	if (!p->held)
		abort();
	memcpy(p->held, data, n);
	p->held_len = n;
	s->held = true;
}

static void let_go(struct pair *p)
{
	char *data = p->held;

	p->held = NULL;
	if (!put_all(p->server, data, p->held_len))
		drop(p);
	free(data);
}

static void from_client(struct shared *s, struct pair *p, char *data)
{
	static const char nonsense[] = "* (((( 220 mail ESMTP\r\n";
	ssize_t n = recv(p->client, data, CHUNK, 0);

	if (n > 0 && s->deranged && !is_login(data, (size_t)n)) {
		if (!put_all(p->client, nonsense, sizeof(nonsense) - 1))
			drop(p);
		return;
	}
	if (n > 0 && s->armed && has(data, (size_t)n, s->word)) {
		s->armed--;
		switch (s->when) {
		case CUTTER_BEFORE:
			cut(s, p);
			return;
		case CUTTER_AFTER:
			p->doomed = true;
			break;
		case CUTTER_NOTHING_THERE:
			answer(p, data, (size_t)n, " OK done\r\n");
			return;
		case CUTTER_REFUSED:
			answer(p, data, (size_t)n, " NO not now\r\n");
			return;
		case CUTTER_HELD:
			hold(s, p, data, (size_t)n);
			return;
		}
	}
	if (n <= 0 || !put_all(p->server, data, (size_t)n))
		drop(p);
}

/* "+ OK" only asks for the literal. */
static void from_server(struct shared *s, struct pair *p, char *data)
{
	ssize_t n = recv(p->server, data, CHUNK, 0);

	if (n > 0 && p->doomed && data[0] != '+') {
		cut(s, p);
		return;
	}
	if (n <= 0 || !put_all(p->client, data, (size_t)n))
		drop(p);
}

static void take_client(struct cutter *c, struct pair *pairs)
{
	int client = accept(c->listener, NULL, NULL), server = connect_to(c->shared->port);

	for (size_t i = 0; i < MAX_PAIRS && client >= 0 && server >= 0; i++) {
		if (pairs[i].client >= 0)
			continue;
		pairs[i] = (struct pair){ .client = client, .server = server };
		return;
	}
	if (client >= 0)
		close(client);
	if (server >= 0)
		close(server);
}

static void serve(struct cutter *c)
{
	static char data[CHUNK];
	struct pair pairs[MAX_PAIRS];
	struct pollfd fds[1 + 2 * MAX_PAIRS];

	for (size_t i = 0; i < MAX_PAIRS; i++)
		pairs[i] = NO_PAIR;
	for (;;) {
		fds[0] = (struct pollfd){ .fd = c->listener, .events = POLLIN };
		for (size_t i = 0; i < MAX_PAIRS; i++) {
			if (pairs[i].held && !c->shared->held)
				let_go(&pairs[i]);
			fds[1 + 2 * i] =
			    (struct pollfd){ .fd = pairs[i].held ? -1 : pairs[i].client, .events = POLLIN };
			fds[2 + 2 * i] = (struct pollfd){ .fd = pairs[i].server, .events = POLLIN };
		}
		if (poll(fds, 1 + 2 * MAX_PAIRS, c->shared->held ? LOOK_MS : -1) < 0)
			_exit(1);
		for (size_t i = 0; i < MAX_PAIRS; i++) {
			if (fds[1 + 2 * i].revents)
				from_client(c->shared, &pairs[i], data);
			if (fds[2 + 2 * i].revents && pairs[i].server >= 0)
				from_server(c->shared, &pairs[i], data);
		}
		if (fds[0].revents)
			take_client(c, pairs);
	}
}

/* ---- the test's side ---- */

struct cutter *cutter_start(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct cutter *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->shared == MAP_FAILED || c->listener < 0 ||
	    bind(c->listener, (struct sockaddr *)&at, sizeof(at)) || listen(c->listener, 64) ||
	    getsockname(c->listener, (struct sockaddr *)&at, &len))
		abort();
	c->port = ntohs(at.sin_port);
	c->pid = fork();
	if (c->pid < 0)
		abort();
	if (c->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(c);
	}
	return c;
}

uint16_t cutter_port(const struct cutter *c)
{
	return c->port;
}

void cutter_lead_to(struct cutter *c, uint16_t port)
{
	c->shared->port = port;
}

void cutter_stop(struct cutter **c)
{
	kill((*c)->pid, SIGKILL);
	waitpid((*c)->pid, NULL, 0);
	munmap((*c)->shared, sizeof(*(*c)->shared));
	close((*c)->listener);
	free(*c);
	*c = NULL;
}

void cutter_arm(struct cutter *c, enum cutter_when when, const char *word)
{
	cutter_arm_times(c, when, word, 1);
}

void cutter_arm_times(struct cutter *c, enum cutter_when when, const char *word, unsigned times)
{
	assert_true(strlen(word) < sizeof(c->shared->word));
	strcpy(c->shared->word, word);
	c->shared->when = when;
	__sync_synchronize();
	c->shared->armed = times;
}

void cutter_derange(struct cutter *c, bool on)
{
	c->shared->deranged = on;
}

void cutter_wait_held(struct cutter *c)
{
	for (unsigned i = 0; !c->shared->held; i++) {
		assert_true(i < 2000);
		poll(NULL, 0, LOOK_MS);
	}
}

void cutter_release(struct cutter *c)
{
	c->shared->held = false;
}

unsigned cutter_cuts(const struct cutter *c)
{
	return c->shared->cuts;
}

struct cutter *cutter_open_scene(struct bed_opts opts)
{
	enum { MOST = 8 };
	const char *settings[MOST] = { NULL };
	struct cutter *c = cutter_start();
	char server[64];
	size_t n = 0;

	for (; opts.settings && opts.settings[n]; n++) {
		assert_true(n + 2 < MOST);
		settings[n] = opts.settings[n];
	}
	snprintf(server, sizeof(server), "imap.server=127.0.0.1:%u", cutter_port(c));
	settings[n] = server;
	opts.settings = settings;
	scene_open(&opts);
	cutter_lead_to(c, bed_port(scene_bed(), "IMAP_PORT"));
	return c;
}

void cutter_close_scene(struct cutter **c)
{
	scene_close();
	cutter_stop(c);
}
