#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* By what the body is, not by what it says it is. */
static const char *ending_of(const struct phone_answer *answer)
{
	struct bytes type = phone_answer_header(answer, "Content-Type");

	if (bytes_starts_nocase(type, "application/vnd.ms-sync.multipart"))
		return "multipart";
	if (answer->body.len >= 4 && answer->body.p[0] == 3 && answer->body.p[2] == 0x6A)
		return "wbxml";
	if (bytes_starts_nocase(type, "application/vnd.ms-sync"))
		return "wbxml"; /* which it isn't: the validation is to find it */
	if (bytes_starts_nocase(type, "text/xml") || bytes_starts_nocase(type, "application/xml"))
		return "xml";
	return bytes_starts_nocase(type, "application/json") ? "json" : "other";
}

static void write_meta(const char *path, const struct phone_answer *answer)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return;
	fprintf(f, "http %d\n%.*s", answer->status, BYTES_ARG(answer->head));
	fclose(f);
}

void phone_record(const char *command, const char *version, const struct phone_answer *answer)
{
	const char *dir = getenv("EASPHONE_RECORD");
	static unsigned number;
	char base[512], path[540];
	FILE *f;

	if (!dir || !answer->body.len)
		return;
	snprintf(base, sizeof(base), "%s/%ld-%04u-%s-%s", dir, (long)getpid(), ++number, command, version);
	snprintf(path, sizeof(path), "%s.%s", base, ending_of(answer));
	f = fopen(path, "wb");
	if (!f)
		return;
	fwrite(answer->body.p, 1, answer->body.len, f);
	fclose(f);
	snprintf(path, sizeof(path), "%s.meta", base);
	write_meta(path, answer);
}
