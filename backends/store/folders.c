/* Folder ids: one hash for each account, with both directions in it.
 *
 *	#               the last id given out
 *	n:SOURCE:NAME   "1 ID UIDVALIDITY"
 *	i:ID            "1 UIDVALIDITY SOURCE NAME"
 *
 * The 1 is the format. An id whose folder was replaced loses its i: field, so that it is never found again; the counter
 * makes sure that it is never given out again. UIDVALIDITY 0 means that nobody knows it yet. */
#include "base/buf.h"
#include "store/store.h"
#include "store/words.h"

static bool is_source(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 'a' || s.p[i] > 'z')
			return false;
	return s.len != 0;
}

static void put_name_field(struct words *w, const struct store_folder *f)
{
	struct buf b;
	struct bytes field = { 0 };
	enum err e;

	buf_init(&b, w->arena, 0);
	buf_put_str(&b, "n:");
	buf_put(&b, f->source);
	buf_put_u8(&b, ':');
	buf_put(&b, f->name);
	if ((e = buf_done(&b, &field)))
		w->failed = e;
	words_put(w, field);
}

/* ---- from names to ids ---- */

/* False if this folder needs an id, or its UIDVALIDITY must be written down. */
static bool read_known(struct bytes value, struct store_folder *f)
{
	struct bytes format, id;
	uint32_t n, validity;

	if (!bytes_split(&value, ' ', &format) || !bytes_eq_str(format, "1") ||
	    !bytes_split(&value, ' ', &id) || bytes_to_u32(id, UINT32_MAX, &n) ||
	    bytes_to_u32(value, UINT32_MAX, &validity))
		return false;
	if (f->uid_validity && f->uid_validity != validity)
		return false;
	f->id = n;
	return true;
}

/* `lost` is what was known and is not listed any more, by UIDVALIDITY: a folder that another client renamed is there under its
 * new name. It is taken for the same if nothing else has that UIDVALIDITY, neither among what is listed nor among what is
 * lost: some servers give the time of creation, or always 1. */
static struct redis_script resolve_script = {
	.text = "local key, folders, listed, holders, replaced, new = KEYS[1], {}, {}, {}, {}, false\n"
		"for i = 1, #ARGV, 3 do\n"
		"  local f = { source = ARGV[i], name = ARGV[i + 1], validity = ARGV[i + 2] }\n"
		"  local had\n"
		"  f.field, f.mark = 'n:' .. f.source .. ':' .. f.name, f.source .. ' ' .. f.validity\n"
		"  listed[f.field], holders[f.mark] = f.validity, (holders[f.mark] or 0) + 1\n"
		"  f.id, had = string.match(redis.call('HGET', key, f.field) or '', '^1 (%d+) (%d+)$')\n"
		"  if f.id and f.validity == '0' then\n"
		"    f.validity = had\n"
		"  elseif f.id and had ~= f.validity and had ~= '0' then\n"
		"    replaced[f.id], f.id = true, nil\n"
		"  end\n"
		"  new = new or not f.id and f.validity ~= '0'\n"
		"  folders[#folders + 1] = f\n"
		"end\n"
		"local lost, all = {}, new and redis.call('HGETALL', key) or {}\n"
		"for i = 1, #all, 2 do\n"
		"  local id = string.match(all[i], '^i:(%d+)$')\n"
		"  local validity, source, name = string.match(all[i + 1], '^1 (%d+) (%l+) (.*)$')\n"
		"  local field = id and validity and 'n:' .. source .. ':' .. name\n"
		"  if field and listed[field] ~= '0' and listed[field] ~= validity then\n"
		"    local mark = source .. ' ' .. validity\n"
		"    lost[mark] = lost[mark] and {} or { id = id, field = field }\n"
		"  end\n"
		"end\n"
		"for _, f in ipairs(folders) do\n"
		"  local was = not f.id and f.validity ~= '0' and holders[f.mark] == 1 and lost[f.mark]\n"
		"  if was and was.id then\n"
		"    redis.call('HDEL', key, was.field)\n"
		"    f.id, replaced[was.id] = was.id, nil\n"
		"  end\n"
		"end\n"
		"for id in pairs(replaced) do redis.call('HDEL', key, 'i:' .. id) end\n"
		"local ids = {}\n"
		"for _, f in ipairs(folders) do\n"
		"  f.id = f.id or string.format('%d', redis.call('HINCRBY', key, '#', 1))\n"
		"  redis.call('HSET', key, f.field, '1 ' .. f.id .. ' ' .. f.validity,\n"
		"    'i:' .. f.id, '1 ' .. f.validity .. ' ' .. f.source .. ' ' .. f.name)\n"
		"  ids[#ids + 1] = tonumber(f.id)\n"
		"end\n"
		"return ids\n"
};

