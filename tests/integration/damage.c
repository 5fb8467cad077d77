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

/* ---- the ways ---- */

const struct damage_case damage_cases[2] = {
	{ "a file that can't be opened", damage_forbid },
	{ "a file that ends too early", cut },
};
