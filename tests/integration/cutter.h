#ifndef EASGATE_TESTS_CUTTER_H
#define EASGATE_TESTS_CUTTER_H

#include <stdbool.h>
#include <stdint.h>

#include "bed.h"

/* Stands between the gateway and its IMAP server (without TLS) and breaks the connection at a command of the test's choice: what
 * a worker's or a server's death at that point leaves behind. It can also talk nonsense in the server's place. A process of its own, which ends with the test. */
struct cutter;

/* Listens; where it leads to is said later, when the server is there. */
struct cutter *cutter_start(void);
/* scene_open with a cutter in front of IMAP, and its end. */
struct cutter *cutter_open_scene(struct bed_opts opts);
void cutter_close_scene(struct cutter **c);
uint16_t cutter_port(const struct cutter *c);
void cutter_lead_to(struct cutter *c, uint16_t port);
void cutter_stop(struct cutter **c);

enum cutter_when {
	CUTTER_BEFORE, /* the server never sees the command */
	CUTTER_AFTER,  /* the server does it, and its answer is lost */
	/* Nothing is cut, and the server isn't asked: the answer is OK and nothing else, as for a mail that has gone. */
	CUTTER_NOTHING_THERE,
	CUTTER_REFUSED, /* The same with NO. */
	CUTTER_HELD,    /* Nothing is cut: the server gets it at cutter_release. */
};
/* At the next command that has that word in it (in the first bytes of what is sent at once); once. */
void cutter_arm(struct cutter *c, enum cutter_when when, const char *word);
void cutter_arm_times(struct cutter *c, enum cutter_when when, const char *word, unsigned times);
/* Whatever is asked but who somebody is, is answered with what is no IMAP, as long as it is on. */
void cutter_derange(struct cutter *c, bool on);
/* Waits until a command is held. */
void cutter_wait_held(struct cutter *c);
void cutter_release(struct cutter *c);
/* How often a connection was cut so far. */
unsigned cutter_cuts(const struct cutter *c);

#endif
