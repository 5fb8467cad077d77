/* Mailboxes with very many mails, and very many mailboxes. */
#include "unit/backends/imap_scene.h"

enum { MANY = 100 * 1000 };

/* Newest first: each must not be moved to its place past all the others. */
static void many_main(struct scene *s)
{
	uint64_t since = loop_now_ms();
	struct imap_changes ch;

	log_in(s);
	select_inbox(s);
	assert_int_equal(imap_fetch_changes(s->c, s->a, 0, &ch), ERR_OK);
	assert_int_equal(ch.n, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(ch.v[i].uid, i + 1);
	assert_true(loop_now_ms() - since < 15000); /* by insertion it is 120 GB to move */
}

static void descending(void **state)
{
	char *text = malloc(MANY * 48), *at = text;
	struct scene s = { .run = many_main };

	(void)state;
	for (int uid = MANY; uid; uid--)
		at += sprintf(at, "* %d FETCH (UID %d FLAGS ())\r\n", uid, uid);
	strcpy(at, "$ OK x\r\n");
	s.mock.rules[0] = (struct imap_mock_rule){ .at = "UID FETCH", .say = text };
	imap_mock_start(&s.mock);
	on_fiber(scene_main, &s);
	imap_mock_stop(&s.mock);
	free(text);
}

enum { BOXES = 5000 };

/* Each answer is for one question, and finds it without a look at all the others. */
static void boxes_main(struct scene *s)
{
	struct bytes *names = arena_array(s->a, BOXES, sizeof(*names));
	struct imap_status *v = arena_array(s->a, BOXES, sizeof(*v));

	for (int i = 0; i < BOXES; i++)
		names[i] = bytes_str(arena_printf(s->a, "folder of many %d", i));
	names[BOXES - 1] = names[0]; /* asked for twice */
	log_in(s);
	assert_int_equal(imap_status_many(s->c, names, BOXES, v), ERR_OK);
	for (int i = 0; i < BOXES; i++)
		assert_true(v[i].known);
}

static void many_mailboxes(void **state)
{
	struct scene s = { .run = boxes_main };

	(void)state;
	imap_mock_start(&s.mock);
	on_fiber(scene_main, &s);
	imap_mock_stop(&s.mock);
}

/* 10,000 names, told twice over: none is looked for among all the others. */
static void listed_main(struct scene *s)
{
	uint64_t since = loop_now_ms();
	struct imap_mailboxes m;

	log_in(s);
	assert_int_equal(imap_list(s->c, s->a, false, &m), ERR_OK);
	assert_int_equal(m.n, BOXES * 2 + 1);
	assert_bytes_str(m.v[0].name, "INBOX");
	assert_bytes_str(m.v[BOXES * 2].name, "folder of many 9999");
	print_message("%zu mailboxes listed twice in %u ms\n", m.n, (unsigned)(loop_now_ms() - since));
	assert_true(
	    loop_now_ms() - since < 1500); /* by comparing each with each it is 150 million comparisons */
}

static void long_list(void **state)
{
	char *text = malloc(BOXES * 4 * 48 + 16), *at = text;
	struct scene s = { .run = listed_main };

	(void)state;
	for (int i = 0; i < BOXES * 4; i++)
		at += sprintf(at, "* LIST () \"/\" \"folder of many %d\"\r\n", i % (BOXES * 2));
	strcpy(at, "$ OK x\r\n");
	s.mock.rules[0] = (struct imap_mock_rule){ .at = "LIST", .say = text };
	imap_mock_start(&s.mock);
	on_fiber(scene_main, &s);
	imap_mock_stop(&s.mock);
	free(text);
}

int main(void)
{
	TEST_ADD(descending);
	TEST_ADD(many_mailboxes);
	TEST_ADD(long_list);
	return test_run("imap many");
}
