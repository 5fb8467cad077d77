/* One phone of the crowd: a state machine that sends a request, waits for the whole answer and decides what comes next. Nothing
 * is kept of an answer but keys and ids. */
#include "load_internal.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "sync_request.h"

enum { REST_MS = 2000, MAX_NODES = 1 << 20, ARENA_BUDGET = 64 << 20, DEFAULT_WINDOW = 25, TEXT_MAX = 128 };

static void connect_phone(struct load_phone *p);
static void next_request(struct load_phone *p);

/* ---- states ---- */

static bool is_ready(enum load_state s)
{
	return s == LOAD_PING || s == LOAD_SYNC || s == LOAD_PAUSE;
}

static void set_state(struct load_phone *p, enum load_state s)
{
	struct phone_load *l = p->load;

	l->ready += (unsigned)is_ready(s) - (unsigned)is_ready(p->state);
	l->held += (unsigned)(s == LOAD_PING) - (unsigned)(p->state == LOAD_PING);
	if (is_ready(s) && !p->was_ready) {
		p->was_ready = true;
		load_sample(&l->setup, phone_now_us() - p->started_us);
	}
	p->state = s;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct load_phone *p = arg;

	(void)fd;
	(void)what;
	if (p->state == LOAD_PAUSE) {
		set_state(p, LOAD_SYNC);
		next_request(p);
	} else {
		connect_phone(p);
	}
}

static void rest(struct load_phone *p, enum load_state s, unsigned ms)
{
	struct timeval t = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	set_state(p, s);
	if (!p->timer)
		p->timer = evtimer_new(p->load->base, on_timer, p);
	evtimer_add(p->timer, &t);
}

static void give_up(struct load_phone *p, const char *why)
{
	struct phone_load *l = p->load;

	l->errors++;
	if (!l->first_error[0])
		snprintf(l->first_error, sizeof(l->first_error), "phone %u in state %d: %s", p->number,
		    (int)p->state, why);
	if (p->bev)
		bufferevent_free(p->bev);
	p->bev = NULL;
	rest(p, LOAD_RESTING, REST_MS);
}

/* ---- requests ---- */

/* "%u" and "%04u" become the account's number, from 1. */
static void expand(const char *text, unsigned account, char out[TEXT_MAX])
{
	const char *at = strchr(text, '%'), *end = at ? at + 1 + strspn(at + 1, "0123456789") : NULL;

	if (end && *end == 'u')
		snprintf(out, TEXT_MAX, "%.*s%0*u%s", (int)(at - text), text, (int)strtoul(at + 1, NULL, 10),
		    account + 1, end + 1);
	else
		snprintf(out, TEXT_MAX, "%s", text);
}

static void send_command(struct load_phone *p, struct arena *a, enum eas_command cmd, struct bytes body)
{
	struct phone_load *l = p->load;
	char user[TEXT_MAX], password[TEXT_MAX], device[24], key[12];
	unsigned account = p->number % l->c.accounts;
	struct phone_identity who = { .host = l->server.host,
		.port = l->server.port,
		.path = l->server.path,
		.user = user,
		.password = password,
		.device_id = device,
		.device_type = "easphone",
		.user_agent = "easphone/load",
		.policy_key = key,
		.version = l->c.version };
	struct bytes whole;
	struct buf b;

	expand(l->user, account, user);
	expand(l->password, account, password);
	snprintf(device, sizeof(device), "load%08u", l->c.first_device + p->number);
	snprintf(key, sizeof(key), "%u", p->policy_key);
	buf_init(&b, a, 0);
	phone_put_command(&b, &who, cmd, NULL, "application/vnd.ms-sync.wbxml", body);
	OPENSSL_cleanse(password, sizeof(password));
	if (buf_done(&b, &whole)) {
		give_up(p, "the request is too large");
		return;
	}
	l->requests++;
	p->sent_us = phone_now_us();
	bufferevent_write(p->bev, whole.p, whole.len);
}

static void put_provision(struct wbxml_writer *w, const struct load_phone *p)
{
	wbxml_open(w, PROVISION_PROVISION);
	if (p->state == LOAD_PROVISION && p->load->c.version >= EAS_14_1) {
		wbxml_open(w, SETTINGS_DEVICE_INFORMATION);
		wbxml_open(w, SETTINGS_SET);
		wbxml_put_str(w, SETTINGS_MODEL, "easphone load");
		wbxml_close(w);
		wbxml_close(w);
	}
	wbxml_open(w, PROVISION_POLICIES);
	wbxml_open(w, PROVISION_POLICY);
	wbxml_put_str(w, PROVISION_POLICY_TYPE, "MS-EAS-Provisioning-WBXML");
	if (p->state == LOAD_ACKNOWLEDGE) {
		wbxml_put_uint(w, PROVISION_POLICY_KEY, p->policy_key);
		wbxml_put_uint(w, PROVISION_STATUS, 1);
	}
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
}

