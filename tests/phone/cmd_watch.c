/* easphone watch: Ping, Sync what it names, Ping again; as a phone in a pocket does. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"

enum { DEFAULT_HEARTBEAT_S = 900, MAX_FOLDERS = 64, RETRY_MS = 5000 };

/* Folders of mail: MS-ASCMD 2.2.3.170.3. Drafts and Outbox belong to the phone up to 14.1. */
static bool is_watched(const struct phone_folder *f)
{
	return f->type == 1 || f->type == 2 || f->type == 12;
}

static void print_time(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm parts;

	strftime(text, sizeof(text), "%H:%M:%S", localtime_r(&now, &parts));
	printf("%s  ", text);
}

static enum err sync_watched(struct phone *ph, bool is_first)
{
	for (struct phone_folder *f = ph->replica.folders; f; f = f->next) {
		enum err e;

		if (!is_watched(f))
			continue;
		if ((e = phone_sync_folder(ph, f, NULL)))
			return e;
		if (is_first && f->count)
			printf("%-*s %zu mails\n", cli_width(f->name, 40), f->name, f->count);
	}
	return ERR_OK;
}

/* Who wrote, and about what: for a single new mail, which is the usual push. The newest is the one of the latest date. */
static void print_newest(const struct phone_folder *f)
{
	const struct phone_item *newest = NULL;

	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		if (!newest || strcmp(i->date, newest->date) > 0)
			newest = i;
	if (newest && f->added == 1)
		printf("          %s: %s\n", newest->from, newest->subject);
}

static enum err take_push(struct phone *ph, const char *const *changed, size_t count)
{
	char ids[MAX_FOLDERS][65];
	enum err e = ERR_OK;

	for (size_t i = 0; i < count; i++)
		snprintf(ids[i], sizeof(ids[i]), "%s", changed[i]); /* the next request drops them */
	for (size_t i = 0; i < count && !e; i++) {
		struct phone_folder *f = phone_folder(&ph->replica, ids[i]);
		int64_t start = phone_now_us();

		if (!f)
			continue;
		if ((e = phone_sync_folder(ph, f, NULL)))
			return e;
		print_time();
		printf("push: %s: %u new, %u changed, %u gone; Sync took %.1f ms\n", f->name, f->added,
		    f->changed, f->deleted + f->soft_deleted, (double)(phone_now_us() - start) / 1000);
		print_newest(f);
		fflush(stdout);
	}
	return e;
}

static size_t watched_ids(struct phone *ph, const char **ids)
{
	size_t n = 0;

	for (struct phone_folder *f = ph->replica.folders; f && n < MAX_FOLDERS; f = f->next)
		if (is_watched(f))
			ids[n++] = f->id;
	return n;
}

/* One Ping and what follows from it; *pushes counts. */
static enum err one_round(struct phone *ph, unsigned heartbeat_s, unsigned *pushes)
{
	const char *ids[MAX_FOLDERS], *changed[MAX_FOLDERS];
	size_t count = watched_ids(ph, ids);
	enum err e;

	if ((e = phone_ping_send(ph, heartbeat_s, ids, count)) ||
	    (e = phone_ping_receive(ph, heartbeat_s, changed, MAX_FOLDERS, &count)))
		return e;
	switch (ph->status) {
	case 1:
		return ERR_OK;
	case 2:
		++*pushes;
		return take_push(ph, changed, count);
	case 7:
		if ((e = phone_folder_sync(ph, NULL)))
			return e;
		print_time();
		puts("the folders have changed");
		return sync_watched(ph, false);
	}
	snprintf(ph->problem, sizeof(ph->problem), "Ping: Status %u", ph->status);
	return ERR_PROTO;
}

int cmd_watch(const struct cli *c)
{
	struct phone *ph = cli_phone(c);
	unsigned pushes = 0, heartbeat_s = c->heartbeat_s ? c->heartbeat_s : DEFAULT_HEARTBEAT_S;
	enum err e;

	if ((e = phone_setup(ph)) || (e = sync_watched(ph, !c->quiet))) {
		fprintf(stderr, "easphone: %s\n", ph->problem);
		phone_free(&ph);
		return 1;
	}
	print_time();
	puts("waiting for new mail");
	fflush(stdout);
	while (!c->count || pushes < c->count) {
		e = one_round(ph, heartbeat_s, &pushes);
		if (!e)
			continue;
		fprintf(stderr, "easphone: %s\n", ph->problem);
		if (e != ERR_UNAVAILABLE && e != ERR_TIMEOUT)
			break; /* going on would not help */
		poll(NULL, 0, RETRY_MS);
	}
	if (ph->replica.anomalies)
		fprintf(stderr, "easphone: what the server sent did not fit what the phone has:\n%s",
		    ph->replica.anomaly_text);
	e = ph->replica.anomalies ? ERR_PROTO : e;
	phone_free(&ph);
	return e ? 1 : 0;
}
