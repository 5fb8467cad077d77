/* How sign-ins are remembered, counted and checked again. What odd names and passwords do: test_sign_in.c. */
#include <poll.h>

#include "scene.h"

static struct phone *phone_of(const char *user, const char *password, const char *device)
{
	return phone_new(&(struct phone_config){ .url = scene_env("EASGATE_URL"),
	    .user = user,
	    .password = password,
	    .ca_file = scene_env("CA_FILE"),
	    .device_id = device,
	    .version = EAS_14_1 });
}

static int options_status(struct phone *ph)
{
	struct phone_offer offer;

	(void)!phone_options(ph, &offer);
	return ph->reply.status;
}

/* The same account, however its name is written. */
static const struct spelling_case {
	const char *name, *user;
} spelling_cases[] = {
	{ "address", "alice@example.org" },
	{ "short", "alice" },
	{ "capitals", "Alice@Example.ORG" },
	{ "Windows domain", "CORP\\alice" },
	{ "DNS domain before a backslash", "example.org\\alice" },
	{ "Windows domain and address", "CORP\\alice@example.org" },
};
static void spelling(const struct spelling_case *c)
{
	struct phone *ph = phone_of(c->user, "alice-pw", "SPELL1");

	SCENE_OK(ph, phone_setup(ph));
	phone_free(&ph);
}
TEST_ROW(spelling)

static unsigned logins_of(const char *user)
{
	struct bytes log = test_file(scene_env("DOVECOT_LOG")), line;
	char wanted[128];
	unsigned n = 0;

	snprintf(wanted, sizeof(wanted), "Login: user=<%s>", user);
	while (bytes_split(&log, '\n', &line))
		n += memmem(line.p, line.len, wanted, strlen(wanted)) != NULL;
	return n;
}

/* A phone opens several connections at once: they wait for one and the same login. */
static void requests_at_the_same_time_share_one_login(void **state)
{
	enum { PHONES = 6 };
	struct phone *ph[PHONES];
	const char *user = "carol@example.org";

	(void)state;
	assert_int_equal(logins_of(user), 0);
	for (int i = 0; i < PHONES; i++) {
		ph[i] = phone_of(user, "carol-pw", "SHARE1");
		ph[i]->provisions = false;
		(void)phone_request(ph[i]);
	}
	for (int i = 0; i < PHONES; i++)
		SCENE_OK(ph[i], phone_command_send(ph[i], CMD_FOLDER_SYNC, NULL));
	for (int i = 0; i < PHONES; i++) {
		(void)!phone_command_receive(ph[i], 0);
		assert_int_equal(ph[i]->reply.status, 200);
		phone_free(&ph[i]);
	}
	assert_int_equal(logins_of(user), 1);
}

/* A password that was right a moment ago needs no IMAP server; one that nobody has seen yet is neither right nor wrong. */
static void while_imap_is_down_nobody_is_asked_for_a_password(void **state)
{
	struct phone *known = phone_of("bob@example.org", "bob-pw", "DOWN1"),
		     *unknown = phone_of("dora@example.org", "pä:ss wörd%41", "DOWN2");

	(void)state;
	assert_int_equal(options_status(known), 200);
	assert_true(bed_service_stop(scene_bed(), "dovecot"));
	assert_int_equal(options_status(known), 200);
	assert_int_equal(options_status(unknown), 503);
	assert_true(phone_answer_header(&unknown->reply, "Retry-After").len > 0);
	assert_true(bed_service_restart(scene_bed(), "dovecot"));
	assert_int_equal(options_status(unknown), 200);
	phone_free(&known);
	phone_free(&unknown);
}

static void while_redis_is_down_nobody_is_asked_for_a_password(void **state)
{
	struct phone *ph = phone_of("erin@example.org", "wrong", "DOWN3");
	struct phone *health = phone_of("erin@example.org", "wrong", "DOWN3");
	int status = 503;

	(void)state;
	assert_true(bed_service_stop(scene_bed(), "redis"));
	assert_int_equal(options_status(ph), 503);
	(void)!phone_http(health, "GET", "/healthz", NULL, bytes_of(NULL, 0));
	assert_int_equal(health->reply.status, 503);
	assert_true(bed_service_restart(scene_bed(), "redis"));
	for (int i = 0; i < 100 && status == 503; i++) {
		poll(NULL, 0, 50);
		status = options_status(ph);
	}
	assert_int_equal(status, 401);
	phone_free(&ph);
	phone_free(&health);
}

/* A phone with an old password tries it again and again: that is one wrong guess, not many. */
static void the_same_wrong_password_counts_once(void **state)
{
	struct phone *ph = phone_of("dora@example.org", "old", "OLD1"),
		     *right = phone_of("dora@example.org", "pä:ss wörd%41", "OLD2");

	(void)state;
	for (int i = 0; i < 12; i++)
		assert_int_equal(options_status(ph), 401);
	assert_int_equal(options_status(right), 200);
	phone_free(&ph);
	phone_free(&right);
}

/* ---- places: behind a proxy that says where a client is ---- */

