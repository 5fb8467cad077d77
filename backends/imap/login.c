#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "imap/connection.h"

/* From the greeting to the authenticated state. */
enum {
	BASE64_SHOWN = 12
}; /* so much of what we sent in base64 is no accident; the rest may have been cut off */

static const struct {
	const char *name;
	uint32_t cap;
} cap_names[] = {
	{ "CONDSTORE", IMAP_CAP_CONDSTORE },
	{ "QRESYNC", IMAP_CAP_QRESYNC | IMAP_CAP_CONDSTORE },
	{ "UIDPLUS", IMAP_CAP_UIDPLUS },
	{ "MOVE", IMAP_CAP_MOVE },
	{ "IDLE", IMAP_CAP_IDLE },
	{ "NOTIFY", IMAP_CAP_NOTIFY },
	{ "SPECIAL-USE", IMAP_CAP_SPECIAL_USE },
	{ "LIST-STATUS", IMAP_CAP_LIST_STATUS },
	{ "LIST-EXTENDED", IMAP_CAP_LIST_EXTENDED },
	{ "ESEARCH", IMAP_CAP_ESEARCH },
	{ "ID", IMAP_CAP_ID },
	{ "ACL", IMAP_CAP_ACL },
	{ "NAMESPACE", IMAP_CAP_NAMESPACE },
	{ "SASL-IR", IMAP_CAP_SASL_IR },
	{ "LITERAL+", IMAP_CAP_LITERAL_PLUS },
	{ "ENABLE", IMAP_CAP_ENABLE },
	{ "METADATA", IMAP_CAP_METADATA },
	{ "WITHIN", IMAP_CAP_WITHIN },
	{ "SEARCH=FUZZY", IMAP_CAP_FUZZY },
	{ "THREAD=REFERENCES", IMAP_CAP_THREAD },
	{ "STARTTLS", IMAP_CAP_STARTTLS },
	{ "LOGINDISABLED", IMAP_CAP_LOGINDISABLED },
	{ "AUTH=PLAIN", IMAP_CAP_AUTH_PLAIN },
	{ "CREATE-SPECIAL-USE", IMAP_CAP_CREATE_SPECIAL_USE },
	{ "UNSELECT", IMAP_CAP_UNSELECT },
};

uint32_t imap_caps_parse(struct bytes list)
{
	struct bytes word;
	uint32_t caps = 0;

	while (bytes_split(&list, ' ', &word))
		for (size_t i = 0; i < sizeof(cap_names) / sizeof(*cap_names); i++)
			if (bytes_eq_nocase(word, cap_names[i].name))
				caps |= cap_names[i].cap;
	return caps;
}

/* One round trip, unless the server told by itself. */
static enum err read_caps(struct imap *c)
{
	enum err e;

	if (c->caps_known)
		return ERR_OK;
	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "CAPABILITY");
	return imap_run(c, NULL, NULL);
}

static enum err start_tls(struct imap *c)
{
	const char *why = NULL;
	enum err e;

	if (!(c->caps & IMAP_CAP_STARTTLS)) {
		imap_set_problem(c, BYTES("the IMAP server does not offer STARTTLS"));
		return ERR_DENIED;
	}
	if ((e = imap_begin(c)))
		return e;
	imap_command(c, "STARTTLS");
	if ((e = imap_run(c, NULL, NULL)))
		return e;
	if (imap_reader_ahead(&c->reader)) /* sent by whoever sits between, to be taken for the server's */
		return imap_fail(c, ERR_PROTO, "the IMAP server sent data between STARTTLS and TLS");
	if ((e = stream_starttls(c->stream, &why)))
		return imap_fail(c, e, why ? why : "no TLS with the IMAP server");
	c->caps_known = false;
	return read_caps(c);
}

/* base64 of NUL user NUL password (RFC 4616); malloc'd, to be wiped. */
static struct bytes plain_response(const struct imap_login *who)
{
	size_t n = who->user.len + who->password.len + 2, size = (n + 2) / 3 * 4;
	uint8_t *raw = calloc(1, n), *text = malloc(size + 1);

	if (!raw || !text)
		abort();
	if (who->user.len)
		memcpy(raw + 1, who->user.p, who->user.len);
	if (who->password.len)
		memcpy(raw + 2 + who->user.len, who->password.p, who->password.len);
	EVP_EncodeBlock(text, raw, (int)n);
	OPENSSL_cleanse(raw, n);
	free(raw);
	return bytes_of(text, size);
}

/* A refusal without a reason is about the password; some reasons aren't. */
static enum err login_err(const struct imap_answer *a)
{
	switch (a->err) {
	case ERR_DENIED:
		return bytes_eq_nocase(a->code.name, "PRIVACYREQUIRED") ? ERR_DENIED : ERR_AUTH;
	case ERR_UNSUPPORTED:
		return ERR_AUTH; /* BAD: a user name that the server finds absurd */
	case ERR_LIMIT:
		return ERR_UNAVAILABLE; /* too many connections */
	default:
		return a->err;
	}
}

