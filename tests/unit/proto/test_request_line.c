#include "testing.h"
#include "base/base64.h"
#include "base/percent.h"
#include "eas/request_line.h"

static const struct plain_case {
	const char *name, *query;
	unsigned status;
	enum eas_command command;
	const char *user, *device_id, *device_type;
} plain_cases[] = {
	{ "as documented", "Cmd=Sync&User=rmjones&DeviceId=v140Device&DeviceType=SmartPhone", 0, CMD_SYNC,
	    "rmjones", "v140Device", "SmartPhone" },
	{ "other letter case and order", "devicetype=iPhone&DEVICEID=Appl123&cmd=foldersync&user=a%40b.org",
	    0, CMD_FOLDER_SYNC, "a@b.org", "Appl123", "iPhone" },
	{ "a domain and a backslash", "Cmd=Ping&User=DOM%5Cuser&DeviceId=A1&DeviceType=Android", 0, CMD_PING,
	    "DOM\\user", "A1", "Android" },
	{ "a plus sign in an address", "Cmd=Ping&User=a+b@c.org&DeviceId=A1&DeviceType=Android", 0, CMD_PING,
	    "a+b@c.org", "A1", "Android" },
	{ "no user", "Cmd=Ping&DeviceId=A1&DeviceType=Android", 0, CMD_PING, "", "A1", "Android" },
	{ "empty pairs and unknown ones", "&&Cmd=Ping&x&=y&Foo=Bar&DeviceId=A1&DeviceType=Android&", 0,
	    CMD_PING, "", "A1", "Android" },
	{ "a GUID with dashes", "Cmd=Ping&DeviceId=01234567-89ab-cdef&DeviceType=W", 0, CMD_PING, "",
	    "01234567-89ab-cdef", "W" },
	{ "a device id fit for no key", "Cmd=Ping&DeviceId=a%3A%00%7D&DeviceType=W", 0, CMD_PING, "",
	    "613A007D", "W" },
	{ "an unknown command", "Cmd=CreateCollection&User=u&DeviceId=A1&DeviceType=W",
	    STATUS_COMMAND_NOT_SUPPORTED, CMD_NONE, "u", "A1", "W" },
	{ "no command", "User=u&DeviceId=A1&DeviceType=W", STATUS_INVALID_CONTENT, CMD_NONE, "u", "A1", "W" },
	{ "an empty command", "Cmd=&User=u&DeviceId=A1&DeviceType=W", STATUS_INVALID_CONTENT, CMD_NONE, "u",
	    "A1", "W" },
	{ "no device id", "Cmd=Ping&User=u&DeviceType=W", STATUS_DEVICE_ID_MISSING_OR_INVALID, CMD_PING, "u",
	    "", "W" },
	{ "a device id that is too long",
	    "Cmd=Ping&DeviceType=W&DeviceId="
	    "01234567890123456789012345678901234567890123456789012345678901234",
	    STATUS_DEVICE_ID_MISSING_OR_INVALID, CMD_PING, "", "", "W" },
	{ "no device type", "Cmd=Ping&User=u&DeviceId=A1", STATUS_DEVICE_TYPE_MISSING_OR_INVALID, CMD_PING,
	    "u", "A1", "" },
	{ "a device type with a line end", "Cmd=Ping&DeviceId=A1&DeviceType=a%0Ab",
	    STATUS_DEVICE_TYPE_MISSING_OR_INVALID, CMD_PING, "", "A1", "" },
	{ "a user with a NUL", "Cmd=Ping&User=a%00b&DeviceId=A1&DeviceType=W", STATUS_INVALID_CONTENT,
	    CMD_PING, "", "A1", "W" },
	{ "nothing", "", STATUS_INVALID_CONTENT, CMD_NONE, "", "", "" },
};

static void plain(const struct plain_case *c)
{
	struct request_line r;
	unsigned status;
	enum err e = request_line_parse(test_arena(), test_copy(bytes_str(c->query)), &r, &status);

	assert_int_equal(status, c->status);
	assert_int_equal(e, c->status ? ERR_PROTO : ERR_OK);
	assert_int_equal(r.command, c->command);
	assert_bytes_str(r.user, c->user);
	assert_bytes_str(r.device_id, c->device_id);
	assert_bytes_str(r.device_type, c->device_type);
	assert_false(r.compact || r.has_version || r.has_policy_key || r.accept_multipart);
}
TEST_ROW(plain)

