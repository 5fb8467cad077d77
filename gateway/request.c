#include "request_read.h"

#include "commands/commands.h"
#include "io/log.h"

enum { MAX_NODES = 200 * 1000 };

/* ---- refusing ---- */

enum err request_refuse(struct request *rq, struct wbxml_writer *w, uint32_t status)
{
	const struct eas_command_info *info = rq->command < CMD_COUNT ? eas_command_info(rq->command) : NULL;
	const struct eas_status_info *s = eas_status_info(status);
	int http = eas_status_http(status, rq->version);

	rq->reply.status = status;
	if (http == 200 && info && info->root) {
		eas_command_put_status(w, rq->command, status);
		return ERR_OK;
	}
	rq->reply.kind = REPLY_HTTP;
	rq->reply.http_status = s ? s->http : 400;
	/* MS-ASPROV: a device that can't be provisioned anyway isn't sent in circles by 449. */
	if (status == STATUS_REMOTE_WIPE_REQUESTED && !rq->has_policy_key)
		rq->reply.http_status = 403;
	return ERR_OK;
}

static enum err refuse_http(struct request *rq, int http, uint32_t status)
{
	rq->reply.kind = REPLY_HTTP;
	rq->reply.http_status = http;
	rq->reply.status = status;
	return ERR_OK;
}

/* ---- version ---- */

/* A version that we don't know, or that is switched off: newer ones get a status, older ones know only HTTP's. */
static enum err refuse_version(struct request *rq, struct wbxml_writer *w, struct bytes text)
{
	bool newer = text.len >= 4 && (text.p[0] > '1' || (text.p[0] == '1' && text.p[1] >= '4'));

	if (bytes_eq_str(text, "1.0"))
		return refuse_http(rq, 505, STATUS_VERSION_NOT_SUPPORTED);
	rq->version = newer ? EAS_14_1 : EAS_12_1;
	return request_refuse(rq, w, STATUS_VERSION_NOT_SUPPORTED);
}

static enum err read_version(struct request *rq, struct wbxml_writer *w, bool *go_on)
{
	struct bytes text = http_header(rq->exchange, "MS-ASProtocolVersion");

	if (rq->line->has_version) {
		rq->version = rq->line->version;
		text = bytes_str(eas_version_name(rq->version));
	} else if (eas_version_parse(bytes_trim(text), &rq->version)) {
		return refuse_version(rq, w, bytes_trim(text));
	}
	if (!eas_version_in(rq->version, rq->worker->config->versions))
		return refuse_version(rq, w, text);
	*go_on = true;
	return ERR_OK;
}

/* ---- headers ---- */

static void read_headers(struct request *rq)
{
	struct bytes key = bytes_trim(http_header(rq->exchange, "X-MS-PolicyKey"));

	rq->content_type = http_header(rq->exchange, "Content-Type");
	rq->multipart = rq->line->accept_multipart ||
			bytes_eq_nocase(bytes_trim(http_header(rq->exchange, "MS-ASAcceptMultiPart")), "T");
	if (rq->line->has_policy_key) {
		rq->has_policy_key = true;
		rq->policy_key = rq->line->policy_key;
	} else if (key.len) {
		rq->has_policy_key = true;
		if (bytes_to_u32(key, UINT32_MAX, &rq->policy_key))
			rq->policy_key = 0;
	}
}

/* ---- body ---- */

/* The media type alone, without its parameters. */
static bool type_is(struct bytes content_type, const char *want)
{
	struct bytes type;

	return bytes_split(&content_type, ';', &type) && bytes_eq_nocase(bytes_trim(type), want);
}

static bool is_wbxml_type(const struct request *rq)
{
	return type_is(rq->content_type, "application/vnd.ms-sync.wbxml") ||
	       type_is(rq->content_type, "application/vnd.ms-sync") ||
	       (!rq->content_type.len && rq->body.p[0] == 0x03); /* WBXML 1.3 that nobody named */
}

