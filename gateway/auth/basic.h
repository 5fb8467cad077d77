#ifndef EASGATE_AUTH_BASIC_H
#define EASGATE_AUTH_BASIC_H

#include "base/buf.h"

/* What a client says of itself, as text: HTTP Basic, and the user names that people type. */

struct credentials {
	struct bytes user, password; /* UTF-8; in one block of the arena that credentials_wipe overwrites */
};
/* Reads "Basic dXNlcjpwYXNz" (RFC 7617). Bytes that aren't UTF-8 are taken as Windows-1252, which Outlook sends (ISO-8859-1
 * is contained in it).
 * ERR_AUTH: another scheme, unreadable, no user name, or control characters in it. ERR_LIMIT: arena. */
enum err credentials_parse(struct arena *a, struct bytes authorization, struct credentials *out) MUST_CHECK;
void credentials_wipe(struct credentials *c);

/* "ann", "ann@example.org", "CORP\ann", "example.org\ann", "CORP\ann@example.org" */
struct user_name {
	struct bytes whole;  /* with the default domain, where none was typed */
	struct bytes local;  /* before the @ */
	struct bytes domain; /* behind it, or before the backslash; may be empty */
};
/* A Windows domain (no dot in it) is no part of the whole name: mail servers don't know it. */
enum err user_name_parse(
    struct arena *a, struct bytes typed, struct bytes default_domain, struct user_name *out) MUST_CHECK;
/* %u the whole name, %n the local part, %d the domain, %% a percent sign. */
enum err user_name_expand(
    struct arena *a, const char *pattern, const struct user_name *name, struct bytes *out) MUST_CHECK;

#endif
