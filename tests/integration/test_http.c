/* What reaches the gateway over HTTP before any command runs: broken, oversized, slow and strange requests, and how a request
 * that waits shares its connection. */
#include <poll.h>

#include "scene.h"

static struct phone *phone_at(const char *url_key, enum eas_version v)
{
	return phone_new(&(struct phone_config){ .url = scene_env(url_key),
	    .user = "alice@example.org",
	    .password = "alice-pw",
	    .ca_file = scene_env("CA_FILE"),
	    .device_id = "FRONT1",
	    .version = v });
}

/* ---- what is refused, and how ---- */

#define WBXML "Content-Type: application/vnd.ms-sync.wbxml\r\n"
#define V(x) "MS-ASProtocolVersion: " x "\r\n"
#define EAS "/Microsoft-Server-ActiveSync"
#define QUERY(cmd) EAS "?Cmd=" cmd "&User=alice&DeviceId=FRONT1&DeviceType=test"
#define FOLDER_SYNC                            \
	"\x03\x01\x6a\x00\x00\x07\x56\x52\x03" \
	"0\x00\x01\x01"
#define FOLDER_SYNC_LEN 13
#define GZIPPED                                                                            \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x63\x66\xcc\x62\x60\x60\x0f\x0b\x62\x36" \
	"\x60\x60\x64\x04\x00\x51\x57\x71\x49\x0d\x00\x00\x00"
#define BODY(text) (text), sizeof(text) - 1

