#include "eas/class.h"

static const char *const names[CLASSES] = {
	[CLASS_NONE] = "",
	[CLASS_EMAIL] = "Email",
	[CLASS_CALENDAR] = "Calendar",
	[CLASS_CONTACTS] = "Contacts",
	[CLASS_TASKS] = "Tasks",
	[CLASS_NOTES] = "Notes",
	[CLASS_SMS] = "SMS",
};

enum err eas_class_parse(struct bytes name, enum eas_class *out)
{
	for (unsigned c = CLASS_NONE + 1; c < CLASSES; c++) {
		if (bytes_eq_nocase(name, names[c])) {
			*out = (enum eas_class)c;
			return ERR_OK;
		}
	}
	return ERR_PROTO;
}

const char *eas_class_name(enum eas_class c)
{
	return names[c];
}
