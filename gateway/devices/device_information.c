#include "devices/device_information.h"

#include "base/utf8.h"

enum { MAX_CHARS = 1024 };

static const struct {
	wbxml_tag tag;
	size_t field;
} texts[] = {
	{ SETTINGS_MODEL, offsetof(struct store_device, model) },
	{ SETTINGS_IMEI, offsetof(struct store_device, imei) },
	{ SETTINGS_FRIENDLY_NAME, offsetof(struct store_device, friendly_name) },
	{ SETTINGS_OS, offsetof(struct store_device, os) },
	{ SETTINGS_OS_LANGUAGE, offsetof(struct store_device, os_language) },
	{ SETTINGS_PHONE_NUMBER, offsetof(struct store_device, phone_number) },
	{ SETTINGS_MOBILE_OPERATOR, offsetof(struct store_device, mobile_operator) },
};

bool device_information_read(struct request *rq, const struct wbxml_node *device_information)
{
	const struct wbxml_node *set = wbxml_child(device_information, SETTINGS_SET);
	bool sms = false;

	if (!set)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bytes *field = (struct bytes *)(void *)((char *)&rq->device + texts[i].field);
		struct bytes text = wbxml_child_text(set, texts[i].tag);

		if (utf8_valid(text))
			*field = utf8_cut_chars(text, MAX_CHARS);
	}
	if (!wbxml_child_bool(set, SETTINGS_ENABLE_OUTBOUND_SMS, false, &sms))
		rq->device.outbound_sms = sms;
	return true;
}
