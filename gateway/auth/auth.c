#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "auth/account_make.h"
#include "auth/basic.h"
#include "auth/failures.h"
#include "http/address.h"
#include "io/log.h"

/* Signing in. What IMAP said of a user name and a password is kept for a while in a login, found by a hash of the two
 * under a key that only this process knows. Whoever asks while the answer is awaited waits for the same one: the check
 * runs on a fiber of its own, so that a client that goes away doesn't take it along. */

enum {
	HASH_LEN = 32,
	BUCKETS = 4096,
	MOST_LOGINS = 65536,    /* beyond, refusals aren't remembered */
	REFUSED_MS = 30 * 1000, /* a password may just have been set */
	SWEEP_MS = 30 * 1000,
};

enum login_state {
	LOGIN_CHECKING, /* its fiber asks IMAP */
	LOGIN_GOOD,     /* until until_ms */
	LOGIN_REFUSED,  /* until until_ms */
	LOGIN_UNSURE,   /* to be asked for when somebody wants to know */
};

struct waiter {
	struct waiter *next;
	uint64_t ticket;
};

struct login {
	struct login *next;
	uint8_t hash[HASH_LEN];
	enum login_state state;
	uint64_t until_ms;
	uint64_t
	    counted_until_ms; /* its refusal was counted: the same password once more is no further guess */
	struct account *account; /* a reference */
	bool was_good;
	enum err result;        /* of the last check */
	struct waiter *waiters; /* on their fibers' stacks */
	unsigned users;         /* fibers that hold a pointer to this */
};

struct auth {
	struct loop *loop;
	const struct config *config;
	struct redis *redis;
	struct imap_pool *imap;
	uint8_t key[HASH_LEN];
	struct login *buckets[BUCKETS];
	size_t n_logins;
	struct timer *sweep;
};

/* ---- logins ---- */

static struct login **place_of(struct auth *a, const uint8_t *hash)
{
	struct login **l = &a->buckets[(hash[0] | (unsigned)hash[1] << 8) % BUCKETS];

	while (*l && CRYPTO_memcmp((*l)->hash, hash, HASH_LEN) != 0)
		l = &(*l)->next;
	return l;
}

static void drop_login(struct auth *a, struct login **place)
{
	struct login *l = *place;

	assert(!l->users);
	*place = l->next;
	account_unref(&l->account);
	free(l);
	a->n_logins--;
}

/* A good login stays while something runs for its account, so that all of that shares one. */
static bool is_stale(const struct login *l, uint64_t now)
{
	if (l->users || l->state == LOGIN_CHECKING || l->until_ms > now || l->counted_until_ms > now)
		return false;
	return l->account->refs == 1;
}

/* One that failed, and of which nothing is worth remembering: guesses that nobody looked at must not fill the memory. */
static bool is_worthless(const struct auth *a, const struct login *l)
{
	if (l->users || l->was_good || l->account->refs > 1)
		return false;
	return (l->state == LOGIN_UNSURE && !l->counted_until_ms) ||
	       (l->state == LOGIN_REFUSED && a->n_logins > MOST_LOGINS);
}

static void on_sweep(void *arg)
{
	struct auth *a = arg;
	uint64_t now = loop_now_ms();

	for (size_t i = 0; i < BUCKETS; i++) {
		struct login **l = &a->buckets[i];

		while (*l) {
			if (is_stale(*l, now))
				drop_login(a, l);
			else
				l = &(*l)->next;
		}
	}
	timer_restart(a->sweep, SWEEP_MS);
}

static void hash_of(const struct auth *a, const struct credentials *c, uint8_t out[HASH_LEN])
{
	uint64_t user_len = c->user.len; /* so that no two pairs run together */
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", (char[]){ "SHA256" }, 0),
		OSSL_PARAM_END };
	size_t len;

	if (!ctx || !EVP_MAC_init(ctx, a->key, sizeof(a->key), params) ||
	    !EVP_MAC_update(ctx, (const uint8_t *)&user_len, sizeof(user_len)) ||
	    !EVP_MAC_update(ctx, c->user.p, c->user.len) ||
	    !EVP_MAC_update(ctx, c->password.p, c->password.len) || !EVP_MAC_final(ctx, out, &len, HASH_LEN))
		abort();
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

