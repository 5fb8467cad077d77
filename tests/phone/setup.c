/* What a phone does before it syncs: OPTIONS, Autodiscover, Provision. */
#include "phone.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/percent.h"

static void copy_text(struct bytes in, char *out, size_t cap)
{
	snprintf(out, cap, "%.*s", BYTES_ARG(in));
}

static enum err refuse(struct phone *ph, const char *words)
{
	snprintf(ph->problem, sizeof(ph->problem), "%s", words);
	return ERR_PROTO;
}

/* ---- OPTIONS ---- */

enum err phone_options(struct phone *ph, struct phone_offer *out)
{
	struct bytes list, one;
	enum eas_version v;
	enum err e;

	memset(out, 0, sizeof(*out));
	if ((e = phone_http(ph, "OPTIONS", ph->server.path, NULL, bytes_of(NULL, 0))))
		return e;
	list = phone_answer_header(&ph->reply, "MS-ASProtocolVersions");
	copy_text(list, out->versions_text, sizeof(out->versions_text));
	copy_text(phone_answer_header(&ph->reply, "MS-ASProtocolCommands"), out->commands_text,
	    sizeof(out->commands_text));
	while (bytes_split(&list, ',', &one))
		if (!eas_version_parse(bytes_trim(one), &v))
			out->versions |= EAS_ONLY(v);
	return ERR_OK;
}

/* ---- Autodiscover ---- */

static const char pox_request[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
    "<Autodiscover "
    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006\">"
    "<Request><EMailAddress>%s</EMailAddress><AcceptableResponseSchema>"
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
    "</AcceptableResponseSchema></Request></Autodiscover>\r\n";

/* What stands between <Url> and </Url>: all that is wanted of the answer, so no XML parser is. */
static struct bytes element_text(struct bytes doc, const char *open, const char *close)
{
	const uint8_t *from = memmem(doc.p, doc.len, open, strlen(open)), *to;

	if (!from)
		return bytes_of(NULL, 0);
	from += strlen(open);
	to = memmem(from, doc.len - (size_t)(from - doc.p), close, strlen(close));
	return to ? bytes_of(from, (size_t)(to - from)) : bytes_of(NULL, 0);
}

enum err phone_autodiscover(struct phone *ph, const char *path, const char *email, char *url, size_t url_cap)
{
	char body[1024];
	enum err e;

	url[0] = '\0';
	snprintf(body, sizeof(body), pox_request, email);
	e = phone_http(ph, "POST", path, "Content-Type: text/xml; charset=utf-8\r\n", bytes_str(body));
	if (e)
		return e;
	copy_text(element_text(ph->reply.body, "<Url>", "</Url>"), url, url_cap);
	return ERR_OK;
}

enum err phone_autodiscover_json(struct phone *ph, const char *email, char *url, size_t url_cap)
{
	struct arena *a = arena_new(4096);
	struct bytes target;
	struct buf b;
	json_t *doc;
	enum err e;
	char *text = NULL;

	url[0] = '\0';
	buf_init(&b, a, 0);
	buf_put_str(&b, "/autodiscover/autodiscover.json?Email=");
	percent_put(&b, bytes_str(email));
	buf_put_str(&b, "&Protocol=ActiveSync&RedirectCount=1");
	if (!(e = buf_done(&b, &target)) && !(e = arena_cstr(a, target, &text)))
		e = phone_http(ph, "GET", text, NULL, bytes_of(NULL, 0));
	arena_free(&a);
	if (e)
		return e;
	doc = json_loadb((const char *)ph->reply.body.p, ph->reply.body.len, 0, NULL);
	if (doc && json_is_string(json_object_get(doc, "Url")))
		snprintf(url, url_cap, "%s", json_string_value(json_object_get(doc, "Url")));
	json_decref(doc);
	return doc ? ERR_OK : refuse(ph, "Autodiscover: the answer is no JSON");
}

/* ---- Provision (MS-ASPROV 3.1.5) ---- */

static void put_device_information(struct wbxml_writer *w, const struct phone *ph)
{
	wbxml_open(w, SETTINGS_DEVICE_INFORMATION);
	wbxml_open(w, SETTINGS_SET);
	wbxml_put_str(w, SETTINGS_MODEL, "easphone");
	wbxml_put_str(w, SETTINGS_FRIENDLY_NAME, "simulated phone");
	wbxml_put_str(w, SETTINGS_OS, "Linux");
	wbxml_put_str(w, SETTINGS_OS_LANGUAGE, "en-us");
	wbxml_put_str(w, SETTINGS_USER_AGENT, ph->user_agent);
	wbxml_close(w);
	wbxml_close(w);
}

static void build_phase(struct phone *ph, unsigned phase, unsigned ack)
{
	struct wbxml_writer *w = phone_request(ph);

	wbxml_open(w, PROVISION_PROVISION);
	if (phase == 1 && ph->version >= EAS_14_1)
		put_device_information(w, ph);
	wbxml_open(w, PROVISION_POLICIES);
	wbxml_open(w, PROVISION_POLICY);
	wbxml_put_str(w, PROVISION_POLICY_TYPE,
	    ph->version == EAS_2_5 ? "MS-WAP-Provisioning-XML" : "MS-EAS-Provisioning-WBXML");
	if (phase == 2) {
		wbxml_put_str(w, PROVISION_POLICY_KEY, ph->policy_key);
		wbxml_put_uint(w, PROVISION_STATUS, ack);
	}
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
}

static void set_policy_key(struct phone *ph, struct bytes key)
{
	free(ph->policy_key);
	ph->policy_key = strndup((const char *)key.p, key.len);
	if (!ph->policy_key)
		abort();
}

enum err phone_provision_phase(struct phone *ph, unsigned phase, unsigned ack)
{
	const struct wbxml_node *policy;
	struct bytes key;
	uint32_t n, status;
	enum err e;

	if (phase == 1)
		set_policy_key(ph, BYTES("0"));
	build_phase(ph, phase, ack);
	if ((e = phone_command(ph, CMD_PROVISION, NULL)))
		return e;
	policy = wbxml_child(wbxml_child(ph->root, PROVISION_POLICIES), PROVISION_POLICY);
	if (ph->status != 1)
		return refuse(ph, "Provision: the answer's Status isn't 1");
	if (!policy || wbxml_child_uint(policy, PROVISION_STATUS, 0, UINT32_MAX, &status))
		return refuse(ph, "Provision: the answer has no Policy with a Status");
	ph->status = status;
	if (status != 1)
		return refuse(ph, "Provision: the Status of the Policy isn't 1");
	key = wbxml_child_text(policy, PROVISION_POLICY_KEY);
	if (bytes_to_u32(key, UINT32_MAX, &n) || n == 0)
		return refuse(ph, "Provision: the policy key is no number above 0");
	if (phase == 1 && !wbxml_child(policy, PROVISION_DATA))
		return refuse(ph, "Provision: the first answer has no policy document");
	set_policy_key(ph, key);
	return ERR_OK;
}

enum err phone_provision(struct phone *ph)
{
	enum err e = phone_provision_phase(ph, 1, 0);

	return e ? e : phone_provision_phase(ph, 2, 1);
}

enum err phone_setup(struct phone *ph)
{
	enum err e = phone_provision(ph);

	if (!e)
		e = phone_folder_sync(ph, NULL);
	if (!e && ph->status != 1) {
		snprintf(ph->problem, sizeof(ph->problem), "FolderSync: Status %u", ph->status);
		return ERR_PROTO;
	}
	return e;
}
