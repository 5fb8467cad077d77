#include "testing.h"
#include "eas/options.h"

/* Options in words: "FilterType=2 Body(Type=1 TruncationSize=500)", on the pages that a request uses. */
static void put_item(struct wbxml_writer *w, const char **p)
{
	static const char *const pages[] = { "AirSync", "AirSyncBase", "RightsManagement" };
	struct bytes name = bytes_of(*p, strcspn(*p, "=( )"));
	wbxml_tag tag = 0;

	for (size_t i = 0; !tag && i < sizeof(pages) / sizeof(pages[0]); i++)
		tag = wbxml_tag_of(bytes_str(pages[i]), name);
	if (!tag)
		fail_msg("no tag %.*s", BYTES_ARG(name));
	*p += name.len;
	wbxml_open(w, tag);
	if (**p == '=') {
		size_t n = strcspn(++*p, " )");

		wbxml_text(w, bytes_of(*p, n));
		*p += n;
	}
}

static const struct wbxml_node *options_of(const char *text)
{
	struct wbxml_writer w;
	struct wbxml_node *root = NULL;
	struct bytes doc;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	wbxml_writer_init(&w, &b);
	wbxml_open(&w, AIRSYNC_OPTIONS);
	while (*text) {
		if (*text == ' ') {
			text++;
		} else if (*text == ')') {
			wbxml_close(&w);
			text++;
		} else {
			put_item(&w, &text);
			if (*text == '(')
				text++;
			else
				wbxml_close(&w);
		}
	}
	wbxml_close(&w);
	assert_int_equal(wbxml_done(&w, &doc), ERR_OK);
	assert_int_equal(wbxml_tree(test_arena(), test_copy(doc), 1000, &root, NULL, NULL), ERR_OK);
	return root;
}

#define DEFAULTS .mime_truncation = BODY_WHOLE, .truncation = BODY_WHOLE

