#include "testing.h"
#include "eas/autodiscover.h"

#define REQUEST_NS "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
#define WANTED "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
#define OPEN "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"" REQUEST_NS "\">"
#define SCHEMA "<AcceptableResponseSchema>" WANTED "</AcceptableResponseSchema>"
#define EMAIL "<EMailAddress>user@example.org</EMailAddress>"
#define CLOSE "</Autodiscover>"

static const struct request_case {
	const char *name, *body;
	enum err want;
	int code;
	const char *email;
} request_cases[] = {
	{ "as documented", OPEN "<Request>" EMAIL SCHEMA "</Request>" CLOSE, ERR_OK, 0, "user@example.org" },
	{ "other order and white space",
	    OPEN "\n <Request>\n  " SCHEMA
		 "<EMailAddress>\n user@example.org </EMailAddress>\n</Request>\n" CLOSE "\n",
	    ERR_OK, 0, "user@example.org" },
	{ "no declaration, no namespace", "<Autodiscover><Request>" EMAIL SCHEMA "</Request></Autodiscover>",
	    ERR_OK, 0, "user@example.org" },
	{ "a prefix",
	    "<a:Autodiscover xmlns:a='" REQUEST_NS "'><a:Request><a:EMailAddress>u@x.org</a:EMailAddress>"
	    "<a:AcceptableResponseSchema>" WANTED
	    "</a:AcceptableResponseSchema></a:Request></a:Autodiscover>",
	    ERR_OK, 0, "u@x.org" },
	{ "CDATA",
	    OPEN "<Request><EMailAddress><![CDATA[user@example.org]]></EMailAddress>" SCHEMA
		 "</Request>" CLOSE,
	    ERR_OK, 0, "user@example.org" },
	{ "character references",
	    OPEN "<Request><EMailAddress>user&#64;example.org&amp;</EMailAddress>" SCHEMA "</Request>" CLOSE,
	    ERR_OK, 0, "user@example.org&" },
	{ "other elements around", OPEN "<X/><Request><Y>z</Y>" EMAIL SCHEMA "</Request>" CLOSE, ERR_OK, 0,
	    "user@example.org" },
	{ "a user name in place of an address",
	    OPEN "<Request><EMailAddress>user</EMailAddress>" SCHEMA "</Request>" CLOSE, ERR_OK, 0, "user" },
	{ "Outlook's schema",
	    OPEN "<Request>" EMAIL "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/"
		 "autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request>" CLOSE,
	    ERR_UNSUPPORTED, 601, NULL },
	{ "two requests", OPEN "<Request>" EMAIL SCHEMA "</Request><Request>" EMAIL SCHEMA "</Request>" CLOSE,
	    ERR_PROTO, 600, NULL },
	{ "no request", OPEN CLOSE, ERR_PROTO, 600, NULL },
	{ "no address", OPEN "<Request>" SCHEMA "</Request>" CLOSE, ERR_PROTO, 600, NULL },
	{ "an empty address", OPEN "<Request><EMailAddress/>" SCHEMA "</Request>" CLOSE, ERR_PROTO, 600,
	    NULL },
	{ "an address with a blank",
	    OPEN "<Request><EMailAddress>a b</EMailAddress>" SCHEMA "</Request>" CLOSE, ERR_PROTO, 600,
	    NULL },
	{ "no schema", OPEN "<Request>" EMAIL "</Request>" CLOSE, ERR_PROTO, 600, NULL },
	{ "another root", "<Other><Request>" EMAIL SCHEMA "</Request></Other>", ERR_PROTO, 600, NULL },
	{ "not well-formed", OPEN "<Request>" EMAIL SCHEMA, ERR_PROTO, 600, NULL },
	{ "no XML", "hello", ERR_PROTO, 600, NULL },
	{ "empty", "", ERR_PROTO, 600, NULL },
	{ "an entity of its own",
	    "<!DOCTYPE a [<!ENTITY e "
	    "\"x@y.org\">]><Autodiscover><Request><EMailAddress>&e;</EMailAddress>" SCHEMA
	    "</Request></Autodiscover>",
	    ERR_PROTO, 600, NULL },
	{ "an entity from a file",
	    "<!DOCTYPE a [<!ENTITY e SYSTEM "
	    "\"file:///etc/hostname\">]><Autodiscover><Request><EMailAddress>&e;</EMailAddress>" SCHEMA
	    "</Request></Autodiscover>",
	    ERR_PROTO, 600, NULL },
	{ "a harmless document type",
	    "<!DOCTYPE a><Autodiscover><Request>" EMAIL SCHEMA "</Request></Autodiscover>", ERR_PROTO, 600,
	    NULL },
	{ "billions of laughs",
	    "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
	    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">"
	    "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">"
	    "<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\"><!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;\">]>"
	    "<Autodiscover><Request><EMailAddress>&h;</EMailAddress>" SCHEMA "</Request></Autodiscover>",
	    ERR_PROTO, 600, NULL },
};

