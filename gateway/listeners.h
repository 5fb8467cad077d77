#ifndef EASGATE_LISTENERS_H
#define EASGATE_LISTENERS_H

#include "config.h"

/* The listening sockets. The master binds them, one for each place and worker: with SO_REUSEPORT the system spreads new
 * connections evenly over the workers, where workers that share one socket would race for them and the quickest would end
 * up with most of the phones, which stay for hours. As the master keeps each socket open, what is queued in it
 * survives the worker's death and is taken over by the next one. */
struct listeners;

struct listeners *listeners_new(void);
void listeners_free(struct listeners **l);
/* Opens what the config asks for and isn't open yet, for that many workers. On ERR_UNAVAILABLE *why tells (static
 * buffer), and everything is as before. */
enum err listeners_open(
    struct listeners *l, const struct config *config, uint32_t workers, const char **why) MUST_CHECK;
/* Closes what the config that was opened last doesn't ask for, places and workers' sockets: after its workers have
 * taken over. */
void listeners_close_others(struct listeners *l);
/* The sockets of worker `i`, in the order of listen, then listen_plain; valid until the next call. */
const int *listeners_of(struct listeners *l, uint32_t i, size_t *n);
/* In a new worker process: closes all but its own. */
void listeners_keep(struct listeners *l, uint32_t i);
/* "127.0.0.1:443 [::]:8080": where they really are (port 0 is chosen by the system). Static buffer. */
const char *listeners_text(const struct listeners *l);

#endif