static const struct options_case {
	const char *name, *text;
	enum err want;
	struct sync_options o;
} options_cases[] = {
	{ "empty", "", ERR_OK, { DEFAULTS } },
	{ "a filter", "FilterType=5", ERR_OK, { DEFAULTS, .filter_type = FILTER_1_MONTH } },
	{ "all single ones",
	    "FilterType=8 Conflict=0 MIMESupport=2 MIMETruncation=1 Truncation=4 Class=SMS MaxItems=300 "
	    "RightsManagementSupport=1",
	    ERR_OK,
	    { .filter_type = FILTER_INCOMPLETE,
		.client_wins = true,
		.mime_support = MIME_FOR_ALL,
		.mime_truncation = 4096,
		.truncation = 5120,
		.class = CLASS_SMS,
		.max_items = 300,
		.rights_management = true } },
	{ "server wins", "Conflict=1", ERR_OK, { DEFAULTS } },
	{ "no truncation in words", "MIMETruncation=8 Truncation=9", ERR_OK, { DEFAULTS } },
	{ "nothing of the body", "MIMETruncation=0 Truncation=0", ERR_OK,
	    { .mime_truncation = 0, .truncation = 0 } },
	{ "rights as an empty tag", "RightsManagementSupport", ERR_OK,
	    { DEFAULTS, .rights_management = true } },
	{ "a body", "BodyPreference(Type=1 TruncationSize=500)", ERR_OK,
	    { DEFAULTS, .body_count = 1, .body = { { BODY_PLAIN, 500, false, 0 } } } },
	{ "three bodies in the client's order",
	    "BodyPreference(Type=4) BodyPreference(Type=2 TruncationSize=0 AllOrNone=1) "
	    "BodyPreference(Type=1 Preview=255)",
	    ERR_OK,
	    { DEFAULTS, .body_count = 3,
		.body = { { BODY_MIME, BODY_WHOLE, false, 0 }, { BODY_HTML, 0, true, 0 },
		    { BODY_PLAIN, BODY_WHOLE, false, 255 } } } },
	{ "all or none without a size means nothing", "BodyPreference(Type=1 AllOrNone=1)", ERR_OK,
	    { DEFAULTS, .body_count = 1, .body = { { BODY_PLAIN, BODY_WHOLE, false, 0 } } } },
	{ "all or none as an empty tag", "BodyPreference(Type=1 TruncationSize=9 AllOrNone)", ERR_OK,
	    { DEFAULTS, .body_count = 1, .body = { { BODY_PLAIN, 9, true, 0 } } } },
	{ "the largest size", "BodyPreference(Type=1 TruncationSize=4294967295)", ERR_OK,
	    { DEFAULTS, .body_count = 1, .body = { { BODY_PLAIN, BODY_WHOLE, false, 0 } } } },
	{ "a body part", "BodyPartPreference(Type=2 TruncationSize=100)", ERR_OK,
	    { DEFAULTS, .body_part = { BODY_HTML, 100, false, 0 } } },
	{ "unknown elements are skipped",
	    "RTFTruncation=4 BodyPreference(Data=7 Type=1 SyncKey TruncationSize=5) Wait", ERR_OK,
	    { DEFAULTS, .body_count = 1, .body = { { BODY_PLAIN, 5, false, 0 } } } },
	{ "a filter beyond the table", "FilterType=9", ERR_PROTO, { 0 } },
	{ "a filter in words", "FilterType=all", ERR_PROTO, { 0 } },
	{ "an empty filter", "FilterType", ERR_PROTO, { 0 } },
	{ "a filter twice", "FilterType=1 FilterType=1", ERR_PROTO, { 0 } },
	{ "conflict 2", "Conflict=2", ERR_PROTO, { 0 } },
	{ "MIME support 3", "MIMESupport=3", ERR_PROTO, { 0 } },
	{ "MIME truncation 9", "MIMETruncation=9", ERR_PROTO, { 0 } },
	{ "truncation 10", "Truncation=10", ERR_PROTO, { 0 } },
	{ "an unknown class", "Class=Journal", ERR_PROTO, { 0 } },
	{ "a body without type", "BodyPreference(TruncationSize=5)", ERR_PROTO, { 0 } },
	{ "an empty body preference", "BodyPreference", ERR_PROTO, { 0 } },
	{ "body type 0", "BodyPreference(Type=0)", ERR_PROTO, { 0 } },
	{ "body type 5", "BodyPreference(Type=5)", ERR_PROTO, { 0 } },
	{ "a body type twice", "BodyPreference(Type=1) BodyPreference(Type=1)", ERR_PROTO, { 0 } },
	{ "children in wrong order", "BodyPreference(TruncationSize=5 Type=1)", ERR_PROTO, { 0 } },
	{ "a child twice", "BodyPreference(Type=1 Type=2)", ERR_PROTO, { 0 } },
	{ "a size beyond 32 bits", "BodyPreference(Type=1 TruncationSize=4294967296)", ERR_PROTO, { 0 } },
	{ "all or none 2", "BodyPreference(Type=1 TruncationSize=1 AllOrNone=2)", ERR_PROTO, { 0 } },
	{ "preview 256", "BodyPreference(Type=1 Preview=256)", ERR_PROTO, { 0 } },
	{ "two body parts", "BodyPartPreference(Type=2) BodyPartPreference(Type=2)", ERR_PROTO, { 0 } },
	{ "a body part in plain text", "BodyPartPreference(Type=1)", ERR_UNSUPPORTED, { 0 } },
};

static void parse(const struct options_case *c)
{
	struct sync_options got;

	assert_int_equal(sync_options_parse(options_of(c->text), &got), c->want);
	if (!c->want)
		assert_true(sync_options_equal(&got, &c->o));
}
TEST_ROW(parse)

