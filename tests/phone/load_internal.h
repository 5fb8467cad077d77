#ifndef EASGATE_PHONE_LOAD_INTERNAL_H
#define EASGATE_PHONE_LOAD_INTERNAL_H

#include <event2/bufferevent.h>
#include <sys/socket.h>

#include "load.h"

/* Shared by load.c (the crowd) and load_phone.c (one of them). */

enum load_state {
	LOAD_RESTING, /* not started, or waiting to try again */
	LOAD_CONNECTING,
	LOAD_PROVISION,
	LOAD_ACKNOWLEDGE,
	LOAD_FOLDERS,
	LOAD_PRIME,
	LOAD_FIRST_SYNC,
	LOAD_PING,
	LOAD_SYNC,
	LOAD_PAUSE,
};

/* Kept small: there are thousands. */
struct load_phone {
	struct phone_load *load;
	struct bufferevent *bev;
	struct event *timer; /* made when first needed */
	uint32_t number, policy_key;
	enum load_state state;
	bool was_ready, item_read;
	int64_t started_us, sent_us;
	char inbox[24], key[65], item[65];
};

struct load_samples {
	float *ms;
	size_t count, cap;
};

struct phone_load {
	struct event_base *base;
	struct phone_load_config c;
	struct phone_server server;
	char *user, *password; /* owned: templates */
	SSL_CTX *tls;          /* NULL: no TLS */
	struct sockaddr_storage address;
	socklen_t address_len;
	struct load_phone **phones;
	unsigned count, wanted, ready, held;
	struct event *ramp;
	double ramp_due;
	int64_t since_us;
	unsigned long requests, errors, pushes;
	struct load_samples sync, setup, ping;
	char first_error[256];
	unsigned seed;
};

struct load_phone *load_phone_new(struct phone_load *l, uint32_t number);
void load_phone_free(struct load_phone *p);
void load_sample(struct load_samples *s, int64_t us);

#endif
