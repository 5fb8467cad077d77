/* A connection's life: WAITING -> RESOLVING -> GREETING -> UP, and back to WAITING from anywhere. hiredis frees its
 * context itself when the connection fails, so the context is ours only until it says so; `context->data` is NULL once
 * we let go of it, and its late callbacks then find nobody. */
#include "store/redis_link.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <hiredis/alloc.h>
#include <hiredis/async.h>
#include <hiredis/adapters/libevent.h>

#include "io/log.h"

enum { ATTEMPT_MS = 3000, RETRY_FIRST_MS = 50, RETRY_MOST_MS = 5000 };

enum link_state { LINK_WAITING, LINK_RESOLVING, LINK_GREETING, LINK_UP };

/* An answer of the resolver may come after the link has gone. */
struct lookup {
	struct redis_link *link; /* NULL: gone, or it gave up */
};

struct redis_link {
	struct loop *loop;
	const struct redis_address *address; /* borrowed */
	const char *name;
	void (*changed)(void *arg, bool up);
	void *arg;

	enum link_state state;
	struct timer *timer; /* WAITING: the next attempt; RESOLVING, GREETING: the attempt's end */
	struct lookup *lookup;
	struct evdns_getaddrinfo_request *resolving;
	redisAsyncContext *context;
	unsigned greetings; /* answers still awaited */
	unsigned failures;  /* since it was last up */
};

/* ---- states ---- */

static void set_state(struct redis_link *k, enum link_state state)
{
	static const char *const names[] = {
		[LINK_WAITING] = "waiting",
		[LINK_RESOLVING] = "resolving",
		[LINK_GREETING] = "greeting",
		[LINK_UP] = "up",
	};

	log_event(LOG_LEVEL_DEBUG, "redis connection", LOG_STR("connection", k->name),
	    LOG_STR("was", names[k->state]), LOG_STR("is", names[state]));
	k->state = state;
}

/* Doubles with each failure; half of it is chance, so that workers don't come back all at once. */
static uint32_t retry_ms(unsigned failures)
{
	uint32_t ms = RETRY_FIRST_MS, chance;

	for (unsigned i = 1; i < failures && ms < RETRY_MOST_MS; i++)
		ms *= 2;
	if (ms > RETRY_MOST_MS)
		ms = RETRY_MOST_MS;
	evutil_secure_rng_get_bytes(&chance, sizeof(chance));
	return ms / 2 + chance % (ms / 2 + 1);
}

static void let_go_of_lookup(struct redis_link *k)
{
	if (!k->lookup)
		return;
	k->lookup->link = NULL;
	k->lookup = NULL;
	evdns_getaddrinfo_cancel(k->resolving);
	k->resolving = NULL;
}

static void let_go_of_context(struct redis_link *k)
{
	redisAsyncContext *c = k->context;

	if (!c)
		return;
	k->context = NULL;
	c->data = NULL;
	redisAsyncFree(c);
}

static void on_timer(void *arg);

static void set_timer(struct redis_link *k, uint32_t ms)
{
	timer_cancel(&k->timer);
	k->timer = timer_start(k->loop, ms, on_timer, k);
}

static void lost(struct redis_link *k, const char *why)
{
	k->failures++;
	log_event(k->failures == 1 ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "no connection to redis",
	    LOG_STR("connection", k->name), LOG_STR("why", why), LOG_U64("failures", k->failures));
	set_state(k, LINK_WAITING);
	let_go_of_lookup(k);
	let_go_of_context(k);
	set_timer(k, retry_ms(k->failures));
	k->changed(k->arg, false);
}

static void came_up(struct redis_link *k)
{
	log_event(k->failures ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "connected to redis",
	    LOG_STR("connection", k->name), LOG_U64("failures", k->failures));
	k->failures = 0;
	timer_cancel(&k->timer);
	set_state(k, LINK_UP);
	k->changed(k->arg, true);
}

/* ---- greeting ---- */

static void on_greeting(redisAsyncContext *c, void *reply, void *arg)
{
	struct redis_link *k = c->data;
	const redisReply *r = reply;

	(void)arg;
	if (!k || !r) /* its end is reported by on_disconnect */
		return;
	if (r->type == REDIS_REPLY_ERROR)
		lost(k, r->str); /* a wrong password, no such database, still loading: it says which */
	else if (--k->greetings == 0)
		came_up(k);
}

