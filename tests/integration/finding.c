#include "finding.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- requests and answers ---- */

void finding_put_folders(struct wbxml_writer *w, const struct asked *q)
{
	for (size_t i = 0; i < COUNT(q->folders) && q->folders[i]; i++)
		wbxml_put_str(w, AIRSYNC_COLLECTION_ID, q->folders[i]);
}

const char *finding_subjects(const struct wbxml_node *from, wbxml_tag result, wbxml_tag properties)
{
	struct bytes out = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	for (const struct wbxml_node *r = wbxml_child(from, result); r; r = wbxml_next(r, result)) {
		const struct wbxml_node *p = wbxml_child(r, properties);

		if (p && b.len)
			buf_put_u8(&b, ' ');
		buf_put(&b, wbxml_child_text(p, EMAIL_SUBJECT));
	}
	buf_put_u8(&b, 0);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return (const char *)out.p;
}

void finding_assert_text(const struct wbxml_node *from, wbxml_tag tag, const char *want)
{
	struct bytes got = wbxml_child_text(from, tag);

	if (!bytes_eq_str(got, want))
		fail_msg("%.*s instead of %s", BYTES_ARG(got), want);
}

/* ---- Search ---- */

static void put_date(struct wbxml_writer *w, wbxml_tag tag, const char *value)
{
	if (!value)
		return;
	wbxml_open(w, tag);
	wbxml_put_empty(w, EMAIL_DATE_RECEIVED);
	wbxml_put_str(w, SEARCH_VALUE, value);
	wbxml_close(w);
}

static void put_search_options(struct wbxml_writer *w, const struct asked *q)
{
	wbxml_open(w, SEARCH_OPTIONS);
	wbxml_put_empty(w, SEARCH_REBUILD_RESULTS);
	if (q->deep)
		wbxml_put_empty(w, SEARCH_DEEP_TRAVERSAL);
	if (q->range)
		wbxml_put_str(w, SEARCH_RANGE, q->range);
	if (q->body == 4)
		wbxml_put_uint(w, AIRSYNC_MIME_SUPPORT, 2);
	if (q->body) {
		wbxml_open(w, AIRSYNCBASE_BODY_PREFERENCE);
		wbxml_put_uint(w, AIRSYNCBASE_TYPE, q->body);
		if (!q->whole)
			wbxml_put_uint(w, AIRSYNCBASE_TRUNCATION_SIZE, 1000);
		wbxml_close(w);
	}
	wbxml_close(w);
}

const struct wbxml_node *finding_search(struct phone *ph, const struct asked *q)
{
	struct wbxml_writer *w = phone_request(ph);
	const struct wbxml_node *store;

	wbxml_open(w, SEARCH_SEARCH);
	wbxml_open(w, SEARCH_STORE);
	wbxml_put_str(w, SEARCH_NAME, "Mailbox");
	wbxml_open(w, SEARCH_QUERY);
	wbxml_open(w, SEARCH_AND);
	for (size_t i = 0; i < COUNT(q->classes) && q->classes[i]; i++)
		wbxml_put_str(w, AIRSYNC_CLASS, q->classes[i]);
	if (!q->classes[0] && !q->any_class)
		wbxml_put_str(w, AIRSYNC_CLASS, "Email");
	finding_put_folders(w, q);
	if (q->text)
		wbxml_put_str(w, SEARCH_FREE_TEXT, q->text);
	if (q->conversation.len)
		wbxml_put(w, SEARCH_CONVERSATION_ID, q->conversation);
	put_date(w, SEARCH_GREATER_THAN, q->later);
	put_date(w, SEARCH_LESS_THAN, q->earlier);
	wbxml_close(w);
	wbxml_close(w);
	put_search_options(w, q);
	wbxml_close(w);
	wbxml_close(w);
	SCENE_OK(ph, phone_command(ph, CMD_SEARCH, NULL));
	assert_int_equal(ph->status, 1);
	store = wbxml_child(wbxml_child(ph->root, SEARCH_RESPONSE), SEARCH_STORE);
	assert_non_null(store);
	return store;
}

void finding_assert_found(struct phone *ph, const struct asked *q, const char *want, const char *total)
{
	const struct wbxml_node *store = finding_search(ph, q);

	finding_assert_text(store, SEARCH_STATUS, "1");
	assert_string_equal(finding_subjects(store, SEARCH_RESULT, SEARCH_PROPERTIES), want);
	finding_assert_text(store, SEARCH_TOTAL, total);
}

/* ---- mails ---- */

void finding_put_mail(const char *user, const char *mailbox, const char *subject, const char *from,
    const char *text, const char *date)
{
	struct bytes mail = { 0 };
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_printf(&b,
	    "From: %s\r\nTo: Bob <bob@example.org>\r\nCc: Carol <carol@example.net>\r\nSubject: %s\r\n"
	    "Message-ID: <%s@x>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
	    "charset=utf-8\r\n\r\n%s\r\n",
	    from, subject, subject, text);
	assert_int_equal(buf_done(&b, &mail), ERR_OK);
	scene_append_raw(user, mailbox, mail, "", date);
}

void finding_put_mails(const char *user)
{
	truth_create(scene_truth(user), "Work");
	truth_create(scene_truth(user), "Work/Deep");
	finding_put_mail(
	    user, "INBOX", "first", "ann@example.org", "needle one", "10-Nov-2026 10:00:00 +0000");
	finding_put_mail(user, "Work/Deep", "second", "dora@example.org", "needle in the deep",
	    "11-Nov-2026 10:00:00 +0000");
	finding_put_mail(user, "Work", "third", "ann@example.org",
	    "gr\xC3\xBC\xC3\x9F"
	    "e, needle",
	    "12-Nov-2026 10:00:00 +0000");
	finding_put_mail(user, "INBOX", "fourth", "=?utf-8?Q?J=C3=BCrgen?= <j@example.org>", "nothing",
	    "12-Nov-2026 11:00:00 +0000");
	finding_put_mail(
	    user, "INBOX", "fifth", "ann@example.org", "needle again", "13-Nov-2026 10:00:00 +0000");
}

const char *finding_folder(struct phone *ph, const char *name)
{
	struct phone_folder *f = phone_folder_named(&ph->replica, name);

	assert_non_null(f);
	return f->id;
}