static void saved(const struct options_case *c)
{
	struct sync_options got;
	struct bytes all, rest, again;
	struct buf b;

	if (c->want)
		return;
	buf_init(&b, test_arena(), 0);
	sync_options_put(&b, &c->o);
	assert_int_equal(buf_done(&b, &all), ERR_OK);
	assert_in_range(all.len, 1, 40);
	for (size_t n = 0; n < all.len; n++) {
		rest = test_copy(bytes_of(all.p, n));
		assert_int_equal(sync_options_get(&rest, &got), ERR_TRUNCATED);
		assert_int_equal(rest.len, n);
	}
	rest = test_copy(all);
	assert_int_equal(sync_options_get(&rest, &got), ERR_OK);
	assert_int_equal(rest.len, 0);
	assert_true(sync_options_equal(&got, &c->o));
	buf_init(&b, test_arena(), 0);
	sync_options_put(&b, &got);
	assert_int_equal(buf_done(&b, &again), ERR_OK);
	assert_bytes_equal(again, all);
}
TEST_ROW(saved)

/* Whatever the store gives back, reading ends in an error or in values within their ranges. */
static void damaged_bytes(void **state)
{
	uint8_t data[24];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		struct bytes in;
		struct sync_options o;

		for (size_t i = 0; i < sizeof(data); i++) {
			seed = seed * 1664525 + 1013904223;
			data[i] = i ? (uint8_t)(seed >> 24 & (seed >> 16 & 1 ? 0x07 : 0xFF)) : 1;
		}
		in = bytes_of(data, sizeof(data));
		if (sync_options_get(&in, &o))
			continue;
		assert_true(o.class < CLASSES && o.filter_type < FILTERS && o.mime_support <= MIME_FOR_ALL);
		assert_true(o.body_count < BODY_TYPES);
	}
}

/* What older versions stored had no ConversationMode: it reads as before, and as off. */
static void conversation_mode_is_kept(void **state)
{
	struct sync_options off, on, got;
	struct bytes with, without;
	struct buf b;

	(void)state;
	sync_options_default(&off);
	on = off;
	on.conversation_mode = true;
	assert_false(sync_options_equal(&on, &off));
	buf_init(&b, test_arena(), 0);
	sync_options_put(&b, &on);
	assert_int_equal(buf_done(&b, &with), ERR_OK);
	assert_int_equal(sync_options_get(&with, &got), ERR_OK);
	assert_true(sync_options_equal(&got, &on));
	without = test_hex("01 00 00 00 00 00 00 00 00"); /* the defaults, as always */
	assert_int_equal(sync_options_get(&without, &got), ERR_OK);
	assert_true(sync_options_equal(&got, &off));
}

static void no_options(void **state)
{
	struct sync_options got, defaults;

	(void)state;
	sync_options_default(&defaults);
	assert_int_equal(sync_options_parse(NULL, &got), ERR_OK);
	assert_true(sync_options_equal(&got, &defaults));
	assert_null(sync_options_body(&got, BODY_PLAIN));
}

static void filters(void **state)
{
	static const char fits[][FILTERS + 1] = {
		[CLASS_NONE] = "111111111",
		[CLASS_EMAIL] = "111111000",
		[CLASS_CALENDAR] = "100011110",
		[CLASS_CONTACTS] = "111111111",
		[CLASS_TASKS] = "100000001",
		[CLASS_NOTES] = "111111111",
		[CLASS_SMS] = "111111000",
	};
	static const unsigned days[FILTERS] = { 0, 1, 3, 7, 14, 31, 92, 183, 0 };

	(void)state;
	for (unsigned f = 0; f < FILTERS; f++) {
		assert_int_equal(filter_type_days((enum filter_type)f), days[f]);
		for (unsigned c = 0; c < CLASSES; c++)
			assert_int_equal(
			    filter_type_fits((enum filter_type)f, (enum eas_class)c), fits[c][f] == '1');
	}
}

int main(void)
{
	TEST_ADD_ROWS(parse, options_cases);
	TEST_ADD_ROWS(saved, options_cases);
	TEST_ADD(damaged_bytes);
	TEST_ADD(conversation_mode_is_kept);
	TEST_ADD(no_options);
	TEST_ADD(filters);
	return test_run("options");
}
