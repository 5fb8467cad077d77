#include "file_side.h"

#include "base/base64.h"
#include "mail/transfer.h"

/* ---- mails with one attachment ---- */

struct bytes octets(size_t n)
{
	uint8_t *p = test_keep(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + i / 257 + i / 65536);
	return bytes_of(p, n);
}

void put_regular(struct buf *b, struct bytes file)
{
	transfer_put_base64(b, file);
}

void put_irregular(struct buf *b, struct bytes file)
{
	size_t n = 3;
	struct bytes line;

	while (file.len && bytes_take(&file, n < file.len ? n : file.len, &line)) {
		base64_put(b, line, BASE64_PLAIN);
		buf_put_str(b, "\r\n");
		n = n % 57 + 3;
	}
}

struct bytes mail_with(const char *subject, const char *encoding, struct bytes file,
    void (*put)(struct buf *b, struct bytes file))
{
	struct bytes mail;
	struct buf b;

	buf_init(&b, test_arena(), 0);
	buf_printf(&b,
	    "From: a@example.org\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\nsee "
	    "below\r\n"
	    "--cut\r\nContent-Type: application/x-test; name=file.bin\r\nContent-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: attachment; filename=file.bin\r\n\r\n",
	    subject, encoding);
	put(&b, file);
	buf_put_str(&b, file.len ? "\r\n--cut--\r\n" : "--cut--\r\n");
	assert_int_equal(buf_done(&b, &mail), ERR_OK);
	return mail;
}

const char *reference_of(struct phone *ph, const char *subject)
{
	struct phone_item *i = phone_item_with_subject(scene_inbox(ph), subject);

	assert_non_null(i);
	assert_int_equal(i->attachment_count, 1);
	return i->attachments[0].reference;
}

/* ---- what is asked, and what comes ---- */

void open_fetch(struct wbxml_writer *w, const char *reference)
{
	wbxml_open(w, ITEMOPERATIONS_FETCH);
	wbxml_put_str(w, ITEMOPERATIONS_STORE, "Mailbox");
	if (reference)
		wbxml_put_str(w, AIRSYNCBASE_FILE_REFERENCE, reference);
}

const struct wbxml_node *fetches(const struct phone *ph)
{
	return wbxml_child(wbxml_child(ph->root, ITEMOPERATIONS_RESPONSE), ITEMOPERATIONS_FETCH);
}

void assert_form(struct phone *ph)
{
	struct bytes type = phone_answer_header(&ph->reply, "Content-Type");

	assert_bytes_str(type,
	    ph->accept_multipart ? "application/vnd.ms-sync.multipart" : "application/vnd.ms-sync.wbxml");
	assert_int_equal(phone_answer_header(&ph->reply, "Content-Encoding").len, 0);
	if (ph->accept_multipart)
		assert_true(phone_answer_header(&ph->reply, "Content-Length").len > 0);
}

static uint32_t u32_at(struct bytes body, size_t at)
{
	assert_true(at + 4 <= body.len);
	return (uint32_t)body.p[at] | (uint32_t)body.p[at + 1] << 8 | (uint32_t)body.p[at + 2] << 16 |
	       (uint32_t)body.p[at + 3] << 24;
}

/* Part n of the answer; the parts lie one behind the other and fill it. */
static struct bytes part(const struct phone *ph, uint32_t n)
{
	struct bytes body = ph->reply.body;
	uint32_t count = u32_at(body, 0), at = 4 + 8 * count;

	assert_true(n < count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(u32_at(body, 4 + 8 * i), at);
		at += u32_at(body, 8 + 8 * i);
	}
	assert_int_equal(at, body.len);
	return bytes_of(body.p + u32_at(body, 4 + 8 * n), u32_at(body, 8 + 8 * n));
}

struct bytes data_of(struct phone *ph, const struct wbxml_node *holder, bool base64)
{
	const struct wbxml_node *p = wbxml_child(holder, ITEMOPERATIONS_PART);
	struct bytes text = wbxml_child_text(holder, base64 ? ITEMOPERATIONS_DATA : AIRSYNCBASE_DATA), out;
	uint32_t n;

	assert_true(ph->accept_multipart ? p && !text.len : !p && text.len);
	if (p) {
		assert_int_equal(bytes_to_u32(p->text, UINT32_MAX, &n), ERR_OK);
		return part(ph, n);
	}
	if (!base64)
		return text;
	assert_int_equal(base64_decode(ph->arena, text, &out), ERR_OK);
	return out;
}

const struct wbxml_node *properties_of(const struct wbxml_node *fetch)
{
	assert_bytes_str(wbxml_child_text(fetch, ITEMOPERATIONS_STATUS), "1");
	return wbxml_child(fetch, ITEMOPERATIONS_PROPERTIES);
}
