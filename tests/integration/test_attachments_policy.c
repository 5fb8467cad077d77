/* The policy's word on attachments: phones are told, and easgate keeps to it. */
#include <stdio.h>

#include "integration/scene.h"

enum { MOST = 20 * 1024 };

static struct bytes mail_of(const char *subject, size_t lines)
{
	struct bytes mail;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_printf(&b,
	    "From: a@example.org\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf; "
	    "name=a.pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n",
	    subject);
	for (size_t i = 0; i < lines; i++)
		buf_put_str(
		    &b, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n");
	assert_int_equal(buf_done(&b, &mail), ERR_OK);
	return mail;
}

/* Its status; and GetAttachment says the same by HTTP. */
static unsigned fetch_status(struct phone *ph, const char *subject)
{
	struct phone_item *i = phone_item_with_subject(scene_inbox(ph), subject);
	struct bytes data, type;
	unsigned status, ignored;

	assert_non_null(i);
	assert_int_equal(i->attachment_count, 1);
	SCENE_OK(
	    ph, phone_fetch_attachment(ph, i->attachments[0].reference, NULL, false, &status, &data, &type));
	assert_int_equal(data.len > 0, status == 1);
	if (ph->version > EAS_12_1)
		return status;
	assert_int_equal(phone_fetch_attachment(
			     ph, i->attachments[0].reference, NULL, true, &ignored, &data, &type) == ERR_OK,
	    status == 1);
	assert_int_equal(ph->reply.status, status == 1 ? 200 : 500);
	return status;
}

/* What the policy that the phone is given says of it. */
static struct bytes told(struct phone *ph, wbxml_tag tag)
{
	const struct wbxml_node *n;

	SCENE_OK(ph, phone_provision_phase(ph, 1, 0));
	n = wbxml_child(wbxml_child(ph->root, PROVISION_POLICIES), PROVISION_POLICY);
	n = wbxml_child(wbxml_child(n, PROVISION_DATA), PROVISION_EAS_PROVISION_DOC);
	assert_non_null(wbxml_child(n, tag));
	return wbxml_child_text(n, tag);
}

/* MIME would bring the file with it. */
static unsigned body_type_of(struct phone *ph, const char *subject)
{
	static const struct phone_options_block mime = { .mime_support = 1 + 2,
		.bodies = { { .type = 4, .truncation = PHONE_WHOLE } } };
	struct phone_collection all = { .folder_id = scene_inbox(ph)->id, .key = "0", .options = &mime };

	SCENE_OK(ph, phone_sync_one(ph, &all));
	all.key = NULL;
	SCENE_OK(ph, phone_sync_one(ph, &all));
	return phone_item_with_subject(scene_inbox(ph), subject)->body_type;
}

static void the_largest_is_bounded(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_raw(user, "INBOX", mail_of("fits", MOST / 57), "", NULL);
	scene_append_raw(user, "INBOX", mail_of("too large", MOST / 57 + 2), "", NULL);
	ph = scene_synced_phone(user, "BOUND", v);
	assert_int_equal(fetch_status(ph, "fits"), 1);
	assert_int_equal(fetch_status(ph, "too large"), 11);
	assert_int_equal(body_type_of(ph, "fits"), 4);
	assert_int_equal(body_type_of(ph, "too large"), 1);
	assert_bytes_str(told(ph, PROVISION_ATTACHMENTS_ENABLED), "1");
	assert_bytes_str(told(ph, PROVISION_MAX_ATTACHMENT_SIZE), "20480");
	scene_assert_clean(ph);
}
TEST_VERSIONS(the_largest_is_bounded)

static bool write_setting(const char *section_and_key)
{
	FILE *f = fopen(scene_env("EASGATE_CONF"), "a");

	return f && fputs(section_and_key, f) >= 0 && fclose(f) == 0;
}

/* Changed while phones are there: they fetch the policy anew, and then get none. Last, for it stays so. */
static void all_are_forbidden(enum eas_version v)
{
	const char *user = scene_user();
	struct phone *ph;

	scene_append_raw(user, "INBOX", mail_of("any", 10), "", NULL);
	ph = scene_synced_phone(user, "NONE", v);
	if (v == EAS_12_1) {
		assert_int_equal(fetch_status(ph, "any"), 1);
		assert_true(write_setting("\n[policy]\nattachments = no\n"));
		assert_true(bed_service_restart(scene_bed(), "easgate"));
	}
	assert_int_equal(fetch_status(ph, "any"), 16);
	assert_int_equal(body_type_of(ph, "any"), 1);
	assert_bytes_str(told(ph, PROVISION_ATTACHMENTS_ENABLED), "0");
	scene_assert_clean(ph);
}
TEST_VERSIONS(all_are_forbidden)

int main(void)
{
	static const char *const settings[] = { "policy.max_attachment=20K", NULL };
	int failed;

	scene_open(&(struct bed_opts){ .users = 20, .services = "dovecot,redis", .settings = settings });
	TEST_ADD_VERSIONS(the_largest_is_bounded);
	TEST_ADD_VERSIONS(all_are_forbidden);
	failed = test_run("attachments policy");
	scene_close();
	return failed;
}
