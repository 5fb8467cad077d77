#ifndef EASGATE_PHONE_CLI_H
#define EASGATE_PHONE_CLI_H

#include "phone.h"

/* The tool's command line, once for all of its commands. */
struct cli {
	const char *command, *url, *user;
	const char *folder_path; /* sync: where the replica goes; NULL: nowhere */
	const char *ca_file, *device_id, *device_type, *email;
	char *password; /* owned, wiped by cli_deinit */
	enum eas_version version;
	bool insecure, compact, gzip, quiet;
	unsigned heartbeat_s; /* 0: each command's own */
	unsigned count;       /* watch: stop after so many pushes; 0 = never */
	/* load */
	unsigned phones, accounts, ramp_per_s, seconds, change_percent, pause_ms;
	const char *mode;
};

/* 0, or the exit status that ends the program: 0 is told apart by *done (--help). Speaks to the user itself. */
int cli_parse(struct cli *c, int argc, char **argv, bool *done);
void cli_deinit(struct cli *c);
struct phone *cli_phone(const struct cli *c);

/* For printf's "%-*s": the width that gives `text` that many columns, where "%-40s" would count bytes. */
int cli_width(const char *text, int columns);

/* Each returns the program's exit status: 0 all well, 1 something doesn't work. */
int cmd_probe(const struct cli *c);
int cmd_sync(const struct cli *c);
int cmd_watch(const struct cli *c);
int cmd_load(const struct cli *c);

#endif
