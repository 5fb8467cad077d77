#include "base/utf8.h"
#include "mail/draft.h"
#include "mail/text.h"

/* What a phone says of a draft. */

enum { MAX_LINE = 64 * 1024, METHOD_NORMAL = 1, METHOD_MAIL = 5, METHOD_OLE = 6 };

static enum err read_lines(struct arena *a, const struct wbxml_node *data, struct draft_edit *out)
{
	static const wbxml_tag tags[] = { [DRAFT_TO] = EMAIL_TO,
		[DRAFT_CC] = EMAIL_CC,
		[DRAFT_BCC] = EMAIL2_BCC,
		[DRAFT_REPLY_TO] = EMAIL_REPLY_TO,
		[DRAFT_SUBJECT] = EMAIL_SUBJECT };

	for (size_t i = 0; i < DRAFT_LINES; i++) {
		struct bytes text = wbxml_child_text(data, tags[i]);
		enum err e;

		out->has[i] = wbxml_child(data, tags[i]) != NULL;
		if (text.len > MAX_LINE)
			return ERR_PROTO;
		if ((e = utf8_repair(a, text, &out->line[i])))
			return e;
	}
	out->has_importance = wbxml_child(data, EMAIL_IMPORTANCE) != NULL;
	return wbxml_child_uint(data, EMAIL_IMPORTANCE, 1, 2, &out->importance) ? ERR_PROTO : ERR_OK;
}

static enum err read_body(struct arena *a, const struct wbxml_node *body, struct draft_edit *out)
{
	const struct wbxml_node *data = wbxml_child(body, AIRSYNCBASE_DATA);
	uint32_t type = 0;
	enum err e;

	if (wbxml_child_uint(body, AIRSYNCBASE_TYPE, BODY_NONE, BODY_MIME, &type) || type == BODY_NONE ||
	    type == BODY_RTF || wbxml_child_bool(body, AIRSYNCBASE_TRUNCATED, false, &out->is_cut))
		return ERR_PROTO;
	if (!data)
		return ERR_OK; /* a Body without Data leaves the text as it is */
	out->type = (enum body_type)type;
	out->text = data->text;
	if (type == BODY_MIME)
		return out->is_cut ? ERR_PROTO : ERR_OK;
	if ((e = utf8_repair(a, data->text, &out->text)))
		return e;
	return text_crlf(a, out->text, &out->text);
}

/* A value that goes into a header as it is. */
static bool is_header_word(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] <= ' ' || text.p[i] >= 127 || text.p[i] == '<' || text.p[i] == '>')
			return false;
	return text.len < 900;
}

static enum err read_attachment(struct arena *a, const struct wbxml_node *add, struct draft_attachment *out)
{
	const struct wbxml_node *content = wbxml_child(add, AIRSYNCBASE_CONTENT);
	uint32_t method = 0;

	*out = (struct draft_attachment){ .client_id = wbxml_child_text(add, AIRSYNCBASE_CLIENT_ID),
		.content_id = wbxml_child_text(add, AIRSYNCBASE_CONTENT_ID),
		.content_location = wbxml_child_text(add, AIRSYNCBASE_CONTENT_LOCATION),
		.type = wbxml_child_text(add, AIRSYNCBASE_CONTENT_TYPE) };
	if (!out->client_id.len || !content || !is_header_word(out->content_id) ||
	    wbxml_child_uint(add, AIRSYNCBASE_METHOD, METHOD_NORMAL, METHOD_OLE, &method) ||
	    (method != METHOD_NORMAL && method != METHOD_MAIL) ||
	    wbxml_child_bool(add, AIRSYNCBASE_IS_INLINE, false, &out->is_inline))
		return ERR_PROTO;
	out->content = content->text;
	out->is_mail = method == METHOD_MAIL;
	return utf8_repair(a, wbxml_child_text(add, AIRSYNCBASE_DISPLAY_NAME), &out->name);
}

static size_t count(const struct wbxml_node *parent, wbxml_tag tag)
{
	size_t n = 0;

	for (const struct wbxml_node *c = wbxml_child(parent, tag); c; c = wbxml_next(c, tag))
		n++;
	return n;
}

static enum err read_attachments(struct arena *a, const struct wbxml_node *v, struct draft_edit *out)
{
	size_t n_added = count(v, AIRSYNCBASE_ADD), n_removed = count(v, AIRSYNCBASE_DELETE);
	enum err e;

	if (n_added > DRAFT_MAX_ATTACHMENTS || n_removed > DRAFT_MAX_ATTACHMENTS)
		return ERR_PROTO;
	out->added = arena_array(a, n_added, sizeof(*out->added));
	out->removed = arena_array(a, n_removed, sizeof(*out->removed));
	if (!out->added || !out->removed)
		return ERR_LIMIT;
	for (const struct wbxml_node *c = wbxml_child(v, AIRSYNCBASE_ADD); c;
	     c = wbxml_next(c, AIRSYNCBASE_ADD))
		if ((e = read_attachment(a, c, &out->added[out->n_added++])))
			return e;
	for (const struct wbxml_node *c = wbxml_child(v, AIRSYNCBASE_DELETE); c;
	     c = wbxml_next(c, AIRSYNCBASE_DELETE))
		out->removed[out->n_removed++] = wbxml_child_text(c, AIRSYNCBASE_FILE_REFERENCE);
	return ERR_OK;
}

/* A phone that sends text and recipients sends all that its form has, and leaves out what is empty there: properties that are absent are
 * deleted (MS-ASCMD 2.2.3.24). Whom the user has taken out must not get the mail. One that only says something of
 * the draft (other texts alone, one line alone) leaves the rest as it is. */
static void complete_recipients(struct draft_edit *e)
{
	if (e->has[DRAFT_TO] || e->has[DRAFT_CC] || e->has[DRAFT_BCC])
		e->has[DRAFT_TO] = e->has[DRAFT_CC] = e->has[DRAFT_BCC] = true;
}

enum err draft_edit_read(struct arena *a, const struct wbxml_node *data, struct draft_edit *out)
{
	const struct wbxml_node *body = wbxml_child(data, AIRSYNCBASE_BODY),
				*attachments = wbxml_child(data, AIRSYNCBASE_ATTACHMENTS);
	enum err e;

	*out = (struct draft_edit){ 0 };
	if ((e = read_lines(a, data, out)) || (body && (e = read_body(a, body, out))) ||
	    (attachments && (e = read_attachments(a, attachments, out))))
		return e;
	if (out->type != BODY_NONE && out->type != BODY_MIME)
		complete_recipients(out);
	return ERR_OK;
}

bool draft_edit_has_content(const struct draft_edit *edit)
{
	bool has = edit->has_importance || edit->type != BODY_NONE || edit->n_added || edit->n_removed;

	for (size_t i = 0; i < DRAFT_LINES; i++)
		has = has || edit->has[i];
	return has;
}
