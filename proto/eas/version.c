#include "eas/version.h"

static const struct {
	const char *name;
	unsigned number;
} versions[EAS_VERSIONS] = {
	[EAS_2_5] = { "2.5", 25 },
	[EAS_12_0] = { "12.0", 120 },
	[EAS_12_1] = { "12.1", 121 },
	[EAS_14_0] = { "14.0", 140 },
	[EAS_14_1] = { "14.1", 141 },
	[EAS_16_0] = { "16.0", 160 },
	[EAS_16_1] = { "16.1", 161 },
};

enum err eas_version_parse(struct bytes text, enum eas_version *out)
{
	text = bytes_trim(text);
	for (unsigned v = 0; v < EAS_VERSIONS; v++) {
		if (bytes_eq_str(text, versions[v].name)) {
			*out = (enum eas_version)v;
			return ERR_OK;
		}
	}
	return ERR_UNSUPPORTED;
}

enum err eas_version_of_number(unsigned number, enum eas_version *out)
{
	for (unsigned v = 0; v < EAS_VERSIONS; v++) {
		if (versions[v].number == number) {
			*out = (enum eas_version)v;
			return ERR_OK;
		}
	}
	return ERR_UNSUPPORTED;
}

const char *eas_version_name(enum eas_version v)
{
	return versions[v].name;
}

unsigned eas_version_number(enum eas_version v)
{
	return versions[v].number;
}
