/* Golden fixtures: *.txt beside this file. Each has a head of "name: value" lines, then the bytes in hex,
 * then a readable dump (wbxml/dump.h), with blank lines between. Decoding the bytes gives the dump, encoding
 * the dump gives the bytes, unless "one-way" says why not. Change one only on purpose. */
#include "testing.h"

#include <glob.h>

#include "eas/command.h"
#include "wbxml/dump.h"

struct fixture {
	struct bytes wire, dump;
	struct bytes command, direction, one_way;
	enum eas_version first, last;
};

/* Everything up to the next blank line. */
static struct bytes take_part(struct bytes *in)
{
	const uint8_t *end = memmem(in->p, in->len, "\n\n", 2);
	struct bytes part = *in;

	if (end) {
		part.len = (size_t)(end - in->p) + 1;
		in->p += part.len + 1;
		in->len -= part.len + 1;
	} else {
		in->len = 0;
	}
	return part;
}

static void read_versions(struct bytes text, struct fixture *f)
{
	struct bytes first;

	assert_true(bytes_split(&text, '-', &first));
	assert_int_equal(eas_version_parse(first, &f->first), ERR_OK);
	f->last = f->first;
	if (text.len)
		assert_int_equal(eas_version_parse(text, &f->last), ERR_OK);
}

static struct fixture load(const char *path)
{
	struct bytes in = test_file(path), head = take_part(&in), hex = take_part(&in), line, name;
	struct fixture f = { .dump = in };
	char *text = NULL;

	while (bytes_split(&head, '\n', &line)) {
		if (bytes_starts(line, "#"))
			continue;
		assert_true(bytes_split(&line, ':', &name));
		line = bytes_trim(line);
		if (bytes_eq_str(name, "versions"))
			read_versions(line, &f);
		else if (bytes_eq_str(name, "command"))
			f.command = line;
		else if (bytes_eq_str(name, "direction"))
			f.direction = line;
		else if (bytes_eq_str(name, "one-way"))
			f.one_way = line;
		else
			fail_msg("%s: unknown line %.*s", path, BYTES_ARG(name));
	}
	assert_int_equal(arena_cstr(test_arena(), hex, &text), ERR_OK);
	f.wire = test_hex(text);
	return f;
}

static void decode(const char *path)
{
	struct fixture f = load(path);
	struct bytes got;

	assert_int_equal(wbxml_dump(test_arena(), f.wire, &got), ERR_OK);
	assert_bytes_equal(got, f.dump);
}

static void encode(const char *path)
{
	struct fixture f = load(path);
	struct bytes got;
	size_t line;
	enum err e = wbxml_undump(test_arena(), f.dump, &got, &line);

	if (f.one_way.len) {
		assert_false(!e && bytes_eq(got, f.wire));
		return;
	}
	assert_int_equal(e, ERR_OK);
	assert_bytes_equal(got, f.wire);
}

/* The command exists in these versions, the root is its own, and so does every tag. */
static void fits_its_versions(const char *path)
{
	struct fixture f = load(path);
	enum eas_command cmd = eas_command_of_name(f.command);
	struct wbxml_reader r;
	struct wbxml_event ev = { .kind = WBXML_START };
	bool root = true;

	assert_int_not_equal(cmd, CMD_NONE);
	for (unsigned v = f.first; v <= f.last; v++)
		assert_true(eas_version_in((enum eas_version)v, eas_command_info(cmd)->versions));
	assert_true(bytes_eq_str(f.direction, "request") || bytes_eq_str(f.direction, "response"));
	assert_int_equal(wbxml_reader_init(&r, f.wire), ERR_OK);
	while (ev.kind != WBXML_EOF) {
		const struct wbxml_tag_info *info;

		assert_int_equal(wbxml_reader_next(&r, &ev), ERR_OK);
		if (ev.kind != WBXML_START)
			continue;
		if (root && eas_command_info(cmd)->root)
			assert_int_equal(ev.tag, eas_command_info(cmd)->root);
		root = false;
		info = wbxml_tag_info(ev.tag);
		if (info &&
		    (eas_version_number(f.first) < info->since || eas_version_number(f.last) > info->until))
			fail_msg("%s:%s is of %d to %d", info->page, info->name, info->since, info->until);
	}
}