static void put_ping(struct wbxml_writer *w, const struct load_phone *p)
{
	wbxml_open(w, PING_PING);
	wbxml_put_uint(w, PING_HEARTBEAT_INTERVAL, p->load->c.heartbeat_s);
	wbxml_open(w, PING_FOLDERS);
	wbxml_open(w, PING_FOLDER);
	wbxml_put_str(w, PING_ID, p->inbox);
	wbxml_put_str(w, PING_CLASS, "Email");
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
}

static void put_sync(struct wbxml_writer *w, struct load_phone *p)
{
	static const struct phone_options_block preview = { .bodies = { { .type = 1, .truncation = 500 } } };
	struct phone_load *l = p->load;
	struct phone_edit edit = {
		.command = AIRSYNC_CHANGE, .id = p->item, .read = p->item_read ? PHONE_NO : PHONE_YES
	};
	struct phone_collection c = { .folder_id = p->inbox, .key = p->key };
	struct phone_sync rq = { .collections = &c, .count = 1 };

	if (p->state == LOAD_PRIME) {
		c.key = "0";
	} else {
		c.window = l->c.window ? l->c.window : DEFAULT_WINDOW;
		c.options = &preview;
	}
	if (p->state == LOAD_SYNC && p->item[0] && (unsigned)rand_r(&l->seed) % 100 < l->c.change_percent) {
		p->item_read = !p->item_read;
		c.edits = &edit;
		c.edit_count = 1;
	}
	phone_sync_put(w, l->c.version, NULL, &rq);
}

static enum eas_command put_body(struct wbxml_writer *w, struct load_phone *p)
{
	switch (p->state) {
	case LOAD_PROVISION:
	case LOAD_ACKNOWLEDGE:
		put_provision(w, p);
		return CMD_PROVISION;
	case LOAD_FOLDERS:
		wbxml_open(w, FOLDERHIERARCHY_FOLDER_SYNC);
		wbxml_put_str(w, FOLDERHIERARCHY_SYNC_KEY, "0");
		wbxml_close(w);
		return CMD_FOLDER_SYNC;
	case LOAD_PRIME:
	case LOAD_FIRST_SYNC:
	case LOAD_SYNC:
		put_sync(w, p);
		return CMD_SYNC;
	case LOAD_PING:
		put_ping(w, p);
		return CMD_PING;
	case LOAD_RESTING:
	case LOAD_CONNECTING:
	case LOAD_PAUSE:
		break;
	}
	return CMD_NONE;
}

static void next_request(struct load_phone *p)
{
	struct arena *a = arena_new(ARENA_BUDGET);
	struct wbxml_writer w;
	struct bytes body;
	struct buf b;
	enum eas_command cmd;

	buf_init(&b, a, 0);
	wbxml_writer_init(&w, &b);
	cmd = put_body(&w, p);
	if (wbxml_done(&w, &body))
		give_up(p, "the request is too large");
	else
		send_command(p, a, cmd, body);
	arena_free(&a);
}

/* ---- answers ---- */

static void copy_id(struct bytes in, char *out, size_t cap)
{
	snprintf(out, cap, "%.*s", BYTES_ARG(in));
}

static const char *take_provision(struct load_phone *p, const struct wbxml_node *root)
{
	const struct wbxml_node *policy =
	    wbxml_child(wbxml_child(root, PROVISION_POLICIES), PROVISION_POLICY);
	struct bytes key = wbxml_child_text(policy, PROVISION_POLICY_KEY);

	if (bytes_to_u32(key, UINT32_MAX, &p->policy_key))
		return "no policy key";
	set_state(p, p->state == LOAD_PROVISION ? LOAD_ACKNOWLEDGE : LOAD_FOLDERS);
	return NULL;
}

static const char *take_folders(struct load_phone *p, const struct wbxml_node *root)
{
	const struct wbxml_node *n =
	    wbxml_child(wbxml_child(root, FOLDERHIERARCHY_CHANGES), FOLDERHIERARCHY_ADD);

	while (n && !bytes_eq_str(wbxml_child_text(n, FOLDERHIERARCHY_TYPE), "2"))
		n = wbxml_next(n, FOLDERHIERARCHY_ADD);
	if (!n)
		return "FolderSync lists no inbox";
	copy_id(wbxml_child_text(n, FOLDERHIERARCHY_SERVER_ID), p->inbox, sizeof(p->inbox));
	set_state(p, LOAD_PRIME);
	return NULL;
}

static enum load_state after_sync(const struct load_phone *p, bool more)
{
	if (p->state == LOAD_PRIME)
		return LOAD_FIRST_SYNC;
	if (more)
		return p->state;
	return p->load->c.mode == PHONE_LOAD_PING ? LOAD_PING : LOAD_SYNC;
}

