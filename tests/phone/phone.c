/* A phone's life, and the way of one request: built, sent, waited for, read, sorted by what the server says. What the commands
 * mean is in the files beside. */
#include "phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eas/status.h"
#include "query.h"
#include "record.h"

enum { ARENA_BUDGET = 1 << 30, MAX_NODES = 4 << 20, DEFAULT_TIMEOUT_MS = 30000, SHORTEST_WBXML = 4 };

static char *dup_or(const char *text, const char *fallback)
{
	char *copy = strdup(text ? text : fallback);

	if (!copy)
		abort();
	return copy;
}

struct phone *phone_new(const struct phone_config *c)
{
	struct phone *ph = calloc(1, sizeof(*ph));

	if (!ph)
		abort();
	if (phone_server_init(&ph->server, c->url, c->ca_file, c->insecure))
		snprintf(ph->problem, sizeof(ph->problem), "%s is no address of a server", c->url);
	ph->user = dup_or(c->user, "");
	ph->password = dup_or(c->password, "");
	ph->device_id = dup_or(c->device_id, "easphone0001");
	ph->device_type = dup_or(c->device_type, "easphone");
	ph->user_agent = dup_or(c->user_agent, "easphone/1.0");
	ph->policy_key = dup_or(NULL, "0");
	ph->version = c->version;
	ph->compact_query = c->compact_query;
	ph->gzip = c->gzip;
	ph->timeout_ms = c->timeout_ms ? c->timeout_ms : DEFAULT_TIMEOUT_MS;
	ph->provisions = ph->resends = true;
	ph->waiting = CMD_NONE;
	phone_replica_init(&ph->replica);
	return ph;
}

void phone_hang_up(struct phone *ph)
{
	phone_wire_free(&ph->wire);
}

void phone_free(struct phone **ph)
{
	struct phone *p = *ph;

	if (!p)
		return;
	phone_hang_up(p);
	phone_replica_deinit(&p->replica);
	phone_server_deinit(&p->server);
	arena_free(&p->arena);
	free(p->user);
	OPENSSL_cleanse(p->password, strlen(p->password));
	free(p->password);
	free(p->device_id);
	free(p->device_type);
	free(p->user_agent);
	free(p->policy_key);
	free(p);
	*ph = NULL;
}

/* ---- building ---- */

static void forget_answer(struct phone *ph)
{
	arena_free(&ph->arena);
	ph->arena = arena_new(ARENA_BUDGET);
	memset(&ph->reply, 0, sizeof(ph->reply));
	ph->root = NULL;
	ph->status = 0;
	ph->result_count = 0;
	ph->problem[0] = '\0';
	ph->building = false;
}

struct wbxml_writer *phone_request(struct phone *ph)
{
	forget_answer(ph);
	ph->building = true;
	buf_init(&ph->out, ph->arena, 0);
	wbxml_writer_init(&ph->writer, &ph->out);
	return &ph->writer;
}

static struct phone_identity identity(const struct phone *ph)
{
	return (struct phone_identity){ .host = ph->server.host,
		.port = ph->server.port,
		.path = ph->server.path,
		.user = ph->user,
		.password = ph->password,
		.device_id = ph->device_id,
		.device_type = ph->device_type,
		.user_agent = ph->user_agent,
		.policy_key = ph->policy_key,
		.version = ph->version,
		.compact_query = ph->compact_query,
		.gzip = ph->gzip,
		.accept_multipart = ph->accept_multipart };
}

static enum err build(struct phone *ph, enum eas_command cmd, const struct phone_params *params,
    const char *content_type, struct bytes body)
{
	struct phone_identity who = identity(ph);
	struct buf b;
	enum err e;

	buf_init(&b, ph->arena, 0);
	phone_put_command(&b, &who, cmd, params, content_type, body);
	if ((e = buf_done(&b, &ph->request)))
		return e;
	ph->waiting = cmd;
	ph->body = body;
	ph->params = params;
	return ERR_OK;
}

/* ---- sending ---- */

static enum err note_wire_problem(struct phone *ph, enum err e)
{
	snprintf(ph->problem, sizeof(ph->problem), "%s: %s", eas_command_name(ph->waiting),
	    ph->wire && ph->wire->problem[0] ? ph->wire->problem : err_name(e));
	phone_hang_up(ph);
	return e;
}

static enum err send_request(struct phone *ph)
{
	enum err e = ERR_OK;

