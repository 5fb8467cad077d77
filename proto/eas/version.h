#ifndef EASGATE_EAS_VERSION_H
#define EASGATE_EAS_VERSION_H

#include "base/bytes.h"

/* Protocol versions in their order, so that `v >= EAS_14_0` reads as it should. */
enum eas_version { EAS_2_5, EAS_12_0, EAS_12_1, EAS_14_0, EAS_14_1, EAS_16_0, EAS_16_1, EAS_VERSIONS };

/* Columns of tables: a set of versions. */
typedef uint8_t eas_version_set;
#define EAS_ONLY(v) ((eas_version_set)(1u << (v)))
#define EAS_ALL ((eas_version_set)((1u << EAS_VERSIONS) - 1))
#define EAS_SINCE(v) ((eas_version_set)(EAS_ALL & ~((1u << (v)) - 1)))
#define EAS_UNTIL(v) ((eas_version_set)((1u << ((v) + 1)) - 1))
#define EAS_BETWEEN(first, last) ((eas_version_set)(EAS_SINCE(first) & EAS_UNTIL(last)))

static inline bool eas_version_in(enum eas_version v, eas_version_set set)
{
	return ((unsigned)set >> v & 1u) != 0;
}

/* "14.1", as in the MS-ASProtocolVersion header. ERR_UNSUPPORTED for anything else. */
enum err eas_version_parse(struct bytes text, enum eas_version *out) MUST_CHECK;
/* 141, as in the compact query. ERR_UNSUPPORTED for anything else. */
enum err eas_version_of_number(unsigned number, enum eas_version *out) MUST_CHECK;
const char *eas_version_name(enum eas_version v); /* "14.1" */
unsigned eas_version_number(enum eas_version v);  /* 141 */

#endif
