#include "commands/commands.h"
#include "devices/device_information.h"
#include "devices/policy.h"
#include "io/log.h"

/* Provision (MS-ASPROV 3.1.5.2): the device asks for its policy and gets it with a temporary key; it says that it has applied
 * it and gets the key that opens everything else. */

#define POLICY_TYPE "MS-EAS-Provisioning-WBXML"

enum {
	PROVISION_OK = 1,
	PROVISION_PROTOCOL_ERROR = 2,
	POLICY_OK = 1,
	POLICY_UNKNOWN_TYPE = 3,
	POLICY_WRONG_KEY = 5,
};

struct provision {
	struct request *rq;
	const struct wbxml_node *policy;
	bool told_about_itself; /* DeviceInformation was in the request */
	uint32_t status;        /* of the policy */
	uint32_t key;           /* to send; 0 = none */
	bool with_document;
};

static enum err save(struct provision *p, unsigned fields)
{
	struct request *rq = p->rq;

	return store_device_save(
	    rq->worker->redis, bytes_str(rq->account->name), rq->device_id, &rq->device, fields);
}

/* The documents ask 14.1 and later for DeviceInformation here (165 if it's missing), but go-activesync never sends it:
 * who leaves it out is let in all the same. */
static enum err ask(struct provision *p)
{
	p->status = POLICY_OK;
	p->with_document = true;
	p->key = p->rq->device.policy_key_pending = policy_new_key();
	return save(p, STORE_DEVICE_POLICY | (p->told_about_itself ? STORE_DEVICE_INFORMATION : 0));
}

/* The client says how it went: 1 all, 2 in part, 3 nothing, 4 managed by others. The default policy asks nothing, so that
 * all of these are good enough. A repeated acknowledgement, whose answer got lost, is answered with the same key. */
static enum err acknowledge(struct provision *p, uint32_t key, uint32_t client_status)
{
	struct store_device *d = &p->rq->device;
	enum err e;

	if (key <= POLICY_CHALLENGED || key != d->policy_key_pending) {
		p->status = POLICY_WRONG_KEY;
		return ERR_OK;
	}
	p->status = POLICY_OK;
	if (client_status != 1)
		log_info("policy not wholly applied by the device: it says %u", client_status);
	if ((e = policy_hash(p->rq->arena, p->rq->version, p->rq->worker->config, &d->policy_hash)))
		return e;
	p->key = d->policy_key = policy_new_key();
	return save(p, STORE_DEVICE_POLICY | (p->told_about_itself ? STORE_DEVICE_INFORMATION : 0));
}

static enum err decide(struct provision *p)
{
	const struct wbxml_node *key = wbxml_child(p->policy, PROVISION_POLICY_KEY);
	struct bytes type = wbxml_child_text(p->policy, PROVISION_POLICY_TYPE);
	uint32_t number = 0, status = 1;

	if (!bytes_eq_nocase(type, POLICY_TYPE)) {
		p->status = POLICY_UNKNOWN_TYPE;
		return p->told_about_itself ? save(p, STORE_DEVICE_INFORMATION) : ERR_OK;
	}
	if (!key)
		return ask(p);
	if (bytes_to_u32(bytes_trim(key->text), UINT32_MAX, &number))
		number = 0;
	if (wbxml_child_uint(p->policy, PROVISION_STATUS, 1, 4, &status))
		status = 1;
	return acknowledge(p, number, status);
}

static void write_policy(const struct provision *p, struct wbxml_writer *w)
{
	wbxml_open(w, PROVISION_POLICIES);
	wbxml_open(w, PROVISION_POLICY);
	wbxml_put_str(w, PROVISION_POLICY_TYPE, POLICY_TYPE);
	wbxml_put_uint(w, PROVISION_STATUS, p->status);
	if (p->key)
		wbxml_put_uint(w, PROVISION_POLICY_KEY, p->key);
	if (p->with_document) {
		wbxml_open(w, PROVISION_DATA);
		wbxml_open(w, PROVISION_EAS_PROVISION_DOC);
		policy_write(w, p->rq->version, p->rq->worker->config);
		wbxml_close(w);
		wbxml_close(w);
	}
	wbxml_close(w);
	wbxml_close(w);
}

static void write_answer(const struct provision *p, struct wbxml_writer *w, uint32_t status)
{
	p->rq->reply.status = status;
	wbxml_open(w, PROVISION_PROVISION);
	if (p->told_about_itself) {
		wbxml_open(w, SETTINGS_DEVICE_INFORMATION);
		wbxml_put_uint(w, SETTINGS_STATUS, 1);
		wbxml_close(w);
	}
	wbxml_put_uint(w, PROVISION_STATUS, status);
	if (status == PROVISION_OK && p->policy)
		write_policy(p, w);
	wbxml_close(w);
}

enum err command_provision(struct request *rq, struct wbxml_writer *w)
{
	const struct wbxml_node *policies = wbxml_child(rq->xml, PROVISION_POLICIES);
	struct provision p = { .rq = rq, .policy = wbxml_child(policies, PROVISION_POLICY) };
	enum err e;

	p.told_about_itself = device_information_read(rq, wbxml_child(rq->xml, SETTINGS_DEVICE_INFORMATION));
	if (!p.policy && (wbxml_child(rq->xml, PROVISION_REMOTE_WIPE) || !rq->xml->child)) {
		write_answer(&p, w, PROVISION_OK); /* asks whether it is to be wiped: it isn't */
		return ERR_OK;
	}
	if (!p.policy || !wbxml_child(p.policy, PROVISION_POLICY_TYPE)) {
		write_answer(&p, w, PROVISION_PROTOCOL_ERROR);
		return ERR_OK;
	}
	if ((e = decide(&p)))
		return e;
	write_answer(&p, w, PROVISION_OK);
	return ERR_OK;
}
