#include "scene.h"

#include <time.h>

#include "eas/status.h"

enum { MAX_USERS = 1000 };

const struct version_row scene_versions[5] = {
	{ "12.1", EAS_12_1 },
	{ "14.0", EAS_14_0 },
	{ "14.1", EAS_14_1 },
	{ "16.0", EAS_16_0 },
	{ "16.1", EAS_16_1 },
};

static struct bed *bed;
static unsigned users_taken, users_there;
static struct truth *truths[MAX_USERS]; /* of scene_user's accounts, opened when first asked */

/* ---- the bed ---- */

static void free_phones(void);

void scene_open(const struct bed_opts *opts)
{
	struct bed_opts o = *opts;

	o.easgate = true;
	if (!o.services)
		o.services = "dovecot,redis,mocksmtp";
	if (!o.users)
		o.users = 100;
	users_there = o.users;
	users_taken = 0;
	assert_true(o.users < MAX_USERS);
	bed = bed_start(&o);
	if (!bed)
		exit(1);
}

void scene_close(void)
{
	free_phones();
	for (size_t i = 0; i < MAX_USERS; i++)
		truth_close(&truths[i]);
	bed_stop(&bed);
}

struct bed *scene_bed(void)
{
	return bed;
}

const char *scene_env(const char *key)
{
	return bed_get(bed, key);
}

/* ---- accounts and phones ---- */

const char *scene_user(void)
{
	char *name = test_keep(48);

	if (++users_taken > users_there)
		fail_msg("the bed has only %u accounts", users_there);
	snprintf(name, 48, "user%04u@%s", users_taken, scene_env("DOMAIN"));
	return name;
}

struct truth *scene_truth(const char *user)
{
	unsigned number = (unsigned)strtoul(user + 4, NULL, 10);

	assert_true(!strncmp(user, "user", 4) && number < MAX_USERS);
	if (!truths[number])
		truths[number] = truth_open(bed, user);
	return truths[number];
}

/* Phones of a test that failed half way are left here; all are freed at the end. */
static struct phone *all_phones[4096];
static size_t phone_count;

static void free_phones(void)
{
	for (size_t i = 0; i < phone_count; i++)
		phone_free(&all_phones[i]);
	phone_count = 0;
}

struct phone *scene_phone(const char *user, const char *device, enum eas_version v)
{
	struct phone *ph = phone_new(&(struct phone_config){ .url = scene_env("EASGATE_URL"),
	    .user = user,
	    .password = bed_password(bed, user),
	    .ca_file = scene_env("CA_FILE"),
	    .device_id = device,
	    .version = v });

	assert_true(phone_count < sizeof(all_phones) / sizeof(all_phones[0]));
	all_phones[phone_count++] = ph;
	return ph;
}

struct phone_folder *scene_inbox(struct phone *ph)
{
	struct phone_folder *f = phone_folder_of_type(&ph->replica, 2);

	assert_non_null(f);
	return f;
}

struct phone *scene_synced_phone(const char *user, const char *device, enum eas_version v)
{
	struct phone *ph = scene_phone(user, device, v);

	SCENE_OK(ph, phone_setup(ph));
	SCENE_OK(ph, phone_sync_folder(ph, scene_inbox(ph), NULL));
	return ph;
}

void scene_expect(struct phone *ph, enum err got, enum err want, const char *what, const char *file, int line)
{
	if (got == want)
		return;
	print_error("%s: %s, wanted %s: %s\n", what, err_name(got), err_name(want), ph->problem);
	_fail(file, line);
}

static bool is_refused(struct phone *ph, enum err got, unsigned status)
{
	if (ph->version >= EAS_14_0)
		return !got && ph->status == status;
	return got && ph->reply.status == eas_status_http(status, ph->version) &&
	       (phone_answer_header(&ph->reply, "Retry-After").len > 0) ==
		   (status == STATUS_SERVER_ERROR_RETRY_LATER);
}

void scene_expect_refusal(
    struct phone *ph, enum err got, unsigned status, const char *what, const char *file, int line)
{
	if (is_refused(ph, got, status))
		return;
	print_error("%s in %s: %s, HTTP %d, status %u, wanted status %u: %s\n", what,
	    eas_version_name(ph->version), err_name(got), ph->reply.status, ph->status, status, ph->problem);
	_fail(file, line);
}

void scene_check_clean(struct phone *ph, const char *file, int line)
{
	if (!ph->replica.anomalies)
		return;
	print_error("%u anomalies:\n%s", ph->replica.anomalies, ph->replica.anomaly_text);
	_fail(file, line);
}

void scene_sync(struct phone *ph, struct phone_folder *f)
{
	SCENE_OK(ph, phone_sync_folder(ph, f, &(struct phone_collection){ .window = 100 }));
}

/* ---- IMAP ---- */

static struct bytes simple_mail(const char *subject)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_printf(&b,
	    "From: Sender <sender@example.net>\r\nTo: somebody@example.org\r\nSubject: %s\r\n"
	    "Date: Tue, 24 Nov 2026 13:00:00 +0000\r\nMessage-ID: <%lld@example.net>\r\n\r\nThis is %s.\r\n",
	    subject, (long long)phone_now_us(), subject);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return out;
}

