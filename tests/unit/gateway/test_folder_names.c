#include "sync/folder_names.h"
#include "testing.h"

/* Special folders by their names alone. */
static const struct name_case {
	const char *name;
	enum folder_type want;
} name_cases[] = {
	{ "Drafts", FOLDER_DRAFTS },
	{ "dRAFTS", FOLDER_DRAFTS },
	{ "Entwürfe", FOLDER_DRAFTS },
	{ "Πρόχειρα", FOLDER_DRAFTS },
	{ "草稿箱", FOLDER_DRAFTS },
	{ "Sent Messages", FOLDER_SENT },
	{ "Éléments envoyés", FOLDER_SENT },
	{ "Elküldött elemek", FOLDER_SENT },
	{ "보낸 편지함", FOLDER_SENT },
	{ "العناصر المرسلة", FOLDER_SENT },
	{ "Papierkorb", FOLDER_TRASH },
	{ "Çöp Kutusu", FOLDER_TRASH },
	{ "ごみ箱", FOLDER_TRASH },
	{ "Удалённые", FOLDER_TRASH },
	{ "", FOLDER_USER_MAIL },
	{ "Sent by me", FOLDER_USER_MAIL },
	{ "Trash/Sent", FOLDER_USER_MAIL },
	{ "Projects", FOLDER_USER_MAIL },
	{ "Archive", FOLDER_USER_MAIL },
};

static void name(const struct name_case *c)
{
	size_t rank;

	assert_int_equal(folder_type_of_name(bytes_str(c->name), &rank), c->want);
}
TEST_ROW(name)

/* What is made under a default name is found again by it. */
static void defaults(void **state)
{
	static const enum folder_type types[] = { FOLDER_DRAFTS, FOLDER_SENT, FOLDER_TRASH };

	size_t rank, other;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		assert_int_equal(
		    folder_type_of_name(bytes_str(folder_default_name(types[i])), &rank), types[i]);
	assert_int_equal(folder_type_of_name(BYTES("Trash"), &rank), FOLDER_TRASH);
	assert_int_equal(folder_type_of_name(BYTES("Deleted"), &other), FOLDER_TRASH);
	assert_true(rank < other);
	assert_string_equal(folder_default_name(FOLDER_SENT), "Sent");
	assert_string_equal(folder_default_name(FOLDER_USER_MAIL), "");
}

int main(void)
{
	TEST_ADD_ROWS(name, name_cases);
	TEST_ADD(defaults);
	return test_run("folder_names");
}
