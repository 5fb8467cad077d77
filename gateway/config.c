#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_keys.h"
#include "http/address.h"
#include "store/redis.h"

/* Reads easgate.conf by the table in config_keys.c. A value is first set from the row's default and then from the file;
 * what concerns several values or the world outside the file is checked at the end. */

enum { LINE_MAX_LEN = 4096 };

struct reading {
	const char *path;
	FILE *file;
	int line;
	struct config *config;
	bool *given; /* by row */
	void (*complain)(void *arg, const char *text);
	void *arg;
	bool failed;
};

static void complain(struct reading *r, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void complain(struct reading *r, int line, const char *fmt, ...)
{
	char what[1024], text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (line)
		snprintf(text, sizeof(text), "%s:%d: %s", r->path, line, what);
	else
		snprintf(text, sizeof(text), "%s: %s", r->path, what);
	r->complain(r->arg, text);
	r->failed = true;
}

/* ---- values ---- */

static char *copy(struct bytes text)
{
	char *p = strndup((const char *)text.p, text.len);

	if (!p)
		abort();
	return p;
}

static void free_list(char ***list)
{
	for (char **p = *list; p && *p; p++)
		free(*p);
	free(*list);
	*list = NULL;
}

/* Words between commas and blanks. */
static char **split(struct bytes text)
{
	char **list = calloc(text.len / 2 + 2, sizeof(*list));
	size_t n = 0;

	if (!list)
		abort();
	while (text.len) {
		size_t len = 0;

		while (len < text.len && !strchr(", \t", text.p[len]))
			len++;
		if (len)
			list[n++] = copy(bytes_of(text.p, len));
		len += len < text.len;
		text = bytes_of(text.p + len, text.len - len);
	}
	return list;
}

/* A number with one letter that multiplies it. */
static bool number(
    struct bytes text, const char *letters, const uint32_t *factors, uint32_t max, uint32_t *out)
{
	uint64_t n, factor = 1;
	const char *unit = text.len ? strchr(letters, text.p[text.len - 1]) : NULL;

	if (unit) {
		factor = factors[unit - letters];
		text.len--;
	}
	if (bytes_to_u64(text, UINT32_MAX, &n) || n * factor > max)
		return false;
	*out = (uint32_t)(n * factor);
	return true;
}

static bool word_of(struct bytes text, const char *const *words, uint32_t *out)
{
	for (uint32_t i = 0; words[i]; i++) {
		if (bytes_eq_nocase(text, words[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool server_of(struct bytes text, struct stream_target *t)
{
	size_t colon = text.len;
	uint32_t port;

	if (text.len && text.p[0] == '/') { /* a unix socket */
		free((char *)(uintptr_t)t->host);
		t->host = copy(text);
		return true;
	}
	while (colon && text.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || bytes_to_u32(bytes_of(text.p + colon, text.len - colon), 65535, &port) || !port)
		return false;
	text.len = colon - 1;
	if (text.len > 2 && text.p[0] == '[' && text.p[text.len - 1] == ']')
		text = bytes_of(text.p + 1, text.len - 2);
	free((char *)(uintptr_t)t->host);
	t->host = copy(text);
	t->port = (uint16_t)port;
	return true;
}

static bool versions_of(struct bytes text, eas_version_set *out)
{
	char **words = split(text);
	enum eas_version v;
	bool good = words[0] != NULL;

	*out = 0;
	for (char **w = words; *w && good; w++) {
		good = eas_version_parse(bytes_str(*w), &v) == ERR_OK;
		if (good)
			*out |= EAS_ONLY(v);
	}
	free_list(&words);
	return good;
}

/* %u %n %d and %% only. */
static bool is_template(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '%' && (++i == text.len || !strchr("und%", text.p[i])))
			return false;
	return text.len > 0;
}

static bool set(struct config *c, const struct config_key *k, struct bytes text)
{
	static const uint32_t sizes[] = { 1024, 1024 * 1024, 1024 * 1024 * 1024 };
	static const uint32_t times[] = { 1, 60, 3600 };
	static const uint32_t time_ms[] = { 1000, 60 * 1000, 3600 * 1000 };
	static const char *const no_yes[] = { "no", "yes", "off", "on", "false", "true", "0", "1", NULL };
	static const char *const from[] = { "rewrite", "refuse", "any", NULL };
	static const char *const tls[] = { "plain", "tls", "starttls", NULL };
	void *at = (char *)c + k->offset;
	uint32_t n;

	switch (k->kind) {
	case KEY_TEMPLATE:
		if (!is_template(text))
			return false;
		/* fall through */
	case KEY_TEXT:
		free(*(char **)at);
		*(char **)at = copy(text);
		return true;
	case KEY_TEMPLATES:
		if (text.len && !is_template(text))
			return false;
		/* fall through */
	case KEY_LIST:
		free_list(at);
		*(char ***)at = split(text);
		return true;
	case KEY_BOOL:
		if (!word_of(text, no_yes, &n))
			return false;
		*(bool *)at = n % 2;
		return true;
	case KEY_COUNT:
		return number(text, "", NULL, k->max, at);
	case KEY_COUNT16:
		if (!number(text, "", NULL, UINT16_MAX, &n))
			return false;
		*(uint16_t *)at = (uint16_t)n;
		return true;
	case KEY_SIZE:
		return number(text, "KMG", sizes, k->max, at);
	case KEY_TIME:
		return number(text, "smh", times, k->max, at);
	case KEY_TIME_MS:
		return text.len && strchr("smh", text.p[text.len - 1])
			   ? number(text, "smh", time_ms, k->max, at)
			   : number(bytes_of(text.p, text.len), "", NULL, k->max / 1000, at) &&
				 (*(uint32_t *)at *= 1000, true);
	case KEY_SERVER:
		return server_of(text, at);
	case KEY_TLS:
		if (!word_of(text, tls, &n))
			return false;
		*(enum stream_tls *)at = n == 0 ? STREAM_PLAIN : n == 1 ? STREAM_TLS : STREAM_STARTTLS;
		return true;
	case KEY_FROM:
		if (!word_of(text, from, &n))
			return false;
		*(enum config_from *)at = (enum config_from)n;
		return true;
	case KEY_VERSIONS:
		return versions_of(text, at);
	case KEY_LOG_LEVEL:
		return log_level_parse(text, at);
	}
	return false;
}

static void unset(struct config *c, const struct config_key *k)
{
	void *at = (char *)c + k->offset;

	switch (k->kind) {
	case KEY_TEMPLATE:
	case KEY_TEXT:
		free(*(char **)at);
		break;
	case KEY_TEMPLATES:
	case KEY_LIST:
		free_list(at);
		break;
	case KEY_SERVER:
		free((char *)(uintptr_t)((struct stream_target *)at)->host);
		break;
	case KEY_BOOL:
	case KEY_COUNT:
	case KEY_COUNT16:
	case KEY_SIZE:
	case KEY_TIME:
	case KEY_TIME_MS:
	case KEY_TLS:
	case KEY_FROM:
	case KEY_VERSIONS:
	case KEY_LOG_LEVEL:
		break;
	}
}

/* ---- the file ---- */

/* inih's own line numbers are a build option that Debian left out, so lines are counted as they are read. */
static char *read_line(char *to, int cap, void *stream)
{
	struct reading *r = stream;

	if (!fgets(to, cap, r->file))
		return NULL;
	r->line++;
	return to;
}

static int on_value(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;
	const struct config_key *k = config_key_find(section, name);

	if (!k) {
		complain(r, r->line,
		    "there is no key \"%s\" in [%s]: remove it, or see `easgate sample` for its right name",
		    name, section);
	} else if (r->given[k - config_keys]) {
		complain(r, r->line, "\"%s\" stands twice in [%s]: remove one", name, section);
	} else if (!set(r->config, k, bytes_trim(bytes_str(value)))) {
		complain(r, r->line, "\"%s\" is no value for \"%s\": it takes %s, such as \"%s\"", value,
		    name, config_kind_text(k->kind), *k->fallback ? k->fallback : k->example);
	} else {
		r->given[k - config_keys] = true;
	}
	return 1;
}

static void read_file(struct reading *r)
{
	int bad;

	r->file = fopen(r->path, "r");
	if (!r->file) {
		complain(
		    r, 0, "cannot be read: %s. `easgate sample` prints one to begin with", strerror(errno));
		return;
	}
	ini_use_stack = false;
	ini_max_line = LINE_MAX_LEN;
	ini_initial_alloc = LINE_MAX_LEN;
	ini_allow_multiline = false; /* an indented line is a key like any other */
	ini_allow_no_value = false;
	ini_allow_inline_comments = true;
	bad = ini_parse_stream(read_line, r, on_value, r);
	if (bad > 0)
		complain(r, bad, "this is neither [section] nor key = value");
	fclose(r->file);
}

/* ---- what a value alone doesn't tell ---- */

static void check_readable(struct reading *r, const char *path, const char *key)
{
	if (access(path, R_OK) != 0)
		complain(r, 0, "%s: cannot read \"%s\": %s", key, path, strerror(errno));
}

/* With SO_REUSEPORT the system would let us listen twice in one place, and choose at random. */
static void check_twice(struct reading *r, char **list, char **other)
{
	for (char **p = list; *p; p++)
		for (char **q = list == other ? p + 1 : other; *q; q++)
			if (strcmp(*p, *q) == 0 &&
			    strcmp(strrchr(*p, ':') ? strrchr(*p, ':') : "", ":0") != 0)
				complain(
				    r, 0, "\"%s\" stands twice in listen and listen_plain: remove one", *p);
}

static void check_server(struct reading *r)
{
	const struct config *c = r->config;
	struct sockaddr_storage sa;
	struct network n;
	socklen_t len;

	for (char **p = c->listen; *p; p++)
		if (endpoint_parse(bytes_str(*p), &sa, &len))
			complain(r, 0,
			    "listen: \"%s\" is no address and port, such as 0.0.0.0:443 or [::]:443", *p);
	for (char **p = c->listen_plain; *p; p++)
		if (endpoint_parse(bytes_str(*p), &sa, &len))
			complain(
			    r, 0, "listen_plain: \"%s\" is no address and port, such as 127.0.0.1:8080", *p);
	for (char **p = c->trusted_proxies; *p; p++)
		if (network_parse(bytes_str(*p), &n))
			complain(
			    r, 0, "trusted_proxies: \"%s\" is no address or network, such as 10.0.0.0/8", *p);
	check_twice(r, c->listen, c->listen);
	check_twice(r, c->listen, c->listen_plain);
	check_twice(r, c->listen_plain, c->listen_plain);
	if (!c->listen[0] && !c->listen_plain[0])
		complain(r, 0, "nothing to listen on: set listen (TLS), or listen_plain behind a proxy");
	if (c->listen[0]) {
		check_readable(r, c->certificate, "certificate");
		check_readable(r, c->certificate_key, "certificate_key");
	}
	if (*c->public_url && strncmp(c->public_url, "https://", 8) != 0 &&
	    strncmp(c->public_url, "http://", 7) != 0)
		complain(r, 0, "public_url: \"%s\" does not begin with https://", c->public_url);
	/* what stands there isn't told: it may hold a password */
	if (strcmp(c->store, "embedded") != 0 && redis_url_check(c->store))
		complain(r, 0,
		    "store: this is neither \"embedded\" nor an address such as "
		    "redis://user:password@127.0.0.1:6379/0 or unix:///run/redis/redis.sock");
}

static void check(struct reading *r)
{
	const struct config *c = r->config;

	check_server(r);
	if (c->heartbeat_min_s > c->heartbeat_max_s)
		complain(r, 0, "heartbeat_min is larger than heartbeat_max: no phone could wait");
	if (c->imap.server.ca_file && *c->imap.server.ca_file)
		check_readable(r, c->imap.server.ca_file, "[imap] ca_file");
	if (c->smtp.server.ca_file && *c->smtp.server.ca_file)
		check_readable(r, c->smtp.server.ca_file, "[smtp] ca_file");
}

/* ---- */

/* Where an empty text means "the system's own", the libraries want NULL. */
static void settle(struct config *c)
{
	const char **files[] = { &c->imap.server.ca_file, &c->smtp.server.ca_file };
	char host[256] = "localhost";

	for (size_t i = 0; i < 2; i++) {
		if (**files[i])
			continue;
		free((char *)(uintptr_t)*files[i]);
		*files[i] = NULL;
	}
	c->imap.server.io_ms = c->imap.command_ms;
	c->smtp.server.io_ms = c->smtp.command_ms;
	if (*c->smtp.helo)
		return;
	gethostname(host, sizeof(host) - 1);
	free((char *)(uintptr_t)c->smtp.helo);
	c->smtp.helo = copy(bytes_str(host));
}

enum err config_load(
    const char *path, void (*tell)(void *arg, const char *text), void *arg, struct config **out)
{
	struct reading r = { .path = path, .complain = tell, .arg = arg };

	r.config = calloc(1, sizeof(*r.config));
	r.given = calloc(config_keys_count, sizeof(*r.given));
	if (!r.config || !r.given)
		abort();
	for (size_t i = 0; i < config_keys_count; i++)
		if (!set(r.config, &config_keys[i], bytes_str(config_keys[i].fallback)))
			abort(); /* a default that is no value of its kind: the unit test sees it first */
	read_file(&r);
	if (!r.failed)
		check(&r);
	free(r.given);
	if (r.failed) {
		config_free(&r.config);
		return ERR_PROTO;
	}
	settle(r.config);
	*out = r.config;
	return ERR_OK;
}

void config_free(struct config **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < config_keys_count; i++)
		unset(*c, &config_keys[i]);
	free(*c);
	*c = NULL;
}