static int status_from(const char *user, const char *password, const char *address)
{
	char url[64], header[96];
	struct phone *ph;
	int status;

	snprintf(url, sizeof(url), "http://127.0.0.1:%s", scene_env("EASGATE_PLAIN_PORT"));
	snprintf(header, sizeof(header), "X-Forwarded-For: %s\r\n", address);
	ph = phone_new(&(struct phone_config){
	    .url = url, .user = user, .password = password, .device_id = "PLACE1", .version = EAS_14_1 });
	(void)!phone_http(ph, "OPTIONS", "/Microsoft-Server-ActiveSync", header, bytes_of(NULL, 0));
	status = ph->reply.status;
	phone_free(&ph);
	return status;
}

/* Guesses from there until it is told to stop. */
static int guess_from(const char *user, const char *address, int times)
{
	char password[32];
	int status = 401;

	for (int i = 0; i < times && status == 401; i++) {
		snprintf(password, sizeof(password), "%.15s %d", address, i);
		status = status_from(user, password, address);
	}
	return status;
}

/* Nor does he after a restart, or with a worker that hasn't seen the owner yet. */
static void at_home_the_owner_is_let_in_by_any_worker(void **state)
{
	const char *user = scene_user(), *password = bed_password(scene_bed(), user);

	(void)state;
	assert_int_equal(status_from(user, password, "192.0.2.10"), 200);
	assert_int_equal(guess_from(user, "198.51.100.1", 12), 503);
	assert_true(bed_service_restart(scene_bed(), "easgate"));
	assert_int_equal(status_from(user, password, "203.0.113.5"), 503);
	assert_int_equal(status_from(user, password, "192.0.2.10"), 200);
}

/* Being at the owner's place is no licence: guesses have a count of their own there. */
static void at_home_guessing_is_slowed_too(void **state)
{
	const char *user = scene_user(), *password = bed_password(scene_bed(), user);

	(void)state;
	assert_int_equal(status_from(user, password, "192.0.2.11"), 200);
	assert_int_equal(guess_from(user, "192.0.2.11", 12), 503);
}

/* Others behind the same address aren't shut out with it, as long as it stays at that. */
static void one_account_that_is_shut_shuts_no_other_of_its_address(void **state)
{
	const char *shut = scene_user(), *other = scene_user();

	(void)state;
	assert_int_equal(guess_from(shut, "192.0.2.12", 12), 503);
	assert_int_equal(status_from(other, bed_password(scene_bed(), other), "192.0.2.12"), 200);
}

static const struct network_case {
	const char *name, *before, *behind; /* the number of the guess in an address */
	int last;                           /* what the 31st guess is told, at another account each time */
} network_cases[] = {
	{ "addresses of one IPv6 customer", "2001:db8:0:1::", "", 503 },
	{ "as many IPv6 customers", "2001:db8:1:", "::1", 401 },
	{ "as many IPv4 addresses", "192.0.2.", "", 401 },
};
static void so_many_guesses_from(const struct network_case *c)
{
	char user[64], address[64];
	int status = 0;

	for (int i = 0; i < 31; i++) {
		snprintf(user, sizeof(user), "nobody%d@example.org", i);
		snprintf(address, sizeof(address), "%s%d%s", c->before, 100 + i, c->behind);
		status = status_from(user, c->name, address);
		if (i < 29)
			assert_int_equal(status, 401);
	}
	assert_int_equal(status, c->last);
}
TEST_ROW(so_many_guesses_from)

/* The account is shut for guesses, but not for a phone that was in before. The last test. */
static void a_stranger_who_guesses_does_not_lock_the_owner_out(void **state)
{
	struct phone *owner = phone_of("alice@example.org", "alice-pw", "OWNER1");
	char password[32];
	int status = 401;

	(void)state;
	assert_int_equal(options_status(owner), 200);
	for (int i = 0; i < 12 && status == 401; i++) {
		struct phone *stranger;

		snprintf(password, sizeof(password), "guess %d", i);
		stranger = phone_of("alice@example.org", password, "GUESS1");
		status = options_status(stranger);
		phone_free(&stranger);
	}
	assert_int_equal(status, 503);
	poll(NULL, 0, 3200); /* beyond auth.cache: the owner's password is checked again */
	assert_int_equal(options_status(owner), 200);
	phone_free(&owner);
}

int main(void)
{
	static const char *const settings[] = { "auth.fails_per_account=6", "auth.fails_per_address=30",
		"auth.cache=3s", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .services = "dovecot,redis", .users = 10, .settings = settings });
	TEST_ADD(requests_at_the_same_time_share_one_login);
	TEST_ADD_ROWS(spelling, spelling_cases);
	TEST_ADD(while_imap_is_down_nobody_is_asked_for_a_password);
	TEST_ADD(while_redis_is_down_nobody_is_asked_for_a_password);
	TEST_ADD(the_same_wrong_password_counts_once);
	TEST_ADD(at_home_the_owner_is_let_in_by_any_worker);
	TEST_ADD(at_home_guessing_is_slowed_too);
	TEST_ADD(one_account_that_is_shut_shuts_no_other_of_its_address);
	TEST_ADD_ROWS(so_many_guesses_from, network_cases);
	TEST_ADD(a_stranger_who_guesses_does_not_lock_the_owner_out);
	failed = test_run("sign-ins remembered");
	scene_close();
	return failed;
}
