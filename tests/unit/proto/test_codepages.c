#include "testing.h"
#include "wbxml/codepages.h"

static const struct tag_case {
	const char *name;
	wbxml_tag tag;
	const char *page;
	bool opaque;
	uint8_t since, until;
} tag_cases[] = {
	{ "Sync", AIRSYNC_SYNC, "AirSync", false, 25, 161 },
	{ "HeartbeatInterval", AIRSYNC_HEARTBEAT_INTERVAL, "AirSync", false, 140, 161 },
	{ "Content", AIRSYNCBASE_CONTENT, "AirSyncBase", true, 160, 161 },
	{ "Mime", COMPOSEMAIL_MIME, "ComposeMail", true, 140, 161 },
	{ "ConversationId", EMAIL2_CONVERSATION_ID, "Email2", true, 140, 161 },
	{ "MaxPictures", FIND_MAX_PICTURES, "Find", false, 161, 161 },
	{ "AllowPOPIMAPEmail", PROVISION_ALLOW_POP_IMAP_EMAIL, "Provision", false, 121, 161 },
};

static void tag_info(const struct tag_case *c)
{
	const struct wbxml_tag_info *info = wbxml_tag_info(c->tag);

	assert_non_null(info);
	assert_int_equal(info->tag, c->tag);
	assert_string_equal(info->name, c->name);
	assert_string_equal(info->page, c->page);
	assert_int_equal(info->opaque, c->opaque);
	assert_int_equal(info->since, c->since);
	assert_int_equal(info->until, c->until);
	assert_int_equal(wbxml_tag_of(bytes_str(c->page), bytes_str(c->name)), c->tag);
}
TEST_ROW(tag_info)

static void unknown_tags(void **state)
{
	static const wbxml_tag unknown[] = { 0, 0x0004, 0x003F, 0x1A05, 0x0045, 0xFE3F, 0xFF05, 0xFFFF };
	struct bytes name;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_null(wbxml_tag_info(unknown[i]));
	assert_int_equal(wbxml_tag_name(test_arena(), 0x02F1, &name), ERR_OK);
	assert_bytes_str(name, "0x02F1");
	assert_int_equal(wbxml_tag_name(test_arena(), AIRSYNC_SYNC_KEY, &name), ERR_OK);
	assert_bytes_str(name, "AirSync:SyncKey");
	assert_int_equal(wbxml_tag_of(BYTES("AirSync"), BYTES("Nothing")), 0);
	assert_int_equal(wbxml_tag_of(BYTES("Nothing"), BYTES("Sync")), 0);
}

/* Every row knows its own number, so no row has slipped. */
static void rows_are_in_place(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t page = 0; page < CODEPAGES; page++) {
		for (size_t i = 0; i < codepages[page].count; i++) {
			const struct wbxml_tag_info *t = &codepages[page].tags[i];

			if (!t->name)
				continue;
			count++;
			assert_int_equal(t->tag, page << 8 | i);
			assert_true(t->since <= t->until);
		}
	}
	assert_int_equal(count, 659);
}

static void generated_files_are_up_to_date(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "python3 proto/wbxml/codepages.py --check %s",
	    test_shared("spec/codepages.tsv"));
	assert_int_equal(system(command), 0);
}

int main(void)
{
	TEST_ADD_ROWS(tag_info, tag_cases);
	TEST_ADD(unknown_tags);
	TEST_ADD(rows_are_in_place);
	TEST_ADD(generated_files_are_up_to_date);
	return test_run("codepages");
}
