#ifndef EASGATE_CONFIG_H
#define EASGATE_CONFIG_H

#include "base/buf.h"
#include "eas/version.h"
#include "imap/imap.h"
#include "io/log.h"
#include "smtp/smtp.h"

/* What happens to a mail whose From isn't the account's own, in the order of the words that the file takes. */
enum config_from { FROM_REWRITE, FROM_REFUSE, FROM_ANY };

/* easgate.conf, read once and never changed: a reload reads a new one. Every key is a row of the table in
 * config.c and is explained in deploy/easgate.conf; `make check` compares the two. */
struct config {
	/* [server] */
	char **listen;                       /* "0.0.0.0:443", "[::]:443": TLS */
	char **listen_plain;                 /* behind a proxy */
	char *certificate, *certificate_key; /* PEM files */
	char *public_url; /* "https://mail.example.org", for Autodiscover; empty = from the Host header */
	char **trusted_proxies; /* addresses or networks whose X-Forwarded-For or PROXY header is believed */
	bool proxy_protocol;    /* listen_plain expects a PROXY header (v1 or v2) */
	uint32_t workers;       /* 0 = one per core */
	char *state_dir, *user; /* user to become after binding ports; empty = stay */
	char *store;            /* "embedded" or a redis URL */
	char *redis_server;     /* the program for embedded */
	uint32_t drain_s;       /* how long a stop or reload waits for running requests */
	char *pid_file;         /* empty = none */

	/* [limits] */
	uint32_t max_body_bytes, max_header_bytes, read_timeout_s, idle_timeout_s, request_timeout_s;
	uint32_t max_connections_per_address, max_parked_per_account, max_parked;
	uint32_t request_memory_bytes; /* arena budget */

	/* [auth] */
	uint32_t auth_cache_s, auth_fail_window_s, auth_fails_per_address, auth_fails_per_account;
	char *default_domain;   /* added to user names without one, for the mail address */
	char *account_template; /* %u whole name, %n before the @, %d domain: the canonical account name */
	char *address_template; /* the mail address */

	/* [imap] [smtp] */
	struct imap_config imap;
	char *imap_user_template;
	char *imap_prefix;         /* personal namespace to strip; empty = ask NAMESPACE */
	bool imap_subscribed_only; /* folders that the user has not subscribed to aren't shown */
	char *imap_notes; /* the mailbox whose mails are notes; "auto": found by its name; empty = none */
	char *imap_sms;   /* the mailbox for received SMS; empty = none are kept */
	struct smtp_config smtp;
	char *smtp_user_template;
	uint32_t smtp_max_bytes;
	bool smtp_save_in_sent; /* phones' mails are put into Sent; else the SMTP server does that itself */
	enum config_from from;
	char **identities; /* templates of addresses; "*@domain" is a whole domain */

	/* [eas] */
	eas_version_set versions; /* offered and taken */
	uint32_t heartbeat_min_s, heartbeat_max_s, max_ping_folders, max_sync_collections;
	uint32_t sync_response_bytes; /* byte budget for one Sync response */
	uint32_t poll_s;              /* for folders without push */
	bool require_provisioning;

	/* [policy]: what is asked of phones, and enforced here where it can be */
	bool policy_attachments;
	uint32_t policy_max_attachment_bytes; /* 0 = no limit */

	/* [log] */
	char *log_file, *access_log; /* empty = standard error, standard output */
	enum log_level log_level;
};

/* Reads and checks. Problems (unknown key, bad value, missing file) are told one by one through `complain`, in plain
 * words with file and line; ERR_PROTO if there was any. */
enum err config_load(const char *path, void (*complain)(void *arg, const char *text), void *arg,
    struct config **out) MUST_CHECK;
void config_free(struct config **c); /* accepts NULL, sets NULL */

/* The sample that explains every key with its default: what deploy/easgate.conf holds. */
void config_put_sample(struct buf *out);

#endif
