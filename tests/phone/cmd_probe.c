/* easphone probe: what a connectivity analyser does. Each step says what it found; a step that fails says what to do about it. */
#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"

enum { DEFAULT_HEARTBEAT_S = 5, SOON_DAYS = 14 };

struct probe {
	const struct cli *c;
	struct phone *ph;
	unsigned failures, warnings;
};

static void say(struct probe *p, const char *kind, const char *fmt, va_list args)
{
	if (p->c->quiet && !strcmp(kind, "ok"))
		return;
	printf("%-5s ", kind);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
}

static void works(struct probe *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void works(struct probe *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(p, "ok", fmt, args);
	va_end(args);
}

static void warns(struct probe *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warns(struct probe *p, const char *fmt, ...)
{
	va_list args;

	p->warnings++;
	va_start(args, fmt);
	say(p, "warn", fmt, args);
	va_end(args);
}

static void fails(struct probe *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fails(struct probe *p, const char *fmt, ...)
{
	va_list args;

	p->failures++;
	va_start(args, fmt);
	say(p, "FAIL", fmt, args);
	va_end(args);
}

static void advise(const char *text)
{
	printf("      -> %s\n", text);
}

/* ---- name and TLS ---- */

static bool probe_name(struct probe *p)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	const char *host = p->ph->server.host;
	int rc = getaddrinfo(host, NULL, &hints, &list);

	if (rc) {
		fails(p, "the name %s has no address: %s", host, gai_strerror(rc));
		advise("check the spelling; add an A or AAAA record for it in DNS");
		return false;
	}
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		char text[INET6_ADDRSTRLEN] = "";

		getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST);
		works(p, "%s has the address %s", host, text);
	}
	freeaddrinfo(list);
	return true;
}

static void advise_on_certificate(long why)
{
	switch (why) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		advise("renew the certificate, and reload the server");
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		advise("get a certificate that holds this name, or give users the name that it holds");
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		advise("the server must send its whole chain: configure the file with the intermediate "
		       "certificates "
		       "(fullchain.pem). With an authority of your own: --ca FILE here, and install it on "
		       "the phones");
		break;
	default:
		advise("phones refuse this certificate, too: use one of a public authority, or install yours "
		       "on them");
	}
}

static void print_certificate(struct probe *p, const struct phone_wire *w)
{
	X509 *x = SSL_get0_peer_certificate(w->ssl);
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(w->ssl);
	char subject[256], issuer[256];
	int days = 0, seconds = 0;

	if (!x)
		return;
	X509_NAME_oneline(X509_get_subject_name(x), subject, sizeof(subject));
	X509_NAME_oneline(X509_get_issuer_name(x), issuer, sizeof(issuer));
	ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x));
	works(p, "TLS: %s, %s", SSL_get_version(w->ssl), SSL_get_cipher_name(w->ssl));
	works(p, "certificate of %s by %s, %d in the chain, %d days left", subject, issuer,
	    chain ? sk_X509_num(chain) : 1, days);
	if (days >= 0 && days < SOON_DAYS) {
		warns(p, "the certificate ends in %d days", days);
		advise("renew it in time: phones stop syncing on the day it ends, without saying why");
	}
}

/* Once as it should be; if the certificate is at fault, once more without looking, so that the rest can be tried. */
static bool probe_connection(struct probe *p)
{
	struct phone_server *s = &p->ph->server;
	struct phone_wire *w = NULL;
	enum err e = phone_wire_open(s, p->ph->timeout_ms, &w);
	long why = w->ssl ? SSL_get_verify_result(w->ssl) : X509_V_OK;

	if (e)
		fails(p, "%s port %u: %s", s->host, s->port, w->problem);
	if (e && why != X509_V_OK) {
		advise_on_certificate(why);
		s->insecure = true;
		phone_wire_free(&w);
		e = phone_wire_open(s, p->ph->timeout_ms, &w);
	} else if (e) {
		advise(e == ERR_TIMEOUT ? "a firewall drops the connection: open the port"
					: "check that the server runs and listens on this port");
	}
	if (!e && w->ssl)
		print_certificate(p, w);
	if (!e && !s->tls) {
		warns(p, "no TLS: the password travels readable");
		advise("use https://, except behind a proxy on the same machine");
	}
	phone_wire_free(&w);
	return !e;
}

/* ---- HTTP ---- */

