#include "config_keys.h"

#include <strings.h>

#define AT(field) offsetof(struct config, field)
#define DAY (24 * 3600)
#define MOST UINT32_MAX

/* Array order is the order of the sample. */
const struct config_key config_keys[] = {
	{ "server", "listen", KEY_LIST, AT(listen), ":443", 0, NULL,
	    "Where phones connect, with TLS: address:port, several with commas; \":443\" is every address of "
	    "the\n"
	    "machine. Empty: no TLS here, see listen_plain." },
	{ "server", "certificate", KEY_TEXT, AT(certificate), "/etc/easgate/fullchain.pem", 0, NULL,
	    "The certificate with its chain, and its private key (PEM). Read again on SIGHUP, as root if "
	    "easgate was\n"
	    "started by root: a certbot hook needs no more than `systemctl reload easgate`." },
	{ "server", "certificate_key", KEY_TEXT, AT(certificate_key), "/etc/easgate/privkey.pem", 0, NULL,
	    "" },
	{ "server", "listen_plain", KEY_LIST, AT(listen_plain), "", 0, "127.0.0.1:8080",
	    "Where a proxy (nginx, HAProxy) connects, without TLS. Let it wait for answers as long as "
	    "heartbeat_max, and\n"
	    "let it pass the Authorization header. Never open this to the network: passwords travel here in "
	    "the clear." },
	{ "server", "trusted_proxies", KEY_LIST, AT(trusted_proxies), "127.0.0.1, ::1", 0, NULL,
	    "Addresses or networks of proxies on listen_plain whose word on the client's address is "
	    "believed\n"
	    "(X-Forwarded-For, or the PROXY header)." },
	{ "server", "proxy_protocol", KEY_BOOL, AT(proxy_protocol), "no", 0, NULL,
	    "The proxy begins each connection with a PROXY header (v1 or v2): HAProxy's send-proxy, nginx's\n"
	    "proxy_protocol on. Connections without it are refused then." },
	{ "server", "public_url", KEY_TEXT, AT(public_url), "", 0, "https://mail.example.org",
	    "What phones are told by Autodiscover, such as https://mail.example.org. Empty: the name under "
	    "which they\n"
	    "asked." },
	{ "server", "workers", KEY_COUNT, AT(workers), "0", 256, NULL,
	    "Worker processes. 0: one for each processor core." },
	{ "server", "user", KEY_TEXT, AT(user), "", 0, "easgate",
	    "The user that workers and the embedded Redis run as, when easgate is started by root. The "
	    "master process\n"
	    "stays root, to bind ports and to read certificates again. Empty: no change." },
	{ "server", "state_dir", KEY_TEXT, AT(state_dir), "/var/lib/easgate", 0, NULL,
	    "Where the embedded Redis keeps what must outlive a restart: device partnerships, sync keys." },
	{ "server", "store", KEY_TEXT, AT(store), "embedded", 0, NULL,
	    "Where that state is kept. embedded: a private redis-server that easgate starts itself. Or your "
	    "own:\n"
	    "redis://[user:password@]host:port/db, or unix:///run/redis/redis.sock. With several machines it "
	    "must be a\n"
	    "common one. A change of this or of state_dir needs a restart." },
	{ "server", "redis_server", KEY_TEXT, AT(redis_server), "redis-server", 0, NULL,
	    "The program for embedded." },
	{ "server", "drain", KEY_TIME, AT(drain_s), "30s", 3600, NULL,
	    "How long a stop or reload waits for requests that run. Waiting phones are answered at once and "
	    "come back." },
	{ "server", "pid_file", KEY_TEXT, AT(pid_file), "", 0, "/run/easgate.pid",
	    "Empty: none. systemd needs none: easgate stays in the foreground." },

	{ "limits", "max_body", KEY_SIZE, AT(max_body_bytes), "50M", 1u << 30, NULL,
	    "The longest request. Mails are sent in one request, with a third more for their coding: 50M "
	    "lets mails of\n"
	    "36 MB pass." },
	{ "limits", "max_header", KEY_SIZE, AT(max_header_bytes), "16K", 1u << 20, NULL,
	    "The longest head of a request." },
	{ "limits", "read_timeout", KEY_TIME, AT(read_timeout_s), "30s", 3600, NULL,
	    "A client that needs longer for its handshake and request, at less than 1 KB a second, is cut "
	    "off." },
	{ "limits", "idle_timeout", KEY_TIME, AT(idle_timeout_s), "2m", 3600, NULL,
	    "A connection on which no further request comes is closed after this." },
	{ "limits", "request_timeout", KEY_TIME, AT(request_timeout_s), "85s", 3600, NULL,
	    "The longest time to work at one request, waiting phones apart. Some clients give up after 90 "
	    "seconds." },
	{ "limits", "max_connections_per_address", KEY_COUNT, AT(max_connections_per_address), "1000", MOST,
	    NULL,
	    "Connections that one address may have, in each worker; behind a proxy: requests at the same "
	    "time. Phones of a\n"
	    "whole office may share an address, with two or three connections each. An IPv6 address is its "
	    "/64." },
	{ "limits", "max_parked", KEY_COUNT, AT(max_parked), "50000", MOST, NULL,
	    "Requests that may wait for new mail at the same time, in each worker: 25 KB of memory each." },
	{ "limits", "max_parked_per_account", KEY_COUNT, AT(max_parked_per_account), "32", MOST, NULL,
	    "The same for one account, all its devices together." },
	{ "limits", "request_memory", KEY_SIZE, AT(request_memory_bytes), "256M", 2u << 30, NULL,
	    "The most memory that one request may use." },

	{ "auth", "cache", KEY_TIME, AT(auth_cache_s), "5m", DAY, NULL,
	    "A password that IMAP accepted is taken for right that long (as a salted hash in memory), so a "
	    "changed\n"
	    "password may live on for that time. 0: every request logs in at the IMAP server." },
	{ "auth", "fail_window", KEY_TIME, AT(auth_fail_window_s), "10m", DAY, NULL,
	    "Failed sign-ins are counted in a window of this length. Above these numbers further ones are "
	    "refused\n"
	    "unseen until it ends. A phone with an old password tries again and again: don't set them too "
	    "low." },
	{ "auth", "fails_per_address", KEY_COUNT, AT(auth_fails_per_address), "100", MOST, NULL, "" },
	{ "auth", "fails_per_account", KEY_COUNT, AT(auth_fails_per_account), "20", MOST, NULL, "" },
	{ "auth", "default_domain", KEY_TEXT, AT(default_domain), "", 0, "example.org",
	    "Added to user names without a domain." },
	{ "auth", "account", KEY_TEMPLATE, AT(account_template), "%u", 0, NULL,
	    "What a user's account is called here, made of the name that was typed: %u the whole name, %n "
	    "what stands\n"
	    "before the @, %d what stands behind it (or in DOMAIN\\user before the backslash). Letter case "
	    "is ignored.\n"
	    "Two spellings that give the same account share their devices." },
	{ "auth", "address", KEY_TEMPLATE, AT(address_template), "%u", 0, NULL, "The user's mail address." },

	{ "imap", "server", KEY_SERVER, AT(imap.server), "localhost:993", 0, NULL,
	    "The mail server: host:port." },
	{ "imap", "tls", KEY_TLS, AT(imap.server.tls), "tls", 0, NULL,
	    "tls (port 993), starttls (port 143), or plain: only for a server on the same machine." },
	{ "imap", "verify", KEY_BOOL, AT(imap.server.verify), "yes", 0, NULL,
	    "Whether the server's certificate must be valid for its name. no is for tests." },
	{ "imap", "ca_file", KEY_TEXT, AT(imap.server.ca_file), "", 0, "/etc/ssl/own-ca.pem",
	    "Certificates (PEM) to trust in place of the system's." },
	{ "imap", "user", KEY_TEMPLATE, AT(imap_user_template), "%u", 0, NULL,
	    "The name to log in with; %u %n %d as in [auth] account." },
	{ "imap", "prefix", KEY_TEXT, AT(imap_prefix), "", 0, "INBOX.",
	    "The prefix of the user's own folders, which phones needn't see. Empty: the server tells "
	    "(NAMESPACE)." },
	{ "imap", "subscribed_only", KEY_BOOL, AT(imap_subscribed_only), "no", 0, NULL,
	    "Phones get the folders that the user has subscribed to, and those for drafts, sent and deleted "
	    "mails. no: all." },
	{ "imap", "notes_folder", KEY_TEXT, AT(imap_notes), "", 0, "Notes",
	    "The folder whose mails are notes, in the form of Apple's Notes, and so what phones show as "
	    "notes "
	    "(from\n"
	    "version 14.0 on; older ones don't see it); the folders below it, too. It is made with the first "
	    "note. auto: the\n"
	    "folder that is called Notes in one of many languages, where there is one. Empty: no notes." },
	{ "imap", "sms_folder", KEY_TEXT, AT(imap_sms), "", 0, "SMS",
	    "The folder that keeps the text messages (SMS) of phones that synchronise them, by its whole "
	    "name on "
	    "the server\n"
	    "(such as INBOX.SMS). Those that were sent are in a folder of that name with \" Sent\" behind "
	    "it, "
	    "those to be sent\n"
	    "by a phone in one with \" Outbox\". Empty: phones keep them to themselves." },
	{ "imap", "connect_timeout", KEY_TIME_MS, AT(imap.server.connect_ms), "10s", 600 * 1000, NULL, "" },
	{ "imap", "command_timeout", KEY_TIME_MS, AT(imap.command_ms), "60s", 600 * 1000, NULL, "" },
	{ "imap", "idle_close", KEY_TIME, AT(imap.idle_close_s), "5m", DAY, NULL,
	    "Connections are kept for the next request of the same user that long." },
	{ "imap", "max_per_account", KEY_COUNT16, AT(imap.max_per_account), "4", UINT16_MAX, NULL,
	    "Connections of one user, in each worker. Dovecot's mail_max_userip_connections must allow for "
	    "all workers." },
	{ "imap", "max_connections", KEY_COUNT16, AT(imap.max_total), "2000", UINT16_MAX, NULL,
	    "Connections of all users, in each worker." },

	{ "smtp", "server", KEY_SERVER, AT(smtp.server), "localhost:587", 0, NULL,
	    "The server that takes the users' mails (submission): host:port." },
	{ "smtp", "tls", KEY_TLS, AT(smtp.server.tls), "starttls", 0, NULL,
	    "starttls (port 587), tls (port 465), or plain: only for a server on the same machine." },
	{ "smtp", "verify", KEY_BOOL, AT(smtp.server.verify), "yes", 0, NULL, "" },
	{ "smtp", "ca_file", KEY_TEXT, AT(smtp.server.ca_file), "", 0, "/etc/ssl/own-ca.pem", "" },
	{ "smtp", "login", KEY_BOOL, AT(smtp.login), "yes", 0, NULL,
	    "Log in there with the user's name and password. no: the server trusts this machine." },
	{ "smtp", "user", KEY_TEMPLATE, AT(smtp_user_template), "%u", 0, NULL, "" },
	{ "smtp", "helo", KEY_TEXT, AT(smtp.helo), "", 0, "mail.example.org",
	    "Our name in EHLO. Empty: the machine's." },
	{ "smtp", "connect_timeout", KEY_TIME_MS, AT(smtp.server.connect_ms), "10s", 600 * 1000, NULL, "" },
	{ "smtp", "command_timeout", KEY_TIME_MS, AT(smtp.command_ms), "60s", 600 * 1000, NULL, "" },
	{ "smtp", "max_message", KEY_SIZE, AT(smtp_max_bytes), "50M", 1u << 30, NULL,
	    "The longest mail that is sent." },
	{ "smtp", "save_in_sent", KEY_BOOL, AT(smtp_save_in_sent), "yes", 0, NULL,
	    "Put a copy of each mail that a phone sends into the user's Sent folder. no: the SMTP server "
	    "does "
	    "that itself, as\n"
	    "Gmail's and Exchange's do; with yes there would be two." },
	{ "smtp", "from", KEY_FROM, AT(from), "rewrite", 0, NULL,
	    "A mail whose From is neither the user's address nor one of identities: rewrite puts the user's "
	    "address there, "
	    "refuse\n"
	    "doesn't send it (it stays in the phone's outbox), any sends it as it is and leaves it to the "
	    "SMTP server." },
	{ "smtp", "identities", KEY_TEMPLATES, AT(identities), "", 0, "%n@example.com, *@%d",
	    "Further addresses that From may be, with commas: %u %n %d as in [auth] account, but of the "
	    "user's mail address. "
	    "*@\n"
	    "stands for a whole domain. An address without % is everybody's: office@example.org." },

	{ "eas", "versions", KEY_VERSIONS, AT(versions), "12.1, 14.0, 14.1", 0, NULL,
	    "Protocol versions that are offered and taken. 16.1 is for tests until calendars are there: a "
	    "client that\n"
	    "is offered it expects them." },
	{ "eas", "heartbeat_min", KEY_TIME, AT(heartbeat_min_s), "60s", 3540, NULL,
	    "How short and how long a phone may wait for new mail in one request. A proxy in between must "
	    "allow the\n"
	    "longest." },
	{ "eas", "heartbeat_max", KEY_TIME, AT(heartbeat_max_s), "28m", 3540, NULL, "" },
	{ "eas", "max_ping_folders", KEY_COUNT, AT(max_ping_folders), "200", 10000, NULL,
	    "Folders that a phone may wait for in one request." },
	{ "eas", "max_sync_collections", KEY_COUNT, AT(max_sync_collections), "200", 10000, NULL,
	    "Folders that it may synchronise in one request." },
	{ "eas", "sync_response", KEY_SIZE, AT(sync_response_bytes), "1M", 1u << 28, NULL,
	    "A Sync answer that has grown beyond this ends, and the phone asks for more." },
	{ "eas", "poll", KEY_TIME, AT(poll_s), "60s", DAY, NULL,
	    "How often folders are looked at that the IMAP server doesn't report on by itself." },
	{ "eas", "require_provisioning", KEY_BOOL, AT(require_provisioning), "yes", 0, NULL,
	    "Phones must fetch the policy (a permissive one) and prove it in every request. no: new phones "
	    "are asked for\n"
	    "it once, which is how they tell their model, and are then let in without it." },

	{ "policy", "attachments", KEY_BOOL, AT(policy_attachments), "yes", 0, NULL,
	    "Whether phones may download attachments. Phones are told, and no attachment is sent." },
	{ "policy", "max_attachment", KEY_SIZE, AT(policy_max_attachment_bytes), "0", 1u << 31, NULL,
	    "The largest attachment that a phone may download. 0: no limit." },

	{ "log", "file", KEY_TEXT, AT(log_file), "", 0, "/var/log/easgate/easgate.log",
	    "What happens. Empty: standard error. Opened again on SIGUSR1." },
	{ "log", "access", KEY_TEXT, AT(access_log), "", 0, "/var/log/easgate/access.log",
	    "One line for each request. Empty: standard output; off: none." },
	{ "log", "level", KEY_LOG_LEVEL, AT(log_level), "info", 0, NULL,
	    "error, warn, info or debug. No level writes passwords or message contents." },
};
const size_t config_keys_count = sizeof(config_keys) / sizeof(config_keys[0]);

