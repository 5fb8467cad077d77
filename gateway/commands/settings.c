#include "commands/commands.h"
#include "devices/device_information.h"

/* Settings (MS-ASCMD 2.2.1.18): each property asked for is answered by one of its name, in the request's order. */

enum { SETTINGS_OK = 1, SETTINGS_PROTOCOL_ERROR = 2, SETTINGS_DENIED = 3, SETTINGS_DENIED_BY_POLICY = 7 };

typedef enum err property_fn(struct request *rq, const struct wbxml_node *property, struct wbxml_writer *w);

static enum err device_information(
    struct request *rq, const struct wbxml_node *property, struct wbxml_writer *w)
{
	enum err e;

	if (!device_information_read(rq, property)) {
		wbxml_put_uint(w, SETTINGS_STATUS, SETTINGS_PROTOCOL_ERROR);
		return ERR_OK;
	}
	e = store_device_save(rq->worker->redis, bytes_str(rq->account->name), rq->device_id, &rq->device,
	    STORE_DEVICE_INFORMATION);
	wbxml_put_uint(w, SETTINGS_STATUS, SETTINGS_OK);
	return e;
}

static void write_addresses(const struct request *rq, struct wbxml_writer *w, bool primary)
{
	wbxml_open(w, SETTINGS_EMAIL_ADDRESSES);
	wbxml_put_str(w, SETTINGS_SMTP_ADDRESS, rq->account->address);
	if (primary)
		wbxml_put_str(w, SETTINGS_PRIMARY_SMTP_ADDRESS, rq->account->address);
	wbxml_close(w);
}

static enum err user_information(
    struct request *rq, const struct wbxml_node *property, struct wbxml_writer *w)
{
	if (!wbxml_child(property, SETTINGS_GET)) {
		wbxml_put_uint(w, SETTINGS_STATUS, SETTINGS_PROTOCOL_ERROR);
		return ERR_OK;
	}
	wbxml_put_uint(w, SETTINGS_STATUS, SETTINGS_OK);
	wbxml_open(w, SETTINGS_GET);
	if (rq->version >= EAS_14_1) {
		wbxml_open(w, SETTINGS_ACCOUNTS);
		wbxml_open(w, SETTINGS_ACCOUNT);
		write_addresses(rq, w, true);
		wbxml_close(w);
		wbxml_close(w);
	} else {
		write_addresses(rq, w, false);
	}
	wbxml_close(w);
	return ERR_OK;
}

static enum err refuse(struct request *rq, const struct wbxml_node *property, struct wbxml_writer *w)
{
	(void)rq;
	wbxml_put_uint(w, SETTINGS_STATUS,
	    property->tag == SETTINGS_DEVICE_PASSWORD ? SETTINGS_DENIED_BY_POLICY : SETTINGS_DENIED);
	return ERR_OK;
}

/* Mails aren't protected here, so there are no templates for it. The schema has no answer without their list. */
static enum err rights_management(
    struct request *rq, const struct wbxml_node *property, struct wbxml_writer *w)
{
	(void)rq;
	(void)property;
	wbxml_put_uint(w, SETTINGS_STATUS, SETTINGS_OK);
	wbxml_open(w, SETTINGS_GET);
	wbxml_put_empty(w, RIGHTSMANAGEMENT_RIGHTS_MANAGEMENT_TEMPLATES);
	wbxml_close(w);
	return ERR_OK;
}

static const struct property {
	wbxml_tag tag;
	eas_version_set versions;
	property_fn *run;
} properties[] = {
	{ SETTINGS_DEVICE_INFORMATION, EAS_SINCE(EAS_12_0), device_information },
	{ SETTINGS_USER_INFORMATION, EAS_SINCE(EAS_12_0), user_information },
	{ SETTINGS_OOF, EAS_SINCE(EAS_12_0), refuse },             /* needs a Sieve backend */
	{ SETTINGS_DEVICE_PASSWORD, EAS_SINCE(EAS_12_0), refuse }, /* no recovery passwords are kept */
	{ SETTINGS_RIGHTS_MANAGEMENT_INFORMATION, EAS_SINCE(EAS_14_1), rights_management },
};

static const struct property *find(wbxml_tag tag, enum eas_version v)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (properties[i].tag == tag && eas_version_in(v, properties[i].versions))
			return &properties[i];
	return NULL;
}

enum err command_settings(struct request *rq, struct wbxml_writer *w)
{
	enum err e = ERR_OK;

	wbxml_open(w, SETTINGS_SETTINGS);
	if (!rq->xml->child) {
		rq->reply.status = SETTINGS_PROTOCOL_ERROR;
		wbxml_put_uint(w, SETTINGS_STATUS, SETTINGS_PROTOCOL_ERROR);
	} else {
		wbxml_put_uint(w, SETTINGS_STATUS, SETTINGS_OK);
	}
	for (const struct wbxml_node *n = rq->xml->child; n && !e; n = n->next) {
		const struct property *p = find(n->tag, rq->version);

		if (!p)
			continue;
		wbxml_open(w, n->tag);
		e = p->run(rq, n, w);
		wbxml_close(w);
	}
	wbxml_close(w);
	return e;
}
