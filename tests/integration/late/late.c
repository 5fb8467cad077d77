/* The gateway's time(), in the program easgate-late: later than it is by the seconds that stand in the file that the environment
 * names. What ages in days can be tested so with real servers. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "integration/late/late.h"

time_t __real_time(time_t *out);
time_t __wrap_time(time_t *out);

static long long seconds_late(void)
{
	const char *path = getenv(LATE_FILE);
	FILE *f = path ? fopen(path, "r") : NULL;
	long long late = 0;

	if (f && fscanf(f, "%lld", &late) != 1)
		late = 0;
	if (f)
		fclose(f);
	return late;
}

time_t __wrap_time(time_t *out)
{
	time_t now = __real_time(NULL) + (time_t)seconds_late();

	if (out)
		*out = now;
	return now;
}
