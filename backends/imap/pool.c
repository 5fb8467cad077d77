#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "imap/connection.h"

/* Who may use which connection, and when one is opened or closed.
 *
 * A slot is one connection of an account: open, being opened, or promised to a waiter. Idle connections are in two
 * lists: their account's, the last used first, and the pool's, the longest unused first. Waiters are in one, in the
 * order in which they came. What becomes free is handed over, never raced for. */
enum { KEY_SIZE = 32, SALT_SIZE = 16, BUCKETS = 4096, LOGOUT_MS = 2000 };

struct waiter {
	TAILQ_ENTRY(waiter) next;
	struct imap_account *account;
	uint64_t ticket;
	bool granted;       /* no longer in the list */
	struct imap *given; /* NULL and granted: a slot, for a new connection */
};
TAILQ_HEAD(waiters, waiter);
TAILQ_HEAD(idle_list, imap);

struct imap_account {
	uint8_t key[KEY_SIZE];
	struct imap_account *next; /* in the bucket */
	uint32_t slots, waiting;
	struct idle_list idle;
};

struct imap_pool {
	struct loop *loop; /* borrowed */
	struct imap_config config;
	char *host, *ca_file; /* owned; config points to them */
	uint8_t salt[SALT_SIZE];
	uint32_t slots;
	struct imap_account *buckets[BUCKETS];
	struct idle_list idle;
	struct waiters waiters;
	struct timer *timer; /* runs while something is idle, and once more */
};

static char *dup_text(const char *text)
{
	char *p = text ? strdup(text) : NULL;

	if (text && !p)
		abort();
	return p;
}

struct imap_pool *imap_pool_new(struct loop *l, const struct imap_config *config)
{
	struct imap_pool *p = calloc(1, sizeof(*p));

	if (!p || RAND_bytes(p->salt, sizeof(p->salt)) != 1)
		abort();
	p->loop = l;
	p->config = *config;
	p->config.server.host = p->host = dup_text(config->server.host);
	p->config.server.ca_file = p->ca_file = dup_text(config->server.ca_file);
	if (config->command_ms)
		p->config.server.io_ms = config->command_ms;
	TAILQ_INIT(&p->idle);
	TAILQ_INIT(&p->waiters);
	return p;
}

/* ---- accounts ---- */

static void make_key(const struct imap_pool *p, const struct imap_login *who, uint8_t key[KEY_SIZE])
{
	uint64_t user_len = who->user.len;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL) || !EVP_DigestUpdate(md, p->salt, SALT_SIZE) ||
	    !EVP_DigestUpdate(md, &user_len, sizeof(user_len)) ||
	    !EVP_DigestUpdate(md, who->user.p, who->user.len) ||
	    !EVP_DigestUpdate(md, who->password.p, who->password.len) || !EVP_DigestFinal_ex(md, key, NULL))
		abort();
	EVP_MD_CTX_free(md);
}

static struct imap_account **bucket_of(struct imap_pool *p, const uint8_t key[KEY_SIZE])
{
	return &p->buckets[(key[0] | (unsigned)key[1] << 8) % BUCKETS];
}

static struct imap_account *get_account(struct imap_pool *p, const uint8_t key[KEY_SIZE])
{
	struct imap_account **at = bucket_of(p, key), *a;

	for (a = *at; a; a = a->next)
		if (CRYPTO_memcmp(a->key, key, KEY_SIZE) == 0)
			return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	memcpy(a->key, key, KEY_SIZE);
	TAILQ_INIT(&a->idle);
	a->next = *at;
	*at = a;
	return a;
}

static void free_unused_account(struct imap_pool *p, struct imap_account *a)
{
	struct imap_account **at = bucket_of(p, a->key);

	if (a->slots || a->waiting)
		return;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	free(a);
}

/* ---- waiters ---- */

static void unqueue(struct imap_pool *p, struct waiter *w)
{
	TAILQ_REMOVE(&p->waiters, w, next);
	w->account->waiting--;
}

static void grant(struct imap_pool *p, struct waiter *w, struct imap *c)
{
	unqueue(p, w);
	w->granted = true;
	w->given = c;
	fiber_wake(p->loop, w->ticket);
}

static uint32_t account_bound(const struct imap_pool *p)
{
	return p->config.max_per_account ? p->config.max_per_account : 1;
}

