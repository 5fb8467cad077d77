/* The crowd: how many, at which pace, and the figures. */
#include "load_internal.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { RAMP_STEP_MS = 10, WATCH_STEP_MS = 5 };

void load_sample(struct load_samples *s, int64_t us)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->ms = realloc(s->ms, s->cap * sizeof(*s->ms));
		if (!s->ms)
			abort();
	}
	s->ms[s->count++] = (float)us / 1000;
}

/* ---- life ---- */

static SSL_CTX *make_tls(const struct phone_load_config *c, const char **problem)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		abort();
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); /* or each phone costs 34 KB more */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (c->insecure)
		return ctx;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (c->ca_file ? SSL_CTX_load_verify_file(ctx, c->ca_file) : SSL_CTX_set_default_verify_paths(ctx))
		return ctx;
	*problem = "the certificates of the authority cannot be read";
	SSL_CTX_free(ctx);
	return NULL;
}

static bool resolve(struct phone_load *l)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	char port[8];

	snprintf(port, sizeof(port), "%u", l->server.port);
	if (getaddrinfo(l->server.host, port, &hints, &list))
		return false;
	memcpy(&l->address, list->ai_addr, list->ai_addrlen);
	l->address_len = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

/* A socket for each phone: as many as the system lets us. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void on_ramp(evutil_socket_t fd, short what, void *arg)
{
	struct phone_load *l = arg;

	(void)fd;
	(void)what;
	l->ramp_due += (double)l->c.ramp_per_s * RAMP_STEP_MS / 1000;
	while (l->count < l->wanted && l->ramp_due >= 1) {
		l->ramp_due -= 1;
		l->phones[l->count] = load_phone_new(l, l->count);
		l->count++;
	}
	if (l->count == l->wanted) {
		l->ramp_due = 0;
		event_del(l->ramp);
	}
}

struct phone_load *phone_load_new(
    struct event_base *base, const struct phone_load_config *c, const char **problem)
{
	struct phone_load *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->base = base;
	l->c = *c;
	l->c.accounts = c->accounts ? c->accounts : 1;
	l->c.ramp_per_s = c->ramp_per_s ? c->ramp_per_s : 200;
	l->c.heartbeat_s = c->heartbeat_s ? c->heartbeat_s : 900;
	l->user = strdup(c->user);
	l->password = strdup(c->password);
	l->seed = 1; /* the same load each time */
	l->ramp = event_new(base, -1, EV_PERSIST, on_ramp, l);
	raise_file_limit();
	signal(SIGPIPE, SIG_IGN); /* as in wire.c */
	*problem = NULL;
	if (!l->user || !l->password || !l->ramp)
		abort();
	if (phone_server_init(&l->server, c->url, c->ca_file, c->insecure))
		*problem = "the server's address is none";
	else if (!resolve(l))
		*problem = "the server's name has no address";
	else if (l->server.tls)
		l->tls = make_tls(c, problem);
	if (*problem)
		phone_load_free(&l);
	else
		phone_load_reset(l);
	return l;
}

void phone_load_free(struct phone_load **load)
{
	struct phone_load *l = *load;

	if (!l)
		return;
	for (unsigned i = 0; i < l->count; i++)
		load_phone_free(l->phones[i]);
	free(l->phones);
	event_base_loop(l->base, EVLOOP_NONBLOCK); /* callbacks that are still due hold their connections */
	event_free(l->ramp);
	SSL_CTX_free(l->tls);
	phone_server_deinit(&l->server);
	free(l->user);
	OPENSSL_cleanse(l->password, strlen(l->password));
	free(l->password);
	free(l->sync.ms);
	free(l->setup.ms);
	free(l->ping.ms);
	free(l);
	*load = NULL;
}

/* ---- running ---- */

void phone_load_grow(struct phone_load *l, unsigned phones)
{
	struct timeval step = { 0, RAMP_STEP_MS * 1000 };

	if (phones <= l->wanted)
		return;
	l->phones = realloc(l->phones, phones * sizeof(struct load_phone *));
	if (!l->phones)
		abort();
	l->wanted = phones;
	event_add(l->ramp, &step);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

void phone_load_run(struct phone_load *l, unsigned milliseconds)
{
	struct timeval end = { milliseconds / 1000, (suseconds_t)(milliseconds % 1000) * 1000 };
	struct event *timer = evtimer_new(l->base, on_end, l->base);

	evtimer_add(timer, &end);
	event_base_dispatch(l->base);
	event_free(timer);
}

bool phone_load_run_until_ready(struct phone_load *l, unsigned phones, unsigned seconds)
{
	int64_t deadline_us = phone_now_us() + (int64_t)seconds * 1000000;

	while (l->ready < phones && phone_now_us() < deadline_us)
		phone_load_run(l, WATCH_STEP_MS);
	return l->ready >= phones;
}

/* ---- figures ---- */

void phone_load_reset(struct phone_load *l)
{
	l->requests = l->errors = l->pushes = 0;
	l->sync.count = l->setup.count = l->ping.count = 0;
	l->first_error[0] = '\0';
	l->since_us = phone_now_us();
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static struct phone_load_latency latency(const struct load_samples *s)
{
	struct phone_load_latency out = { .count = s->count };
	float *sorted = malloc(s->count * sizeof(*sorted) + 1);

	if (!sorted)
		abort();
	if (s->count) {
		memcpy(sorted, s->ms, s->count * sizeof(*sorted));
		qsort(sorted, s->count, sizeof(*sorted), by_size);
		out.p50 = (double)sorted[s->count / 2];
		out.p90 = (double)sorted[s->count * 9 / 10];
		out.p99 = (double)sorted[s->count * 99 / 100];
		out.max = (double)sorted[s->count - 1];
	}
	free(sorted);
	return out;
}

void phone_load_figures(const struct phone_load *l, struct phone_load_figures *out)
{
	*out = (struct phone_load_figures){ .phones = l->count,
		.ready = l->ready,
		.held = l->held,
		.requests = l->requests,
		.errors = l->errors,
		.pushes = l->pushes,
		.seconds = (double)(phone_now_us() - l->since_us) / 1000000,
		.sync = latency(&l->sync),
		.setup = latency(&l->setup),
		.ping = latency(&l->ping) };
	snprintf(out->first_error, sizeof(out->first_error), "%s", l->first_error);
}