static const struct refused_case {
	const char *name, *method, *target, *headers, *body;
	size_t body_len;
	int http;
	unsigned status;            /* in the body; 0: no body is looked at */
	const char *header, *value; /* one more thing that the answer says */
} refused_cases[] = {
	{ "another path", "GET", "/", "", BODY(""), 404, 0, NULL, NULL },
	{ "a path below", "POST", EAS "/x", "", BODY(""), 404, 0, NULL, NULL },
	{ "get", "GET", EAS, "", BODY(""), 405, 0, "Allow", "OPTIONS, POST" },
	{ "delete", "DELETE", EAS, "", BODY(""), 405, 0, "Allow", "OPTIONS, POST" },
	{ "post to healthz", "POST", "/healthz", "", BODY(""), 405, 0, "Allow", "GET" },
	{ "healthz by head", "HEAD", "/healthz", "Connection: close\r\n", BODY(""), 200, 0, NULL, NULL },
	{ "healthz", "GET", "/HealthZ", "", BODY(""), 200, 0, NULL, NULL },
	{ "options in another letter case", "OPTIONS", "/MICROSOFT-server-activesync", "", BODY(""), 200, 0,
	    "MS-ASProtocolVersions", "12.1,14.0,14.1,16.1" },
	{ "no query", "POST", EAS, V("14.1"), BODY(""), 400, 0, NULL, NULL },
	{ "no version", "POST", QUERY("FolderSync"), WBXML, BODY(FOLDER_SYNC), 400, 0, NULL, NULL },
	{ "version 1.0", "POST", QUERY("FolderSync"), V("1.0") WBXML, BODY(FOLDER_SYNC), 505, 0, NULL, NULL },
	{ "version 2.5, switched off", "POST", QUERY("FolderSync"), V("2.5") WBXML, BODY(FOLDER_SYNC), 400, 0,
	    NULL, NULL },
	{ "version 16.0, switched off", "POST", QUERY("FolderSync"), V("16.0") WBXML, BODY(FOLDER_SYNC), 200,
	    138, NULL, NULL },
	{ "version 17.0", "POST", QUERY("FolderSync"), V("17.0") WBXML, BODY(FOLDER_SYNC), 200, 138, NULL,
	    NULL },
	{ "version nonsense", "POST", QUERY("FolderSync"), V("x") WBXML, BODY(FOLDER_SYNC), 400, 0, NULL,
	    NULL },
	{ "unknown command", "POST", QUERY("Brew"), V("14.1"), BODY(""), 501, 0, NULL, NULL },
	{ "command that is not here", "POST", QUERY("ValidateCert"), V("14.1") WBXML,
	    BODY("\x03\x01\x6a\x00"), 501, 0, NULL, NULL },
	{ "GetAttachment is gone in 14.1", "POST", QUERY("GetAttachment"), V("14.1"), BODY(""), 400, 0, NULL,
	    NULL },
	{ "no body", "POST", QUERY("FolderSync"), V("14.1"), BODY(""), 200, 101, NULL, NULL },
	{ "no body, 12.1", "POST", QUERY("FolderSync"), V("12.1"), BODY(""), 400, 0, NULL, NULL },
	{ "another type", "POST", QUERY("FolderSync"), V("14.1") "Content-Type: text/xml\r\n",
	    BODY("<FolderSync/>"), 200, 101, NULL, NULL },
	{ "no type", "POST", QUERY("FolderSync"), V("14.1"), BODY("hello"), 200, 101, NULL, NULL },
	{ "the short type", "POST", QUERY("FolderSync"),
	    V("14.1") "Content-Type: application/vnd.ms-sync\r\n", BODY(FOLDER_SYNC), 200, 142, NULL, NULL },
	{ "a type with parameters", "POST", QUERY("FolderSync"),
	    V("14.1") "Content-Type: application/vnd.ms-sync.wbxml; x=y\r\n", BODY(FOLDER_SYNC), 200, 142,
	    NULL, NULL },
	{ "gzipped", "POST", QUERY("FolderSync"), V("14.1") WBXML "Content-Encoding: gzip\r\n", BODY(GZIPPED),
	    200, 142, NULL, NULL },
	{ "damaged gzip", "POST", QUERY("FolderSync"), V("14.1") WBXML "Content-Encoding: gzip\r\n",
	    BODY("hello"), 400, 0, NULL, NULL },
	{ "another coding", "POST", QUERY("FolderSync"), V("14.1") WBXML "Content-Encoding: br\r\n",
	    BODY("hello"), 415, 0, NULL, NULL },
	{ "no WBXML", "POST", QUERY("FolderSync"), V("14.1") WBXML, BODY("hello"), 200, 102, NULL, NULL },
	{ "no WBXML, 12.1", "POST", QUERY("FolderSync"), V("12.1") WBXML, BODY("hello"), 400, 0, NULL, NULL },
	{ "cut WBXML", "POST", QUERY("FolderSync"), V("14.1") WBXML, FOLDER_SYNC, FOLDER_SYNC_LEN - 2, 200,
	    102, NULL, NULL },
	{ "another root", "POST", QUERY("FolderSync"), V("14.1") WBXML,
	    BODY("\x03\x01\x6a\x00\x00\x0d\x45\x01"), 200, 103, NULL, NULL },
	{ "another root, 12.1", "POST", QUERY("FolderSync"), V("12.1") WBXML,
	    BODY("\x03\x01\x6a\x00\x00\x0d\x45\x01"), 400, 0, NULL, NULL },
	{ "no device", "POST", EAS "?Cmd=FolderSync&User=alice&DeviceType=test", V("14.1") WBXML,
	    BODY(FOLDER_SYNC), 200, 108, NULL, NULL },
	{ "no device, 12.1", "POST", EAS "?Cmd=FolderSync&User=alice&DeviceType=test", V("12.1") WBXML,
	    BODY(FOLDER_SYNC), 400, 0, NULL, NULL },
	{ "names in another letter case", "POST",
	    EAS "?cmd=foldersync&USER=alice&deviceid=FRONT1&devicetype=test", V("14.1") WBXML,
	    BODY(FOLDER_SYNC), 200, 142, NULL, NULL },
	{ "not provisioned", "POST", QUERY("FolderSync"), V("14.1") WBXML, BODY(FOLDER_SYNC), 200, 142, NULL,
	    NULL },
	{ "not provisioned, 12.1", "POST", QUERY("FolderSync"), V("12.1") WBXML, BODY(FOLDER_SYNC), 449, 0,
	    NULL, NULL },
	{ "base64, 16.1", "POST", EAS "?oQkJBAZGUk9OVDEABHRlc3Q", WBXML, BODY(FOLDER_SYNC), 200, 142, NULL,
	    NULL },
	{ "broken base64", "POST", EAS "?jAk", WBXML, BODY(FOLDER_SYNC), 400, 0, NULL, NULL },
	{ "JSON, one form", "GET",
	    "/autodiscover/autodiscover.json?Email=a%40example.org&Protocol=ActiveSync", "", BODY(""), 200, 0,
	    "Content-Type", "application/json; charset=utf-8" },
	{ "JSON, the other", "GET",
	    "/Autodiscover/Autodiscover.json/v1.0/a%40example.org?protocol=activesync&RedirectCount=1", "",
	    BODY(""), 200, 0, NULL, NULL },
	{ "JSON, another protocol", "GET",
	    "/autodiscover/autodiscover.json?Email=a%40example.org&Protocol=EWS", "", BODY(""), 400, 0, NULL,
	    NULL },
	{ "JSON, no protocol", "GET", "/autodiscover/autodiscover.json?Email=a%40example.org", "", BODY(""),
	    400, 0, NULL, NULL },
	{ "POX by get", "GET", "/autodiscover/autodiscover.xml", "", BODY(""), 405, 0, "Allow", "POST" },
	{ "POX, no XML", "POST", "/AutoDiscover/AutoDiscover.XML", "Content-Type: text/xml\r\n",
	    BODY("hello"), 200, 0, "Content-Type", "text/xml; charset=utf-8" },
};

