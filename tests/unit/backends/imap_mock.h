#ifndef EASGATE_TESTS_IMAP_MOCK_H
#define EASGATE_TESTS_IMAP_MOCK_H

/* An IMAP server that does as it should, except where a rule says otherwise: for the faults that a real one doesn't
 * show. Each connection has a process of its own, which ends with the server's. */
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "imap/imap.h"
#include "unit/backends/peer.h"

#define IMAP_MOCK_HANG "hang"
#define IMAP_MOCK_SELECTED                                                                            \
	"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 5] x\r\n* OK [HIGHESTMODSEQ 12] x\r\n" \
	"$ OK [READ-WRITE] x\r\n"

/* The answer to commands that begin with `at` (behind their tag; "" is the greeting), the first `skip` of a connection
 * excepted. In it $ stands for the tag. NULL cuts the connection, IMAP_MOCK_HANG says nothing more. */
struct imap_mock_rule {
	const char *at;
	const char *say;
	unsigned skip;
	unsigned connection; /* only on that one, counted from 1; 0 = on each */
	size_t flood;        /* so many bytes "x" after it */
	const char *then;    /* and this after them; NULL = nothing */
	bool usual;          /* and then the usual answer */
	bool cut;            /* and then the connection is cut */
};

enum { IMAP_MOCK_RULES = 8, IMAP_MOCK_LINE = 4096, IMAP_MOCK_HEARD = 1 << 20 };

struct imap_mock_seen {       /* shared by all processes */
	unsigned connections; /* so far */
	unsigned open;
	size_t len;
	char heard[IMAP_MOCK_HEARD]; /* all lines of all connections */
};

struct imap_mock {
	const char *caps; /* after login; NULL = none */
	struct imap_mock_rule rules[IMAP_MOCK_RULES];
	struct imap_mock_seen *seen;
	struct peer peer;
};

/* One connection, in its process. */
struct imap_mock_talk {
	const struct imap_mock *mock;
	int fd;
	unsigned number;
	unsigned used[IMAP_MOCK_RULES];
	char tag[32], idle_tag[32];
};

static inline bool imap_mock_write(int fd, const char *text, size_t n)
{
	return !n || write(fd, text, n) == (ssize_t)n;
}

static inline bool imap_mock_say(const struct imap_mock_talk *t, const char *text)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "$");

		if (!imap_mock_write(t->fd, p, n))
			return false;
		p += n;
		if (*p == '$' && (p++, !imap_mock_write(t->fd, t->tag, strlen(t->tag))))
			return false;
	}
	return true;
}

/* A line, with its end. */
static inline bool imap_mock_hear_line(const struct imap_mock_talk *t, char *line, size_t cap)
{
	size_t n = 0;

	while (!n || line[n - 1] != '\n')
		if (n + 1 >= cap || read(t->fd, line + n++, 1) != 1)
			return false;
	line[n] = 0;
	return true;
}

static inline void imap_mock_note(const struct imap_mock *m, const char *line)
{
	size_t n = strlen(line), at = __atomic_fetch_add(&m->seen->len, n, __ATOMIC_SEQ_CST);

	if (at + n < IMAP_MOCK_HEARD)
		memcpy(m->seen->heard + at, line, n);
}

static inline const struct imap_mock_rule *imap_mock_rule_for(struct imap_mock_talk *t, const char *command)
{
	for (size_t i = 0; i < IMAP_MOCK_RULES; i++) {
		const struct imap_mock_rule *r = &t->mock->rules[i];

		if (!r->at || (r->connection && r->connection != t->number))
			continue;
		if ((*r->at ? !strncmp(command, r->at, strlen(r->at)) : !*command) && t->used[i]++ >= r->skip)
			return r;
	}
	return NULL;
}

static inline bool imap_mock_flood(const struct imap_mock_talk *t, size_t left)
{
	static char chunk[64 * 1024];
	bool more = true;

	memset(chunk, 'x', sizeof(chunk));
	for (size_t n; more && left; left -= n) {
		n = left < sizeof(chunk) ? left : sizeof(chunk);
		more = imap_mock_write(t->fd, chunk, n);
	}
	return more;
}

static inline bool imap_mock_obey(const struct imap_mock_talk *t, const struct imap_mock_rule *r)
{
	char rest[256];

	if (r->say && strcmp(r->say, IMAP_MOCK_HANG))
		return imap_mock_say(t, r->say) && imap_mock_flood(t, r->flood) &&
		       imap_mock_say(t, r->then ? r->then : "") && !r->cut;
	while (r->say && read(t->fd, rest, sizeof(rest)) > 0)
		;
	return false;
}

