#include "devices/policy.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

/* The default policy: nothing is asked of the device and nothing is forbidden (unless [policy] says so), so that Android doesn't even ask for
 * administrator rights. Rows in the schema's order. Source: MS-ASPROV 2.2.2.29; provisioning.md 4. */
static const struct policy_row {
	wbxml_tag tag;
	eas_version_set versions;
	const char
	    *value; /* "" = an empty element: no restriction; NULL = the configuration's: see value_of */
} rows[] = {
	{ PROVISION_DEVICE_PASSWORD_ENABLED, EAS_SINCE(EAS_12_0), "0" },
	{ PROVISION_ALPHANUMERIC_DEVICE_PASSWORD_REQUIRED, EAS_SINCE(EAS_12_0), "0" },
	{ PROVISION_PASSWORD_RECOVERY_ENABLED, EAS_SINCE(EAS_12_0), "0" },
	{ PROVISION_REQUIRE_STORAGE_CARD_ENCRYPTION, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_ATTACHMENTS_ENABLED, EAS_SINCE(EAS_12_0), NULL },
	{ PROVISION_MIN_DEVICE_PASSWORD_LENGTH, EAS_SINCE(EAS_12_0), "" },
	{ PROVISION_MAX_INACTIVITY_TIME_DEVICE_LOCK, EAS_SINCE(EAS_12_0), "" },
	{ PROVISION_MAX_DEVICE_PASSWORD_FAILED_ATTEMPTS, EAS_SINCE(EAS_12_0), "" },
	{ PROVISION_MAX_ATTACHMENT_SIZE, EAS_SINCE(EAS_12_0), NULL },
	{ PROVISION_ALLOW_SIMPLE_DEVICE_PASSWORD, EAS_SINCE(EAS_12_0), "1" },
	{ PROVISION_DEVICE_PASSWORD_EXPIRATION, EAS_SINCE(EAS_12_0), "0" },
	{ PROVISION_DEVICE_PASSWORD_HISTORY, EAS_SINCE(EAS_12_0), "0" },
	{ PROVISION_ALLOW_STORAGE_CARD, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_CAMERA, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_REQUIRE_DEVICE_ENCRYPTION, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_ALLOW_UNSIGNED_APPLICATIONS, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_UNSIGNED_INSTALLATION_PACKAGES, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_WI_FI, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_TEXT_MESSAGING, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_POP_IMAP_EMAIL, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_BLUETOOTH, EAS_SINCE(EAS_12_1), "2" },
	{ PROVISION_ALLOW_IRDA, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_REQUIRE_MANUAL_SYNC_WHEN_ROAMING, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_ALLOW_DESKTOP_SYNC, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_MAX_CALENDAR_AGE_FILTER, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_ALLOW_HTML_EMAIL, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_MAX_EMAIL_AGE_FILTER, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_MAX_EMAIL_BODY_TRUNCATION_SIZE, EAS_SINCE(EAS_12_1), "-1" },
	{ PROVISION_MAX_EMAIL_HTML_BODY_TRUNCATION_SIZE, EAS_SINCE(EAS_12_1), "-1" },
	{ PROVISION_REQUIRE_SIGNED_SMIME_MESSAGES, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_REQUIRE_ENCRYPTED_SMIME_MESSAGES, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_REQUIRE_SIGNED_SMIME_ALGORITHM, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_REQUIRE_ENCRYPTION_SMIME_ALGORITHM, EAS_SINCE(EAS_12_1), "0" },
	{ PROVISION_ALLOW_SMIME_ENCRYPTION_ALGORITHM_NEGOTIATION, EAS_SINCE(EAS_12_1), "2" },
	{ PROVISION_ALLOW_SMIME_SOFT_CERTS, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_BROWSER, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_CONSUMER_EMAIL, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_REMOTE_DESKTOP, EAS_SINCE(EAS_12_1), "1" },
	{ PROVISION_ALLOW_INTERNET_SHARING, EAS_SINCE(EAS_12_1), "1" },
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]), HASH_LEN = 8, DIGITS = 12 };

static const char *value_of(const struct policy_row *row, const struct config *c, char digits[DIGITS])
{
	if (row->value)
		return row->value;
	if (row->tag == PROVISION_ATTACHMENTS_ENABLED)
		return c->policy_attachments ? "1" : "0";
	snprintf(digits, DIGITS, "%u", c->policy_max_attachment_bytes);
	return c->policy_max_attachment_bytes ? digits : "";
}

void policy_write(struct wbxml_writer *w, enum eas_version version, const struct config *c)
{
	char digits[DIGITS];

	for (size_t i = 0; i < N_ROWS; i++)
		if (eas_version_in(version, rows[i].versions))
			wbxml_put_str(w, rows[i].tag, value_of(&rows[i], c, digits));
}

/* Only what is sent counts: else a client that can't carry a new element would be asked again and again. */
enum err policy_hash(struct arena *a, enum eas_version version, const struct config *c, struct bytes *out)
{
	uint8_t bytes[HASH_LEN];
	char digits[DIGITS];
	uint64_t h = 0;

	for (size_t i = 0; i < N_ROWS; i++)
		if (eas_version_in(version, rows[i].versions))
			h = hash64(bytes_str(value_of(&rows[i], c, digits)), h ^ rows[i].tag);
	for (size_t i = 0; i < HASH_LEN; i++)
		bytes[i] = (uint8_t)(h >> (8 * i));
	return arena_dup(a, bytes_of(bytes, sizeof(bytes)), out);
}

uint32_t policy_new_key(void)
{
	uint32_t key;

	do {
		if (RAND_bytes((unsigned char *)&key, sizeof(key)) != 1)
			abort();
		key &= INT32_MAX;
	} while (key <= POLICY_CHALLENGED);
	return key;
}

/* A device that was never challenged is, once: the key that is pending then stands for that. */
static enum err challenge_once(struct request *rq, uint32_t *status)
{
	if (rq->device.policy_key_pending)
		return ERR_OK;
	*status = STATUS_DEVICE_NOT_PROVISIONED;
	rq->device.policy_key_pending = POLICY_CHALLENGED;
	return store_device_save(
	    rq->worker->redis, bytes_str(rq->account->name), rq->device_id, &rq->device, STORE_DEVICE_POLICY);
}

enum err policy_gate(struct request *rq, uint32_t *status)
{
	bool required = rq->worker->config->require_provisioning;
	struct bytes hash;
	enum err e;

	*status = 0;
	if (rq->parked) /* it was let in when it came */
		return ERR_OK;
	if (!rq->device.policy_key) {
		*status = required ? STATUS_DEVICE_NOT_PROVISIONED : 0;
		return required ? ERR_OK : challenge_once(rq, status);
	}
	if (!required && !rq->policy_key)
		return ERR_OK;
	if ((e = policy_hash(rq->arena, rq->version, rq->worker->config, &hash)))
		return e;
	if (rq->policy_key != rq->device.policy_key)
		*status = rq->policy_key ? STATUS_INVALID_POLICY_KEY : STATUS_DEVICE_NOT_PROVISIONED;
	else if (!bytes_eq(hash, rq->device.policy_hash))
		*status = STATUS_POLICY_REFRESH;
	return ERR_OK;
}

enum err policy_check_file(const struct config *c, uint32_t size)
{
	if (!c->policy_attachments)
		return ERR_DENIED;
	return c->policy_max_attachment_bytes && size > c->policy_max_attachment_bytes ? ERR_LIMIT : ERR_OK;
}
