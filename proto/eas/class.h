#ifndef EASGATE_EAS_CLASS_H
#define EASGATE_EAS_CLASS_H

#include "base/bytes.h"

/* The Class element. Source: MS-ASCMD 2.2.3.27. */
enum eas_class {
	CLASS_NONE,
	CLASS_EMAIL,
	CLASS_CALENDAR,
	CLASS_CONTACTS,
	CLASS_TASKS,
	CLASS_NOTES,
	CLASS_SMS,
	CLASSES
};

/* "Email", without regard to letter case. ERR_PROTO for a name that is none. */
enum err eas_class_parse(struct bytes name, enum eas_class *out) MUST_CHECK;
const char *eas_class_name(enum eas_class c); /* "" for CLASS_NONE */

#endif