static void plain_parameters(void **state)
{
	struct request_line r;
	unsigned status;

	(void)state;
	assert_int_equal(
	    request_line_parse(test_arena(),
		test_copy(BYTES(
		    "Cmd=SmartReply&User=u&DeviceId=A1&DeviceType=W&AttachmentName=5%3A1%3A2&CollectionId=5&"
		    "ItemId=5%3a77&LongId=RgA%2b&Occurrence=2026-11-24T13:00:00.000Z&SaveInSent=T")),
		&r, &status),
	    ERR_OK);
	assert_bytes_str(r.attachment_name, "5:1:2");
	assert_bytes_str(r.collection_id, "5");
	assert_bytes_str(r.item_id, "5:77");
	assert_bytes_str(r.long_id, "RgA+");
	assert_bytes_str(r.occurrence, "2026-11-24T13:00:00.000Z");
	assert_true(r.save_in_sent);
	assert_int_equal(
	    request_line_parse(test_arena(),
		test_copy(BYTES("Cmd=SendMail&User=u&DeviceId=A1&DeviceType=W&SaveInSent=F")), &r, &status),
	    ERR_OK);
	assert_false(r.save_in_sent);
}

#define HEAD_141 "8D 00 09 04 "
#define DEVICE "02 41 31 "
#define TYPE "01 57 "

static const struct compact_case {
	const char *name, *hex;
	unsigned status;
	enum eas_command command;
	enum eas_version version;
	const char *device_id;
	bool has_key;
	uint32_t key;
	bool save, multipart;
	const char *item, *user;
} compact_cases[] = {
	{ "as short as can be", HEAD_141 DEVICE "00 " TYPE, 0, CMD_SYNC, EAS_14_1, "A1", false, 0, false,
	    false, "", "" },
	{ "policy key of 4 bytes", HEAD_141 DEVICE "04 78 56 34 12 " TYPE, 0, CMD_SYNC, EAS_14_1, "A1", true,
	    0x12345678, false, false, "", "" },
	{ "policy key in digits", HEAD_141 DEVICE "0A 34 32 39 34 39 36 37 32 39 35 " TYPE, 0, CMD_SYNC,
	    EAS_14_1, "A1", true, UINT32_MAX, false, false, "", "" },
	{ "policy key 0 in a digit", HEAD_141 DEVICE "01 30 " TYPE, 0, CMD_SYNC, EAS_14_1, "A1", true, 0,
	    false, false, "", "" },
	{ "binary device id", HEAD_141 "04 DE AD BE EF 00 " TYPE, 0, CMD_SYNC, EAS_14_1, "DEADBEEF", false, 0,
	    false, false, "", "" },
	{ "parameters and options",
	    "A1 13 09 04 " DEVICE "00 " TYPE "03 04 35 3A 37 37 07 01 03 08 01 75 63 01 FF", 0,
	    CMD_ITEM_OPERATIONS, EAS_16_1, "A1", false, 0, true, true, "5:77", "u" },
	{ "Find", "A1 17 09 04 " DEVICE "00 " TYPE, 0, CMD_FIND, EAS_16_1, "A1", false, 0, false, false, "",
	    "" },
	{ "empty options", HEAD_141 DEVICE "00 " TYPE "07 00", 0, CMD_SYNC, EAS_14_1, "A1", false, 0, false,
	    false, "", "" },
	{ "a version that nobody knows", "83 00 09 04 " DEVICE "00 " TYPE, STATUS_VERSION_NOT_SUPPORTED,
	    CMD_SYNC, EAS_2_5, "A1", false, 0, false, false, "", "" },
	{ "a command that nobody knows", "8D 05 09 04 " DEVICE "00 " TYPE, STATUS_COMMAND_NOT_SUPPORTED,
	    CMD_NONE, EAS_14_1, "A1", false, 0, false, false, "", "" },
	{ "no device id", HEAD_141 "00 00 " TYPE, STATUS_DEVICE_ID_MISSING_OR_INVALID, CMD_SYNC, EAS_14_1, "",
	    false, 0, false, false, "", "" },
	{ "no device type", HEAD_141 DEVICE "00 00", STATUS_DEVICE_TYPE_MISSING_OR_INVALID, CMD_SYNC,
	    EAS_14_1, "A1", false, 0, false, false, "", "" },
	{ "policy key neither bytes nor digits", HEAD_141 DEVICE "02 41 42 " TYPE, STATUS_INVALID_CONTENT,
	    CMD_NONE, EAS_2_5, "A1", true, 0, false, false, "", "" },
	{ "policy key beyond 32 bits", HEAD_141 DEVICE "0A 34 32 39 34 39 36 37 32 39 36 " TYPE,
	    STATUS_INVALID_CONTENT, CMD_NONE, EAS_2_5, "A1", true, 0, false, false, "", "" },
	{ "cut in the head", "8D 00 09", STATUS_INVALID_CONTENT, CMD_NONE, EAS_2_5, "", false, 0, false,
	    false, "", "" },
	{ "cut in the device id", HEAD_141 "09 41 31", STATUS_INVALID_CONTENT, CMD_NONE, EAS_2_5, "", false,
	    0, false, false, "", "" },
	{ "cut in a parameter", HEAD_141 DEVICE "00 " TYPE "03 04 35", STATUS_INVALID_CONTENT, CMD_SYNC,
	    EAS_14_1, "A1", false, 0, false, false, "", "" },
	{ "a parameter without its length", HEAD_141 DEVICE "00 " TYPE "03", STATUS_INVALID_CONTENT, CMD_SYNC,
	    EAS_14_1, "A1", false, 0, false, false, "", "" },
};

