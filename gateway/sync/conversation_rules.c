#include "sync/conversation_rules.h"

#include <time.h>

#include "base/hash.h"
#include "base/hex.h"
#include "io/log.h"
#include "mail/conversation.h"
#include "push/push.h"

/* In Redis, as memos of the account: "conversation" has for each ConversationId, in hex, "FOLDER TIME", and under ANY the time of
 * the newest rule's making, so that an account without rules costs one look; "moved" has the mails that a rule has moved. */

#define RULE "conversation"
#define MOVED "moved"
#define ANY "any"

enum { KEEP_RULE_S = 365 * 24 * 60 * 60, KEEP_MOVED_S = 90 * 24 * 60 * 60 };

struct rule {
	uint32_t folder;
	uint64_t since; /* seconds since 1970 */
};

/* A new mail, and what is known of it. */
struct newcomer {
	struct change *change;
	const struct imap_message *message;
	struct bytes conversation, mark; /* as names of memos */
	struct rule rule;                /* folder 0: none */
};
struct newcomers {
	struct newcomer *v;
	size_t n;
};

static enum err hex_of(struct arena *a, struct bytes in, struct bytes *out)
{
	struct buf b;

	buf_init(&b, a, 0);
	hex_put(&b, in);
	return buf_done(&b, out);
}

/* ---- making ---- */

static enum err keep(struct request *rq, struct bytes name, const char *value)
{
	return value ? store_memo_set(rq->worker->redis, bytes_str(rq->account->name), RULE, name,
			   bytes_str(value), KEEP_RULE_S)
		     : ERR_LIMIT;
}

enum err conversation_rule_set(struct request *rq, struct bytes conversation, uint32_t folder)
{
	unsigned long long now = (unsigned long long)time(NULL);
	struct bytes name;
	enum err e;

	if ((e = hex_of(rq->arena, conversation, &name)) ||
	    (e = keep(rq, name, arena_printf(rq->arena, "%u %llu", folder, now))))
		return e;
	return folder ? keep(rq, BYTES(ANY), arena_printf(rq->arena, "%llu", now)) : ERR_OK;
}

static bool read_rule(struct bytes text, struct rule *out)
{
	struct bytes folder;

	return bytes_split(&text, ' ', &folder) && !bytes_to_u32(folder, UINT32_MAX, &out->folder) &&
	       !bytes_to_u64(text, UINT64_MAX, &out->since);
}

/* ---- following ---- */

static enum err memos(
    struct collection *c, const char *kind, const struct newcomers *all, bool marks, struct bytes **out)
{
	struct arena *a = c->rq->arena;
	struct bytes *names = arena_array(a, all->n, sizeof(*names));

	*out = arena_array(a, all->n, sizeof(**out));
	if (!names || !*out)
		return ERR_LIMIT;
	for (size_t i = 0; i < all->n; i++)
		names[i] = marks ? all->v[i].mark : all->v[i].conversation;
	return store_memo_get_many(
	    c->rq->worker->redis, a, bytes_str(c->rq->account->name), kind, names, all->n, *out);
}

enum err conversation_rules_exist(struct collection *c, bool *out)
{
	struct bytes ignored;
	enum err e;

	*out = false;
	if (c->folder_type != FOLDER_INBOX)
		return ERR_OK;
	e = store_memo_get(
	    c->rq->worker->redis, c->rq->arena, bytes_str(c->rq->account->name), RULE, BYTES(ANY), &ignored);
	*out = !e;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static const struct imap_message *message_of(const struct imap_messages *m, uint64_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].flags.uid == id)
			return &m->v[i];
	return NULL;
}

static enum err describe(struct arena *a, struct newcomer *one)
{
	struct bytes id, octets;
	uint64_t mark = hash64(one->message->header, 1);
	struct header h;
	enum err e;

	octets = bytes_of(&mark, sizeof(mark));
	if ((e = header_parse(a, one->message->header, &h)) || (e = conversation_id(a, &h, &id)) ||
	    (e = hex_of(a, id, &one->conversation)))
		return e;
	return hex_of(a, octets, &one->mark);
}

static enum err find_newcomers(struct collection *c, struct change *v, size_t n,
    const struct imap_messages *messages, struct newcomers *out)
{
	*out = (struct newcomers){ arena_array(c->rq->arena, n, sizeof(*out->v)), 0 };
	if (!out->v)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		struct newcomer *one = &out->v[out->n];
		enum err e;

		*one = (struct newcomer){ .change = &v[i], .message = message_of(messages, v[i].id) };
		if (v[i].kind != CHANGE_ADD || !one->message)
			continue;
		if ((e = describe(c->rq->arena, one)))
			return e;
		out->n += one->conversation.len > 0;
	}
	return ERR_OK;
}

/* Leaves those that a rule is for. */
static enum err match(struct collection *c, struct newcomers *all)
{
	struct bytes *rules, *moved;
	size_t kept = 0;
	enum err e;

	if ((e = memos(c, RULE, all, false, &rules)) || (e = memos(c, MOVED, all, true, &moved)))
		return e;
	for (size_t i = 0; i < all->n; i++) {
		struct newcomer *one = &all->v[i];

		if (!rules[i].p || moved[i].p || !read_rule(rules[i], &one->rule) || !one->rule.folder ||
		    one->message->internal_date < (int64_t)one->rule.since)
			continue;
		all->v[kept++] = *one;
	}
	all->n = kept;
	return ERR_OK;
}

static enum err move_one(struct collection *c, struct newcomer *one)
{
	uint32_t uid = (uint32_t)one->change->id, ignored, ids[] = { c->folder_id, one->rule.folder };
	struct imap_moved moved;
	struct bytes target;
	enum err e;

	if ((e = folder_mailbox(c->rq, one->rule.folder, &target, &ignored)))
		return e;
	if (!target.len)
		return ERR_NOT_FOUND;
	/* Before it goes: if it comes back, somebody wanted it so. */
	if ((e = store_memo_set(c->rq->worker->redis, bytes_str(c->rq->account->name), MOVED, one->mark,
		 BYTES("1"), KEEP_MOVED_S)) ||
	    (e = mail_select(c, NULL)) || (e = imap_move(c->imap, c->rq->arena, &uid, 1, target, &moved)))
		return e;
	log_info("a new mail follows its conversation folder=%u uid=%u to=%u", c->folder_id, uid,
	    one->rule.folder);
	one->change->kind = CHANGE_NONE;
	push_publish(c->rq, ids, 2);
	return ERR_OK;
}

enum err conversation_rules_follow(
    struct collection *c, struct change *v, size_t n, const struct imap_messages *messages)
{
	struct newcomers all;
	enum err e;

	if (!messages->n)
		return ERR_OK;
	if ((e = find_newcomers(c, v, n, messages, &all)) || (e = match(c, &all)))
		return e;
	for (size_t i = 0; i < all.n; i++) {
		e = move_one(c, &all.v[i]);
		if (e && e != ERR_NOT_FOUND && e != ERR_DENIED && e != ERR_LIMIT)
			return e;
		if (e)
			log_info("a new mail doesn't follow its conversation folder=%u uid=%u to=%u: %s (%s)",
			    c->folder_id, (unsigned)all.v[i].change->id, all.v[i].rule.folder,
			    imap_problem(c->imap), err_name(e));
	}
	return ERR_OK;
}
