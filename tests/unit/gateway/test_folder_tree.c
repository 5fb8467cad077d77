#include "sync/folder_tree.h"
#include "testing.h"

/* What stands in the way of deleting folder 1 with all below it; folder 9 is beside it. */
static const struct tree_case {
	const char *name;
	struct folder two; /* another one of the tree */
	bool special;
} tree_cases[] = {
	{ "mails below", { .parent = 1, .type = FOLDER_USER_MAIL, .exists = true }, false },
	{ "notes below", { .parent = 1, .type = FOLDER_USER_NOTES, .exists = true }, false },
	{ "a parent without mails", { .parent = 1, .type = FOLDER_GENERIC, .exists = true }, false },
	{ "a shared folder below", { .parent = 1, .type = FOLDER_USER_MAIL, .exists = true, .foreign = true },
	    false },
	{ "a shared folder that can't be seen itself",
	    { .parent = 1, .type = FOLDER_GENERIC, .exists = true, .foreign = true }, true },
	{ "Trash below", { .parent = 1, .type = FOLDER_TRASH, .exists = true }, true },
	{ "Trash far below", { .parent = 3, .type = FOLDER_TRASH, .exists = true }, true },
	{ "Trash that is to be made there", { .parent = 1, .type = FOLDER_TRASH }, false },
	{ "Trash elsewhere", { .parent = 9, .type = FOLDER_TRASH, .exists = true }, false },
	{ "Trash at the top", { .parent = 0, .type = FOLDER_TRASH, .exists = true }, false },
};

static void tree(const struct tree_case *c)
{
	struct folder v[] = { { .id = 1 }, { .id = 9 }, { .id = 3, .parent = 1 }, c->two };
	struct folder_list l = { .v = v, .n = 4 };

	for (size_t i = 0; i < 3; i++) {
		v[i].type = FOLDER_USER_MAIL;
		v[i].exists = true;
	}
	v[3].id = 2;
	for (size_t i = 0; i < 4; i++)
		v[i].mailbox = BYTES("a name");
	assert_int_equal(folder_tree_is_special(&l, &v[0]), c->special);
	v[0].type = FOLDER_INBOX;
	assert_true(folder_tree_is_special(&l, &v[0]));
}
TEST_ROW(tree)

int main(void)
{
	TEST_ADD_ROWS(tree, tree_cases);
	return test_run("folder_tree");
}
