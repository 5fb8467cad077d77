#include "auth/account.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "auth/account_make.h"

struct account *account_ref(struct account *a)
{
	a->refs++;
	return a;
}

static void wipe(struct bytes secret)
{
	if (secret.len)
		OPENSSL_cleanse((void *)(uintptr_t)secret.p, secret.len);
}

void account_unref(struct account **a)
{
	struct account *x = *a;

	*a = NULL;
	if (!x || --x->refs)
		return;
	wipe(x->imap.password);
	free(x); /* its texts stand behind it */
}

/* One block for the struct and its texts; the password stands in it once. */
struct account *account_make(struct bytes name, struct bytes address, struct bytes imap_user,
    struct bytes smtp_user, struct bytes password, struct bytes client_address)
{
	struct bytes texts[] = { name, address, imap_user, smtp_user, password, client_address };
	enum { COUNT = sizeof(texts) / sizeof(texts[0]) };
	size_t size = sizeof(struct account) + COUNT;
	struct account *a;
	char *at;

	for (size_t i = 0; i < COUNT; i++)
		size += texts[i].len;
	a = calloc(1, size);
	if (!a)
		abort();
	at = (char *)(a + 1);
	for (size_t i = 0; i < COUNT; i++) {
		if (texts[i].len)
			memcpy(at, texts[i].p, texts[i].len);
		texts[i].p = (const uint8_t *)at;
		at += texts[i].len + 1;
	}
	*a = (struct account){
		.name = (char *)(uintptr_t)texts[0].p,
		.address = (char *)(uintptr_t)texts[1].p,
		.imap = { texts[2], texts[4], texts[5] },
		.smtp = { texts[3], texts[4], texts[5] },
		.refs = 1,
	};
	for (char *p = a->name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return a;
}
