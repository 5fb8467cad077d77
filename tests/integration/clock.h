#ifndef EASGATE_TESTS_CLOCK_H
#define EASGATE_TESTS_CLOCK_H

#include "integration/scene.h"

/* A scene whose gateway believes that days have passed. Servers and phones keep the right time. */

/* As scene_open; the program is easgate-late. */
void clock_scene_open(const struct bed_opts *opts);
void clock_scene_close(void);
/* From now on the gateway's clock is that many days ahead of the right one. */
void clock_days_ahead(unsigned days);

#endif
