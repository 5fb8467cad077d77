#include "damage.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- the mail server's files ---- */

const char *damage_file(const char *user, const char *mailbox, unsigned nth)
{
	char *path = test_keep(512);

	snprintf(path, 512, "%s/dovecot/mail/%.*s/mail/mailboxes/%s/dbox-Mails/u.%u", scene_env("BED"),
	    (int)strcspn(user, "@"), user, mailbox, nth);
	return path;
}

void damage_forbid(const char *path)
{
	assert_int_equal(chmod(path, 0), 0);
}

void damage_allow(const char *path)
{
	assert_int_equal(chmod(path, 0600), 0);
}

void damage_forget_cache(const char *user, const char *mailbox)
{
	char *path = test_keep(512);

	snprintf(path, 512, "%s/dovecot/mail/%.*s/mail/mailboxes/%s/dbox-Mails/dovecot.index.cache",
	    scene_env("BED"), (int)strcspn(user, "@"), user, mailbox);
	assert_int_equal(unlink(path), 0);
}

static void cut(const char *path)
{
	assert_int_equal(truncate(path, 900), 0);
}

/* ---- mails ---- */

void damage_append(const char *user, const char *mailbox, const char *subject)
{
	char mail[DAMAGE_TEXT + 512];
	size_t n = (size_t)snprintf(mail, sizeof(mail),
	    "From: Carol <carol@example.net>\r\nSubject: %s\r\nMessage-ID: <%s@example.net>\r\n\r\n", subject,
	    subject);

	for (size_t i = 0; i < DAMAGE_TEXT; i++)
		mail[n++] = i % 72 == 71 ? '\n' : 'x';
	scene_append_raw(user, mailbox, bytes_of((uint8_t *)mail, n), "", NULL);
}

/* ---- an inbox ---- */

const char *damage_inbox_file(const char *user, unsigned nth)
{
	return damage_file(user, "INBOX", nth);
}

void damage_append_many(const char *user, const char *prefix, unsigned count)
{
	char subject[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(subject, sizeof(subject), "%s%u", prefix, i);
		damage_append(user, "INBOX", subject);
	}
}

unsigned damage_count_stubs(const struct phone_folder *f)
{
	unsigned n = 0;

	for (const struct phone_item *i = phone_item_next(f, NULL); i; i = phone_item_next(f, i))
		n += strstr(i->body, DAMAGE_STUB) != NULL;
	return n;
}

void damage_expect(const struct phone_folder *f, size_t mails, unsigned stubs)
{
	assert_int_equal(f->count, mails);
	assert_int_equal(damage_count_stubs(f), stubs);
}

/* ---- the ways ---- */

const struct damage_case damage_cases[2] = {
	{ "a file that can't be opened", damage_forbid },
	{ "a file that ends too early", cut },
};
