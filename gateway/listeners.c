#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/address.h"

enum { BACKLOG = 1024, KEEPALIVE_IDLE_S = 900, KEEPALIVE_EVERY_S = 60, KEEPALIVE_TRIES = 3 };

struct place {
	struct place *next;
	char *text; /* as in the config */
	bool plain; /* from listen_plain */
	int *fds;   /* one for each worker */
	uint32_t n;
	bool wanted; /* by the config opened last */
};

struct listeners {
	struct place *places;
	struct place **order; /* of the config opened last */
	size_t n_order;
	uint32_t workers; /* of the config opened last */
	int *of_worker;   /* what listeners_of gives out */
};

struct listeners *listeners_new(void)
{
	struct listeners *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	return l;
}

static void place_free(struct place *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		close(p->fds[i]);
	free(p->fds);
	free(p->text);
	free(p);
}

void listeners_free(struct listeners **l)
{
	if (!*l)
		return;
	while ((*l)->places) {
		struct place *p = (*l)->places;

		(*l)->places = p->next;
		place_free(p);
	}
	free((*l)->order);
	free((*l)->of_worker);
	free(*l);
	*l = NULL;
}

/* ---- one socket ---- */

/* What accepted connections inherit. A phone that vanished without a word is noticed after a quarter of an hour at the
 * latest: more often would keep the radios of the others awake. */
static void set_options(int fd, const char *text, int family)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_REUSEADDR, 1 },
		{ SOL_SOCKET, SO_REUSEPORT, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TRIES },
	};
	int only_v6 = text[0] == '['; /* ":443" is IPv4 too */

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(int));
}

/* IPv6 is switched off on some machines: then ":443" is IPv4 alone. */
static int open_family(const char *text, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)sa;
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	int fd = socket(sa->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 || errno != EAFNOSUPPORT || sa->ss_family != AF_INET6 || text[0] != ':')
		return fd;
	v4.sin_port = v6->sin6_port;
	memcpy(sa, &v4, sizeof(v4));
	*len = sizeof(v4);
	return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* like: a socket whose port is taken, or -1 */
static int open_socket(const char *text, int like)
{
	struct sockaddr_storage sa;
	socklen_t len;
	int fd;

	if (endpoint_parse(bytes_str(text), &sa, &len))
		return -1;
	if (like >= 0) {
		len = sizeof(sa);
		if (getsockname(like, (struct sockaddr *)&sa, &len) != 0)
			return -1;
	}
	fd = open_family(text, &sa, &len);
	if (fd < 0)
		return -1;
	set_options(fd, text, sa.ss_family);
	if (bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* ---- places ---- */

static enum err grow(struct place *p, uint32_t workers)
{
	int *fds;

	if (workers <= p->n)
		return ERR_OK;
	fds = realloc(p->fds, workers * sizeof(*fds));
	if (!fds)
		abort();
	p->fds = fds;
	while (p->n < workers) {
		int fd = open_socket(p->text, p->n ? p->fds[0] : -1);

		if (fd < 0)
			return ERR_UNAVAILABLE;
		p->fds[p->n++] = fd;
	}
	return ERR_OK;
}

static struct place *place_of(struct listeners *l, const char *text, bool plain)
{
	struct place *p;

	for (p = l->places; p; p = p->next)
		if (p->plain == plain && strcmp(p->text, text) == 0)
			return p;
	p = calloc(1, sizeof(*p));
	if (!p || !(p->text = strdup(text)))
		abort();
	p->plain = plain;
	p->next = l->places;
	l->places = p;
	return p;
}

/* Closes what the last successful listeners_open didn't ask for. A socket on which nobody accepts would still get its
 * share of the connections. */
static void close_surplus(struct listeners *l)
{
	struct place **at = &l->places;

	while (*at) {
		struct place *p = *at;
		uint32_t keep = p->wanted ? l->workers : 0;

		while (p->n > keep)
			close(p->fds[--p->n]);
		if (p->n) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		place_free(p);
	}
}

static enum err open_list(char **list, bool plain, struct listeners *l, uint32_t workers,
    struct place **order, size_t *n, const char **why)
{
	static char text[256];

	for (char **t = list; *t; t++) {
		struct place *p = place_of(l, *t, plain);

		if (grow(p, workers)) {
			snprintf(text, sizeof(text), "cannot listen on %s: %s", *t, strerror(errno));
			*why = text;
			return ERR_UNAVAILABLE;
		}
		order[(*n)++] = p;
	}
	return ERR_OK;
}

static size_t count(char **list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

enum err listeners_open(struct listeners *l, const struct config *config, uint32_t workers, const char **why)
{
	size_t most = count(config->listen) + count(config->listen_plain), n = 0;
	struct place **order = calloc(most + 1, sizeof(struct place *));
	enum err e;

	if (!order)
		abort();
	if ((e = open_list(config->listen, false, l, workers, order, &n, why)) ||
	    (e = open_list(config->listen_plain, true, l, workers, order, &n, why))) {
		free(order);
		close_surplus(l);
		return e;
	}
	for (struct place *p = l->places; p; p = p->next)
		p->wanted = false;
	for (size_t i = 0; i < n; i++)
		order[i]->wanted = true;
	free(l->order);
	free(l->of_worker);
	l->order = order;
	l->n_order = n;
	l->workers = workers;
	l->of_worker = calloc(n + 1, sizeof(int));
	if (!l->of_worker)
		abort();
	return ERR_OK;
}

void listeners_close_others(struct listeners *l)
{
	close_surplus(l);
}

const int *listeners_of(struct listeners *l, uint32_t worker, size_t *n)
{
	for (size_t i = 0; i < l->n_order; i++)
		l->of_worker[i] = l->order[i]->fds[worker];
	*n = l->n_order;
	return l->of_worker;
}

void listeners_keep(struct listeners *l, uint32_t worker)
{
	for (struct place *p = l->places; p; p = p->next)
		for (uint32_t i = 0; i < p->n; i++)
			if (i != worker || !p->wanted)
				close(p->fds[i]);
}

const char *listeners_text(const struct listeners *l)
{
	static char text[1024];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < l->n_order && len < sizeof(text); i++) {
		struct sockaddr_storage sa;
		socklen_t sa_len = sizeof(sa);
		char host[INET6_ADDRSTRLEN] = "?";
		bool v6;
		int n;

		if (getsockname(l->order[i]->fds[0], (struct sockaddr *)&sa, &sa_len) != 0)
			continue;
		v6 = sa.ss_family == AF_INET6;
		inet_ntop(sa.ss_family,
		    v6 ? (void *)&((struct sockaddr_in6 *)(void *)&sa)->sin6_addr
		       : (void *)&((struct sockaddr_in *)(void *)&sa)->sin_addr,
		    host, sizeof(host));
		n = snprintf(text + len, sizeof(text) - len, v6 ? "%s[%s]:%d" : "%s%s:%d", i ? " " : "", host,
		    ntohs(v6 ? ((struct sockaddr_in6 *)(void *)&sa)->sin6_port
			     : ((struct sockaddr_in *)(void *)&sa)->sin_port));
		len += n < 0 ? 0 : (size_t)n;
	}
	return text;
}