static enum err read_wbxml(struct request *rq, struct wbxml_writer *w, bool *go_on)
{
	const struct eas_command_info *info = eas_command_info(rq->command);
	const char *problem = NULL;
	struct wbxml_node *root;
	size_t at = 0;
	enum err e = wbxml_tree(rq->arena, rq->body, MAX_NODES, &root, &at, &problem);

	if (e == ERR_OK && root->tag == info->root) {
		rq->xml = root;
		*go_on = true;
		return ERR_OK;
	}
	log_event(LOG_LEVEL_INFO, "the request can't be read",
	    LOG_STR("problem", problem ? problem : "another root element"), LOG_U64("at", at));
	if (e == ERR_OK || e == ERR_LIMIT)
		return request_refuse(rq, w, STATUS_INVALID_XML);
	return request_refuse(rq, w, STATUS_INVALID_WBXML);
}

static enum err read_body(struct request *rq, struct wbxml_writer *w, bool *go_on)
{
	const struct eas_command_info *info = eas_command_info(rq->command);
	bool may_be_empty = info->may_be_empty && (rq->command != CMD_SYNC || rq->version >= EAS_12_1);

	if (rq->body.len == 0) {
		*go_on = may_be_empty;
		return may_be_empty ? ERR_OK : request_refuse(rq, w, STATUS_INVALID_CONTENT);
	}
	if (info->sends_mail && rq->version <= EAS_12_1) {
		*go_on = type_is(rq->content_type, "message/rfc822");
		return *go_on ? ERR_OK : request_refuse(rq, w, STATUS_INVALID_CONTENT);
	}
	if (!info->root || !is_wbxml_type(rq))
		return request_refuse(rq, w, STATUS_INVALID_CONTENT);
	return read_wbxml(rq, w, go_on);
}

/* Find is of 16.1; but iOS sends it also where it goes on with 14.x. */
static bool knows_command(const struct request *rq)
{
	if (rq->command == CMD_FIND && rq->version >= EAS_14_0)
		return true;
	return eas_version_in(rq->version, eas_command_info(rq->command)->versions);
}

/* ---- */

static enum err read_command(struct request *rq, struct wbxml_writer *w, unsigned line_status, bool *go_on)
{
	if (rq->command == CMD_NONE || line_status == STATUS_COMMAND_NOT_SUPPORTED)
		return refuse_http(rq, 501, STATUS_COMMAND_NOT_SUPPORTED);
	if (!knows_command(rq))
		return request_refuse(rq, w, STATUS_VERSION_NOT_SUPPORTED);
	if (!command_of(rq->command)->run)
		return refuse_http(rq, 501, STATUS_COMMAND_NOT_SUPPORTED);
	if (line_status)
		return request_refuse(rq, w, line_status);
	return read_body(rq, w, go_on);
}

enum err request_read_line(struct request *rq, unsigned *status)
{
	struct request_line *line = arena_alloc(rq->arena, sizeof(*line));
	enum err e;

	*status = 0;
	if (!line)
		return ERR_LIMIT;
	e = request_line_parse(rq->arena, http_query(rq->exchange), line, status);
	if (e && e != ERR_PROTO)
		return e;
	rq->line = line;
	rq->command = line->command;
	rq->name = eas_command_name(rq->command);
	if ((e = arena_dup(rq->arena, line->device_id, &rq->device_id)) ||
	    (e = arena_dup(rq->arena, line->device_type, &rq->device_type)))
		return e;
	return ERR_OK;
}

enum err request_read(struct request *rq, struct wbxml_writer *w, unsigned line_status, bool *go_on)
{
	bool version_known = false;
	enum err e;

	*go_on = false;
	if (line_status == STATUS_INVALID_CONTENT || line_status == STATUS_VERSION_NOT_SUPPORTED)
		return refuse_http(rq, 400, line_status);
	read_headers(rq);
	if ((e = read_version(rq, w, &version_known)) || !version_known)
		return e;
	return read_command(rq, w, line_status, go_on);
}
