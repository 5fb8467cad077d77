#include "check.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "auth/basic.h"
#include "http/tls.h"
#include "master.h"
#include "smtp/smtp.h"
#include "store/redis.h"

/* Each check prints one line that says how it is, and below it, where something is wrong, how to mend it. */

enum { PASSWORD_MAX = 512, EXPIRES_SOON_DAYS = 14, REDIS_MS = 3000 };

struct check {
	const struct config *config;
	struct loop *loop;
	const char *user;
	char password[PASSWORD_MAX];
	unsigned wrong;
};

static void say(const char *mark, const char *what, const char *fmt, va_list args)
{
	printf("%-6s %-12s ", mark, what);
	vprintf(fmt, args);
	putchar('\n');
}

static void good(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void good(const char *what, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("ok", what, fmt, args);
	va_end(args);
}

static void note(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(const char *what, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("note", what, fmt, args);
	va_end(args);
}

static void bad(struct check *c, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void bad(struct check *c, const char *what, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("WRONG", what, fmt, args);
	va_end(args);
	c->wrong++;
}

static void mend(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void mend(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("", "", fmt, args);
	va_end(args);
}

/* ---- certificate ---- */

static void check_dates(struct check *c, const X509 *cert)
{
	int days = 0, seconds = 0;

	if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0) {
		bad(c, "certificate", "it is not valid yet");
		mend("Is the clock of this machine right?");
	} else if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) || days < 0 ||
		   seconds < 0) {
		bad(c, "certificate", "it has expired");
		mend("Renew it, then send SIGHUP (systemctl reload easgate).");
	} else if (days < EXPIRES_SOON_DAYS) {
		note("certificate", "it expires in %d days", days);
	} else {
		good("certificate", "%s, valid for %d more days", c->config->certificate, days);
	}
}

/* The host of https://host[:port]/…; false if there is none. */
static bool host_of(const char *url, char *out, size_t cap)
{
	const char *host = strstr(url, "://");
	size_t len;

	if (!host)
		return false;
	host += 3;
	len = strcspn(host, ":/");
	if (!len || len >= cap)
		return false;
	memcpy(out, host, len);
	out[len] = '\0';
	return true;
}

static void check_name(struct check *c, X509 *cert)
{
	char host[256];

	if (!host_of(c->config->public_url, host, sizeof(host))) {
		note("certificate", "set public_url, and its name is compared with the certificate's");
		return;
	}
	if (X509_check_host(cert, host, 0, 0, NULL) == 1 || X509_check_ip_asc(cert, host, 0) == 1) {
		good("certificate", "it is for %s", host);
		return;
	}
	bad(c, "certificate", "it is not for %s, the name in public_url", host);
	mend("Phones will warn or refuse. Get a certificate for that name, or change public_url.");
}

static void check_certificate(struct check *c)
{
	char why[512];
	SSL_CTX *ctx;

	if (!c->config->listen[0]) {
		note("certificate", "none is needed: TLS is the proxy's business");
		return;
	}
	if (tls_context_new(c->config, NULL, &ctx, why, sizeof(why))) {
		bad(c, "certificate", "%s", why);
		mend("certificate must be a PEM file with the whole chain, certificate_key the key that "
		     "belongs to it.");
		return;
	}
	check_dates(c, SSL_CTX_get0_certificate(ctx));
	check_name(c, SSL_CTX_get0_certificate(ctx));
	SSL_CTX_free(ctx);
}

/* ---- user, store ---- */

static void check_user(struct check *c)
{
	const char *user = c->config->user;

	if (!*user && geteuid() == 0)
		note("user", "workers would run as root: set user in [server], or let systemd start easgate "
			     "as another user");
	else if (*user && !getpwnam(user))
		bad(c, "user",
		    "there is no user \"%s\": make it (adduser --system --group %s) or change user", user,
		    user);
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	char full[4096];

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	while (path && *path) {
		size_t len = strcspn(path, ":");

		snprintf(full, sizeof(full), "%.*s/%s", (int)len, path, program);
		if (access(full, X_OK) == 0)
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

static void check_embedded(struct check *c)
{
	struct stat st;

	if (!in_path(c->config->redis_server)) {
		bad(c, "store", "the program \"%s\" is not there", c->config->redis_server);
		mend("Install it (apt install redis-server; its own service may stay off), or set "
		     "redis_server or store.");
	} else if (stat(c->config->state_dir, &st) != 0 && errno == ENOENT) {
		note("store", "%s is not there yet; it is made at the first start", c->config->state_dir);
	} else if (access(c->config->state_dir, W_OK | X_OK) != 0) {
		bad(c, "store", "%s can't be written: %s", c->config->state_dir, strerror(errno));
		mend("Give it to the user that easgate runs as.");
	} else {
		good("store", "embedded, in %s", c->config->state_dir);
	}
}

static void check_store(struct check *c)
{
	struct redis *r = NULL;

	if (strcmp(c->config->store, "embedded") == 0) {
		check_embedded(c);
		return;
	}
	if (redis_new(c->loop, c->config->store, &r) || redis_wait_up(r, REDIS_MS)) {
		bad(c, "store", "Redis does not answer, or refuses the password");
		mend("Is it running, and may this machine connect? Try redis-cli with the same address.");
	} else {
		good("store", "Redis answers");
	}
	redis_free(&r);
}

/* ---- IMAP ---- */

static const struct cap {
	uint32_t bit;
	const char *name, *cost;
} caps[] = {
	{ IMAP_CAP_UIDPLUS, "UIDPLUS", "ids of moved and sent mails must be searched for" },
	{ IMAP_CAP_MOVE, "MOVE", "moving is copying and deleting, in two steps" },
	{ IMAP_CAP_CONDSTORE, "CONDSTORE", "each sync reads the marks of the whole folder" },
	{ IMAP_CAP_QRESYNC, "QRESYNC", "each sync reads the list of the whole folder" },
	{ IMAP_CAP_SPECIAL_USE, "SPECIAL-USE", "Sent, Drafts and Trash are found by their names only" },
	{ IMAP_CAP_LIST_STATUS, "LIST-STATUS", "folders are looked at one by one" },
	{ IMAP_CAP_THREAD, "THREAD=REFERENCES",
	    "for phones that want whole conversations the headers of all mails are read" },
	{ IMAP_CAP_IDLE, "IDLE", "new mail is noticed by polling only" },
	{ IMAP_CAP_NOTIFY, "NOTIFY", "only the inbox is watched; other folders are polled" },
};

static void check_caps(uint32_t have)
{
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (!(have & caps[i].bit))
			note("IMAP", "the server has no %s: %s", caps[i].name, caps[i].cost);
}

/* A server that expects TLS says nothing to one that doesn't begin it, and the other way round: that looks like a port
 * that nobody serves. */
static void advise(const struct stream_target *t, enum err e)
{
	if (e == ERR_DENIED) {
		mend("Its certificate is refused: use the name that stands in it, or give ca_file.");
		return;
	}
	mend("Is it running there, and is the port right?");
	if (t->tls == STREAM_TLS)
		mend("If the port doesn't begin with TLS (143 and 587 don't), set tls = starttls.");
	else
		mend("If the port begins with TLS (993 and 465 do), set tls = tls.");
	if (e == ERR_TIMEOUT)
		mend("Or is a firewall in between?");
}

static void report_server(
    struct check *c, const char *what, const struct stream_target *t, enum err e, const char *why)
{
	if (why && *why)
		bad(c, what, "%s", why);
	else
		bad(c, what, "%s port %u: %s", t->host, t->port, err_name(e));
	advise(t, e);
}

/* Without a user only as far as the server lets anybody. */
static void check_imap_connection(struct check *c)
{
	const struct stream_target *t = &c->config->imap.server;
	struct stream *s = NULL;
	const char *why = NULL;
	char greeting[512];
	size_t n = 0;
	enum err e = stream_connect(t, &s, &why);

	if (!e)
		e = stream_read(s, greeting, sizeof(greeting), &n);
	if (e) {
		report_server(c, "IMAP", t, e, why);
	} else if (!bytes_starts(bytes_of(greeting, n), "* OK") &&
		   !bytes_starts(bytes_of(greeting, n), "* PREAUTH")) {
		bad(c, "IMAP", "%s port %u: what answers there is no IMAP server", t->host, t->port);
		mend("IMAP is on port 993 (tls) or 143 (starttls).");
	} else {
		good("IMAP", "%s answers", t->host);
		note("IMAP", "with --user NAME a login is tried too, and what the server can do is shown");
	}
	stream_close(&s);
}

static bool names_of(struct check *c, const char *pattern, struct bytes *out)
{
	struct user_name name;
	struct arena *a = fiber_arena();

	return user_name_parse(a, bytes_str(c->user), bytes_str(c->config->default_domain), &name) ==
		   ERR_OK &&
	       user_name_expand(a, pattern, &name, out) == ERR_OK;
}

static void check_imap_login(struct check *c)
{
	struct imap_pool *pool = imap_pool_new(c->loop, &c->config->imap);
	struct imap_login who = { .password = bytes_str(c->password) };
	const char *why = NULL;
	struct imap *imap = NULL;
	enum err e = names_of(c, c->config->imap_user_template, &who.user) ? ERR_OK : ERR_AUTH;

	if (!e)
		e = imap_open(pool, &who, bytes_of(NULL, 0), &imap, &why);
	if (e == ERR_AUTH) {
		bad(c, "IMAP", "the server refuses the user \"%.*s\" with this password",
		    BYTES_ARG(who.user));
		mend("If the name should look different there, see user in [imap] and default_domain in "
		     "[auth].");
	} else if (e) {
		report_server(c, "IMAP", &c->config->imap.server, e, why);
	} else {
		good("IMAP", "%.*s is logged in", BYTES_ARG(who.user));
		check_caps(imap_caps(imap));
	}
	imap_close(&imap);
	imap_pool_free(&pool);
}

/* ---- SMTP ---- */

static void check_smtp(struct check *c)
{
	const struct smtp_config *smtp = &c->config->smtp;
	struct bytes user = { 0 };
	struct smtp_result r = { 0 };
	enum err e;

	if (c->user && smtp->login && !names_of(c, c->config->smtp_user_template, &user))
		return;
	e = smtp_probe(smtp, user, bytes_str(c->password), &r);
	if (e == ERR_AUTH) {
		bad(c, "SMTP", "the server refuses the login: %.*s", BYTES_ARG(r.text));
		mend("Phones could not send mail. See user and login in [smtp].");
	} else if (e) {
		char why[256];

		snprintf(why, sizeof(why), "%.*s", (int)(r.text.len < 200 ? r.text.len : 200),
		    (const char *)r.text.p);
		report_server(c, "SMTP", &smtp->server, r.cause ? r.cause : e, why);
	} else {
		good("SMTP", "%s takes mail%s", smtp->server.host, user.len ? ", the login works" : "");
	}
}

/* ---- */

static void run_checks(void *arg)
{
	struct check *c = arg;

	check_certificate(c);
	check_user(c);
	check_store(c);
	if (c->user)
		check_imap_login(c);
	else
		check_imap_connection(c);
	check_smtp(c);
	loop_stop(c->loop);
}

/* From the environment, else from the terminal, without showing it. */
static bool get_password(struct check *c)
{
	const char *given = getenv("EASGATE_PASSWORD");
	struct termios shown, hidden;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;

	if (given) {
		snprintf(c->password, sizeof(c->password), "%s", given);
		return true;
	}
	fprintf(stderr, "Password of %s: ", c->user);
	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	given = fgets(c->password, sizeof(c->password), stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	c->password[strcspn(c->password, "\r\n")] = '\0';
	return given != NULL;
}

int check_run(const char *config_path, const char *user)
{
	static const struct fiber_opts opts = { .name = "check", .deadline_ms = 120 * 1000 };
	struct check c = { .user = user };
	struct config *config;

	if (config_load(config_path, master_complain, NULL, &config))
		return EXIT_FAILURE;
	good("config", "%s", config_path);
	c.config = config;
	if (user && !get_password(&c)) {
		config_free(&config);
		return EXIT_FAILURE;
	}
	log_level_set(LOG_LEVEL_ERROR);
	c.loop = loop_new();
	fiber_start(c.loop, &opts, run_checks, &c);
	loop_run(c.loop);
	OPENSSL_cleanse(c.password, sizeof(c.password));
	loop_free(&c.loop);
	config_free(&config);
	if (c.wrong)
		printf("\n%u thing%s to mend\n", c.wrong, c.wrong == 1 ? "" : "s");
	else
		printf("\nall is well\n");
	return c.wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
