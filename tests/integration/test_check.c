/* `easgate check` and the other words of the command line: what an administrator reads. */
#include <sys/wait.h>

#include "scene.h"

/* Names in braces are replaced by the bed's values. */
static void expand(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (const char *p = text; *p && n + 1 < size; p++) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		char key[64];

		if (!end) {
			out[n++] = *p;
			continue;
		}
		snprintf(key, sizeof(key), "%.*s", (int)(end - p - 1), p + 1);
		n += (size_t)snprintf(out + n, size - n, "%s", scene_env(key));
		p = end;
	}
	out[n] = '\0';
}

/* Runs the program of this build with the bed's config, a word changed in it; what it prints, and its exit status. */
static const char *run(const char *sed, const char *args, int *status)
{
	char command[1024], change[512];
	char *out = test_keep(16 * 1024);
	size_t n;
	FILE *p;

	expand(sed, change, sizeof(change));
	snprintf(command, sizeof(command),
	    "sed '%s' %s > %s/check.conf && EASGATE_PASSWORD=%s %s/easgate -c %s/check.conf %s 2>&1", change,
	    scene_env("EASGATE_CONF"), scene_env("BED"), "alice-pw", getenv("B") ? getenv("B") : "build",
	    scene_env("BED"), args);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, 16 * 1024 - 1, p);
	out[n] = '\0';
	*status = WEXITSTATUS(pclose(p));
	return out;
}

/* Certificate and key from that file of the bed. */
#define SED_PEM(file)                                   \
	"s|^certificate = .*|certificate = {BED}/" file \
	"|; s|^certificate_key = .*|certificate_key = {BED}/" file "|"

static const struct check_case {
	const char *name, *sed, *args;
	int status;
	const char *says;
} check_cases[] = {
	{ "all is well", "", "check", 0, "all is well" },
	{ "with a login", "", "check --user alice", 0, "alice@example.org is logged in" },
	{ "a name without its domain", "s/^default_domain.*/default_domain =/", "check --user alice", 1,
	    "refuses the user \"alice\"" },
	{ "no IMAP there", "s/^server = 127.0.0.1:.*/server = 127.0.0.1:1/", "check", 1, "WRONG  IMAP" },
	{ "IMAP without TLS", "s/^tls = plain/tls = tls/", "check", 1, "set tls = starttls" },
	{ "SMTP's certificate", "/^ca_file/d", "check", 1, "Its certificate is refused" },
	{ "another server there", "s/^server = 127.0.0.1:.*/server = 127.0.0.1:{MOCKSMTP_PORT}/", "check", 1,
	    "what answers there is no IMAP server" },
	{ "another's password", "", "check --user bob", 1, "refuses the user \"bob@example.org\"" },
	{ "no SMTP there", "s/^server = localhost:.*/server = localhost:1/", "check", 1, "WRONG  SMTP" },
	{ "how many things", "s/^server = \\(.*\\):.*/server = \\1:1/", "check", 1, "2 things to mend" },
	{ "no Redis there", "s/^store = .*/store = redis:\\/\\/127.0.0.1:1\\/0/", "check", 1,
	    "WRONG  store" },
	{ "no redis-server program", "s/^store = .*/store = embedded\\nredis_server = \\/nonexistent/",
	    "check", 1, "is not there" },
	{ "no certificate in the file", "s/^certificate = .*/certificate = \\/etc\\/passwd/", "check", 1,
	    "cannot use the certificate" },
	{ "another name", "s/^\\[server\\]/[server]\\npublic_url = https:\\/\\/mail.example.net/", "check", 1,
	    "it is not for mail.example.net" },
	{ "another certificate's key", "s|^certificate = .*|certificate = {BED}/soon.pem|", "check", 1,
	    "key values mismatch" },
	{ "a certificate that ends soon", SED_PEM("soon.pem"), "check", 0, "it expires in 1 days" },
	{ "a certificate that has ended", SED_PEM("ended.pem"), "check", 1, "it has expired" },
	{ "its name", "s/^\\[server\\]/[server]\\npublic_url = https:\\/\\/localhost/", "check", 0,
	    "it is for localhost" },
	{ "a mistake in the config", "s/^drain/dran/", "check", 1, "there is no key \"dran\" in [server]" },
	{ "version", "", "--version", 0, "easgate 0." },
	{ "help", "", "--help", 0, "easgate [-c FILE] check" },
	{ "sample", "", "sample", 0, "#certificate_key = " },
	{ "an unknown word", "", "brew", 2, "see easgate --help" },
};
static void check(const struct check_case *c)
{
	int status;
	const char *out = run(c->sed, c->args, &status);

	if (status != c->status || !strstr(out, c->says))
		fail_msg("exit status %d, and it said: %s", status, out);
}
TEST_ROW(check)

static void make_certificate(const char *name, int days)
{
	char command[1024];

	snprintf(command, sizeof(command),
	    "cd %s && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
	    "/CN=localhost "
	    "-keyout key.pem -out request.pem 2>/dev/null && openssl x509 -req -in request.pem -signkey "
	    "key.pem "
	    "-days %d -out %s 2>/dev/null && cat key.pem >> %s",
	    scene_env("BED"), days, name, name);
	assert_int_equal(system(command), 0);
}

static void missing_extensions_are_named_with_their_cost(void **state)
{
	int status;
	const char *out = run("", "check --user alice", &status);

	(void)state;
	assert_non_null(strstr(out, "no NOTIFY"));
	assert_non_null(strstr(out, "no CONDSTORE"));
	assert_null(strstr(out, "no IDLE"));
}

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){
	    .services = "dovecot,redis,mocksmtp", .users = 5, .imap_hide = "NOTIFY,CONDSTORE,QRESYNC" });
	make_certificate("soon.pem", 2);
	make_certificate("ended.pem", -1);
	TEST_ADD_ROWS(check, check_cases);
	TEST_ADD(missing_extensions_are_named_with_their_cost);
	failed = test_run("easgate check");
	scene_close();
	return failed;
}