/* <Root><Status>n</Status></Root> */
static unsigned status_of(const struct phone *ph)
{
	struct wbxml_node *root;
	uint32_t status = 0;

	if (wbxml_tree(test_arena(), ph->reply.body, 100, &root, NULL, NULL) || !root->child ||
	    bytes_to_u32(root->child->text, 999, &status))
		return 0;
	return status;
}

static void refused(const struct refused_case *c)
{
	struct phone *ph = phone_at("EASGATE_URL", EAS_14_1);
	enum err e = phone_http(ph, c->method, c->target, c->headers, bytes_of(c->body, c->body_len));

	if (e == ERR_TIMEOUT || !ph->reply.status)
		fail_msg("no answer: %s", ph->problem);
	assert_int_equal(ph->reply.status, c->http);
	if (c->status)
		assert_int_equal(status_of(ph), c->status);
	if (c->header)
		assert_bytes_str(phone_answer_header(&ph->reply, c->header), c->value);
	phone_free(&ph);
}
TEST_ROW(refused)

static bool is_logged(const char *user, const char *what)
{
	struct bytes log = test_file(scene_env("EASGATE_ACCESS_LOG")), line;
	char account[128];

	snprintf(account, sizeof(account), " account=%s ", user);
	while (bytes_split(&log, '\n', &line)) {
		char *text = test_keep(line.len + 1);

		memcpy(text, line.p, line.len);
		text[line.len] = '\0';
		if (strstr(text, account) && strstr(text, what))
			return true;
	}
	return false;
}

/* What a user reports can be found in the log. */
static void the_answer_has_the_id_of_its_line_in_the_log(void **state)
{
	struct phone *ph = phone_at("EASGATE_URL", EAS_14_1);
	struct bytes id;
	char wanted[64];

	(void)state;
	SCENE_OK(ph, phone_http(ph, "POST", QUERY("FolderSync"), V("14.1") WBXML,
			 bytes_of(FOLDER_SYNC, FOLDER_SYNC_LEN)));
	id = phone_answer_header(&ph->reply, "request-id");
	assert_in_range(id.len, 10, 30);
	snprintf(wanted, sizeof(wanted), " request=%.*s ", BYTES_ARG(id));
	assert_true(is_logged("alice@example.org", wanted));
	phone_free(&ph);
}

