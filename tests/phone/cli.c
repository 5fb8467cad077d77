#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char help[] =
    "easphone: a simulated ActiveSync phone\n"
    "\n"
    "  easphone probe URL USER          tries everything a phone needs, says what works and how to mend the "
    "rest\n"
    "  easphone sync  URL USER [DIR]    fetches all mail folders; writes them into DIR as readable files\n"
    "  easphone watch URL USER          waits for new mail and prints each push, with how long the Sync "
    "took\n"
    "  easphone load  URL USER          many phones at once; prints figures as JSON\n"
    "\n"
    "URL is the server's address, such as https://mail.example.org (the path /Microsoft-Server-ActiveSync is "
    "added).\n"
    "The password comes from --password-file, from the environment variable EASPHONE_PASSWORD, or is asked "
    "for.\n"
    "\n"
    "  --password-file FILE   first line of that file\n"
    "  --ca FILE              trust these certificates (PEM) instead of the system's\n"
    "  --insecure             accept any certificate: for tests only\n"
    "  --version V            protocol version: 12.1, 14.0, 14.1 (default), 16.0, 16.1\n"
    "  --device ID            device id, letters and digits (default: easphone0001)\n"
    "  --type TYPE            device type (default: easphone)\n"
    "  --email ADDRESS        for Autodiscover, where the user name is no mail address\n"
    "  --base64               send the query in its base64 form\n"
    "  --gzip                 accept compressed answers\n"
    "  --heartbeat SECONDS    how long a Ping may wait (probe: 5; watch and load: 900)\n"
    "  --count N              watch: stop after N pushes\n"
    "  --quiet                only what matters\n"
    "\n"
    "load only:\n"
    "  --phones N             how many (default 100)\n"
    "  --accounts N           spread over N accounts: %u (or %04u) in USER and password becomes 1 to N "
    "(default 1)\n"
    "  --mode ping|sync       held Pings (default), or Syncs one after the other\n"
    "  --ramp N               new phones a second (default 200)\n"
    "  --seconds N            how long to go on once all are there (default 10)\n"
    "  --changes PERCENT      sync: how many of the Syncs mark a mail read or unread (default 20)\n"
    "  --pause MS             sync: time between two Syncs of a phone (default 0)\n"
    "\n"
    "Exit status: 0 all well, 1 something doesn't work, 2 the command line is wrong.\n";

enum {
	OPT_PASSWORD_FILE = 256,
	OPT_CA,
	OPT_INSECURE,
	OPT_VERSION,
	OPT_DEVICE,
	OPT_TYPE,
	OPT_EMAIL,
	OPT_BASE64,
	OPT_GZIP,
	OPT_HEARTBEAT,
	OPT_COUNT,
	OPT_QUIET,
	OPT_PHONES,
	OPT_ACCOUNTS,
	OPT_MODE,
	OPT_RAMP,
	OPT_SECONDS,
	OPT_CHANGES,
	OPT_PAUSE,
	OPT_HELP,
};