static const char *take_sync(struct load_phone *p, const struct wbxml_node *root)
{
	const struct wbxml_node *c = wbxml_child(wbxml_child(root, AIRSYNC_COLLECTIONS), AIRSYNC_COLLECTION);
	const struct wbxml_node *add = wbxml_child(wbxml_child(c, AIRSYNC_COMMANDS), AIRSYNC_ADD);

	if (p->state == LOAD_SYNC)
		load_sample(&p->load->sync, phone_now_us() - p->sent_us);
	if (root) { /* else nothing is new and the key stays */
		if (!bytes_eq_str(wbxml_child_text(c, AIRSYNC_STATUS), "1"))
			return "a Collection status other than 1";
		copy_id(wbxml_child_text(c, AIRSYNC_SYNC_KEY), p->key, sizeof(p->key));
		if (add)
			copy_id(wbxml_child_text(add, AIRSYNC_SERVER_ID), p->item, sizeof(p->item));
	}
	set_state(p, after_sync(p, wbxml_child(c, AIRSYNC_MORE_AVAILABLE) != NULL));
	return NULL;
}

static const char *take_ping(struct load_phone *p, const struct wbxml_node *root)
{
	struct phone_load *l = p->load;
	struct bytes status = wbxml_child_text(root, PING_STATUS);

	load_sample(&l->ping, phone_now_us() - p->sent_us);
	if (bytes_eq_str(status, "2")) {
		l->pushes++;
		if (l->c.on_push)
			l->c.on_push(l->c.arg, p->number, phone_now_us());
		set_state(p, LOAD_FIRST_SYNC); /* what a phone does: fetch, then wait again */
	} else if (bytes_eq_str(status, "7")) {
		set_state(p, LOAD_FOLDERS);
	} else if (!bytes_eq_str(status, "1")) {
		return "a Ping status other than 1, 2 and 7";
	}
	return NULL;
}

static const char *take_answer(struct load_phone *p, struct arena *a, const struct phone_answer *answer)
{
	struct wbxml_node *root = NULL;
	const char *problem = NULL;
	size_t at;

	if (answer->status != 200)
		return answer->status == 401   ? "HTTP 401"
		       : answer->status == 503 ? "HTTP 503"
					       : "not HTTP 200";
	if (answer->body.len && wbxml_tree(a, answer->body, MAX_NODES, &root, &at, &problem))
		return "the answer is no WBXML";
	switch (p->state) {
	case LOAD_PROVISION:
	case LOAD_ACKNOWLEDGE:
		return take_provision(p, root);
	case LOAD_FOLDERS:
		return take_folders(p, root);
	case LOAD_PRIME:
	case LOAD_FIRST_SYNC:
	case LOAD_SYNC:
		return take_sync(p, root);
	case LOAD_PING:
		return take_ping(p, root);
	case LOAD_RESTING:
	case LOAD_CONNECTING:
	case LOAD_PAUSE:
		break;
	}
	return "an answer without a request";
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct load_phone *p = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(in), used = 0;
	struct arena *a = arena_new(ARENA_BUDGET);
	struct phone_answer answer;
	const char *why = NULL;
	enum err e = phone_answer_read(a, bytes_of(evbuffer_pullup(in, -1), len), false, &answer, &used);

	if (!e)
		why = take_answer(p, a, &answer);
	else if (e != ERR_TRUNCATED)
		why = "the answer is no HTTP";
	if (!e)
		evbuffer_drain(in, used);
	arena_free(&a);
	if (why)
		give_up(p, why);
	else if (!e && p->state == LOAD_SYNC && p->load->c.pause_ms)
		rest(p, LOAD_PAUSE, p->load->c.pause_ms);
	else if (!e)
		next_request(p);
}

/* ---- connection ---- */

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct load_phone *p = arg;

	if (what & BEV_EVENT_CONNECTED) {
		int on = 1;

		setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		p->policy_key = 0;
		set_state(p, LOAD_PROVISION);
		next_request(p);
	} else {
		give_up(p, p->state == LOAD_CONNECTING ? "cannot connect" : "the server hung up");
	}
}

static void connect_phone(struct load_phone *p)
{
	struct phone_load *l = p->load;
	SSL *ssl = l->tls ? SSL_new(l->tls) : NULL;

	set_state(p, LOAD_CONNECTING);
	p->bev = ssl ? bufferevent_openssl_socket_new(l->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
			   BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS)
		     : bufferevent_socket_new(l->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!p->bev) {
		give_up(p, "no socket");
		return;
	}
	if (ssl) {
		phone_tls_expect(ssl, l->server.host);
		bufferevent_openssl_set_allow_dirty_shutdown(
		    p->bev, 1); /* HTTP lengths tell a cut from an end */
	}
	bufferevent_setcb(p->bev, on_read, NULL, on_event, p);
	bufferevent_enable(p->bev, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(p->bev, (struct sockaddr *)&l->address, (int)l->address_len))
		give_up(p, "cannot connect");
}

struct load_phone *load_phone_new(struct phone_load *l, uint32_t number)
{
	struct load_phone *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->load = l;
	p->number = number;
	p->started_us = phone_now_us();
	connect_phone(p);
	return p;
}

void load_phone_free(struct load_phone *p)
{
	if (p->bev)
		bufferevent_free(p->bev);
	if (p->timer)
		event_free(p->timer);
	free(p);
}
