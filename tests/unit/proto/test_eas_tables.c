/* Versions, classes, commands, common statuses. */
#include "testing.h"
#include "eas/class.h"
#include "eas/command.h"
#include "eas/status.h"

static const struct version_case {
	const char *name;
	enum eas_version v;
	unsigned number;
} version_cases[] = {
	{ "2.5", EAS_2_5, 25 },
	{ "12.0", EAS_12_0, 120 },
	{ "12.1", EAS_12_1, 121 },
	{ "14.0", EAS_14_0, 140 },
	{ "14.1", EAS_14_1, 141 },
	{ "16.0", EAS_16_0, 160 },
	{ "16.1", EAS_16_1, 161 },
};

static void version(const struct version_case *c)
{
	enum eas_version v = EAS_VERSIONS;

	assert_int_equal(eas_version_parse(bytes_str(c->name), &v), ERR_OK);
	assert_int_equal(v, c->v);
	assert_int_equal(eas_version_of_number(c->number, &v), ERR_OK);
	assert_int_equal(v, c->v);
	assert_string_equal(eas_version_name(c->v), c->name);
	assert_int_equal(eas_version_number(c->v), c->number);
}
TEST_ROW(version)

static void no_such_version(void **state)
{
	static const char *const bad[] = { "", "1.0", "14", "14.10", "141", "16.2", "14,1" };
	enum eas_version v;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(eas_version_parse(bytes_str(bad[i]), &v), ERR_UNSUPPORTED);
	assert_int_equal(eas_version_of_number(0, &v), ERR_UNSUPPORTED);
	assert_int_equal(eas_version_of_number(142, &v), ERR_UNSUPPORTED);
}

static void version_sets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EAS_VERSIONS; i++) {
		enum eas_version v = (enum eas_version)i;

		assert_true(eas_version_in(v, EAS_ALL));
		assert_int_equal(eas_version_in(v, EAS_SINCE(EAS_14_1)), v >= EAS_14_1);
		assert_int_equal(eas_version_in(v, EAS_UNTIL(EAS_12_1)), v <= EAS_12_1);
		assert_int_equal(
		    eas_version_in(v, EAS_BETWEEN(EAS_12_0, EAS_14_0)), v >= EAS_12_0 && v <= EAS_14_0);
		assert_int_equal(eas_version_in(v, EAS_ONLY(EAS_16_1)), v == EAS_16_1);
	}
}

static void classes(void **state)
{
	enum eas_class c = CLASS_NONE;

	(void)state;
	for (unsigned i = CLASS_EMAIL; i < CLASSES; i++) {
		assert_int_equal(eas_class_parse(bytes_str(eas_class_name((enum eas_class)i)), &c), ERR_OK);
		assert_int_equal(c, i);
	}
	assert_int_equal(eas_class_parse(BYTES("email"), &c), ERR_OK);
	assert_int_equal(c, CLASS_EMAIL);
	assert_int_equal(eas_class_parse(BYTES(""), &c), ERR_PROTO);
	assert_int_equal(eas_class_parse(BYTES("Journal"), &c), ERR_PROTO);
}

/* Codes from MS-ASHTTP, versions from commands.md 4.1. */
static const struct command_case {
	const char *name;
	int code;
	eas_version_set versions;
	bool may_be_empty, policy_checked;
} command_cases[] = {
	{ "Sync", 0, EAS_ALL, true, true },
	{ "SendMail", 1, EAS_ALL, false, true },
	{ "SmartForward", 2, EAS_ALL, false, true },
	{ "SmartReply", 3, EAS_ALL, false, true },
	{ "GetAttachment", 4, EAS_UNTIL(EAS_12_1), true, true },
	{ "GetHierarchy", -1, EAS_UNTIL(EAS_12_1), true, true },
	{ "FolderSync", 9, EAS_ALL, false, true },
	{ "FolderCreate", 10, EAS_ALL, false, true },
	{ "FolderDelete", 11, EAS_ALL, false, true },
	{ "FolderUpdate", 12, EAS_ALL, false, true },
	{ "MoveItems", 13, EAS_ALL, false, true },
	{ "GetItemEstimate", 14, EAS_ALL, false, true },
	{ "MeetingResponse", 15, EAS_ALL, false, true },
	{ "Search", 16, EAS_ALL, false, true },
	{ "Settings", 17, EAS_SINCE(EAS_12_0), false, true },
	{ "Ping", 18, EAS_ALL, true, false },
	{ "ItemOperations", 19, EAS_SINCE(EAS_12_0), false, true },
	{ "Provision", 20, EAS_ALL, false, false },
	{ "ResolveRecipients", 21, EAS_ALL, false, true },
	{ "ValidateCert", 22, EAS_ALL, false, true },
	{ "Find", 23, EAS_ONLY(EAS_16_1), false, true },
};

