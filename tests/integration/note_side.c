#include "note_side.h"

const struct version_row note_versions[3] = {
	{ "14.0", EAS_14_0 },
	{ "14.1", EAS_14_1 },
	{ "16.1", EAS_16_1 },
};

static const struct phone_options_block plain_options = { .bodies = {
							      { .type = 1, .truncation = PHONE_WHOLE } } };
const struct phone_collection side_plain = { .window = 100, .options = &plain_options };

const char note_uuid_1[] = "0A1B2C3D-1111-4222-8333-444455556666";
const char note_uuid_2[] = "0A1B2C3D-2222-4222-8333-444455556666";

/* ---- a phone with notes ---- */

void side_sync(struct side *s)
{
	SCENE_OK(s->ph, phone_sync_folder(s->ph, s->notes, &side_plain));
	scene_assert_clean(s->ph);
}

struct side side_make(const char *user, const char *device, enum eas_version v)
{
	struct side s = { .ph = scene_phone(user, device, v) };

	SCENE_OK(s.ph, phone_setup(s.ph));
	s.notes = phone_folder_of_type(&s.ph->replica, 10);
	assert_non_null(s.notes);
	side_sync(&s);
	return s;
}

const struct phone_item *side_note(const struct side *s, const char *subject)
{
	const struct phone_item *i = phone_item_with_subject(s->notes, subject);

	if (!i)
		fail_msg("the phone has no note \"%s\"", subject);
	return i;
}

unsigned side_try(struct side *s, struct phone_edit e)
{
	unsigned status;

	e.note = true;
	SCENE_OK(s->ph, phone_edit_one(s->ph, s->notes, &e, &status));
	return status;
}

void side_add(struct side *s, const char *client_id, const char *subject, const char *text)
{
	assert_int_equal(side_try(s,
			     (struct phone_edit){
				 .command = AIRSYNC_ADD, .id = client_id, .subject = subject, .text = text }),
	    1);
}

unsigned side_try_change(struct side *s, const char *subject, struct phone_edit e)
{
	char id[64];

	snprintf(id, sizeof(id), "%s", side_note(s, subject)->id);
	e.command = e.command ? e.command : AIRSYNC_CHANGE;
	e.id = id;
	return side_try(s, e);
}

void side_change(struct side *s, const char *subject, struct phone_edit e)
{
	assert_int_equal(side_try_change(s, subject, e), 1);
}

/* ---- what IMAP has ---- */

size_t notes_count(const char *user, const char *mailbox)
{
	struct scene_mail *all;

	return scene_mails(user, mailbox, &all);
}

struct bytes notes_mail(const char *user, const char *subject)
{
	const struct scene_mail *m = scene_mail(user, "Notes", subject);
	struct bytes mail = { 0 };

	if (!m)
		fail_msg("IMAP has no note \"%s\"", subject);
	assert_true(truth_fetch(scene_truth(user), "Notes", m->uid, &mail));
	return mail;
}

bool notes_has(struct bytes mail, const char *text)
{
	return memmem(mail.p, mail.len, text, strlen(text)) != NULL;
}

/* A note as Apple's program writes it, of our own making. */
struct bytes notes_apple(const char *subject, const char *uuid, const char *html_text)
{
	char *text = test_keep(strlen(subject) + strlen(uuid) + strlen(html_text) + 1024);

	sprintf(text,
	    "Subject: %s\r\nFrom: Anna Example <anna@example.org>\r\n"
	    "X-Universally-Unique-Identifier: %s\r\nContent-Type: text/html;\r\n\tcharset=utf-8\r\n"
	    "X-Uniform-Type-Identifier: com.apple.mail-note\r\nMessage-Id: <%s@example.org>\r\n"
	    "Date: Fri, 06 Nov 2026 10:19:33 +0100\r\nX-Mail-Created-Date: Thu, 05 Nov 2026 08:00:00 "
	    "+0100\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\nMime-Version: 1.0 (1.0)\r\nX-Own: "
	    "kept\r\n\r\n%s\r\n",
	    subject, uuid, uuid, html_text);
	return bytes_str(text);
}

void notes_put(const char *user, struct bytes mail)
{
	scene_append_raw(user, "Notes", mail, "\\Seen", NULL);
}

void notes_make_folder(const char *user)
{
	if (!truth_has_mailbox(scene_truth(user), "Notes"))
		truth_create(scene_truth(user), "Notes");
}
