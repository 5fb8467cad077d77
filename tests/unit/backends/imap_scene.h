#ifndef EASGATE_TESTS_IMAP_SCENE_H
#define EASGATE_TESTS_IMAP_SCENE_H

/* A mock with its rules, a pool that connects to it, and what happens then, on a fiber. */
#include "unit/backends/imap_mock.h"

struct scene {
	struct imap_mock mock;
	struct imap_pool *pool;
	struct imap *c;
	struct arena *a;
	void (*run)(struct scene *s);
};

static inline void scene_main(void *arg)
{
	struct scene *s = arg;
	struct imap_config config = imap_mock_config(&s->mock);

	config.command_ms = 500;
	s->pool = imap_pool_new(fiber_loop(), &config);
	s->a = fiber_arena();
	s->run(s);
	imap_close(&s->c);
	imap_pool_free(&s->pool);
}

static inline void log_in(struct scene *s)
{
	s->c = imap_mock_open_for(s->pool, "ann", "");
}

static inline struct imap_status select_inbox(struct scene *s)
{
	struct imap_status status;

	assert_int_equal(imap_select(s->c, BYTES("INBOX"), &status), ERR_OK);
	return status;
}

static inline bool heard(const struct scene *s, const char *text)
{
	return strstr(s->mock.seen->heard, text) != NULL;
}

/* Something else than SELECT, so that what it told counts as old. */
static inline void ask_something(struct scene *s)
{
	struct imap_status ignored;

	assert_int_equal(imap_status(s->c, BYTES("Sent"), &ignored), ERR_OK);
}

#endif