	ph->reused = ph->wire != NULL;
	if (!ph->wire)
		e = phone_wire_open(&ph->server, ph->timeout_ms, &ph->wire);
	if (!e)
		e = phone_wire_send(ph->wire, ph->request, ph->timeout_ms);
	if (e == ERR_UNAVAILABLE && ph->reused && ph->resends) {
		phone_hang_up(ph);
		return send_request(ph); /* once: the connection is new then */
	}
	if (e)
		return note_wire_problem(ph, e);
	ph->sent_us = phone_now_us();
	if (ph->lose == PHONE_LOSE_UNREAD)
		phone_hang_up(ph);
	return ERR_OK;
}

/* ---- receiving ---- */

struct code_meaning {
	int http;
	enum err e;
	const char *words;
};
static const struct code_meaning code_meanings[] = {
	{ 401, ERR_AUTH, "user name or password isn't accepted" },
	{ 403, ERR_DENIED, "this user or device may not use ActiveSync here" },
	{ 404, ERR_NOT_FOUND, "there is no ActiveSync at this address" },
	{ 449, ERR_CONFLICT, "the phone has to be provisioned first" },
	{ 500, ERR_UNAVAILABLE, "the server failed" },
	{ 501, ERR_UNSUPPORTED, "the server doesn't know this command" },
	{ 502, ERR_UNAVAILABLE, "a proxy can't reach the server behind it" },
	{ 503, ERR_UNAVAILABLE, "the server can't serve just now" },
	{ 504, ERR_UNAVAILABLE, "a proxy has given up on the server behind it" },
	{ 505, ERR_UNSUPPORTED, "the server doesn't speak this version" },
	{ 507, ERR_LIMIT, "the mailbox is full" },
};

static enum err judge_http(struct phone *ph)
{
	const char *words = "not the expected answer";
	enum err e = ERR_PROTO;

	if (ph->reply.status == 200)
		return ERR_OK;
	for (size_t i = 0; i < sizeof(code_meanings) / sizeof(code_meanings[0]); i++)
		if (code_meanings[i].http == ph->reply.status) {
			e = code_meanings[i].e;
			words = code_meanings[i].words;
		}
	snprintf(ph->problem, sizeof(ph->problem), "%s: HTTP %d: %s", eas_command_name(ph->waiting),
	    ph->reply.status, words);
	return e;
}

/* The WBXML part of a multipart body (MS-ASCMD 2.2.1.10.1): count, then offset and length of each, little-endian. */
static struct bytes first_part(struct bytes body)
{
	uint32_t n[3];

	if (body.len < sizeof(n))
		return body;
	memcpy(n, body.p, sizeof(n)); /* as is: all machines of ours are little-endian */
	if (!n[0] || n[1] > body.len || n[2] > body.len - n[1])
		return body;
	return bytes_of(body.p + n[1], n[2]);
}

static enum err read_document(struct phone *ph)
{
	struct bytes type = phone_answer_header(&ph->reply, "Content-Type"), doc = ph->reply.body;
	struct wbxml_node *root = NULL;
	const char *problem = "";
	size_t at = 0;
	enum err e;

	ph->status = 1;
	if (!doc.len || !bytes_starts_nocase(type, "application/vnd.ms-sync"))
		return ERR_OK;
	if (bytes_starts_nocase(type, "application/vnd.ms-sync.multipart"))
		doc = first_part(doc);
	e = wbxml_tree(ph->arena, doc, MAX_NODES, &root, &at, &problem);
	if (e) {
		snprintf(ph->problem, sizeof(ph->problem), "%s: the answer is no WBXML: %s at byte %zu",
		    eas_command_name(ph->waiting), problem ? problem : "", at);
		return ERR_PROTO;
	}
	ph->root = root;
	if (ph->waiting != CMD_NONE && eas_command_info(ph->waiting)->status) {
		struct bytes status = wbxml_child_text(root, eas_command_info(ph->waiting)->status);

		if (status.len && bytes_to_u32(status, UINT32_MAX, &ph->status))
			return ERR_PROTO;
	}
	return ERR_OK;
}

static enum err receive_answer(struct phone *ph, unsigned hold_s)
{
	enum phone_loss lose = ph->lose;
	enum err e;

