#include "clock.h"

#include <unistd.h>

#include "integration/late/late.h"

static char path[] = "/tmp/easgate-late.XXXXXX";

void clock_days_ahead(unsigned days)
{
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "%llu\n", days * 86400ull) < 0 || fclose(f))
		fail_msg("%s can't be written", path);
}

void clock_scene_open(const struct bed_opts *opts)
{
	struct bed_opts late = *opts;
	int fd = mkstemp(path);

	if (fd < 0 || setenv(LATE_FILE, path, 1)) {
		perror(path);
		exit(1);
	}
	close(fd);
	late.program = "easgate-late";
	scene_open(&late);
}

void clock_scene_close(void)
{
	scene_close();
	unlink(path);
}