static bool account_has_room(const struct imap_pool *p, const struct imap_account *a)
{
	return a->slots < account_bound(p);
}

static bool is_full(const struct imap_pool *p)
{
	return p->slots >= (p->config.max_total ? p->config.max_total : 1u);
}

static bool has_room(const struct imap_pool *p, const struct imap_account *a)
{
	return !is_full(p) && account_has_room(p, a);
}

/* The first who waits for a connection of this account, or only because there are too many in all. */
static struct waiter *next_waiter(const struct imap_pool *p, const struct imap_account *a)
{
	struct waiter *w;

	TAILQ_FOREACH(w, &p->waiters, next)
	if (w->account == a || (is_full(p) && account_has_room(p, w->account)))
		return w;
	return NULL;
}

static void take_slot(struct imap_pool *p, struct imap_account *a)
{
	a->slots++;
	p->slots++;
}

/* Gives a slot back: to the first waiter for whom there is room now. */
static void release_slot(struct imap_pool *p, struct imap_account *a)
{
	struct waiter *w;

	a->slots--;
	p->slots--;
	TAILQ_FOREACH(w, &p->waiters, next)
	{
		if (has_room(p, w->account)) {
			take_slot(p, w->account);
			grant(p, w, NULL);
			break;
		}
	}
	free_unused_account(p, a);
}

/* ---- idle connections ---- */

static void take_from_idle(struct imap_pool *p, struct imap *c)
{
	stream_watch(c->stream, NULL, NULL);
	TAILQ_REMOVE(&c->account->idle, c, of_account);
	TAILQ_REMOVE(&p->idle, c, of_pool);
}

static void drop(struct imap_pool *p, struct imap *c)
{
	struct imap_account *a = c->account;

	imap_free(&c);
	release_slot(p, a);
}

/* Nothing is expected on an idle connection: bytes are a goodbye, or the close itself. */
static void on_idle_event(void *arg)
{
	struct imap *c = arg;
	struct imap_pool *p = c->pool;

	take_from_idle(p, c);
	drop(p, c);
}

static void log_out(void *arg)
{
	struct imap *c = arg;
	enum err e = stream_write(c->stream, BYTES("bye LOGOUT\r\n"));

	(void)e; /* it is closed in any case */
	imap_free(&c);
}

static void on_timer(void *arg)
{
	static const struct fiber_opts opts = {
		.name = "imap logout", .arena_budget = 64 * 1024, .deadline_ms = LOGOUT_MS
	};
	struct imap_pool *p = arg;
	uint64_t now = loop_now_ms(), after = (uint64_t)p->config.idle_close_s * 1000;
	struct imap *c;

	while ((c = TAILQ_FIRST(&p->idle)) && c->idle_since_ms + after <= now) {
		struct imap_account *a = c->account;

		take_from_idle(p, c);
		fiber_start(p->loop, &opts, log_out, c);
		release_slot(p, a);
	}
	if (c)
		timer_restart(p->timer, (uint32_t)(c->idle_since_ms + after - now));
	else
		timer_cancel(&p->timer);
}

static void put_to_idle(struct imap_pool *p, struct imap *c)
{
	c->idle_since_ms = loop_now_ms();
	TAILQ_INSERT_HEAD(&c->account->idle, c, of_account);
	TAILQ_INSERT_TAIL(&p->idle, c, of_pool);
	stream_watch(c->stream, on_idle_event, c);
	if (!p->timer)
		p->timer = timer_start(p->loop, p->config.idle_close_s * 1000, on_timer, p);
}

static bool has_selected(const struct imap *c, struct bytes mailbox)
{
	return c->selected.name && bytes_eq(bytes_of(c->selected.name, c->selected.len), mailbox);
}

/* The one that has `prefer` selected, else the last used. Dead ones are dropped on the way. */
static struct imap *take_idle(struct imap_pool *p, struct imap_account *a, struct bytes prefer)
{
	struct imap *c, *found;

	while ((found = TAILQ_FIRST(&a->idle))) {
		TAILQ_FOREACH(c, &a->idle, of_account)
		{
			if (has_selected(c, prefer)) {
				found = c;
				break;
			}
		}
		take_from_idle(p, found);
		if (!stream_is_dead(found->stream))
			return found;
		drop(p, found);
	}
	return NULL;
}