static void greet(struct redis_link *k)
{
	const struct redis_address *a = k->address;

	k->greetings = 1;
	if (a->password) {
		const char *argv[] = { "AUTH", a->user ? a->user : a->password, a->password };

		k->greetings++;
		redisAsyncCommandArgv(k->context, on_greeting, NULL, a->user ? 3 : 2, argv, NULL);
	}
	if (a->db) {
		k->greetings++;
		redisAsyncCommand(k->context, on_greeting, NULL, "SELECT %u", (unsigned)a->db);
	}
	/* Refused while the server loads its data or wants a login. */
	redisAsyncCommand(k->context, on_greeting, NULL, "PING");
}

/* ---- connecting ---- */

static void on_connect(const redisAsyncContext *c, int status)
{
	struct redis_link *k = c->data;

	if (!k || status == REDIS_OK)
		return;
	k->context = NULL; /* hiredis frees it */
	lost(k, c->c.errstr);
}

static void on_disconnect(const redisAsyncContext *c, int status)
{
	struct redis_link *k = c->data;

	(void)status;
	if (!k)
		return;
	k->context = NULL;
	lost(k, c->errstr ? c->errstr : "closed");
}

static void connect_to(struct redis_link *k, const char *host)
{
	const struct redis_address *a = k->address;

	set_state(k, LINK_GREETING);
	k->context = a->path ? redisAsyncConnectUnix(a->path) : redisAsyncConnect(host, a->port);
	if (!k->context)
		abort(); /* out of memory */
	if (k->context->err) {
		char why[sizeof(k->context->c.errstr)];

		snprintf(why, sizeof(why), "%s", k->context->errstr);
		lost(k, why);
		return;
	}
	k->context->data = k;
	redisLibeventAttach(k->context, loop_base(k->loop));
	redisAsyncSetConnectCallback(k->context, on_connect);
	redisAsyncSetDisconnectCallback(k->context, on_disconnect);
	/* So that a vanished machine is noticed by the connection that only listens. */
	if (!a->path)
		redisEnableKeepAlive(&k->context->c);
	greet(k);
}

/* A server with several addresses: each attempt takes the next one. */
static const struct evutil_addrinfo *choose(const struct evutil_addrinfo *all, unsigned n)
{
	const struct evutil_addrinfo *at = all;

	for (; n; n--)
		at = at->ai_next ? at->ai_next : all;
	return at;
}

static void on_resolved(int error, struct evutil_addrinfo *all, void *arg)
{
	struct lookup *u = arg;
	struct redis_link *k = u->link;
	char host[INET6_ADDRSTRLEN + 1];
	const struct evutil_addrinfo *at;

	free(u);
	if (!k)
		goto done;
	k->lookup = NULL;
	k->resolving = NULL;
	if (error || !all) {
		lost(k, evutil_gai_strerror(error));
		goto done;
	}
	at = choose(all, k->failures);
	if (getnameinfo(at->ai_addr, at->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST) != 0)
		lost(k, "no usable address");
	else
		connect_to(k, host);
done:
	if (all)
		evutil_freeaddrinfo(all);
}

static bool is_numeric(const char *host)
{
	uint8_t address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* hiredis would resolve names itself, and everything would stand still meanwhile. */
static void resolve(struct redis_link *k)
{
	const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct lookup *u = calloc(1, sizeof(*u));
	struct evdns_getaddrinfo_request *q;

	if (!u)
		abort();
	u->link = k;
	k->lookup = u;
	set_state(k, LINK_RESOLVING);
	q = evdns_getaddrinfo(loop_dns(k->loop), k->address->host, NULL, &hints, on_resolved, u);
	if (q) /* else the answer was there already, from the hosts file */
		k->resolving = q;
}

static void on_timer(void *arg)
{
	struct redis_link *k = arg;

	if (k->state != LINK_WAITING) {
		lost(k, "timed out");
		return;
	}
	set_timer(k, ATTEMPT_MS);
	if (k->address->path || is_numeric(k->address->host))
		connect_to(k, k->address->host);
	else
		resolve(k);
}

/* ---- for redis.c and redis_channels.c ---- */

struct redis_link *redis_link_new(struct loop *l, const struct redis_address *address, const char *name,
    void (*changed)(void *arg, bool up), void *arg)
{
	struct redis_link *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->loop = l;
	k->address = address;
	k->name = name;
	k->changed = changed;
	k->arg = arg;
	set_timer(k, 0);
	return k;
}

void redis_link_free(struct redis_link **k)
{
	if (!*k)
		return;
	timer_cancel(&(*k)->timer);
	let_go_of_lookup(*k);
	let_go_of_context(*k);
	free(*k);
	*k = NULL;
}

struct redisAsyncContext *redis_link_context(const struct redis_link *k)
{
	return k->state == LINK_UP ? k->context : NULL;
}

void redis_link_break(struct redis_link *k, const char *why)
{
	if (k->context)
		lost(k, why);
}
