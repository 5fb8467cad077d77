#include "eas/autodiscover.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "base/utf8.h"

#define MOBILESYNC_RESPONSE \
	"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
#define FRAMEWORK_RESPONSE "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"

enum { EMAIL_MAX = 320 /* 64 + 1 + 255, RFC 5321, 4.5.3.1 */ };

/* ---- the request ---- */

/* The first element of that name from n on, among siblings. Namespaces are not looked at: old clients are
 * sloppy. */
static xmlNode *find(xmlNode *n, const char *name)
{
	while (n && (n->type != XML_ELEMENT_NODE || !bytes_eq_str(bytes_str((const char *)n->name), name)))
		n = n->next;
	return n;
}

static enum err text_of(struct arena *a, xmlNode *n, struct bytes *out)
{
	xmlChar *text = n->children ? xmlNodeListGetString(n->doc, n->children, 1) : NULL;
	enum err e = arena_dup(a, bytes_trim(bytes_str((const char *)text)), out);

	xmlFree(text);
	return e;
}

static bool is_address(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] <= 0x20 || text.p[i] == 0x7F)
			return false;
	return text.len > 0 && text.len <= EMAIL_MAX;
}

static enum err read_request(struct arena *a, xmlDoc *doc, struct autodiscover_request *out)
{
	xmlNode *root = find(xmlDocGetRootElement(doc), "Autodiscover");
	xmlNode *request = root ? find(root->children, "Request") : NULL;
	xmlNode *email = request ? find(request->children, "EMailAddress") : NULL;
	xmlNode *schema = request ? find(request->children, "AcceptableResponseSchema") : NULL;
	struct bytes wanted;
	enum err e;

	if (doc->intSubset || !email || !schema || find(request->next, "Request"))
		return ERR_PROTO;
	if ((e = text_of(a, email, &out->email)) || (e = text_of(a, schema, &wanted)))
		return e;
	if (!is_address(out->email))
		return ERR_PROTO;
	return bytes_eq_nocase(wanted, MOBILESYNC_RESPONSE) ? ERR_OK : ERR_UNSUPPORTED;
}

enum err autodiscover_parse(struct arena *a, struct bytes body, struct autodiscover_request *out, int *code)
{
	xmlDoc *doc; /* libxml2's, freed below */
	enum err e;

	*code = AUTODISCOVER_INVALID_REQUEST;
	if (body.len > AUTODISCOVER_MAX_BODY)
		return ERR_LIMIT;
	if (body.len == 0)
		return ERR_PROTO;
	/* We name the encoding, so that no document makes iconv load modules. */
	doc = xmlReadMemory((const char *)body.p, (int)body.len, NULL, "UTF-8",
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
	if (!doc)
		return ERR_PROTO;
	e = read_request(a, doc, out);
	xmlFreeDoc(doc);
	if (e == ERR_UNSUPPORTED)
		*code = AUTODISCOVER_NO_PROVIDER;
	return e;
}

/* ---- answers in XML ---- */

static const char *xml_entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	}
	return NULL;
}

static void put_escaped(struct buf *out, struct bytes text)
{
	while (text.len) {
		uint32_t c = utf8_next(&text);
		const char *entity = xml_entity(c);

		if (entity)
			buf_put_str(out, entity);
		else if ((c >= 0x20 && c != 0xFFFE && c != 0xFFFF) || c == '\t' || c == '\n')
			utf8_put(out, c);
	}
}

static void put_element(struct buf *out, const char *name, struct bytes text)
{
	buf_printf(out, "<%s>", name);
	put_escaped(out, text);
	buf_printf(out, "</%s>", name);
}

static void begin(struct buf *out)
{
	buf_put_str(out,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover xmlns=\"" FRAMEWORK_RESPONSE "\">");
}

void autodiscover_put_settings(struct buf *out, const struct autodiscover_user *user, struct bytes url)
{
	begin(out);
	buf_put_str(out, "<Response xmlns=\"" MOBILESYNC_RESPONSE "\">");
	put_element(out, "Culture", user->culture);
	buf_put_str(out, "<User>");
	if (user->display_name.len)
		put_element(out, "DisplayName", user->display_name);
	put_element(out, "EMailAddress", user->email);
	buf_put_str(out, "</User><Action><Settings><Server><Type>MobileSync</Type>");
	put_element(out, "Url", url);
	put_element(out, "Name", url);
	buf_put_str(out, "</Server></Settings></Action></Response></Autodiscover>\n");
}

void autodiscover_put_error(struct buf *out, int code, int64_t now_us, uint32_t id)
{
	const int64_t us_per_day = INT64_C(86400) * 1000000;
	int64_t us = ((now_us % us_per_day) + us_per_day) % us_per_day;
	int64_t second = us / 1000000;

	begin(out);
	buf_printf(out, "<Response><Error Time=\"%02d:%02d:%02d.%06d0\" Id=\"%u\"><ErrorCode>%d</ErrorCode>",
	    (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60), (int)(us % 1000000),
	    (unsigned)id, code);
	put_element(out, "Message",
	    code == AUTODISCOVER_NO_PROVIDER ? BYTES("Provider is not available") : BYTES("Invalid Request"));
	buf_put_str(out, "<DebugData/></Error></Response></Autodiscover>\n");
}

/* ---- answers in JSON ---- */

static void put_json_text(struct buf *out, struct bytes text)
{
	buf_put_u8(out, '"');
	while (text.len) {
		uint32_t c = utf8_next(&text);

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c < 0x20)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else
			utf8_put(out, c);
	}
	buf_put_u8(out, '"');
}

static void put_json_pair(
    struct buf *out, const char *key1, struct bytes text1, const char *key2, struct bytes text2)
{
	buf_printf(out, "{\"%s\":", key1);
	put_json_text(out, text1);
	buf_printf(out, ",\"%s\":", key2);
	put_json_text(out, text2);
	buf_put_u8(out, '}');
}

void autodiscover_put_json(struct buf *out, struct bytes protocol, struct bytes url)
{
	put_json_pair(out, "Protocol", protocol, "Url", url);
}

void autodiscover_put_json_error(struct buf *out, const char *code, const char *message)
{
	put_json_pair(out, "ErrorCode", bytes_str(code), "ErrorMessage", bytes_str(message));
}
