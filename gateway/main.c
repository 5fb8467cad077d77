#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "master.h"
#include "version.h"

#define DEFAULT_CONFIG "/etc/easgate/easgate.conf"

static const char help[] =
    "easgate: Exchange ActiveSync for the mail server that you have\n"
    "\n"
    "  easgate [-c FILE] [run]                 serve, in the foreground\n"
    "  easgate [-c FILE] check [--user NAME]   try config, certificate, Redis, IMAP and SMTP,\n"
    "                                          with --user also a login (password: EASGATE_PASSWORD or asked "
    "for)\n"
    "  easgate sample                          print a config file that explains every key\n"
    "  easgate --version, --help\n"
    "\n"
    "FILE is " DEFAULT_CONFIG " if not given.\n"
    "Signals: HUP reads config and certificate again, TERM stops, USR1 opens the log files again.\n";

static int print_sample(void)
{
	struct arena *a = arena_new(1024 * 1024);
	struct bytes text;
	struct buf b;
	int status = EXIT_FAILURE;

	buf_init(&b, a, 0);
	config_put_sample(&b);
	if (buf_done(&b, &text) == ERR_OK && fwrite(text.p, 1, text.len, stdout) == text.len)
		status = EXIT_SUCCESS;
	arena_free(&a);
	return status;
}

static int misused(const char *what)
{
	fprintf(stderr, "easgate: %s; see easgate --help\n", what);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "user", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	const char *config = DEFAULT_CONFIG, *user = NULL, *verb = "run";
	int o;

	while ((o = getopt_long(argc, argv, "c:u:hv", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			config = optarg;
			break;
		case 'u':
			user = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		case 'v':
			puts("easgate " EASGATE_VERSION);
			return EXIT_SUCCESS;
		default:
			return misused("what is that");
		}
	}
	if (optind < argc)
		verb = argv[optind++];
	if (optind < argc)
		return misused("too many words");
	if (strcmp(verb, "run") == 0)
		return master_run(config);
	if (strcmp(verb, "check") == 0)
		return check_run(config, user);
	if (strcmp(verb, "sample") == 0)
		return print_sample();
	return misused("there is no such command");
}
