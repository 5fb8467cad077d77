#ifndef EASGATE_TESTS_BED_H
#define EASGATE_TESTS_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Private real servers for one test program: tests/bed/bed, which explains itself with --help, driven from C.
 * The bed ends with the program that started it, however that ends. Run from the project's folder. */
struct bed;

/* All zero: Dovecot, Redis, Postfix and Radicale with the five users, no gateway. */
struct bed_opts {
	const char *services;        /* "dovecot,redis,mocksmtp"; NULL: as above */
	bool easgate;                /* also the gateway of this build, with TLS; see settings */
	const char *program;         /* the gateway's, below the build's folder; NULL: "easgate" */
	const char *const *settings; /* "eas.poll=1s", ... NULL at the end; may name {IMAPS_PORT} */
	unsigned users;              /* that many user0001..userN and load0..loadN-1, with BENCH_PASSWORD */
	const char *imap_hide;       /* "NOTIFY,QRESYNC": not advertised */
	const char *imap_capability; /* advertise exactly this */
	const char *imap_prefix;     /* "INBOX." */
	bool dots;                   /* folders are separated by '.', not '/' */
	bool shared;         /* ACLs, other users' mailboxes below shared/, everybody's below public/ */
	bool no_special_use; /* no folder but INBOX, none with a special use */
	const char *redis_password;
};

/* NULL after having said on stderr what went wrong. */
struct bed *bed_start(const struct bed_opts *opts);
/* Waits until all is gone and removes the bed's folder (kept and named if BED_KEEP is set). Accepts NULL. */
void bed_stop(struct bed **b);

/* What is in the bed's env file ("CA_FILE", "EASGATE_URL", ...); NULL if it isn't. Borrowed from the bed. */
const char *bed_get(const struct bed *b, const char *key);
uint16_t bed_port(const struct bed *b, const char *key);
const char *bed_dir(const struct bed *b);
/* user  "alice@example.org" or "user0001@example.org". Ends the program if there is no such user. */
const char *bed_password(const struct bed *b, const char *user);

/* One service: dovecot redis postfix radicale mocksmtp easgate. Each returns when it is done; false after saying why.
 * A restarted service has the same ports and data. */
bool bed_service_stop(const struct bed *b, const char *service);
bool bed_service_kill(const struct bed *b, const char *service); /* SIGKILL to all its processes */
bool bed_service_restart(const struct bed *b, const char *service);
/* name  "STOP", "CONT", "HUP", "TERM": the first two to all its processes, others to the main one */
bool bed_service_signal(const struct bed *b, const char *service, const char *name);
pid_t bed_service_pid(const struct bed *b, const char *service); /* 0: not running */
/* Processes that this one started, such as the gateway's workers; returns how many, at most max. */
size_t bed_children(pid_t parent, pid_t *out, size_t max);

/* What the mock SMTP server does to its next client: see tests/bed/mocksmtp. */
void bed_mocksmtp_behave(const struct bed *b, const char *words);

/* Milliseconds on the monotonic clock. */
int64_t bed_now_ms(void);
/* Asks again and again, every few milliseconds, until done() is true; false if it is not in time. */
bool bed_wait(bool (*done)(void *arg), void *arg, int timeout_ms);

#endif
