/* Mails as phones fetch them by ItemOperations: several at once, files among them, whole ones as MIME, and when IMAP breaks off. */
#include <unistd.h>

#include "integration/file_side.h"
#include "integration/processes.h"

/* ---- several ---- */

static void put_item(struct wbxml_writer *w, struct phone *ph, const char *subject, unsigned type)
{
	open_fetch(w, NULL);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, scene_inbox(ph)->id);
	wbxml_put_str(w, AIRSYNC_SERVER_ID, phone_item_with_subject(scene_inbox(ph), subject)->id);
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	wbxml_open(w, ITEMOPERATIONS_SCHEMA);
	wbxml_put_empty(w, EMAIL_SUBJECT);
	wbxml_close(w);
	wbxml_open(w, ITEMOPERATIONS_SCHEMA); /* there may be several */
	wbxml_put_empty(w, AIRSYNCBASE_BODY);
	wbxml_close(w);
	wbxml_put_uint(w, AIRSYNC_MIME_SUPPORT, 2);
	wbxml_open(w, AIRSYNCBASE_BODY_PREFERENCE);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, type);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
}

static void assert_item(
    struct phone *ph, const struct wbxml_node *fetch, const char *subject, const char *holds)
{
	const struct wbxml_node *p = properties_of(fetch);
	struct bytes data = data_of(ph, wbxml_child(p, AIRSYNCBASE_BODY), false);

	assert_bytes_str(wbxml_child_text(p, EMAIL_SUBJECT), subject);
	assert_non_null(memmem(data.p, data.len, holds, strlen(holds)));
	for (const struct wbxml_node *c = p->child; c; c = c->next)
		assert_true(c->tag == EMAIL_SUBJECT || c->tag == AIRSYNCBASE_BODY); /* the Schema's */
}

static void several_at_once(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes large = octets(300 * 1000), small = octets(50);
	const struct wbxml_node *fetch;
	struct wbxml_writer *w;
	struct phone *ph;

	scene_append_raw(user, "INBOX", mail_with("large", "base64", large, put_irregular), "", NULL);
	scene_append_raw(user, "INBOX", mail_with("small", "base64", small, put_regular), "", NULL);
	ph = scene_synced_phone(user, "SEVERAL", v);
	for (int form = 0; form < 2; form++) {
		ph->accept_multipart = form;
		w = phone_request(ph);
		wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
		open_fetch(w, reference_of(ph, "large"));
		wbxml_close(w);
		put_item(w, ph, "small", 1);
		open_fetch(w, "no reference");
		wbxml_close(w);
		open_fetch(w, reference_of(ph, "small"));
		wbxml_close(w);
		put_item(w, ph, "large", 4);
		wbxml_close(w);
		SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
		assert_form(ph);
		fetch = fetches(ph);
		assert_bytes_equal(data_of(ph, properties_of(fetch), true), large);
		fetch = wbxml_next(fetch, ITEMOPERATIONS_FETCH);
		assert_item(ph, fetch, "small", "see below");
		fetch = wbxml_next(fetch, ITEMOPERATIONS_FETCH);
		assert_bytes_str(wbxml_child_text(fetch, ITEMOPERATIONS_STATUS), "15");
		fetch = wbxml_next(fetch, ITEMOPERATIONS_FETCH);
		assert_bytes_equal(data_of(ph, properties_of(fetch), true), small);
		assert_item(ph, wbxml_next(fetch, ITEMOPERATIONS_FETCH), "large", "filename=file.bin");
	}
}
TEST_VERSIONS(several_at_once)

/* ---- what a folder had before it was emptied ---- */

static void put_empty_inbox(struct wbxml_writer *w, struct phone *ph)
{
	wbxml_open(w, ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, scene_inbox(ph)->id);
	wbxml_close(w);
}

/* The file of the only mail of that folder. */
static const char *file_in(struct phone *ph, const char *folder)
{
	const struct phone_folder *f = phone_folder_named(&ph->replica, folder);

	assert_int_equal(f->count, 1);
	return phone_item_next(f, NULL)->attachments[0].reference;
}

static void put_file(struct wbxml_writer *w, const char *reference)
{
	open_fetch(w, reference);
	wbxml_close(w);
}

static void assert_status(const struct wbxml_node *result, const char *status)
{
	assert_bytes_str(wbxml_child_text(result, ITEMOPERATIONS_STATUS), status);
}

