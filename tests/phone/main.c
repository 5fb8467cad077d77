/* The tool `easphone`. */
#include <string.h>

#include "cli.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct cli *c);
	} commands[] = {
		{ "probe", cmd_probe },
		{ "sync", cmd_sync },
		{ "watch", cmd_watch },
		{ "load", cmd_load },
	};
	struct cli c;
	bool done;
	int status;

	status = cli_parse(&c, argc, argv, &done);
	for (size_t i = 0; !status && !done && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, c.command))
			status = commands[i].run(&c);
	cli_deinit(&c);
	return status;
}