/* In every way that base64 travels. */
static void compact(const struct compact_case *c)
{
	struct bytes data = test_hex(c->hex), query;

	for (unsigned way = 0; way < 8; way++) {
		struct request_line r;
		unsigned status;
		struct buf b;
		enum err e;

		buf_init(&b, test_arena(), 0);
		base64_put(&b, data, way & 3);
		assert_int_equal(buf_done(&b, &query), ERR_OK);
		if (way & 4) {
			buf_init(&b, test_arena(), 0);
			percent_put(&b, query);
			assert_int_equal(buf_done(&b, &query), ERR_OK);
		}
		e = request_line_parse(test_arena(), test_copy(query), &r, &status);
		assert_int_equal(status, c->status);
		assert_int_equal(e, c->status ? ERR_PROTO : ERR_OK);
		assert_true(r.compact);
		assert_int_equal(r.command, c->command);
		assert_int_equal(r.version, c->version);
		assert_bytes_str(r.device_id, c->device_id);
		assert_int_equal(r.has_policy_key, c->has_key);
		if (!c->status)
			assert_int_equal(r.policy_key, c->key);
		assert_int_equal(r.save_in_sent, c->save);
		assert_int_equal(r.accept_multipart, c->multipart);
		assert_bytes_str(r.item_id, c->item);
		assert_bytes_str(r.user, c->user);
	}
}
TEST_ROW(compact)

/* MS-ASHTTP 4.x, as commands.md gives it. */
static void documented_example(void **state)
{
	struct request_line r;
	unsigned status;

	(void)state;
	assert_int_equal(
	    request_line_parse(test_arena(), BYTES("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l"), &r, &status),
	    ERR_OK);
	assert_int_equal(r.version, EAS_14_0);
	assert_int_equal(r.command, CMD_SYNC);
	assert_int_equal(r.locale, 0x0409);
	assert_bytes_str(r.device_id, "v140Device");
	assert_bytes_str(r.device_type, "SmartPhone");
	assert_false(r.has_policy_key);
}

static const struct broken_case {
	const char *name, *query;
} broken_cases[] = {
	{ "no base64", "jAAJBAp2MTQwRGV2a*" },
	{ "one digit left", "jAAJB" },
	{ "only padding", "====" },
	{ "one name", "Cmd" },
};

static void broken(const struct broken_case *c)
{
	struct request_line r;
	unsigned status;

	assert_int_equal(request_line_parse(test_arena(), bytes_str(c->query), &r, &status), ERR_PROTO);
	assert_int_equal(status, STATUS_INVALID_CONTENT);
}
TEST_ROW(broken)

static void budget(void **state)
{
	struct request_line r;
	unsigned status;
	struct arena *a = arena_new(8);

	(void)state;
	assert_int_equal(
	    request_line_parse(a, BYTES("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l"), &r, &status), ERR_LIMIT);
	assert_int_equal(
	    request_line_parse(a, BYTES("Cmd=Ping&DeviceType=%41&DeviceId=1"), &r, &status), ERR_LIMIT);
	arena_free(&a);
}

int main(void)
{
	TEST_ADD_ROWS(plain, plain_cases);
	TEST_ADD(plain_parameters);
	TEST_ADD_ROWS(compact, compact_cases);
	TEST_ADD(documented_example);
	TEST_ADD_ROWS(broken, broken_cases);
	TEST_ADD(budget);
	return test_run("request_line");
}