static void probe_challenge(struct probe *p)
{
	struct phone_config bare = { .url = p->c->url,
		.user = "",
		.password = "",
		.ca_file = p->c->ca_file,
		.insecure = p->ph->server.insecure };
	struct phone *ph = phone_new(&bare);
	enum err e = phone_http(ph, "OPTIONS", ph->server.path, NULL, bytes_of(NULL, 0));
	struct bytes how = phone_answer_header(&ph->reply, "WWW-Authenticate");

	if (e != ERR_AUTH) {
		fails(p, "without a password the server should answer 401, not: %s",
		    ph->reply.status ? ph->problem : "nothing at all");
		if (ph->reply.status == 404)
			advise("the path /Microsoft-Server-ActiveSync doesn't lead to the gateway: check the "
			       "proxy's rules");
	} else if (!bytes_starts_nocase(how, "Basic")) {
		warns(
		    p, "401 without \"WWW-Authenticate: Basic\": some clients never ask for a password then");
	} else {
		works(p, "without a password: 401, \"%.*s\"", BYTES_ARG(how));
	}
	phone_free(&ph);
}

static bool lists(const char *commands, const char *wanted)
{
	struct bytes rest = bytes_str(commands), one;

	while (bytes_split(&rest, ',', &one))
		if (bytes_eq_nocase(bytes_trim(one), wanted))
			return true;
	return false;
}

static void judge_offer(struct probe *p, const struct phone_offer *offer)
{
	static const char *const needed[] = { "Sync", "FolderSync", "Ping", "Provision", "SendMail",
		"MoveItems" };

	works(p, "versions: %s", offer->versions_text);
	works(p, "commands: %s", offer->commands_text);
	if (!offer->versions) {
		fails(p, "OPTIONS lists no protocol version that phones know");
	} else if (!eas_version_in(p->c->version, offer->versions)) {
		for (int v = EAS_16_1; v >= EAS_2_5; v--)
			if (eas_version_in((enum eas_version)v, offer->versions)) {
				warns(p, "version %s isn't offered: going on with %s",
				    eas_version_name(p->c->version), eas_version_name((enum eas_version)v));
				p->ph->version = (enum eas_version)v;
				break;
			}
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!lists(offer->commands_text, needed[i]))
			fails(p, "OPTIONS doesn't list the command %s", needed[i]);
}

static bool probe_options(struct probe *p)
{
	struct phone_offer offer;
	enum err e = phone_options(p->ph, &offer);

	if (!e) {
		works(p, "%s is signed in", p->c->user);
		judge_offer(p, &offer);
		return true;
	}
	fails(p, "OPTIONS: %s", p->ph->problem);
	if (e == ERR_AUTH)
		advise("check user name and password by an ordinary mail program; some servers want the "
		       "whole mail address");
	else if (e == ERR_DENIED)
		advise("ActiveSync is switched off for this user or device, or too many wrong passwords came "
		       "from here");
	else if (e == ERR_UNAVAILABLE)
		advise("the gateway runs but what it needs is down: look into its log, run `easgate check` "
		       "there");
	return false;
}

static void probe_autodiscover(struct probe *p)
{
	static const char *const paths[] = { "/autodiscover/autodiscover.xml",
		"/Autodiscover/Autodiscover.xml" };
	const char *email = p->c->email ? p->c->email : p->c->user;
	char url[512];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (phone_autodiscover(p->ph, paths[i], email, url, sizeof(url)))
			warns(p, "Autodiscover at %s: %s", paths[i], p->ph->problem);
		else if (!url[0])
			warns(p, "Autodiscover at %s answers, but names no server", paths[i]);
		else
			works(p, "Autodiscover at %s: %s", paths[i], url);
	}
	if (phone_autodiscover_json(p->ph, email, url, sizeof(url)) || !url[0])
		warns(p, "Autodiscover version 2 (JSON): %s",
		    p->ph->problem[0] ? p->ph->problem : "it names no server");
	else
		works(p, "Autodiscover version 2 (JSON): %s", url);
	if (p->warnings)
		advise("phones look at https://autodiscover.<domain of the mail address>: users can still "
		       "type the server's name");
}

/* ---- commands ---- */

static bool probe_provision(struct probe *p)
{
	if (phone_provision(p->ph)) {
		fails(p, "%s", p->ph->problem);
		return false;
	}
	works(p, "Provision: both phases, policy key %s", p->ph->policy_key);
	return true;
}

