/* easphone sync: all mail folders, as folders and text files that a human can read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

enum { MAX_NAME = 80, MAX_PATH = 4096 };

/* Whole mails as plain text; HTML only where there is no other. */
static const struct phone_options_block whole_bodies = { .bodies = {
							     { .type = 1, .truncation = PHONE_WHOLE } } };

static bool is_mail(const struct phone_folder *f)
{
	return (f->type >= 1 && f->type <= 6) || f->type == 12;
}

/* A name that any file system takes: what could lead out of the folder or confuse a shell becomes '_'. */
static void safe_name(const char *text, char *out, size_t cap)
{
	size_t n = 0;

	for (; *text && n + 1 < cap && n < MAX_NAME; text++) {
		bool odd =
		    (unsigned char)*text < 0x20 || strchr("/\\:*?\"<>|", *text) || (*text == '.' && n == 0);

		out[n++] = odd ? '_' : *text;
	}
	while (n && ((unsigned char)out[n - 1] & 0xC0) == 0x80 && n >= MAX_NAME)
		n--; /* not inside a character */
	out[n] = '\0';
}

static bool make_folder(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return true;
	fprintf(stderr, "easphone: cannot create %s: %s\n", path, strerror(errno));
	return false;
}

static void write_item(const char *folder_path, const struct phone_item *i)
{
	char subject[MAX_NAME + 1], id[MAX_NAME + 1], path[MAX_PATH];
	FILE *f;

	safe_name(i->subject[0] ? i->subject : "no subject", subject, sizeof(subject));
	safe_name(i->id, id, sizeof(id));
	snprintf(path, sizeof(path), "%s/%.10s %s [%s].txt", folder_path, i->date, subject, id);
	f = fopen(path, "w");
	if (!f) {
		fprintf(stderr, "easphone: cannot write %s: %s\n", path, strerror(errno));
		return;
	}
	fprintf(f, "From: %s\nTo: %s\n", i->from, i->to);
	if (i->cc[0])
		fprintf(f, "Cc: %s\n", i->cc);
	fprintf(f, "Subject: %s\nDate: %s\nRead: %s\n", i->subject, i->date, i->read ? "yes" : "no");
	if (i->flag)
		fprintf(f, "Flag: %s\n", i->flag == 1 ? "done" : "flagged");
	for (size_t n = 0; n < i->attachment_count; n++)
		fprintf(f, "Attachment: %s (%zu bytes)\n", i->attachments[n].name, i->attachments[n].size);
	fprintf(f, "\n%s\n", i->body);
	fclose(f);
}

static bool folder_path(
    struct phone *ph, const struct phone_folder *f, const char *top, char *path, size_t cap)
{
	const struct phone_folder *up[16];
	size_t depth = 0, used;

	for (const struct phone_folder *p = f; p && depth < 16; p = phone_folder(&ph->replica, p->parent))
		up[depth++] = p;
	used = (size_t)snprintf(path, cap, "%s", top);
	while (depth && used < cap) {
		char name[MAX_NAME + 1];

		safe_name(up[--depth]->name, name, sizeof(name));
		used += (size_t)snprintf(path + used, cap - used, "/%s", name);
		if (used < cap && !make_folder(path))
			return false;
	}
	return used < cap;
}

static void write_folder(struct phone *ph, const struct phone_folder *f, const char *top)
{
	char path[MAX_PATH / 2];

	if (!folder_path(ph, f, top, path, sizeof(path)))
		return;
	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		write_item(path, i);
}

static void print_summary(const struct phone_folder *f, double ms)
{
	size_t unread = 0;

	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		unread += !i->read;
	printf(
	    "%-*s %6zu mails %6zu unread %8.0f ms\n", cli_width(f->name, 40), f->name, f->count, unread, ms);
}

static bool sync_one(struct phone *ph, struct phone_folder *f, const struct cli *c)
{
	struct phone_collection rq = { .window = 100, .options = &whole_bodies };
	int64_t start = phone_now_us();

	if (phone_sync_folder(ph, f, &rq)) {
		printf("%-*s failed: %s\n", cli_width(f->name, 40), f->name, ph->problem);
		return false;
	}
	if (!c->quiet)
		print_summary(f, (double)(phone_now_us() - start) / 1000);
	if (c->folder_path)
		write_folder(ph, f, c->folder_path);
	return true;
}

int cmd_sync(const struct cli *c)
{
	struct phone *ph = cli_phone(c);
	size_t mails = 0, folders = 0;
	bool good = true;

	if (phone_setup(ph) || (c->folder_path && !make_folder(c->folder_path))) {
		fprintf(stderr, "easphone: %s\n", ph->problem);
		phone_free(&ph);
		return 1;
	}
	for (struct phone_folder *f = ph->replica.folders; f; f = f->next) {
		if (!is_mail(f) || (c->version < EAS_16_0 && (f->type == 3 || f->type == 6)))
			continue; /* Drafts are synced from 16.0 on; the Outbox is the phone's own */
		good &= sync_one(ph, f, c);
		mails += f->count;
		folders++;
	}
	printf("%zu mails in %zu folders\n", mails, folders);
	if (ph->replica.anomalies) {
		printf("what the server sent did not fit what the phone has:\n%s", ph->replica.anomaly_text);
		good = false;
	}
	phone_free(&ph);
	return good ? 0 : 1;
}
