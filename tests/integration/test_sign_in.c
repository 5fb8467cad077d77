/* Who may come in: passwords, their odd letters, and what a stranger learns. */
#include "scene.h"

static struct phone *with_password(const char *user, const char *password)
{
	return phone_new(&(struct phone_config){ .url = scene_env("EASGATE_URL"),
	    .user = user,
	    .password = password,
	    .ca_file = scene_env("CA_FILE"),
	    .device_id = "DOOR",
	    .version = EAS_14_1 });
}

static const struct door_case {
	const char *name, *user, *password;
	enum err want;
} door_cases[] = {
	{ "right", "alice@example.org", "alice-pw", ERR_OK },
	{ "wrong password", "alice@example.org", "bob-pw", ERR_AUTH },
	{ "empty password", "alice@example.org", " ", ERR_AUTH },
	{ "no such user", "nobody@example.org", "alice-pw", ERR_AUTH },
	{ "umlauts, colon, blank and percent", "dora@example.org", "pä:ss wörd%41", ERR_OK },
	{ "the same in ISO-8859-1 (Outlook)", "dora@example.org", "p\xe4:ss w\xf6rd%41", ERR_OK },
	{ "almost these", "dora@example.org", "pä:ss wördA", ERR_AUTH },
	{ "another's name in quotes", "bob@example.org\" x", "bob-pw", ERR_AUTH },
};

static void at_the_door(const struct door_case *c)
{
	struct phone *ph = with_password(c->user, c->password);

	SCENE_ERR(ph, phone_setup(ph), c->want);
	if (c->want == ERR_AUTH)
		assert_true(
		    bytes_starts_nocase(phone_answer_header(&ph->reply, "WWW-Authenticate"), "Basic"));
	phone_free(&ph);
}
TEST_ROW(at_the_door)

/* Refusal looks the same for a wrong password and for a user that isn't there. */
static void strangers_learn_nothing(void **state)
{
	struct phone *wrong = with_password("bob@example.org", "not it"),
		     *none = with_password("nobody2@example.org", "not it");
	struct phone_offer offer;

	(void)state;
	SCENE_ERR(wrong, phone_options(wrong, &offer), ERR_AUTH);
	SCENE_ERR(none, phone_options(none, &offer), ERR_AUTH);
	assert_bytes_equal(wrong->reply.body, none->reply.body);
	assert_int_equal(wrong->reply.status, none->reply.status);
	phone_free(&wrong);
	phone_free(&none);
}

static void a_password_that_changes_is_noticed(void **state)
{
	struct phone *ph = with_password("erin@example.org", "erin-pw");

	(void)state;
	SCENE_OK(ph, phone_setup(ph));
	free(ph->password);
	ph->password = strdup("no longer");
	SCENE_ERR(ph, phone_folder_sync(ph, NULL), ERR_AUTH); /* the same connection is no passport */
	phone_free(&ph);
}

/* The last test: it shuts the door for this account. */
static void guessing_is_slowed(void **state)
{
	struct phone *ph = with_password("carol@example.org", "guess");
	struct phone_offer offer;
	enum err e = ERR_AUTH;

	(void)state;
	for (unsigned i = 0; i < 12 && e == ERR_AUTH; i++) {
		ph->password[0] = (char)('a' + i); /* the same guess again is no further one */
		e = phone_options(ph, &offer);
	}
	free(ph->password);
	ph->password = strdup("carol-pw");
	e = phone_options(ph, &offer);
	assert_int_not_equal(e, ERR_OK); /* the right one comes too late */
	phone_free(&ph);
}

int main(void)
{
	static const char *const settings[] = { "auth.fails_per_account=8", "auth.fails_per_address=100",
		NULL };
	int failed;

	scene_open(&(struct bed_opts){ .services = "dovecot,redis", .users = 5, .settings = settings });
	TEST_ADD_ROWS(at_the_door, door_cases);
	TEST_ADD(strangers_learn_nothing);
	TEST_ADD(a_password_that_changes_is_noticed);
	TEST_ADD(guessing_is_slowed);
	failed = test_run("sign in");
	scene_close();
	return failed;
}