static enum err give_ids(
    struct redis *r, struct arena *a, struct bytes account, struct store_folder *v, size_t n)
{
	struct redis_reply reply;
	struct words keys, args;
	enum err e;

	words_init(&keys, a);
	words_init(&args, a);
	words_put_key(&keys, "folders", account);
	for (size_t i = 0; i < n; i++) {
		words_put(&args, v[i].source);
		words_put(&args, v[i].name);
		words_put_u64(&args, v[i].uid_validity);
	}
	if ((e = words_eval(r, "give folder ids", &resolve_script, &keys, &args, &reply)))
		return e;
	if (reply.n != n)
		return ERR_UNAVAILABLE;
	for (size_t i = 0; i < n; i++)
		v[i].id = (uint32_t)reply_u64(&reply.items[i]);
	return ERR_OK;
}

enum err store_folders_resolve(
    struct redis *r, struct arena *a, struct bytes account, struct store_folder *v, size_t n)
{
	struct redis_reply reply;
	struct words w;
	bool all_known = true;
	enum err e;

	if (!n)
		return ERR_OK;
	words_init(&w, a);
	words_put_str(&w, "HMGET");
	words_put_key(&w, "folders", account);
	for (size_t i = 0; i < n; i++) {
		if (!is_source(v[i].source))
			return ERR_PROTO;
		put_name_field(&w, &v[i]);
	}
	if ((e = words_call(r, "find folder ids", &w, 1, &reply)))
		return e;
	for (size_t i = 0; i < n; i++)
		all_known = i < reply.n && read_known(reply_text(&reply.items[i]), &v[i]) && all_known;
	return all_known ? ERR_OK : give_ids(r, a, account, v, n);
}

/* ---- from ids to names ---- */

static bool read_folder(struct bytes value, struct store_folder *f)
{
	struct bytes format, validity;

	return bytes_split(&value, ' ', &format) && bytes_eq_str(format, "1") &&
	       bytes_split(&value, ' ', &validity) && !bytes_to_u32(validity, UINT32_MAX, &f->uid_validity) &&
	       bytes_split(&value, ' ', &f->source) && (f->name = value, true);
}

enum err store_folders_find(
    struct redis *r, struct arena *a, struct bytes account, struct store_folder *v, bool *found, size_t n)
{
	struct redis_reply reply;
	struct words w;
	enum err e;

	if (!n)
		return ERR_OK;
	words_init(&w, a);
	words_put_str(&w, "HMGET");
	words_put_key(&w, "folders", account);
	for (size_t i = 0; i < n; i++) {
		const char *field = arena_printf(a, "i:%u", (unsigned)v[i].id);

		if (!field)
			return ERR_LIMIT;
		words_put_str(&w, field);
	}
	if ((e = words_call(r, "find folders", &w, 1, &reply)))
		return e;
	for (size_t i = 0; i < n; i++)
		found[i] = i < reply.n && read_folder(reply_text(&reply.items[i]), &v[i]);
	return ERR_OK;
}

/* ---- renaming ---- */

/* What had the new name before is gone: its id ends. */
static struct redis_script rename_script = {
	.text = "local key, id, source, name = KEYS[1], ARGV[1], ARGV[2], ARGV[3]\n"
		"local function holder(field)\n"
		"  return string.match(redis.call('HGET', key, field) or '', '^1 (%d+) ')\n"
		"end\n"
		"local had = redis.call('HGET', key, 'i:' .. id)\n"
		"if not had then return 0 end\n"
		"local validity, old_source, old_name = string.match(had, '^1 (%d+) (%l+) (.*)$')\n"
		"if not validity then return 0 end\n"
		"local old, new = 'n:' .. old_source .. ':' .. old_name, 'n:' .. source .. ':' .. name\n"
		"if holder(old) == id then redis.call('HDEL', key, old) end\n"
		"local replaced = holder(new)\n"
		"if replaced and replaced ~= id then redis.call('HDEL', key, 'i:' .. replaced) end\n"
		"redis.call('HSET', key, new, '1 ' .. id .. ' ' .. validity,\n"
		"  'i:' .. id, '1 ' .. validity .. ' ' .. source .. ' ' .. name)\n"
		"return 1\n"
};

enum err store_folder_rename(
    struct redis *r, struct bytes account, uint32_t id, struct bytes source, struct bytes name)
{
	struct redis_reply reply;
	struct words keys, args;
	struct arena *a;
	enum err e;

	if (!is_source(source))
		return ERR_PROTO;
	a = arena_new(WORDS_SCRATCH);
	words_init(&keys, a);
	words_init(&args, a);
	words_put_key(&keys, "folders", account);
	words_put_u64(&args, id);
	words_put(&args, source);
	words_put(&args, name);
	e = words_eval(r, "rename a folder", &rename_script, &keys, &args, &reply);
	if (!e && !reply_u64(&reply))
		e = ERR_NOT_FOUND;
	arena_free(&a);
	return e;
}