static const struct option options[] = {
	{ "password-file", required_argument, NULL, OPT_PASSWORD_FILE },
	{ "ca", required_argument, NULL, OPT_CA },
	{ "insecure", no_argument, NULL, OPT_INSECURE },
	{ "version", required_argument, NULL, OPT_VERSION },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "email", required_argument, NULL, OPT_EMAIL },
	{ "base64", no_argument, NULL, OPT_BASE64 },
	{ "gzip", no_argument, NULL, OPT_GZIP },
	{ "heartbeat", required_argument, NULL, OPT_HEARTBEAT },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "phones", required_argument, NULL, OPT_PHONES },
	{ "accounts", required_argument, NULL, OPT_ACCOUNTS },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "ramp", required_argument, NULL, OPT_RAMP },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "changes", required_argument, NULL, OPT_CHANGES },
	{ "pause", required_argument, NULL, OPT_PAUSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static int wrong(const char *words, const char *what)
{
	fprintf(
	    stderr, "easphone: %s%s%s\nTry: easphone --help\n", words, what ? ": " : "", what ? what : "");
	return 2;
}

/* ---- password ---- */

static char *first_line(FILE *f)
{
	char *line = NULL;
	size_t cap = 0;

	if (getline(&line, &cap, f) < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static char *ask_password(void)
{
	struct termios shown, hidden;
	FILE *tty = fopen("/dev/tty", "r+");
	char *line;

	if (!tty)
		return NULL;
	fputs("Password: ", tty);
	fflush(tty);
	if (tcgetattr(fileno(tty), &shown) == 0) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(fileno(tty), TCSAFLUSH, &hidden);
		line = first_line(tty);
		tcsetattr(fileno(tty), TCSAFLUSH, &shown);
		fputs("\n", tty);
	} else {
		line = first_line(tty);
	}
	fclose(tty);
	return line;
}

static int get_password(struct cli *c, const char *file)
{
	const char *from_environment = getenv("EASPHONE_PASSWORD");

	if (file) {
		FILE *f = fopen(file, "r");

		c->password = f ? first_line(f) : NULL;
		if (f)
			fclose(f);
		return c->password ? 0 : wrong("cannot read a password from", file);
	}
	c->password = from_environment ? strdup(from_environment) : ask_password();
	return c->password ? 0 : wrong("there is no password", "use --password-file or EASPHONE_PASSWORD");
}

/* ---- options ---- */

static int number(const char *text, unsigned max, unsigned *out)
{
	uint32_t n;

	if (bytes_to_u32(bytes_str(text), max, &n))
		return wrong("not a number that fits", text);
	*out = n;
	return 0;
}

static int take_option(struct cli *c, int which, const char *value, const char **password_file)
{
	switch (which) {
	case OPT_PASSWORD_FILE:
		*password_file = value;
		return 0;
	case OPT_CA:
		c->ca_file = value;
		return 0;
	case OPT_INSECURE:
		c->insecure = true;
		return 0;
	case OPT_DEVICE:
		c->device_id = value;
		return 0;
	case OPT_TYPE:
		c->device_type = value;
		return 0;
	case OPT_EMAIL:
		c->email = value;
		return 0;
	case OPT_BASE64:
		c->compact = true;
		return 0;
	case OPT_GZIP:
		c->gzip = true;
		return 0;
	case OPT_QUIET:
		c->quiet = true;
		return 0;
	case OPT_MODE:
		c->mode = value;
		return 0;
	case OPT_HEARTBEAT:
		return number(value, 3540, &c->heartbeat_s);
	case OPT_COUNT:
		return number(value, 1000000, &c->count);
	case OPT_PHONES:
		return number(value, 200000, &c->phones);
	case OPT_ACCOUNTS:
		return number(value, 200000, &c->accounts);
	case OPT_RAMP:
		return number(value, 100000, &c->ramp_per_s);
	case OPT_SECONDS:
		return number(value, 86400, &c->seconds);
	case OPT_CHANGES:
		return number(value, 100, &c->change_percent);
	case OPT_PAUSE:
		return number(value, 3600000, &c->pause_ms);
	case OPT_VERSION:
		return eas_version_parse(bytes_str(value), &c->version) ? wrong("no such version", value) : 0;
	}
	return 2; /* getopt has said why */
}

static bool is_known(const char *command)
{
	static const char *const all[] = { "probe", "sync", "watch", "load" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(command, all[i]))
			return true;
	return false;
}

int cli_parse(struct cli *c, int argc, char **argv, bool *done)
{
	const char *password_file = NULL;
	int which, rc;

	*c = (struct cli){ .version = EAS_14_1,
		.phones = 100,
		.accounts = 1,
		.ramp_per_s = 200,
		.seconds = 10,
		.change_percent = 20,
		.mode = "ping" };
	*done = false;
	while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (which == OPT_HELP) {
			fputs(help, stdout);
			*done = true;
			return 0;
		}
		if ((rc = take_option(c, which, optarg, &password_file)))
			return rc;
	}
	if (argc - optind < 3 || argc - optind > 4)
		return wrong("wanted: a command, the server's address and the user", NULL);
	c->command = argv[optind];
	c->url = argv[optind + 1];
	c->user = argv[optind + 2];
	c->folder_path = argc - optind == 4 ? argv[optind + 3] : NULL;
	if (!is_known(c->command))
		return wrong("no such command", c->command);
	if (strcmp(c->mode, "ping") != 0 && strcmp(c->mode, "sync") != 0)
		return wrong("no such mode", c->mode);
	return get_password(c, password_file);
}

void cli_deinit(struct cli *c)
{
	if (c->password)
		OPENSSL_cleanse(c->password, strlen(c->password));
	free(c->password);
	c->password = NULL;
}

int cli_width(const char *text, int columns)
{
	for (; *text; text++)
		columns += (*text & 0xC0) == 0x80;
	return columns;
}

struct phone *cli_phone(const struct cli *c)
{
	return phone_new(&(struct phone_config){ .url = c->url,
	    .user = c->user,
	    .password = c->password,
	    .ca_file = c->ca_file,
	    .insecure = c->insecure,
	    .device_id = c->device_id,
	    .device_type = c->device_type,
	    .version = c->version,
	    .compact_query = c->compact,
	    .gzip = c->gzip });
}
