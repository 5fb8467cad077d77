#include "received.h"

#include <dirent.h>

unsigned received_count(void)
{
	DIR *dir = opendir(scene_env("MOCKSMTP_RECEIVED"));
	struct dirent *d;
	unsigned n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)))
		n += strlen(d->d_name) > 5 && !strcmp(d->d_name + strlen(d->d_name) - 5, ".json");
	closedir(dir);
	return n;
}

/* The mock server writes a mail down a moment after it has answered. */
static bool has_come(void *arg)
{
	return received_count() == *(unsigned *)arg;
}

void received_expect(unsigned count)
{
	bed_wait(has_come, &count, 15000);
	assert_int_equal(received_count(), count);
}

struct bytes received(unsigned number, const char *ending)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%u.%s", scene_env("MOCKSMTP_RECEIVED"), number, ending);
	return test_file(path);
}

bool received_has(struct bytes in, const char *text)
{
	return memmem(in.p, in.len, text, strlen(text)) != NULL;
}

unsigned received_times(struct bytes in, const char *text)
{
	const uint8_t *at = in.p, *end = in.p + in.len;
	unsigned n = 0;

	while ((at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
		at++;
		n++;
	}
	return n;
}