/* ---- TLS ---- */

static const struct tls_case {
	const char *name, *options;
	const char *says; /* NULL: no connection */
} tls_cases[] = {
	{ "1.3", "-tls1_3", "New, TLSv1.3" },
	{ "1.2", "-tls1_2", "New, TLSv1.2" },
	{ "1.2 without forward secrecy", "-tls1_2 -cipher kRSA", NULL },
	{ "1.1", "-tls1_1 -cipher DEFAULT@SECLEVEL=0", NULL },
	{ "1.0", "-tls1 -cipher DEFAULT@SECLEVEL=0", NULL },
	{ "a session taken up again", "-tls1_2 -reconnect", "Reused, TLSv1.2" },
};
static void tls(const struct tls_case *c)
{
	struct bytes text = { (uint8_t *)test_keep(64 * 1024), 0 };
	char command[512];
	FILE *p;

	snprintf(command, sizeof(command), "openssl s_client -connect 127.0.0.1:%s %s </dev/null 2>&1",
	    scene_env("EASGATE_PORT"), c->options);
	p = popen(command, "r");
	assert_non_null(p);
	text.len = fread((void *)(uintptr_t)text.p, 1, 64 * 1024, p);
	pclose(p);
	if (c->says)
		assert_non_null(memmem(text.p, text.len, c->says, strlen(c->says)));
	else
		assert_non_null(memmem(text.p, text.len, "Cipher is (NONE)", 16));
}
TEST_ROW(tls)

/* Nobody who isn't signed in learns more than that he isn't. */
static const struct stranger_case {
	const char *name, *request;
} stranger_cases[] = {
	{ "options", "OPTIONS " EAS " HTTP/1.1\r\nHost: x\r\n\r\n" },
	{ "unknown command", "POST " QUERY("Brew") " HTTP/1.1\r\nHost: x\r\n" V("14.1") "\r\n" },
	{ "empty bearer", "OPTIONS " EAS " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n\r\n" },
	{ "gzip, at which nobody looks yet", "POST " QUERY("FolderSync") " HTTP/1.1\r\nHost: x\r\n" V(
						 "14.1") "Content-Encoding: gzip\r\n"
							 "Content-Length: 4\r\n\r\nabcd" },
	{ "autodiscover",
	    "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" },
};

static struct phone_wire *dial(bool tls)
{
	struct phone_server server;
	struct phone_wire *w = NULL;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u", bed_port(scene_bed(), "EASGATE_PLAIN_PORT"));
	assert_int_equal(
	    phone_server_init(&server, tls ? scene_env("EASGATE_URL") : url, scene_env("CA_FILE"), false),
	    ERR_OK);
	if (phone_wire_open(&server, 5000, &w))
		fail_msg("%s", w->problem);
	phone_server_deinit(&server);
	return w;
}

static int answer_of(struct phone_wire *w, int timeout_ms, struct phone_answer *a)
{
	*a = (struct phone_answer){ 0 };
	if (phone_wire_receive(w, test_arena(), timeout_ms, a))
		return 0;
	return a->status;
}

static void stranger(const struct stranger_case *c)
{
	struct phone_wire *w = dial(true);
	struct phone_answer a;

	assert_int_equal(phone_wire_send(w, bytes_str(c->request), 5000), ERR_OK);
	assert_int_equal(answer_of(w, 5000, &a), 401);
	assert_true(bytes_starts(phone_answer_header(&a, "WWW-Authenticate"), "Basic realm="));
	assert_int_equal(phone_answer_header(&a, "MS-ASProtocolVersions").len, 0);
	assert_int_equal(a.body.len, 0);
	phone_wire_free(&w);
}
TEST_ROW(stranger)

/* ---- too large, too slow ---- */

