#include "push/parked.h"

#include <stdlib.h>
#include <string.h>

static struct bytes put_text(char **at, struct bytes text)
{
	struct bytes kept = bytes_of(*at, text.len);

	if (text.len)
		memcpy(*at, text.p, text.len);
	*at += text.len;
	return kept;
}

/* Only a hanging Sync needs its body again; a Ping's answer is made from its folders. */
static struct bytes body_to_keep(const struct request *rq)
{
	return rq->command == CMD_SYNC ? rq->body : bytes_of(NULL, 0);
}

static void keep_texts(struct parked *p, const struct request *rq)
{
	struct bytes body = body_to_keep(rq);
	char *at = malloc(rq->device_id.len + body.len + 1);

	if (!at)
		abort();
	p->texts = at;
	p->device_id = put_text(&at, rq->device_id);
	p->body = put_text(&at, body);
}

static void keep_folders(struct parked *p, const struct push_wait *wait)
{
	size_t size = wait->n_folders * sizeof(*p->folders);
	char *at;

	for (size_t i = 0; i < wait->n_folders; i++)
		size += wait->folders[i].mailbox.len;
	p->folders = malloc(size ? size : 1);
	if (!p->folders)
		abort();
	p->n_folders = wait->n_folders;
	at = (char *)(p->folders + wait->n_folders);
	for (size_t i = 0; i < wait->n_folders; i++) {
		p->folders[i] = wait->folders[i];
		p->folders[i].mailbox = put_text(&at, wait->folders[i].mailbox);
		p->folders[i].changed = false;
	}
}

struct parked *parked_dup(struct push *push, const struct request *rq, const struct push_wait *wait)
{
	struct parked *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->push = push;
	p->account = account_ref(rq->account);
	p->command = rq->command;
	p->ends_ms = loop_now_ms() + (uint64_t)wait->heartbeat_s * 1000;
	keep_texts(p, rq);
	keep_folders(p, wait);
	return p;
}

void parked_free(struct parked *p)
{
	timer_cancel(&p->timer);
	dispatch_drop(&p->held);
	account_unref(&p->account);
	free(p->folders);
	free(p->texts);
	free(p);
}

bool parked_same_folders(const struct parked *p, const struct push_folder *v, size_t n)
{
	if (p->n_folders != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < n && p->folders[k].id != v[i].id)
			k++;
		if (k == n)
			return false;
	}
	return true;
}

bool parked_is_doubtful(const struct parked *p)
{
	return p->doubtful;
}

enum push_why parked_why(const struct parked *p)
{
	return p->why;
}

enum err parked_folders(struct parked *p, struct arena *a, struct push_folder **out, size_t *n)
{
	*out = arena_array(a, p->n_folders, sizeof(**out));
	if (!*out)
		return ERR_LIMIT;
	for (size_t i = 0; i < p->n_folders; i++) {
		(*out)[i] = p->folders[i];
		p->folders[i].changed = p->folders[i].has_new = false;
	}
	*n = p->n_folders;
	return ERR_OK;
}

void parked_saw(struct parked *p, const struct push_folder *v)
{
	for (size_t i = 0; i < p->n_folders; i++)
		p->folders[i].seen = v[i].seen;
}

struct bytes parked_body(const struct parked *p)
{
	return p->body;
}