static inline bool imap_mock_usual(struct imap_mock_talk *t, const char *command)
{
	static const struct {
		const char *at, *say;
	} usual[] = {
		{ "LOGIN", "$ OK in\r\n" },
		{ "SELECT", IMAP_MOCK_SELECTED },
		{ "EXAMINE", IMAP_MOCK_SELECTED },
		{ "LIST", "* LIST () \"/\" INBOX\r\n* LIST (\\Sent) \"/\" Sent\r\n$ OK x\r\n" },
		{ "UID FETCH",
		    "* 1 FETCH (UID 3 FLAGS (\\Seen))\r\n* 2 FETCH (UID 4 FLAGS ())\r\n$ OK x\r\n" },
		{ "FETCH", "* 2 FETCH (UID 9 BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\n$ OK x\r\n" },
		{ "ENABLE", "* ENABLED QRESYNC\r\n$ OK x\r\n" },
		{ "IDLE", "+ idling\r\n" },
		{ "", "$ OK x\r\n" },
	};
	const char *caps = t->mock->caps ? t->mock->caps : "";
	char text[512];

	if (!strncmp(command, "CAPABILITY", 10) || !strncmp(command, "AUTHENTICATE", 12)) {
		snprintf(text, sizeof(text), "* CAPABILITY IMAP4rev1 %s\r\n$ OK x\r\n", caps);
		return imap_mock_say(t, text);
	}
	if (!strncmp(command, "STATUS ", 7)) {
		snprintf(text, sizeof(text),
		    "* STATUS %.*s (MESSAGES 2 UNSEEN 1 UIDNEXT 5 UIDVALIDITY 7 HIGHESTMODSEQ 12)\r\n$ OK "
		    "x\r\n",
		    (int)(strcspn(command, "(") - 8), command + 7);
		return imap_mock_say(t, text);
	}
	for (size_t i = 0;; i++)
		if (!strncmp(command, usual[i].at, strlen(usual[i].at)))
			return imap_mock_say(t, usual[i].say);
}

/* The literals of a command, and the rest of its line behind each. */
static inline bool imap_mock_take_literals(const struct imap_mock_talk *t, const char *line)
{
	char rest[IMAP_MOCK_LINE], c;
	const char *brace;
	unsigned long n;

	while ((brace = strrchr(line, '{')) && sscanf(brace, "{%lu", &n) == 1 && strstr(brace, "}\r\n")) {
		if (!strchr(brace, '+') && !imap_mock_say(t, "+ go\r\n"))
			return false;
		for (; n; n--)
			if (read(t->fd, &c, 1) != 1)
				return false;
		if (!imap_mock_hear_line(t, rest, sizeof(rest)))
			return false;
		line = rest;
	}
	return true;
}

/* One command, by its first line. Where a rule answers, no literal is asked for. */
static inline bool imap_mock_command(struct imap_mock_talk *t, const char *line)
{
	const struct imap_mock_rule *r;
	const char *command = strchr(line, ' ');

	if (!strncmp(line, "DONE", 4)) {
		strcpy(t->tag, t->idle_tag);
		return imap_mock_say(t, "$ OK x\r\n");
	}
	if (!command || command - line >= (ptrdiff_t)sizeof(t->tag))
		return false;
	snprintf(t->tag, sizeof(t->tag), "%.*s", (int)(command - line), line);
	command++;
	if (!strncmp(command, "IDLE", 4))
		strcpy(t->idle_tag, t->tag);
	r = imap_mock_rule_for(t, command);
	if (r && !imap_mock_obey(t, r))
		return false;
	if (r && !r->usual)
		return true;
	return imap_mock_take_literals(t, command) && imap_mock_usual(t, command);
}

static inline void imap_mock_connection(struct imap_mock_talk *t)
{
	const struct imap_mock_rule *r = imap_mock_rule_for(t, "");
	char line[IMAP_MOCK_LINE];
	bool more = r ? imap_mock_obey(t, r)
		      : imap_mock_say(t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR LITERAL+] hi\r\n");

	while (more && imap_mock_hear_line(t, line, sizeof(line))) {
		imap_mock_note(t->mock, line);
		more = imap_mock_command(t, line);
	}
}

static inline void imap_mock_serve(int fd, void *arg)
{
	struct imap_mock *m = arg;
	struct imap_mock_talk t = { .mock = m, .fd = fd };
	pid_t parent = getpid();
	int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)); /* answers go out in pieces */
	signal(SIGCHLD, SIG_IGN);
	t.number = __atomic_add_fetch(&m->seen->connections, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&m->seen->open, 1, __ATOMIC_SEQ_CST);
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	alarm(120);
	imap_mock_connection(&t);
	close(fd);
	__atomic_fetch_sub(&m->seen->open, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

static inline void imap_mock_start(struct imap_mock *m)
{
	m->seen = mmap(NULL, sizeof(*m->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(m->seen != MAP_FAILED);
	m->peer = peer_start(imap_mock_serve, m);
}

static inline void imap_mock_stop(struct imap_mock *m)
{
	peer_stop(&m->peer);
	munmap(m->seen, sizeof(*m->seen));
}

static inline unsigned imap_mock_connections(const struct imap_mock *m)
{
	return __atomic_load_n(&m->seen->connections, __ATOMIC_SEQ_CST);
}

static inline unsigned imap_mock_open(const struct imap_mock *m)
{
	return __atomic_load_n(&m->seen->open, __ATOMIC_SEQ_CST);
}

static inline struct imap_config imap_mock_config(const struct imap_mock *m)
{
	return (struct imap_config){ .server = peer_target(&m->peer),
		.command_ms = 5000,
		.idle_close_s = 60,
		.max_per_account = 2,
		.max_total = 10 };
}

static inline struct imap_login imap_mock_login(const char *user)
{
	return (struct imap_login){ bytes_str(user), BYTES("secret-of-user"), { 0 } };
}

static inline struct imap *imap_mock_open_for(struct imap_pool *p, const char *user, const char *prefer)
{
	struct imap_login who = imap_mock_login(user);
	const char *why = "";
	struct imap *c;

	if (imap_open(p, &who, bytes_str(prefer), &c, &why))
		fail_msg("no connection: %s", why);
	return c;
}

#endif
