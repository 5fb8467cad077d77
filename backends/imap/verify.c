#include "imap/connection.h"

enum err imap_verify(struct imap_pool *p, const struct imap_login *who, const char **why)
{
	struct imap *c = NULL;
	enum err e = imap_connect(p, who, &c, why);

	imap_close(&c);
	return e;
}