	ph->lose = PHONE_KEEP;
	if (lose == PHONE_LOSE_UNREAD)
		return ERR_CANCELLED;
	if (!ph->wire)
		return ERR_UNAVAILABLE;
	e = phone_wire_receive(ph->wire, ph->arena, (int)hold_s * 1000 + ph->timeout_ms, &ph->reply);
	if (e == ERR_UNAVAILABLE && ph->reused && ph->resends && !ph->wire->in_len) {
		phone_hang_up(ph);
		if ((e = send_request(ph)))
			return e;
		e = phone_wire_receive(ph->wire, ph->arena, (int)hold_s * 1000 + ph->timeout_ms, &ph->reply);
	}
	if (e)
		return note_wire_problem(ph, e);
	ph->first_byte_us = ph->wire->first_byte_us;
	ph->last_byte_us = ph->wire->last_byte_us;
	ph->done_us = phone_now_us();
	if (ph->reply.close || lose == PHONE_LOSE_READ)
		phone_hang_up(ph);
	phone_record(ph->waiting == CMD_NONE ? "http" : eas_command_name(ph->waiting),
	    eas_version_name(ph->version), &ph->reply);
	if (lose == PHONE_LOSE_READ)
		return ERR_CANCELLED;
	e = judge_http(ph);
	return e ? e : read_document(ph);
}

/* ---- commands ---- */

/* 449 up to 12.1, 141 to 144 after: MS-ASPROV 3.1.5. */
static bool wants_provision(const struct phone *ph)
{
	return ph->provisions && ph->waiting != CMD_NONE && ph->waiting != CMD_PROVISION &&
	       (ph->reply.status == 449 ||
		   (ph->reply.status == 200 && ph->status >= STATUS_LEGACY_DEVICE_ON_STRICT_POLICY &&
		       ph->status <= STATUS_INVALID_POLICY_KEY));
}

static enum err provision_and_repeat(struct phone *ph, unsigned hold_s)
{
	struct arena *kept = ph->arena; /* the request is in there */
	enum eas_command cmd = ph->waiting;
	const struct phone_params *params = ph->params;
	bool multipart = ph->accept_multipart;
	struct bytes body = ph->body;
	const char *type = cmd != CMD_SEND_MAIL || ph->version >= EAS_14_0 ? "application/vnd.ms-sync.wbxml"
									   : "message/rfc822";
	enum err e;

	ph->arena = NULL;
	ph->accept_multipart = false;
	e = phone_provision(ph);
	ph->accept_multipart = multipart;
	if (!e) {
		forget_answer(ph);
		if (!(e = build(ph, cmd, params, body.len ? type : NULL, body)) && !(e = send_request(ph)))
			e = receive_answer(ph, hold_s);
		ph->body = bytes_of(NULL, 0);
	}
	arena_free(&kept);
	return e;
}

enum err phone_command_send(struct phone *ph, enum eas_command cmd, const struct phone_params *params)
{
	struct bytes body = { 0 };
	enum err e;

	if (!ph->building)
		forget_answer(ph);
	else if ((e = wbxml_done(&ph->writer, &body)))
		return e;
	ph->building = false;
	if (body.len <= SHORTEST_WBXML)
		body = bytes_of(NULL, 0);
	if ((e = build(ph, cmd, params, body.len ? "application/vnd.ms-sync.wbxml" : NULL, body)))
		return e;
	return send_request(ph);
}

enum err phone_command_receive(struct phone *ph, unsigned hold_s)
{
	enum err e = receive_answer(ph, hold_s);

	if ((!e || e == ERR_CONFLICT) && wants_provision(ph))
		e = provision_and_repeat(ph, hold_s);
	return e;
}

enum err phone_command(struct phone *ph, enum eas_command cmd, const struct phone_params *params)
{
	enum err e = phone_command_send(ph, cmd, params);

	return e ? e : phone_command_receive(ph, 0);
}

enum err phone_command_bytes(struct phone *ph, enum eas_command cmd, const struct phone_params *params,
    const char *content_type, struct bytes body, struct bytes *out)
{
	enum err e;

	forget_answer(ph);
	e = build(ph, cmd, params, content_type, body);
	*out = ph->request;
	return e;
}

enum err phone_command_raw(struct phone *ph, enum eas_command cmd, const struct phone_params *params,
    const char *content_type, struct bytes body)
{
	struct bytes whole;
	enum err e;

	if ((e = phone_command_bytes(ph, cmd, params, content_type, body, &whole)) || (e = send_request(ph)))
		return e;
	return phone_command_receive(ph, 0);
}

enum err phone_http(
    struct phone *ph, const char *method, const char *target, const char *headers, struct bytes body)
{
	struct phone_identity who = identity(ph);
	struct buf b;
	enum err e;

	forget_answer(ph);
	if (!ph->password[0])
		who.password = NULL;
	buf_init(&b, ph->arena, 0);
	phone_put_http(&b, &who, method, target, headers, body);
	if ((e = buf_done(&b, &ph->request)))
		return e;
	ph->waiting = CMD_NONE;
	if ((e = send_request(ph)))
		return e;
	return receive_answer(ph, 0);
}