static void request(const struct request_case *c)
{
	struct autodiscover_request r = { 0 };
	int code;

	assert_int_equal(autodiscover_parse(test_arena(), test_copy(bytes_str(c->body)), &r, &code), c->want);
	if (c->want)
		assert_int_equal(code, c->code);
	else
		assert_bytes_str(r.email, c->email);
}
TEST_ROW(request)

static void request_limits(void **state)
{
	static char deep[AUTODISCOVER_MAX_BODY + 2];
	struct autodiscover_request r;
	struct arena *none = arena_new(0);
	int code;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(deep); i += 3)
		memcpy(deep + i, "<a>", 3);
	assert_int_equal(
	    autodiscover_parse(test_arena(), bytes_of(deep, AUTODISCOVER_MAX_BODY), &r, &code), ERR_PROTO);
	assert_int_equal(
	    autodiscover_parse(test_arena(), bytes_of(deep, AUTODISCOVER_MAX_BODY + 1), &r, &code),
	    ERR_LIMIT);
	assert_int_equal(autodiscover_parse(none, bytes_str(request_cases[0].body), &r, &code), ERR_LIMIT);
	arena_free(&none);
}

static struct bytes done(const struct buf *b)
{
	struct bytes out = { 0 };

	assert_int_equal(buf_done(b, &out), ERR_OK);
	return out;
}

#define HEAD                                                                 \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover xmlns=\"" \
	"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">"

/* The answers; where ../shared is there, they are also held against Microsoft's schema. */
static struct bytes answer(int which)
{
	const struct autodiscover_user user = { BYTES("en:us"),
		BYTES("A <&\"> \x01\xFF"
		      "B"),
		BYTES("user@example.org") };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	if (which == 0)
		autodiscover_put_settings(
		    &b, &user, BYTES("https://mail.example.org/Microsoft-Server-ActiveSync"));
	else
		autodiscover_put_error(
		    &b, AUTODISCOVER_INVALID_REQUEST, INT64_C(1795525200123456), 1054084152);
	return done(&b);
}

static void xml_answers(void **state)
{
	(void)state;
	assert_bytes_str(answer(0), HEAD
	    "<Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
	    "responseschema/2006\"><Culture>en:us</Culture><User><DisplayName>A &lt;&amp;&quot;&gt; "
	    "\xEF\xBF\xBD"
	    "B"
	    "</DisplayName><EMailAddress>user@example.org</EMailAddress></User><Action><Settings><Server>"
	    "<Type>MobileSync</Type><Url>https://mail.example.org/Microsoft-Server-ActiveSync</Url>"
	    "<Name>https://mail.example.org/Microsoft-Server-ActiveSync</Name></Server></Settings></Action>"
	    "</Response></Autodiscover>\n");
	assert_bytes_str(answer(1), HEAD
	    "<Response><Error Time=\"13:00:00.1234560\" Id=\"1054084152\"><ErrorCode>600"
	    "</ErrorCode><Message>Invalid Request</Message><DebugData/></Error></Response></Autodiscover>\n");
}

static void xml_answers_fit_the_schema(void **state)
{
	char command[512], dir[] = "/tmp/easgate-autodiscover-XXXXXX";
	const char *validate = test_shared("spec/xsd/validate.py");
	int rc;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 2; i++) {
		struct bytes text = answer(i);
		FILE *f;

		snprintf(command, sizeof(command), "%s/%d.xml", dir, i);
		f = fopen(command, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(text.p, 1, text.len, f), text.len);
		fclose(f);
	}
	snprintf(command, sizeof(command), "python3 %s %s/*.xml", validate, dir);
	rc = system(command);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(rc, 0);
}

static void json_answers(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	autodiscover_put_json(
	    &b, BYTES("ActiveSync"), BYTES("https://mail.example.org/Microsoft-Server-ActiveSync"));
	assert_bytes_str(done(&b),
	    "{\"Protocol\":\"ActiveSync\",\"Url\":\"https://mail.example.org/Microsoft-Server-ActiveSync\"}");
	buf_init(&b, test_arena(), 0);
	autodiscover_put_json_error(&b, "InvalidProtocol", "The value 'a\"\\\n\xC3\xA4\xFF' is invalid.");
	assert_bytes_str(done(&b), "{\"ErrorCode\":\"InvalidProtocol\",\"ErrorMessage\":"
				   "\"The value 'a\\\"\\\\\\u000a\xC3\xA4\xEF\xBF\xBD' is invalid.\"}");
}

int main(void)
{
	TEST_ADD_ROWS(request, request_cases);
	TEST_ADD(request_limits);
	TEST_ADD(xml_answers);
	TEST_ADD(xml_answers_fit_the_schema);
	TEST_ADD(json_answers);
	return test_run("autodiscover");
}