/* ---- asking IMAP ---- */

struct check {
	struct auth *auth;
	struct login *login;
	char address[ADDRESS_TEXT_MAX]; /* of whoever asked first */
};

static void settle(struct auth *a, struct login *l, enum err result)
{
	uint64_t now = loop_now_ms();

	l->result = result;
	switch (result) {
	case ERR_OK:
		l->state = LOGIN_GOOD;
		l->was_good = true;
		l->until_ms = now + a->config->auth_cache_s * 1000ull;
		break;
	case ERR_AUTH:
		l->state = LOGIN_REFUSED;
		l->until_ms = now + REFUSED_MS;
		break;
	default:
		l->state = LOGIN_UNSURE;
		l->until_ms = now;
		break;
	}
	for (struct waiter *w = l->waiters; w; w = w->next)
		fiber_wake(a->loop, w->ticket);
}

/* The first time by a connection that the request can then use; later by one of its own: what stands in the pool was
 * let in by the password of then. */
static enum err ask_imap(struct auth *a, const struct login *l)
{
	const struct account *account = l->account;
	struct imap *c = NULL;
	const char *why = NULL;
	enum err e;

	if (l->was_good)
		e = imap_verify(a->imap, &account->imap, &why);
	else
		e = imap_open(a->imap, &account->imap, bytes_of(NULL, 0), &c, &why);
	imap_close(&c);
	if (e && e != ERR_AUTH) {
		log_event(LOG_LEVEL_WARN, "cannot verify a password: IMAP does not answer",
		    LOG_STR("account", account->name), LOG_STR("error", err_name(e)), LOG_STR("why", why));
		return ERR_UNAVAILABLE;
	}
	return e;
}

static void note_failure(struct check *k)
{
	const struct config *config = k->auth->config;
	struct login *l = k->login;
	uint64_t now = loop_now_ms();

	if (l->counted_until_ms > now)
		return;
	l->counted_until_ms = now + config->auth_fail_window_s * 1000ull;
	log_event(LOG_LEVEL_INFO, "sign-in refused", LOG_STR("account", l->account->name),
	    LOG_STR("address", k->address));
	failures_add(k->auth->redis, config, bytes_str(l->account->name), bytes_str(k->address));
}

static void run_check(void *arg)
{
	struct check *c = arg;
	enum err e = ask_imap(c->auth, c->login);

	if (e == ERR_AUTH)
		note_failure(c);
	settle(c->auth, c->login, e);
	if (!e)
		failures_note_sign_in(
		    c->auth->redis, bytes_str(c->login->account->name), bytes_str(c->address));
	c->login->users--;
	free(c);
}

static void start_check(struct auth *a, struct login *l, struct bytes address)
{
	const struct imap_config *imap = &a->config->imap;
	struct fiber_opts opts = { .name = "auth",
		.arena_budget = 1024 * 1024,
		.deadline_ms = imap->server.connect_ms + imap->command_ms };
	struct check *c = malloc(sizeof(*c));

	if (!c)
		abort();
	*c = (struct check){ .auth = a, .login = l };
	snprintf(c->address, sizeof(c->address), "%.*s", BYTES_ARG(address));
	l->state = LOGIN_CHECKING;
	l->users++;
	fiber_start(a->loop, &opts, run_check, c);
}

static enum err await_check(struct login *l)
{
	struct waiter self = { l->waiters, fiber_ticket() };
	struct waiter **w;
	enum err e;

	l->waiters = &self;
	l->users++;
	e = fiber_wait(self.ticket, 0);
	l->users--;
	for (w = &l->waiters; *w != &self; w = &(*w)->next)
		;
	*w = self.next;
	return e ? e : l->result;
}

/* ---- */

static enum err make_account(
    struct auth *a, const struct credentials *c, struct bytes client_address, struct account **out)
{
	const struct config *config = a->config;
	struct arena *arena = fiber_arena();
	struct bytes name, address, imap_user, smtp_user;
	struct user_name user;
	enum err e;