static void command(const struct command_case *c)
{
	enum eas_command cmd = eas_command_of_name(bytes_str(c->name));
	const struct eas_command_info *info;

	assert_int_not_equal(cmd, CMD_NONE);
	info = eas_command_info(cmd);
	assert_string_equal(info->name, c->name);
	assert_string_equal(eas_command_name(cmd), c->name);
	assert_int_equal(info->code, c->code);
	if (c->code >= 0)
		assert_int_equal(eas_command_of_code((unsigned)c->code), cmd);
	assert_int_equal(info->versions, c->versions);
	assert_int_equal(info->may_be_empty, c->may_be_empty);
	assert_int_equal(info->policy_checked, c->policy_checked);
	/* The root is named like the command, and its status lives on the same page. */
	if (info->root) {
		assert_string_equal(wbxml_tag_info(info->root)->name, c->name);
		assert_string_equal(wbxml_tag_info(info->status)->name, "Status");
		assert_int_equal(info->root >> 8, info->status >> 8);
	}
}
TEST_ROW(command)

static void no_such_command(void **state)
{
	(void)state;
	assert_int_equal(sizeof(command_cases) / sizeof(command_cases[0]), CMD_COUNT);
	assert_int_equal(eas_command_of_name(BYTES("")), CMD_NONE);
	assert_int_equal(eas_command_of_name(BYTES("Syncs")), CMD_NONE);
	assert_int_equal(eas_command_of_name(BYTES("sYNC")), CMD_SYNC);
	assert_string_equal(eas_command_name(CMD_NONE), "-");
	for (unsigned code = 5; code < 9; code++)
		assert_int_equal(eas_command_of_code(code), CMD_NONE);
	assert_int_equal(eas_command_of_code(24), CMD_NONE);
	assert_int_equal(eas_command_of_code(255), CMD_NONE);
}

static void status_answer(void **state)
{
	struct wbxml_writer w;
	struct bytes got;
	struct buf b;

	(void)state;
	buf_init(&b, test_arena(), 0);
	wbxml_writer_init(&w, &b);
	eas_command_put_status(&w, CMD_FOLDER_SYNC, STATUS_DEVICE_NOT_PROVISIONED);
	assert_int_equal(wbxml_done(&w, &got), ERR_OK);
	assert_bytes_equal(got, test_hex("03 01 6A 00 00 07 56 4C 03 31 34 32 00 01 01"));
}

/* The last column of the table in commands.md 3, where it says something. */
static const struct status_case {
	const char *name;
	unsigned status;
	int http_12_1;
} status_cases[] = {
	{ "InvalidContent", 101, 400 },
	{ "InvalidXML", 103, 400 },
	{ "InvalidIDs", 106, 400 },
	{ "ServerError", 110, 500 },
	{ "ServerErrorRetryLater", 111, 503 },
	{ "ActiveDirectoryAccessDenied", 112, 403 },
	{ "MailboxQuotaExceeded", 113, 507 },
	{ "UserPrincipalCouldNotBeFound", 125, 403 },
	{ "UserDisabledForSync", 126, 403 },
	{ "DeviceIsBlockedForThisUser", 129, 403 },
	{ "SyncStateNotFound", 132, 403 },
	{ "CommandNotSupported", 137, 501 },
	{ "VersionNotSupported", 138, 400 },
	{ "RemoteWipeRequested", 140, 449 },
	{ "LegacyDeviceOnStrictPolicy", 141, 449 },
	{ "DeviceNotProvisioned", 142, 449 },
	{ "PolicyRefresh", 143, 449 },
	{ "InvalidPolicyKey", 144, 449 },
	{ "UnexpectedItemClass", 147, 400 },
	{ "MaximumDevicesReached", 177, 403 },
};

static void status(const struct status_case *c)
{
	assert_string_equal(eas_status_info(c->status)->name, c->name);
	assert_int_equal(eas_status_http(c->status, EAS_12_1), c->http_12_1);
	assert_int_equal(eas_status_http(c->status, EAS_2_5), c->http_12_1);
	assert_int_equal(eas_status_http(c->status, EAS_14_0), 200);
	assert_int_equal(eas_status_http(c->status, EAS_16_1), 200);
}
TEST_ROW(status)

static void every_status(void **state)
{
	size_t known = 0;

	(void)state;
	for (unsigned s = 0; s < 300; s++) {
		const struct eas_status_info *info = eas_status_info(s);
		bool assigned = (s >= 101 && s <= 156) || (s >= 160 && s <= 179) || s == 183 || s == 184;

		assert_int_equal(info != NULL, assigned);
		if (!info)
			continue;
		known++;
		assert_int_equal(info->since, s >= 178 ? EAS_16_0 : s >= 164 ? EAS_14_1 : EAS_14_0);
		assert_in_range(info->http, 400, 599);
		assert_int_not_equal(info->http, 401); /* that one is only for bad credentials */
	}
	assert_int_equal(known, 78);
	assert_int_equal(eas_status_http(3, EAS_12_1), 200);
}

int main(void)
{
	TEST_ADD_ROWS(version, version_cases);
	TEST_ADD(no_such_version);
	TEST_ADD(version_sets);
	TEST_ADD(classes);
	TEST_ADD_ROWS(command, command_cases);
	TEST_ADD(no_such_command);
	TEST_ADD(status_answer);
	TEST_ADD_ROWS(status, status_cases);
	TEST_ADD(every_status);
	return test_run("eas_tables");
}
