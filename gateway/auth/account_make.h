#ifndef EASGATE_AUTH_ACCOUNT_MAKE_H
#define EASGATE_AUTH_ACCOUNT_MAKE_H

#include "auth/account.h"

/* A new account with one reference; everything is copied, the name in lower case. For auth.c and tests. */
struct account *account_make(struct bytes name, struct bytes address, struct bytes imap_user,
    struct bytes smtp_user, struct bytes password, struct bytes client_address);

#endif