/* Every cut and every single wrong byte ends in an error or in another document, never in a crash. */
static void survives_damage(const char *path)
{
	struct fixture f = load(path);
	struct bytes copy = test_copy(f.wire);
	uint8_t *p = (uint8_t *)(uintptr_t)copy.p;

	for (size_t i = 0; i < f.wire.len; i++) {
		struct arena *a = arena_new(1 << 20);
		struct wbxml_node *root;
		struct bytes text;

		assert_int_not_equal(wbxml_tree(a, bytes_of(f.wire.p, i), 1000, &root, NULL, NULL), ERR_OK);
		p[i] ^= (uint8_t)(1u << i % 8);
		if (wbxml_tree(a, copy, 1000, &root, NULL, NULL) == ERR_OK)
			assert_int_equal(wbxml_dump(a, copy, &text), ERR_OK);
		p[i] = f.wire.p[i];
		arena_free(&a);
	}
}

/* Responses against Microsoft's schemas, all in one call since each start of the validator takes its time. */
static void responses_fit_the_schemas(void **state)
{
	const glob_t *files = *state;
	const char *validate = test_shared("spec/xsd/validate.py");
	char command[512], dir[] = "/tmp/easgate-wire-XXXXXX";
	int rc;

	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < files->gl_pathc; i++) {
		struct fixture f = load(files->gl_pathv[i]);
		FILE *out;

		if (!bytes_eq_str(f.direction, "response"))
			continue;
		snprintf(command, sizeof(command), "%s/%s.wbxml", dir, strrchr(files->gl_pathv[i], '/') + 1);
		out = fopen(command, "wb");
		assert_non_null(out);
		assert_int_equal(fwrite(f.wire.p, 1, f.wire.len, out), f.wire.len);
		fclose(out);
	}
	snprintf(command, sizeof(command), "python3 %s %s/*.wbxml", validate, dir);
	rc = system(command);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(rc, 0);
}

/* ---- the matrix ---- */

/* Without a WBXML body of its own: what sends mail is a mail up to 12.1, and its answer is a status of HTTP; GetAttachment
 * and GetHierarchy are asked by the query alone. */
static bool has_body(enum eas_command cmd, enum eas_version v)
{
	const struct eas_command_info *info = eas_command_info(cmd);

	return info->root && eas_version_in(v, info->versions) && !(info->sends_mail && v <= EAS_12_1);
}

static bool is_shown(const glob_t *files, enum eas_command cmd, enum eas_version v, const char *direction)
{
	for (size_t i = 0; i < files->gl_pathc; i++) {
		struct fixture f = load(files->gl_pathv[i]);

		if (eas_command_of_name(f.command) == cmd && f.first <= v && v <= f.last &&
		    bytes_eq_str(f.direction, direction))
			return true;
	}
	return false;
}

/* Every command has a request and a response of every version that may be offered. */
static void every_command_and_version_is_shown(void **state)
{
	static const char *const directions[] = { "request", "response" };
	unsigned missing = 0;

	for (unsigned cmd = 0; cmd < CMD_COUNT; cmd++)
		for (unsigned v = EAS_12_1; v < EAS_VERSIONS; v++)
			for (size_t d = 0; d < 2; d++) {
				if (!has_body((enum eas_command)cmd, (enum eas_version)v) ||
				    is_shown(
					*state, (enum eas_command)cmd, (enum eas_version)v, directions[d]))
					continue;
				print_error("no %s of %s in %s\n", directions[d],
				    eas_command_name((enum eas_command)cmd),
				    eas_version_name((enum eas_version)v));
				missing++;
			}
	assert_int_equal(missing, 0);
}

TEST_ROW(decode)
TEST_ROW(encode)
TEST_ROW(fits_its_versions)
TEST_ROW(survives_damage)

int main(void)
{
	glob_t files;
	int failed;

	if (glob("tests/wire/*.txt", 0, NULL, &files) != 0) {
		fprintf(stderr, "no fixtures: run from the project's root\n");
		return 1;
	}
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i], *name = strrchr(path, '/') + 1;

		test_add("decode", name, decode_row, path);
		test_add("encode", name, encode_row, path);
		test_add("versions", name, fits_its_versions_row, path);
		test_add("damage", name, survives_damage_row, path);
	}
	test_add("every_command_and_version_is_shown", NULL, every_command_and_version_is_shown, &files);
	test_add("responses_fit_the_schemas", NULL, responses_fit_the_schemas, &files);
	failed = test_run("wire");
	globfree(&files);
	return failed;
}