const struct config_key *config_key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < config_keys_count; i++)
		if (strcasecmp(config_keys[i].section, section) == 0 &&
		    strcasecmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	return NULL;
}

const char *config_kind_text(enum config_kind kind)
{
	switch (kind) {
	case KEY_TEXT:
		return "text";
	case KEY_TEMPLATE:
		return "text with %u, %n or %d";
	case KEY_LIST:
		return "words with commas";
	case KEY_TEMPLATES:
		return "words with commas, which may have %u, %n or %d in them";
	case KEY_BOOL:
		return "yes or no";
	case KEY_COUNT:
	case KEY_COUNT16:
		return "a number (not too large)";
	case KEY_SIZE:
		return "a size, with K, M or G behind it (not too large)";
	case KEY_TIME:
	case KEY_TIME_MS:
		return "a time, with s, m or h behind it (not too long)";
	case KEY_SERVER:
		return "host:port";
	case KEY_TLS:
		return "tls, starttls or plain";
	case KEY_FROM:
		return "rewrite, refuse or any";
	case KEY_VERSIONS:
		return "protocol versions";
	case KEY_LOG_LEVEL:
		return "error, warn, info or debug";
	}
	return "";
}

static void put_help(struct buf *out, const char *help)
{
	struct bytes rest = bytes_str(help), line;

	while (bytes_split(&rest, '\n', &line)) {
		buf_put_str(out, "# ");
		buf_put(out, line);
		buf_put_u8(out, '\n');
	}
}

void config_put_sample(struct buf *out)
{
	const char *section = "";

	buf_put_str(out, "# easgate.conf: every key with its default. Remove the # in front of what you "
			 "change. A time is in\n"
			 "# seconds, or has s, m or h behind it; a size is in bytes, or has K, M or G behind "
			 "it. Check with\n"
			 "# `easgate check`; `systemctl reload easgate` (SIGHUP) puts changes into force.\n");
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (strcasecmp(section, k->section) != 0)
			buf_printf(out, "\n[%s]\n", k->section);
		else if (*k->help)
			buf_put_u8(out, '\n');
		section = k->section;
		put_help(out, k->help);
		buf_printf(out, *k->fallback ? "#%s = %s\n" : "#%s =\n", k->name, k->fallback);
	}
}