/* Before it, in the midst of it and behind it: what the request has before the EmptyFolderContents is there, large or not, and what it
 * has behind isn't. The answer has them in the schema's order all the same. */
static void the_order_is_kept(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes large = octets(300 * 1000), small = octets(50);
	const struct wbxml_node *r;
	struct wbxml_writer *w;
	struct phone *ph;

	truth_create(scene_truth(user), "Kept");
	scene_append_raw(user, "Kept", mail_with("kept", "base64", large, put_irregular), "", NULL);
	ph = scene_synced_phone(user, "ORDER", v);
	SCENE_OK(ph, phone_sync_folder(ph, phone_folder_named(&ph->replica, "Kept"), NULL));
	for (int form = 0; form < 2; form++) {
		ph->accept_multipart = form;
		scene_append_raw(user, "INBOX", mail_with("large", "base64", large, put_irregular), "", NULL);
		scene_append_raw(user, "INBOX", mail_with("small", "base64", small, put_regular), "", NULL);
		scene_sync(ph, scene_inbox(ph));
		w = phone_request(ph);
		wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
		put_file(w, reference_of(ph, "large"));
		put_item(w, ph, "large", 4);
		put_item(w, ph, "small", 1);
		put_empty_inbox(w, ph);
		put_file(w, reference_of(ph, "small"));
		put_empty_inbox(w, ph);
		put_item(w, ph, "small", 1);
		put_file(w, file_in(ph, "Kept"));
		wbxml_close(w);
		SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
		assert_form(ph);
		r = wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE)->child;
		for (size_t i = 0; i < 2; i++, r = r->next) {
			assert_int_equal(r->tag, ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS);
			assert_status(r, "1");
		}
		assert_int_equal(r->tag, ITEMOPERATIONS_FETCH);
		assert_bytes_equal(data_of(ph, properties_of(r), true), large);
		r = r->next;
		assert_item(ph, r, "large", "filename=file.bin");
		r = r->next;
		assert_item(ph, r, "small", "see below");
		r = r->next;
		assert_status(r, "6");
		r = r->next;
		assert_status(r, "6");
		r = r->next;
		assert_bytes_equal(data_of(ph, properties_of(r), true), large);
		assert_null(r->next);
		scene_sync(ph, scene_inbox(ph));
		assert_int_equal(scene_inbox(ph)->count, 0);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(the_order_is_kept)

/* ---- whole mails ---- */

enum { HUGE = 50 << 20, MEMORY_MOST = 1 << 20 };

/* The mail with its last line of base64 again and again: more than the test's arena holds. */
static struct bytes grown(struct bytes mail)
{
	static const char tail[] = "\r\n--cut--\r\n";
	size_t line = 78, n = mail.len - (sizeof(tail) - 1) + 2;
	uint8_t *p = test_keep(HUGE + line + sizeof(tail));

	memcpy(p, mail.p, n);
	for (; n < HUGE; n += line)
		memcpy(p + n, p + n - line, line);
	memcpy(p + n, tail + 2, sizeof(tail) - 3);
	return bytes_of(p, n + sizeof(tail) - 3);
}

/* As MIME, whole or (limit) not; all its properties, or the Schema's. */
static const struct wbxml_node *fetch_mime(
    struct phone *ph, const char *subject, bool schema, uint32_t limit, uint32_t preview)
{
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
	open_fetch(w, NULL);
	wbxml_put_str(w, AIRSYNC_COLLECTION_ID, scene_inbox(ph)->id);
	wbxml_put_str(w, AIRSYNC_SERVER_ID, phone_item_with_subject(scene_inbox(ph), subject)->id);
	wbxml_open(w, ITEMOPERATIONS_OPTIONS);
	if (schema) {
		wbxml_open(w, ITEMOPERATIONS_SCHEMA);
		wbxml_put_empty(w, EMAIL_SUBJECT);
		wbxml_close(w);
	}
	wbxml_put_uint(w, AIRSYNC_MIME_SUPPORT, 2);
	wbxml_open(w, AIRSYNCBASE_BODY_PREFERENCE);
	wbxml_put_uint(w, AIRSYNCBASE_TYPE, 4);
	if (limit)
		wbxml_put_uint(w, AIRSYNCBASE_TRUNCATION_SIZE, limit);
	if (preview)
		wbxml_put_uint(w, AIRSYNCBASE_PREVIEW, preview);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_ITEM_OPERATIONS, NULL));
	assert_form(ph);
	return properties_of(fetches(ph));
}

