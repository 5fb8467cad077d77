#include "sync/folder_display.h"
#include "testing.h"

enum { MOST = 5 };

/* Folders at the top, or below folder 1, and the names that they are shown by. */
static const struct display_case {
	const char *name, *prefix;
	struct one {
		uint32_t parent;
		enum folder_type type;
		const char *mailbox, *display, *want;
	} v[MOST];
} display_cases[] = {
	{ "all different", "",
	    { { 0, FOLDER_INBOX, "INBOX", "Inbox", "Inbox" }, { 0, FOLDER_USER_MAIL, "a", "a", "a" },
		{ 2, FOLDER_USER_MAIL, "a/a", "a", "a" }, { 0, FOLDER_USER_MAIL, "b", "b", "b" } } },
	{ "a mailbox with the Outbox's name", "",
	    { { 0, FOLDER_USER_MAIL, "Outbox", "Outbox", "Outbox (2)" },
		{ 0, FOLDER_OUTBOX, "", "Outbox", "Outbox" } } },
	{ "one with the inbox's name below it", "INBOX.",
	    { { 0, FOLDER_INBOX, "INBOX", "Inbox", "Inbox" },
		{ 0, FOLDER_USER_MAIL, "INBOX.Inbox", "Inbox", "Inbox (2)" },
		{ 0, FOLDER_USER_MAIL, "INBOX.inbox", "inbox", "inbox (3)" } } },
	{ "the number is taken, too", "",
	    { { 0, FOLDER_USER_MAIL, "x", "x", "x" }, { 0, FOLDER_USER_MAIL, "X", "X", "X (3)" },
		{ 0, FOLDER_USER_MAIL, "x (2)", "x (2)", "x (2)" } } },
	{ "those above aren't listed", "",
	    { { 0, FOLDER_USER_MAIL, "shared/ann/Team", "Team", "Team (shared/ann)" },
		{ 0, FOLDER_USER_MAIL, "shared/bob/Team", "Team", "Team (shared/bob)" },
		{ 0, FOLDER_USER_MAIL, "Team", "Team", "Team" } } },
	{ "those between aren't listed", "",
	    { { 0, FOLDER_USER_MAIL, "top", "top", "top" }, { 1, FOLDER_USER_MAIL, "top/a/x", "x", "x" },
		{ 1, FOLDER_USER_MAIL, "top/b/x", "x", "x (b)" } } },
	{ "the path is taken, too", "",
	    { { 0, FOLDER_USER_MAIL, "a/x", "x", "x (2)" }, { 0, FOLDER_USER_MAIL, "x", "x", "x" },
		{ 0, FOLDER_USER_MAIL, "x (a)", "x (a)", "x (a)" } } },
	{ "no separator", "",
	    { { 0, FOLDER_USER_MAIL, "a/x", "x", "x" }, { 0, FOLDER_USER_MAIL, "x", "x", "x (2)" } } },
};

static struct folder_list list_of(const struct display_case *c, struct folder *v)
{
	struct folder_list l = { .v = v, .prefix = bytes_str(c->prefix) };

	for (; l.n < MOST && c->v[l.n].mailbox; l.n++)
		v[l.n] = (struct folder){ .id = (uint32_t)l.n + 1,
			.parent = c->v[l.n].parent,
			.type = c->v[l.n].type,
			.mailbox = bytes_str(c->v[l.n].mailbox),
			.separator = !strcmp(c->name, "no separator") ? 0
				     : c->prefix[0]                   ? '.'
								      : '/',
			.display = bytes_str(c->v[l.n].display) };
	return l;
}

static void display(const struct display_case *c)
{
	struct folder v[MOST];
	struct folder_list l = list_of(c, v);

	assert_int_equal(folders_tell_apart(test_arena(), &l), ERR_OK);
	for (size_t i = 0; i < l.n; i++) {
		assert_bytes_str(v[i].display, c->v[i].want);
		assert_ptr_equal(folders_by_display(&l, v[i].parent, v[i].display), &v[i]);
	}
}
TEST_ROW(display)

/* As long as they may be: the number has room. */
static void long_names(void **state)
{
	char name[300];
	struct folder v[2] = { { .id = 1, .type = FOLDER_USER_MAIL }, { .id = 2, .type = FOLDER_USER_MAIL } };
	struct folder_list l = { .v = v, .n = 2 };

	(void)state;
	memset(name, 'x', sizeof(name));
	for (size_t i = 0; i < 2; i++) {
		v[i].mailbox = bytes_of((uint8_t *)name, sizeof(name));
		v[i].display = bytes_of((uint8_t *)name, 256);
	}
	assert_int_equal(folders_tell_apart(test_arena(), &l), ERR_OK);
	assert_int_equal(v[0].display.len, 256);
	assert_true(v[1].display.len <= 256);
	assert_null(memchr(v[0].display.p, '(', v[0].display.len));
	assert_non_null(memchr(v[1].display.p, '(', v[1].display.len));
}

int main(void)
{
	TEST_ADD_ROWS(display, display_cases);
	TEST_ADD(long_names);
	return test_run("folder_display");
}
