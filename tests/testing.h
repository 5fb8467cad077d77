#ifndef EASGATE_TESTS_TESTING_H
#define EASGATE_TESTS_TESTING_H

/* What every test program uses. A test walks rows; each row is a cmocka test of its own under its name:
 *
 *	static const struct uint_case {
 *		const char *name, *hex;
 *		enum err want;
 *		uint32_t value;
 *	} uint_cases[] = {
 *		{ "the example in 5.1", "81 20", ERR_OK, 0xA0 },
 *	};
 *	static void read_uint(const struct uint_case *c) { ... }
 *	TEST_ROW(read_uint)
 *
 *	static void something(void **state) { ... }      a test without rows
 *
 *	int main(void)
 *	{
 *		TEST_ADD_ROWS(read_uint, uint_cases);
 *		TEST_ADD(something);
 *		return test_run("wbxml");
 *	}
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"

/* ---- rows ---- */

struct test_list {
	struct CMUnitTest *tests;
	size_t count;
};

/* Weak, so that the files of a program fill the same one. */
struct test_list *test_list(void);
__attribute__((weak)) struct test_list *test_list(void)
{
	static struct test_list list;

	return &list;
}

/* Only exact sizes, out of malloc, reachable until the end: so a sanitizer sees every byte read beyond. */
static inline void *test_keep(size_t n)
{
	struct kept {
		struct kept *next;
		_Alignas(16) uint8_t data[];
	} *k = malloc(sizeof(*k) + n);
	static struct kept *all;

	if (!k)
		abort();
	k->next = all;
	all = k;
	return k->data;
}

static inline void test_add(const char *group, const char *row_name, CMUnitTestFunction run, const void *row)
{
	struct test_list *l = test_list();
	size_t n = strlen(group) + (row_name ? strlen(row_name) + 2 : 0) + 1;
	char *name = test_keep(n);

	snprintf(name, n, row_name ? "%s: %s" : "%s", group, row_name);
	l->tests = realloc(l->tests, (l->count + 1) * sizeof(*l->tests));
	if (!l->tests)
		abort();
	l->tests[l->count++] = (struct CMUnitTest){ name, run, NULL, NULL, (void *)(uintptr_t)row };
}

/* Rows begin with `const char *name`. */
static inline void test_add_rows(
    const char *group, const void *rows, size_t count, size_t size, CMUnitTestFunction run)
{
	for (size_t i = 0; i < count; i++) {
		const char *row = (const char *)rows + i * size;

		test_add(group, *(const char *const *)(const void *)row, run, row);
	}
}

#define TEST_ROW(function)                       \
	static void function##_row(void **state) \
	{                                        \
		function(*state);                \
	}
#define TEST_ADD_ROWS(function, rows) \
	test_add_rows(#function, (rows), sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]), function##_row)
#define TEST_ADD(function) test_add(#function, NULL, function, NULL)

static inline int test_run(const char *program)
{
	struct test_list *l = test_list();
	int failed;

	cmocka_set_test_filter(getenv("TEST_FILTER")); /* "*dies*": only these */
	failed = _cmocka_run_group_tests(program, l->tests, l->count, NULL, NULL);

	free(l->tests);
	return failed;
}

/* ---- values ---- */

/* An arena that lives until the program ends. */
static inline struct arena *test_arena(void)
{
	static struct arena *a;

	if (!a)
		a = arena_new((size_t)256 << 20);
	return a;
}

static inline struct bytes test_copy(struct bytes in)
{
	uint8_t *p = test_keep(in.len);

	if (in.len)
		memcpy(p, in.p, in.len);
	return bytes_of(p, in.len);
}

/* "03 01 6A 00", blanks as you like. What is no hex digit is an error of the test. */
static inline struct bytes test_hex(const char *hex)
{
	uint8_t *p = test_keep(strlen(hex) / 2 + 1);
	size_t n = 0;
	char digits[3] = "";

	for (; *hex; hex++) {
		char *end;

		if (strchr(" \t\r\n", *hex))
			continue;
		digits[digits[0] ? 1 : 0] = *hex;
		if (!digits[1])
			continue;
		p[n++] = (uint8_t)strtoul(digits, &end, 16);
		if (*end)
			break;
		memset(digits, 0, sizeof(digits));
	}
	if (*hex || digits[0])
		fail_msg("not hex: %s", hex);
	return test_copy(bytes_of(p, n));
}

static inline void test_assert_bytes(struct bytes got, struct bytes want, const char *file, int line)
{
	if (bytes_eq(got, want))
		return;
	print_error(
	    "got  (%zu) \"%.*s\"\nwant (%zu) \"%.*s\"\n", got.len, BYTES_ARG(got), want.len, BYTES_ARG(want));
	print_error("got  ");
	for (size_t i = 0; i < got.len && i < 512; i++)
		print_error("%02X ", got.p[i]);
	print_error("\nwant ");
	for (size_t i = 0; i < want.len && i < 512; i++)
		print_error("%02X ", want.p[i]);
	print_error("\n");
	_fail(file, line);
}
#define assert_bytes_equal(got, want) test_assert_bytes((got), (want), __FILE__, __LINE__)
#define assert_bytes_str(got, text) test_assert_bytes((got), bytes_str(text), __FILE__, __LINE__)

/* ---- files: tests run from the project's root ---- */

/* The path of something in ../shared; without it the test ends here as skipped. */
static inline const char *test_shared(const char *path)
{
	size_t n = strlen(path) + sizeof("../shared/");
	char *full = test_keep(n);

	snprintf(full, n, "../shared/%s", path);
	if (access(full, R_OK) != 0) {
		print_message("skipped: no ../shared\n");
		skip();
	}
	return full;
}

/* A whole file; fails the test if it can't be read. */
static inline struct bytes test_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf b;
	struct bytes out = { 0 };
	uint8_t chunk[4096];
	size_t n;

	buf_init(&b, test_arena(), 0);
	if (!f)
		fail_msg("cannot open %s", path);
	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_put(&b, bytes_of(chunk, n));
	if (f)
		fclose(f);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return test_copy(out);
}

#endif