/* Some servers repeat what they didn't understand, and that is for the log. */
static void hide(struct imap *c, struct bytes secret)
{
	const char *text = imap_problem(c);

	if (!secret.len || !memmem(text, strlen(text), secret.p, secret.len))
		return;
	free(c->problem);
	c->problem = NULL;
	imap_set_problem(c, BYTES("the IMAP server repeats the password in its answer"));
}

/* The secret goes from a buffer of its own, or the caller's, straight to the stream. */
static enum err authenticate(struct imap *c, const struct imap_login *who)
{
	struct bytes secret = { 0 };
	enum err e;

	if (bytes_find(who->user, 0) != who->user.len || bytes_find(who->password, 0) != who->password.len ||
	    who->user.len + who->password.len > 4096)
		return ERR_AUTH;
	if ((e = imap_begin(c)))
		return e;
	if (who->client_address.len && (c->caps & IMAP_CAP_ID)) {
		imap_command(c, "ID (\"name\" \"easgate\" \"x-originating-ip\" ");
		imap_put_string(c, who->client_address);
		imap_put(c, ")");
	}
	c->caps_known = false;
	if (c->caps & IMAP_CAP_AUTH_PLAIN) {
		bool at_once = c->caps & IMAP_CAP_SASL_IR;

		secret = plain_response(who);
		imap_command(c, at_once ? "AUTHENTICATE PLAIN " : "AUTHENTICATE PLAIN");
		imap_put_extra(c, !at_once, secret);
	} else {
		imap_command(c, "LOGIN ");
		imap_put_literal(c, who->user);
		imap_put(c, " ");
		imap_put_literal(c, who->password);
	}
	e = imap_run_all(c, NULL, NULL);
	hide(c, secret.p ? bytes_of(secret.p, secret.len < BASE64_SHOWN ? secret.len : BASE64_SHOWN)
			 : who->password);
	if (secret.p) {
		OPENSSL_cleanse((void *)(uintptr_t)secret.p, secret.len);
		free((void *)(uintptr_t)secret.p);
	}
	return e ? e : login_err(&c->answers[c->n_commands - 1]);
}

static enum err on_enabled(void *arg, struct imap *c, uint32_t number, struct bytes keyword)
{
	(void)number;
	if (bytes_eq_nocase(keyword, "ENABLED"))
		*(uint32_t *)arg |= imap_caps_parse(c->reader.line);
	return ERR_OK;
}

/* What isn't enabled isn't used. CONDSTORE can still be asked for when selecting. */
static enum err enable(struct imap *c)
{
	uint32_t enabled = 0;
	enum err e;

	if (!(c->caps & IMAP_CAP_ENABLE) || !(c->caps & (IMAP_CAP_QRESYNC | IMAP_CAP_CONDSTORE))) {
		c->caps &= ~(uint32_t)IMAP_CAP_QRESYNC;
		return ERR_OK;
	}
	if ((e = imap_begin(c)))
		return e;
	imap_command(c, c->caps & IMAP_CAP_QRESYNC ? "ENABLE QRESYNC" : "ENABLE CONDSTORE");
	if ((e = imap_run_all(c, on_enabled, &enabled)))
		return e;
	if (!(enabled & IMAP_CAP_QRESYNC))
		c->caps &= ~(uint32_t)IMAP_CAP_QRESYNC;
	return ERR_OK;
}

static enum err log_in(struct imap *c, const struct imap_login *who)
{
	bool preauth;
	enum err e;

	if ((e = imap_read_greeting(c, &preauth)))
		return e;
	if (preauth) /* nobody would have looked at the password */
		return imap_fail(c, ERR_DENIED, "the IMAP server takes anybody (PREAUTH)");
	if ((e = read_caps(c)) || (c->config->server.tls == STREAM_STARTTLS && (e = start_tls(c))))
		return e;
	if ((c->caps & IMAP_CAP_LOGINDISABLED) && !(c->caps & IMAP_CAP_AUTH_PLAIN)) {
		imap_set_problem(
		    c, BYTES("the IMAP server takes no password on this connection (LOGINDISABLED)"));
		return ERR_DENIED;
	}
	if ((e = authenticate(c, who)) || (e = read_caps(c)) || (e = enable(c)))
		return e;
	c->logged_in = true;
	return ERR_OK;
}

enum err imap_login(struct imap *c, const struct imap_login *who, const char **why)
{
	enum err e = log_in(c, who);

	if (e && why)
		*why = arena_printf(fiber_arena(), "%s", imap_problem(c));
	return e;
}
