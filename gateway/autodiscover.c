#include "autodiscover.h"

#include <ctype.h>
#include <string.h>
#include <sys/time.h>

#include "base/percent.h"
#include "eas/autodiscover.h"

#define EAS_PATH "/Microsoft-Server-ActiveSync"
#define POX_PATH "/autodiscover/autodiscover.xml"

/* The Host header goes into what we answer: only what can stand in a host. */
static bool is_host(struct bytes host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!isalnum(host.p[i]) && !(host.p[i] && strchr(".-:[]", host.p[i])))
			return false;
	return host.len > 0 && host.len < 256;
}

static enum err url_of(const struct request *rq, const char *path, struct bytes *out)
{
	struct bytes host = http_host(rq->exchange), base = bytes_str(rq->worker->config->public_url);
	struct buf b;

	while (base.len && base.p[base.len - 1] == '/')
		base.len--;
	buf_init(&b, rq->arena, 0);
	if (base.len) {
		buf_put(&b, base);
	} else {
		buf_put_str(&b, "https://");
		buf_put(&b, is_host(host) ? host : BYTES("localhost"));
	}
	buf_put_str(&b, path);
	return buf_done(&b, out);
}

static int64_t now_us(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static enum err reply_with(struct request *rq, struct buf *b, int http, const char *type)
{
	rq->reply.kind = REPLY_RAW;
	rq->reply.http_status = http;
	rq->reply.content_type = type;
	return buf_done(b, &rq->reply.raw);
}

enum err autodiscover_xml(struct request *rq)
{
	struct autodiscover_request ask;
	struct autodiscover_user user = { .culture = BYTES("en:us"),
		.email = bytes_str(rq->account->address) };
	struct bytes url;
	struct buf b;
	int code = AUTODISCOVER_INVALID_REQUEST;
	enum err e = autodiscover_parse(rq->arena, rq->body, &ask, &code);

	buf_init(&b, rq->arena, 0);
	if (e == ERR_LIMIT && rq->body.len <= AUTODISCOVER_MAX_BODY)
		return e;
	if (e) {
		autodiscover_put_error(&b, code, now_us(), 1);
	} else {
		if ((e = url_of(rq, EAS_PATH, &url)))
			return e;
		autodiscover_put_settings(&b, &user, url);
	}
	return reply_with(rq, &b, 200, "text/xml; charset=utf-8");
}

/* The value of a query parameter, decoded; names without regard to letter case. */
static enum err parameter(const struct request *rq, const char *name, struct bytes *out)
{
	struct bytes query = http_query(rq->exchange), pair, key;

	*out = (struct bytes){ 0 };
	while (bytes_split(&query, '&', &pair))
		if (bytes_split(&pair, '=', &key) && bytes_eq_nocase(key, name))
			return percent_decode(rq->arena, pair, out);
	return ERR_OK;
}

/* Every address is answered alike: who asks learns nothing about who exists. */
enum err autodiscover_json(struct request *rq, struct bytes rest)
{
	static const char json[] = "application/json; charset=utf-8";
	struct bytes protocol, email, url;
	bool pox;
	struct buf b;
	enum err e;

	if ((e = parameter(rq, "Protocol", &protocol)) || (e = parameter(rq, "Email", &email)))
		return e;
	if (bytes_starts_nocase(rest, "/v1.0/"))
		email = bytes_of(rest.p + 6, rest.len - 6);
	buf_init(&b, rq->arena, 0);
	if (!protocol.len || !email.len) {
		autodiscover_put_json_error(&b, "MandatoryParameterMissing",
		    !protocol.len ? "A valid value must be provided for the query parameter 'Protocol'"
				  : "A mail address must be provided");
		return reply_with(rq, &b, 400, json);
	}
	pox = bytes_eq_nocase(protocol, "AutodiscoverV1");
	if (!pox && !bytes_eq_nocase(protocol, "ActiveSync")) {
		autodiscover_put_json_error(&b, "InvalidProtocol",
		    "The given protocol value is invalid. Supported values are 'ActiveSync,AutodiscoverV1'");
		return reply_with(rq, &b, 400, json);
	}
	if ((e = url_of(rq, pox ? POX_PATH : EAS_PATH, &url)))
		return e;
	autodiscover_put_json(&b, pox ? BYTES("AutodiscoverV1") : BYTES("ActiveSync"), url);
	return reply_with(rq, &b, 200, json);
}
