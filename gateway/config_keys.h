#ifndef EASGATE_CONFIG_KEYS_H
#define EASGATE_CONFIG_KEYS_H

#include "config.h"

/* The table of all keys of easgate.conf. For config.c and its test. */
enum config_kind {
	KEY_TEXT,
	KEY_TEMPLATE,  /* text with %u %n %d */
	KEY_LIST,      /* char **, NULL at the end */
	KEY_TEMPLATES, /* the same, of texts with %u %n %d */
	KEY_BOOL,
	KEY_COUNT,    /* uint32_t */
	KEY_COUNT16,  /* uint16_t */
	KEY_SIZE,     /* uint32_t bytes, with K, M or G */
	KEY_TIME,     /* uint32_t seconds, with s, m or h */
	KEY_TIME_MS,  /* the same in the file, uint32_t milliseconds here */
	KEY_SERVER,   /* host and port of a struct stream_target */
	KEY_TLS,      /* enum stream_tls */
	KEY_FROM,     /* enum config_from */
	KEY_VERSIONS, /* eas_version_set */
	KEY_LOG_LEVEL,
};

struct config_key {
	const char *section, *name;
	enum config_kind kind;
	size_t offset;        /* in struct config */
	const char *fallback; /* as it would stand in the file */
	uint32_t max;         /* of numbers */
	const char *example;  /* where fallback is empty */
	const char *help;     /* lines of the sample, without their '#' */
};

extern const struct config_key config_keys[];
extern const size_t config_keys_count;

/* NULL if there is none. Section and name without regard to letter case. */
const struct config_key *config_key_find(const char *section, const char *name);
/* What a value of that kind looks like: "yes or no". */
const char *config_kind_text(enum config_kind kind);

#endif