void scene_append_raw(
    const char *user, const char *mailbox, struct bytes mime, const char *flags, const char *date)
{
	truth_append(scene_truth(user), mailbox, flags, date, mime);
}

void scene_append(const char *user, const char *mailbox, const char *subject, const char *flags)
{
	scene_append_raw(user, mailbox, simple_mail(subject), flags, NULL);
}

void scene_append_aged(const char *user, const char *mailbox, struct bytes mime, unsigned days)
{
	time_t when = time(NULL) - (time_t)days * 86400;
	char date[40];
	struct tm tm;

	strftime(date, sizeof(date), "%d-%b-%Y %H:%M:%S +0000", gmtime_r(&when, &tm));
	scene_append_raw(user, mailbox, mime, "", date);
}

void scene_append_many(const char *user, const char *mailbox, const char *prefix, unsigned count)
{
	char mail[512];

	snprintf(mail, sizeof(mail),
	    "From: Sender <sender@example.net>\r\nTo: somebody@example.org\r\nSubject: %s #\r\n"
	    "Date: Tue, 24 Nov 2026 13:00:00 +0000\r\n\r\nThis is %s #.\r\n",
	    prefix, prefix);
	if (count)
		truth_append_many(scene_truth(user), mailbox, count, mail);
}

static const char *uid_of(const char *user, const char *mailbox, const char *subject)
{
	const struct scene_mail *m = scene_mail(user, mailbox, subject);
	char *text = test_keep(12);

	if (!m)
		fail_msg("IMAP: no mail \"%s\" in %s", subject, mailbox);
	snprintf(text, 12, "%u", m ? m->uid : 0);
	return text;
}

void scene_store(
    const char *user, const char *mailbox, const char *subject, const char *how, const char *flags)
{
	truth_store(scene_truth(user), mailbox, uid_of(user, mailbox, subject), how, flags);
}

void scene_expunge(const char *user, const char *mailbox, const char *subject)
{
	truth_expunge(scene_truth(user), mailbox, uid_of(user, mailbox, subject));
}

void scene_move(const char *user, const char *mailbox, const char *subject, const char *to)
{
	truth_move(scene_truth(user), mailbox, uid_of(user, mailbox, subject), to);
}

/* The subject in the answer to FETCH (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) for that UID. */
static void read_subject(struct bytes answer, uint32_t uid, char *out, size_t cap)
{
	char wanted[32];
	const char *at, *text;

	snprintf(wanted, sizeof(wanted), "(UID %u ", uid);
	at = memmem(answer.p, answer.len, wanted, strlen(wanted));
	text = at ? strstr(at, "}\r\n") : NULL;
	text = text && !strncasecmp(text + 3, "Subject: ", 9) ? text + 12 : "";
	snprintf(out, cap, "%.*s", (int)strcspn(text, "\r\n"), text);
}

size_t scene_mails(const char *user, const char *mailbox, struct scene_mail **out)
{
	struct truth *t = scene_truth(user);
	const struct truth_mail *all;
	struct bytes answer;
	size_t n;

	*out = NULL;
	if (!truth_has_mailbox(t, mailbox) || !(n = truth_list(t, mailbox, &all)))
		return 0;
	answer = truth_command(
	    t, "UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])"); /* the list has selected it */
	*out = test_keep(n * sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct scene_mail *m = &(*out)[i];

		*m = (struct scene_mail){ .uid = all[i].uid,
			.seen = strstr(all[i].flags, "\\Seen") != NULL,
			.flagged = strstr(all[i].flags, "\\Flagged") != NULL,
			.answered = strstr(all[i].flags, "\\Answered") != NULL };
		read_subject(answer, m->uid, m->subject, sizeof(m->subject));
	}
	return n;
}

size_t scene_count(const char *user, const char *mailbox)
{
	struct scene_mail *all;

	return scene_mails(user, mailbox, &all);
}

const struct scene_mail *scene_mail(const char *user, const char *mailbox, const char *subject)
{
	struct scene_mail *all;
	size_t n = scene_mails(user, mailbox, &all);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].subject, subject))
			return &all[i];
	return NULL;
}

void scene_deliver(const char *user, const char *subject)
{
	truth_deliver(bed, user, simple_mail(subject));
}

void scene_check_same(
    const struct phone_folder *f, const char *user, const char *mailbox, const char *file, int line)
{
	struct scene_mail *all;
	size_t n = scene_mails(user, mailbox, &all), wrong = n != f->count;

	if (wrong)
		print_error("%s: the phone has %zu mails, IMAP has %zu\n", mailbox, f->count, n);
	for (size_t i = 0; i < n; i++) {
		const struct phone_item *p = phone_item_with_subject(f, all[i].subject);

		if (p && p->read == all[i].seen && (p->flag == 2) == all[i].flagged)
			continue;
		wrong++;
		if (p)
			print_error("\"%s\": read %d flag %u, IMAP: seen %d flagged %d\n", all[i].subject,
			    p->read, p->flag, all[i].seen, all[i].flagged);
		else
			print_error("\"%s\" isn't on the phone\n", all[i].subject);
	}
	if (wrong)
		_fail(file, line);
}