	if ((e = user_name_parse(arena, c->user, bytes_str(config->default_domain), &user)) ||
	    (e = user_name_expand(arena, config->account_template, &user, &name)) ||
	    (e = user_name_expand(arena, config->address_template, &user, &address)) ||
	    (e = user_name_expand(arena, config->imap_user_template, &user, &imap_user)) ||
	    (e = user_name_expand(arena, config->smtp_user_template, &user, &smtp_user)))
		return e;
	/* Braces have a meaning in Redis keys. */
	if (!name.len || bytes_find(name, '{') < name.len || bytes_find(name, '}') < name.len)
		return ERR_AUTH;
	*out = account_make(name, address, imap_user, smtp_user, c->password, client_address);
	return ERR_OK;
}

/* The login of these credentials, made where there is none yet. */
static enum err find_login(
    struct auth *a, const struct credentials *c, struct bytes address, struct login **out)
{
	uint8_t hash[HASH_LEN];
	struct login **place;
	struct account *account;
	enum err e;

	hash_of(a, c, hash);
	place = place_of(a, hash);
	if (!*place) {
		if ((e = make_account(a, c, address, &account)))
			return e;
		*place = calloc(1, sizeof(**place));
		if (!*place)
			abort();
		memcpy((*place)->hash, hash, HASH_LEN);
		(*place)->account = account;
		(*place)->state = LOGIN_UNSURE;
		a->n_logins++;
	}
	*out = *place;
	return ERR_OK;
}

static enum err verify(struct auth *a, struct login *l, struct bytes address, uint32_t *retry_after_s)
{
	uint64_t now = loop_now_ms();
	enum err e;

	if (l->state == LOGIN_GOOD && l->until_ms > now)
		return ERR_OK;
	if (l->state == LOGIN_REFUSED && l->until_ms > now)
		return ERR_AUTH;
	/* Who had the right password before isn't guessing: a stranger's failures must not lock him out. */
	if (l->state != LOGIN_CHECKING && !l->was_good &&
	    (e = failures_check(a->redis, a->config, bytes_str(l->account->name), address, retry_after_s)))
		return e;
	if (l->state != LOGIN_CHECKING) /* and nobody else began meanwhile */
		start_check(a, l, address);
	return await_check(l);
}

enum err auth_check(struct auth *a, struct bytes authorization, struct bytes address, struct account **out,
    uint32_t *retry_after_s)
{
	struct credentials c;
	struct login *l;
	enum err e = credentials_parse(fiber_arena(), authorization, &c);

	if (e)
		return e;
	e = find_login(a, &c, address, &l);
	credentials_wipe(&c);
	if (e)
		return e;
	l->users++;
	e = verify(a, l, address, retry_after_s);
	if (!e)
		*out = account_ref(l->account);
	l->users--;
	if (e && is_worthless(a, l)) {
		uint8_t hash[HASH_LEN];

		memcpy(hash, l->hash, HASH_LEN);
		drop_login(a, place_of(a, hash));
	}
	return e;
}

void auth_forget(struct auth *a, const struct account *account)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct login *l = a->buckets[i]; l; l = l->next)
			if (l->account == account && l->state == LOGIN_GOOD)
				l->state = LOGIN_UNSURE;
}

/* ---- life ---- */

struct auth *auth_new(
    struct loop *l, const struct config *config, struct redis *redis, struct imap_pool *imap)
{
	struct auth *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	*a = (struct auth){ .loop = l, .config = config, .redis = redis, .imap = imap };
	if (RAND_bytes(a->key, sizeof(a->key)) != 1)
		abort();
	a->sweep = timer_start(l, SWEEP_MS, on_sweep, a);
	return a;
}

void auth_free(struct auth **a)
{
	struct auth *x = *a;

	if (!x)
		return;
	timer_cancel(&x->sweep);
	for (size_t i = 0; i < BUCKETS; i++)
		while (x->buckets[i])
			drop_login(x, &x->buckets[i]);
	OPENSSL_cleanse(x->key, sizeof(x->key));
	free(x);
	*a = NULL;
}