/* Room for one more connection in all: by closing the one that is unused for longest, if it must be. */
static void make_room(struct imap_pool *p)
{
	struct imap *c = TAILQ_FIRST(&p->idle);

	if (c && is_full(p)) {
		take_from_idle(p, c);
		drop(p, c);
	}
}

/* ---- calls ---- */

enum err imap_connect(struct imap_pool *p, const struct imap_login *who, struct imap **out, const char **why)
{
	struct stream *s = NULL;
	struct imap *c;
	enum err e = stream_connect(&p->config.server, &s, why);

	if (e)
		return e;
	c = imap_new(&p->config, &s);
	c->pool = p;
	if ((e = imap_login(c, who, why)))
		imap_free(&c);
	else
		*out = c;
	return e;
}

/* Waits for a connection (*c) or a slot (*c NULL). */
static enum err wait_for_one(struct imap_pool *p, struct imap_account *a, struct imap **c)
{
	struct waiter w = { .account = a, .ticket = fiber_ticket() };
	enum err e;

	a->waiting++;
	TAILQ_INSERT_TAIL(&p->waiters, &w, next);
	e = fiber_wait(w.ticket, 0);
	*c = w.given;
	if (!e)
		return ERR_OK;
	if (!w.granted) {
		unqueue(p, &w);
		free_unused_account(p, a);
	} else if (w.given) {
		imap_close(c);
	} else {
		release_slot(p, a);
	}
	return e;
}

/* A slot of that account's, or an idle connection (*c). */
static enum err get_slot(struct imap_pool *p, struct imap_account **a, const uint8_t key[KEY_SIZE],
    struct bytes prefer, struct imap **c)
{
	*a = get_account(p, key);
	(*a)->slots++; /* keeps it while dead connections and others are dropped */
	*c = take_idle(p, *a, prefer);
	if (!*c && (*a)->slots <= account_bound(p))
		make_room(p);
	(*a)->slots--;
	if (*c)
		return ERR_OK;
	if (!has_room(p, *a))
		return wait_for_one(p, *a, c);
	take_slot(p, *a);
	return ERR_OK;
}

enum err imap_open(struct imap_pool *p, const struct imap_login *who, struct bytes prefer, struct imap **out,
    const char **why)
{
	struct imap_account *a;
	uint8_t key[KEY_SIZE];
	enum err e;

	*out = NULL;
	make_key(p, who, key);
	if ((e = get_slot(p, &a, key, prefer, out))) {
		if (why)
			*why = "no free IMAP connection";
		return e;
	}
	if (*out)
		return ERR_OK;
	if ((e = imap_connect(p, who, out, why)))
		release_slot(p, a);
	else
		(*out)->account = a;
	return e;
}

void imap_close(struct imap **c)
{
	struct imap *x = *c;
	struct imap_pool *p;
	struct waiter *w;

	*c = NULL;
	if (!x)
		return;
	p = x->pool;
	x->who = NULL;
	imap_rest(x);
	if (!x->account) {
		imap_free(&x); /* a watch's own */
		return;
	}
	/* What is on its way is for the former borrower; or it is a goodbye, or an answer that nobody knows the question of. */
	if (x->orders || imap_reader_ahead(&x->reader))
		x->broken = true;
	w = next_waiter(p, x->account);
	if (x->broken || (w && w->account != x->account))
		drop(p, x);
	else if (w)
		grant(p, w, x);
	else
		put_to_idle(p, x);
}

void imap_pool_forget_mailbox(struct imap *c, struct bytes mailbox)
{
	struct imap *other;

	if (has_selected(c, mailbox))
		imap_forget_selected(c);
	if (!c->account)
		return;
	TAILQ_FOREACH(other, &c->account->idle, of_account)
	if (has_selected(other, mailbox))
		imap_forget_selected(other);
}

void imap_pool_free(struct imap_pool **pool)
{
	struct imap_pool *p = *pool;
	struct imap *c;

	if (!p)
		return;
	while ((c = TAILQ_FIRST(&p->idle))) {
		take_from_idle(p, c);
		drop(p, c);
	}
	timer_cancel(&p->timer);
	free(p->host);
	free(p->ca_file);
	free(p);
	*pool = NULL;
}