static void assert_whole(struct phone *ph, const struct wbxml_node *properties, struct bytes mail)
{
	const struct wbxml_node *body = wbxml_child(properties, AIRSYNCBASE_BODY);
	struct bytes data = data_of(ph, body, false);
	uint32_t size;

	assert_int_equal(
	    bytes_to_u32(wbxml_child_text(body, AIRSYNCBASE_ESTIMATED_DATA_SIZE), UINT32_MAX, &size), ERR_OK);
	assert_int_equal(size, mail.len);
	assert_bytes_str(wbxml_child_text(body, AIRSYNCBASE_TYPE), "4");
	assert_null(wbxml_child(body, AIRSYNCBASE_TRUNCATED));
	assert_true(bytes_eq(bytes_trim(data), bytes_trim(mail))); /* too long to be shown */
	assert_non_null(
	    memmem(ph->reply.body.p, ph->reply.body.len, mail.p, mail.len)); /* to its last line end */
	assert_non_null(wbxml_child(properties, AIRSYNCBASE_ATTACHMENTS));
}

/* 50 MB pass through, within the document and as a part of the answer. */
static void a_whole_mail_takes_no_memory(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes small = mail_with("warm", "base64", octets(400 * 1000), put_irregular),
		     mail = grown(mail_with("huge", "base64", octets(57 * 1000), put_regular));
	struct phone *ph;

	scene_append_raw(user, "INBOX", small, "", NULL);
	scene_append_raw(user, "INBOX", mail, "", NULL);
	ph = scene_synced_phone(user, "HUGE", v);
	ph->timeout_ms = 120 * 1000;
	for (int form = 0; form < 2; form++) {
		size_t base;

		ph->accept_multipart = form;
		assert_whole(ph, fetch_mime(ph, "warm", false, 0, 0), small);
		base = process_memory_begin();
		assert_whole(ph, fetch_mime(ph, "huge", false, 0, 0), mail);
		process_memory_end(base, mail.len, MEMORY_MOST);
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(a_whole_mail_takes_no_memory)

/* What is no text as it is must be encoded anew for a string, but not for a part of the answer; what is cut, or not wanted, is not whole. */
static void not_all_mails_pass(enum eas_version v)
{
	const char *user = scene_user();
	struct bytes file = octets(400 * 1000), mail = mail_with("clean", "base64", file, put_regular), data;
	const struct wbxml_node *p, *body;
	const char *subject;
	struct phone *ph;

	scene_append_raw(user, "INBOX", mail, "", NULL);
	scene_append_raw(user, "INBOX", mail_with("\xFC", "base64", file, put_regular), "", NULL);
	ph = scene_synced_phone(user, "PASS", v);
	for (int form = 0; form < 2; form++) {
		ph->accept_multipart = form;
		p = fetch_mime(ph, "clean", false, 0, 50);
		assert_whole(ph, p, mail);
		body = wbxml_child(p, AIRSYNCBASE_BODY);
		assert_bytes_str(
		    wbxml_child_text(body, AIRSYNCBASE_PREVIEW), v < EAS_14_0 ? "" : "see below");
		assert_whole(ph, fetch_mime(ph, "clean", false, (uint32_t)mail.len, 0), mail);
		body =
		    wbxml_child(fetch_mime(ph, "clean", false, (uint32_t)mail.len - 1, 0), AIRSYNCBASE_BODY);
		assert_bytes_str(wbxml_child_text(body, AIRSYNCBASE_TRUNCATED), "1");
		assert_int_equal(bytes_trim(data_of(ph, body, false)).len, mail.len - 2);
		p = fetch_mime(ph, "clean", true, 0, 0);
		assert_bytes_str(wbxml_child_text(p, EMAIL_SUBJECT), "clean");
		assert_ptr_equal(p->child->next, NULL);
		body = wbxml_child(fetch_mime(ph, "\xC3\xBC", false, 0, 0), AIRSYNCBASE_BODY);
		data = data_of(ph, body, false);
		subject = form ? "Subject: \xFC\r\n" : "Subject: \xC3\xBC\r\n";
		assert_int_equal(
		    bytes_trim(data).len, mail.len - strlen("Subject: clean\r\n\r\n") + strlen(subject));
		assert_non_null(memmem(data.p, 100, subject, strlen(subject)));
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(not_all_mails_pass)

#define SIGNED(subject, type, text)                                                                   \
	"From: a@example.org\r\nSubject: " subject                                                    \
	"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; "                                   \
	"protocol=\"application/pgp-signature\"; boundary=s\r\n\r\n--s\r\nContent-Type: text/plain; " \
	"charset=" type "\r\n\r\n" text                                                               \
	"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nsignature\r\n--s--\r\n"

/* A signature holds for bytes: as a part of the answer they come as they are. In the document no string can hold them. */
static void signed_mails_keep_their_bytes(enum eas_version v)
{
	static const struct {
		const char *subject, *mail;
	} mails[] = {
		{ "latin", SIGNED("latin", "iso-8859-1\r\nContent-Transfer-Encoding: 8bit", "f\xFCr") },
		{ "japanese", SIGNED("japanese", "iso-2022-jp", "\x1B$B$3\x1B(B") },
	};
	const char *user = scene_user();
	struct phone *ph;

	for (size_t i = 0; i < 2; i++)
		scene_append_raw(user, "INBOX", bytes_str(mails[i].mail), "", NULL);
	ph = scene_synced_phone(user, "SIGNED", v);
	for (size_t i = 0; i < 2; i++) {
		struct bytes mail = bytes_str(mails[i].mail), data;

		ph->accept_multipart = true;
		assert_whole(ph, fetch_mime(ph, mails[i].subject, false, 0, 0), mail);
		ph->accept_multipart = false;
		data = data_of(
		    ph, wbxml_child(fetch_mime(ph, mails[i].subject, false, 0, 0), AIRSYNCBASE_BODY), false);
		assert_true(data.len && !memchr(data.p, 0xFC, data.len) && !memchr(data.p, 0x1B, data.len));
	}
	scene_assert_clean(ph);
}
TEST_VERSIONS(signed_mails_keep_their_bytes)

/* ---- what breaks off ---- */

/* The phone reads a file, or the mail itself, slowly, and IMAP goes away meanwhile: what has come isn't taken for the whole. More
 * than the buffers of two connections hold: 4 MB to send and 32 MB received by the defaults of Linux. */
static void imap_goes_in_mid_download(enum eas_version v)
{
	const char *user = scene_user();
	static struct bytes file, mail; /* once for all versions */
	struct bytes data, type;
	struct wbxml_writer *w;
	struct phone *ph;
	unsigned status;

	if (!file.len) {
		file = octets(32 * 1000 * 1000);
		mail = mail_with("big", "base64", file, put_regular);
	}
	scene_append_raw(user, "INBOX", mail, "", NULL);
	ph = scene_synced_phone(user, "BROKEN", v);
	ph->timeout_ms = 60000;
	for (int form = 0; form < 4; form++) {
		ph->accept_multipart = form % 2;
		ph->resends = false;
		w = phone_request(ph);
		wbxml_open(w, ITEMOPERATIONS_ITEM_OPERATIONS);
		if (form < 2) {
			open_fetch(w, reference_of(ph, "big"));
			wbxml_close(w);
		} else {
			put_item(w, ph, "big", 4);
		}
		wbxml_close(w);
		SCENE_OK(ph, phone_command_send(ph, CMD_ITEM_OPERATIONS, NULL));
		usleep(500 * 1000); /* sockets fill, and no more is read */
		assert_true(bed_service_kill(scene_bed(), "dovecot"));
		assert_true(phone_command_receive(ph, 60) != ERR_OK);
		assert_true(bed_service_restart(scene_bed(), "dovecot"));
		ph->resends = true;
		SCENE_OK(ph,
		    phone_fetch_attachment(ph, reference_of(ph, "big"), NULL, false, &status, &data, &type));
		assert_int_equal(status, 1);
		assert_true(bytes_eq(data, file));
	}
}
TEST_VERSIONS(imap_goes_in_mid_download)

int main(void)
{
	int failed;

	scene_open(&(struct bed_opts){ .users = 80, .services = "dovecot,redis" });
	TEST_ADD_VERSIONS(several_at_once);
	TEST_ADD_VERSIONS(the_order_is_kept);
	TEST_ADD_VERSIONS(a_whole_mail_takes_no_memory);
	TEST_ADD_VERSIONS(not_all_mails_pass);
	TEST_ADD_VERSIONS(signed_mails_keep_their_bytes);
	TEST_ADD_VERSIONS(imap_goes_in_mid_download);
	failed = test_run("fetch_mails");
	scene_close();
	return failed;
}