static void a_body_of_more_than_max_body_is_refused(void **state)
{
	struct phone *ph = phone_at("EASGATE_URL", EAS_14_1);
	uint8_t *body = calloc(1, 3 << 20);

	(void)state;
	(void)!phone_http(ph, "POST", QUERY("FolderSync"), V("14.1") WBXML, bytes_of(body, 3 << 20));
	assert_int_equal(ph->reply.status, 413);
	phone_free(&ph);
	free(body);
}

static void a_slow_sender_is_cut_off(void **state)
{
	struct phone_wire *w = dial(false);
	struct phone_answer a;
	int64_t from = bed_now_ms();
	enum err e = phone_wire_send_slowly(w,
	    BYTES("OPTIONS " EAS " HTTP/1.1\r\nHost: x\r\nX-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 1,
	    100);

	(void)state;
	if (!e)
		e = phone_wire_wait(w, 5000);
	assert_int_not_equal(e, ERR_OK);
	assert_in_range(bed_now_ms() - from, 500, 6000);
	assert_int_equal(answer_of(w, 100, &a), 0);
	phone_wire_free(&w);
}

/* ---- waiting ---- */

static struct phone *waiting_phone(const char *user, enum eas_version v, unsigned heartbeat_s)
{
	struct phone *ph = scene_synced_phone(user, "WAIT1", v);
	const char *id = scene_inbox(ph)->id;

	ph->resends = false;
	SCENE_OK(ph, phone_ping_send(ph, heartbeat_s, &id, 1));
	return ph;
}

static bool went_away(void *user)
{
	return is_logged(user, " command=Ping http=0 ");
}

static void a_phone_that_hangs_up_is_noticed(void **state)
{
	const char *user = scene_user();
	struct phone *ph = waiting_phone(user, EAS_14_1, 60);

	(void)state;
	poll(NULL, 0, 200);
	phone_hang_up(ph);
	assert_true(bed_wait(went_away, (void *)(uintptr_t)user, 2000));
}

static void what_comes_behind_a_waiting_request_is_served_after_it(void **state)
{
	const char *user = scene_user();
	struct phone *ph = waiting_phone(user, EAS_14_1, 2);
	struct phone_answer a;
	size_t changed;

	(void)state;
	poll(NULL, 0, 200);
	assert_int_equal(
	    phone_wire_send(ph->wire, BYTES("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), 1000), ERR_OK);
	SCENE_OK(ph, phone_ping_receive(ph, 2, NULL, 0, &changed));
	assert_int_equal(ph->status, 1);
	assert_int_equal(answer_of(ph->wire, 2000, &a), 200);
	assert_bytes_str(a.body, "ok\n");
}

static void the_connection_goes_on_after_a_wait(void **state)
{
	const char *user = scene_user();
	struct phone *ph = waiting_phone(user, EAS_14_1, 1);
	size_t changed;

	(void)state;
	SCENE_OK(ph, phone_ping_receive(ph, 1, NULL, 0, &changed));
	SCENE_OK(ph, phone_folder_sync(ph, NULL)); /* and without connecting anew: resends is off */
	assert_true(is_logged(user, " command=Ping status=1 http=200 "));
}

int main(void)
{
	static const char *const settings[] = { "limits.max_body=2M", "limits.read_timeout=2s",
		"eas.versions=12.1, 14.0, 14.1, 16.1", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .services = "dovecot,redis", .settings = settings });
	TEST_ADD_ROWS(refused, refused_cases);
	TEST_ADD(the_answer_has_the_id_of_its_line_in_the_log);
	TEST_ADD_ROWS(tls, tls_cases);
	TEST_ADD_ROWS(stranger, stranger_cases);
	TEST_ADD(a_body_of_more_than_max_body_is_refused);
	TEST_ADD(a_slow_sender_is_cut_off);
	TEST_ADD(a_phone_that_hangs_up_is_noticed);
	TEST_ADD(what_comes_behind_a_waiting_request_is_served_after_it);
	TEST_ADD(the_connection_goes_on_after_a_wait);
	failed = test_run("http front");
	scene_close();
	return failed;
}
