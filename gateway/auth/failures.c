#include "auth/failures.h"

#include "http/address.h"
#include "io/log.h"
#include "store/store.h"

/* How long a place where an account signed in is remembered: a holiday should not make home a strange place. */
enum { PLACE_S = 30 * 24 * 3600 };

static const char place_memo[] = "place";

/* The address as it is counted. */
struct place {
	char text[ADDRESS_TEXT_MAX];
};

static struct bytes place_of(struct bytes address, struct place *p)
{
	struct address a;

	if (address_parse(address, &a))
		return address; /* a unix socket's */
	address_to_network(&a);
	address_format(&a, p->text);
	return bytes_str(p->text);
}

static enum err pair_of(struct bytes account, struct bytes place, struct bytes *out)
{
	struct buf b;

	buf_init(&b, fiber_arena(), 0);
	buf_put(&b, account);
	buf_put_u8(&b, ' ');
	buf_put(&b, place);
	return buf_done(&b, out);
}

/* True: it signed in from there before, and little went wrong there since. */
static enum err is_at_home(
    struct redis *r, const struct config *c, struct bytes account, struct bytes place, bool *out)
{
	struct store_rate here;
	struct bytes known, pair;
	enum err e = store_memo_get(r, fiber_arena(), account, place_memo, place, &known);

	*out = false;
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if ((e = pair_of(account, place, &pair)) ||
	    (e = store_rate_add(r, "auth-pair", pair, 0, c->auth_fail_window_s, &here)))
		return e;
	*out = here.count < c->auth_fails_per_account;
	return ERR_OK;
}

enum err failures_check(struct redis *r, const struct config *c, struct bytes account, struct bytes address,
    uint32_t *retry_after_s)
{
	struct store_rate by_address, by_account;
	struct place p;
	struct bytes place = place_of(address, &p);
	bool at_home = false;
	enum err e;

	if ((e = store_rate_add(r, "auth-address", place, 0, c->auth_fail_window_s, &by_address)) ||
	    (e = store_rate_add(r, "auth-account", account, 0, c->auth_fail_window_s, &by_account)))
		return e;
	if (by_address.count >= c->auth_fails_per_address) {
		*retry_after_s = by_address.window_left_s;
	} else {
		if (by_account.count < c->auth_fails_per_account)
			return ERR_OK;
		if ((e = is_at_home(r, c, account, place, &at_home)) || at_home)
			return e;
		*retry_after_s = by_account.window_left_s;
	}
	log_event(LOG_LEVEL_WARN, "sign-in refused unseen: too many failures", LOG_BYTES("account", account),
	    LOG_BYTES("address", address));
	return ERR_DENIED;
}

void failures_add(struct redis *r, const struct config *c, struct bytes account, struct bytes address)
{
	struct store_rate rate;
	struct place p;
	struct bytes place = place_of(address, &p), pair;

	if (pair_of(account, place, &pair) ||
	    store_rate_add(r, "auth-address", place, 1, c->auth_fail_window_s, &rate) ||
	    store_rate_add(r, "auth-account", account, 1, c->auth_fail_window_s, &rate) ||
	    store_rate_add(r, "auth-pair", pair, 1, c->auth_fail_window_s, &rate))
		log_warn("a failed sign-in could not be counted: Redis is down");
}

void failures_note_sign_in(struct redis *r, struct bytes account, struct bytes address)
{
	struct place p;
	struct bytes place = place_of(address, &p), pair;

	if (store_memo_set(r, account, place_memo, place, BYTES("1"), PLACE_S) ||
	    pair_of(account, place, &pair) || store_rate_clear(r, "auth-pair", pair))
		log_debug("where an account signed in could not be noted: Redis is down");
}
