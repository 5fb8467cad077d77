#ifndef EASGATE_STORE_WORDS_H
#define EASGATE_STORE_WORDS_H

#include "store/redis.h"

/* The words of one Redis command, or the keys or arguments of one script, as they are put together in an arena. Like a
 * buf: the first failure sticks, and the call at the end reports it. For the modules of this folder. */
struct words {
	struct arena *arena; /* borrowed */
	struct bytes *v;
	size_t n, cap;
	enum err failed;
};

void words_init(struct words *w, struct arena *a);
void words_put(struct words *w, struct bytes word); /* borrowed until the call has ended */
void words_put_str(struct words *w, const char *word);
void words_put_u64(struct words *w, uint64_t n);
/* eas:KIND:{ACCOUNT} and up to two parts more; see key.h. */
void words_put_key(struct words *w, const char *kind, struct bytes account);
void words_put_key1(struct words *w, const char *kind, struct bytes account, struct bytes part);
void words_put_key2(
    struct words *w, const char *kind, struct bytes account, struct bytes part, struct bytes part2);

/* Sends all commands in one round trip. An error answer of Redis is logged, with `what` we wanted, and becomes
 * ERR_UNAVAILABLE: it is out of memory, read-only, or not the Redis it should be. */
enum err words_call(struct redis *r, const char *what, struct words *v, size_t n,
    struct redis_reply *replies) WAITS MUST_CHECK;
enum err words_eval(struct redis *r, const char *what, struct redis_script *s, const struct words *keys,
    const struct words *args, struct redis_reply *out) WAITS MUST_CHECK;

/* For calls whose answer needs no arena of the caller's: a fiber that lives long would fill its own. */
enum { WORDS_SCRATCH = 4 * 1024 * 1024 };

/* A number as we wrote it; 0 if there is none. */
uint64_t reply_u64(const struct redis_reply *r);
struct bytes reply_text(const struct redis_reply *r); /* empty unless it is a text */

#endif
