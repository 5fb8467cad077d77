#ifndef EASGATE_PHONE_LOAD_H
#define EASGATE_PHONE_LOAD_H

#include <event2/event.h>

#include "phone.h"

/* Thousands of phones in one process, on one event loop: each sets itself up (Provision, FolderSync, Sync of the inbox) and then
 * holds a Ping or syncs again and again. About 30 KB for each phone, nearly all of it OpenSSL's. */

enum phone_load_mode { PHONE_LOAD_PING, PHONE_LOAD_SYNC };

struct phone_load_config {
	const char *url, *user,
	    *password; /* "%u" or "%04u" in user and password becomes the account's number, from 1 */
	const char *ca_file;
	bool insecure;
	unsigned accounts;     /* phones are spread over so many; 0 = 1 */
	unsigned first_device; /* device ids are "load%08u" from here on */
	enum eas_version version;
	enum phone_load_mode mode;
	unsigned heartbeat_s;    /* of Ping */
	unsigned ramp_per_s;     /* new phones a second */
	unsigned change_percent; /* sync: so many of the Syncs mark a mail read or unread */
	unsigned pause_ms;       /* sync: between two Syncs of a phone */
	unsigned window;         /* WindowSize of the first Sync; 0: 25 */
	/* A held Ping came back with Status 2. May be NULL. at_us: phone_now_us when its first byte was read. */
	void (*on_push)(void *arg, unsigned phone, int64_t at_us);
	void *arg;
};

struct phone_load_latency { /* ms */
	double p50, p90, p99, max;
	unsigned long count;
};

struct phone_load_figures {
	unsigned phones, ready, held; /* ready: set up; held: a Ping is out and unanswered */
	unsigned long requests, errors, pushes;
	double seconds; /* since phone_load_reset */
	struct phone_load_latency sync, setup,
	    ping; /* ping: of answers with Status 1 or 2, how long they were held */
	char first_error[256];
};

struct phone_load;

/* base is borrowed. NULL if the URL or the CA file is no good: *problem says why (static text). */
struct phone_load *phone_load_new(
    struct event_base *base, const struct phone_load_config *c, const char **problem);
void phone_load_free(struct phone_load **l);
/* So many phones from now on; they come at the pace of ramp_per_s. It never shrinks. */
void phone_load_grow(struct phone_load *l, unsigned phones);
/* Runs the loop until so many phones are ready (and hold their Ping, in that mode), or until `seconds` have passed: false. */
bool phone_load_run_until_ready(struct phone_load *l, unsigned phones, unsigned seconds);
/* Runs the loop for so long. */
void phone_load_run(struct phone_load *l, unsigned milliseconds);
/* Forgets the figures so far, for instance those of the ramp. */
void phone_load_reset(struct phone_load *l);
void phone_load_figures(const struct phone_load *l, struct phone_load_figures *out);

#endif