static bool probe_folders(struct probe *p)
{
	static const struct {
		unsigned type;
		const char *name;
	} wanted[] = { { 2, "Inbox" }, { 3, "Drafts" }, { 4, "Deleted Items" }, { 5, "Sent Items" },
		{ 6, "Outbox" } };
	size_t count = 0;

	if (phone_folder_sync(p->ph, "0") || p->ph->status != 1) {
		fails(p, "FolderSync: %s (Status %u)", p->ph->problem, p->ph->status);
		return false;
	}
	for (const struct phone_folder *f = p->ph->replica.folders; f; f = f->next)
		count++;
	works(p, "FolderSync: %zu folders", count);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!phone_folder_of_type(&p->ph->replica, wanted[i].type))
			warns(p, "there is no folder for %s: some clients refuse the account then",
			    wanted[i].name);
	return phone_folder_of_type(&p->ph->replica, 2) != NULL;
}

static bool probe_sync(struct probe *p)
{
	struct phone_folder *inbox = phone_folder_of_type(&p->ph->replica, 2);
	static const struct phone_options_block preview = { .filter = 1 + 4, /* two weeks */
		.bodies = { { .type = 1, .truncation = 500 } } };
	int64_t start = phone_now_us();

	if (phone_sync_folder(
		p->ph, inbox, &(struct phone_collection){ .window = 50, .options = &preview })) {
		fails(p, "%s", p->ph->problem);
		return false;
	}
	works(p, "Sync of %s: %zu mails of the last two weeks in %.0f ms", inbox->name, inbox->count,
	    (double)(phone_now_us() - start) / 1000);
	return true;
}

static void probe_ping(struct probe *p)
{
	unsigned heartbeat_s = p->c->heartbeat_s ? p->c->heartbeat_s : DEFAULT_HEARTBEAT_S;
	const char *inbox = phone_folder_of_type(&p->ph->replica, 2)->id;
	int64_t start = phone_now_us();
	bool changed;
	enum err e = phone_ping(p->ph, heartbeat_s, inbox, &changed);
	double seconds = (double)(phone_now_us() - start) / 1000000;

	if (e) {
		fails(p, "%s, after %.1f s", p->ph->problem, seconds);
		if (seconds > 10)
			advise("something on the way cuts waiting requests: raise the read time-out of the "
			       "proxy or load balancer "
			       "to an hour, and of the firewall for idle connections");
	} else if (p->ph->status == 1 && seconds + 1 < heartbeat_s) {
		fails(p,
		    "Ping came back after %.1f s without news instead of %u s: phones would ask again and "
		    "again",
		    seconds, heartbeat_s);
	} else if (p->ph->status == 1) {
		works(p, "Ping was held for %.1f s and came back", seconds);
	} else if (p->ph->status == 2) {
		works(p, "Ping came back after %.1f s: there is new mail", seconds);
	} else if (p->ph->status == 5) {
		works(p,
		    "Ping: the server wants a heartbeat of at least %.*s s; --heartbeat makes this test wait "
		    "so long",
		    BYTES_ARG(wbxml_child_text(p->ph->root, PING_HEARTBEAT_INTERVAL)));
	} else {
		fails(p, "Ping: Status %u", p->ph->status);
	}
}

static void probe_keepalive(struct probe *p)
{
	bool kept = p->ph->wire != NULL;

	if (!kept || phone_folder_sync(p->ph, NULL) || !p->ph->reused || !p->ph->wire)
		warns(
		    p, "the connection isn't kept open between requests: each one costs a new TLS handshake");
	else
		works(p, "the connection is kept open between requests");
}

static void probe_commands(struct probe *p)
{
	if (!probe_provision(p) || !probe_folders(p) || !probe_sync(p))
		return;
	probe_ping(p);
	probe_keepalive(p);
	if (p->ph->replica.anomalies) {
		fails(p, "what the server sent did not fit what the phone has:");
		fputs(p->ph->replica.anomaly_text, stdout);
	}
}

int cmd_probe(const struct cli *c)
{
	struct probe p = { .c = c, .ph = cli_phone(c) };

	if (p.ph->problem[0]) {
		fails(&p, "%s", p.ph->problem);
		advise("write it like https://mail.example.org");
	} else if (probe_name(&p) && probe_connection(&p)) {
		probe_challenge(&p);
		if (probe_options(&p)) {
			probe_autodiscover(&p);
			probe_commands(&p);
		}
	}
	if (p.failures)
		printf("\n%u of the steps failed.\n", p.failures);
	else
		printf("\nA phone can use this server%s.\n", p.warnings ? ", but see the warnings" : "");
	phone_free(&p.ph);
	return p.failures ? 1 : 0;
}
