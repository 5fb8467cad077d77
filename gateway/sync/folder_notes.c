#include "sync/folder_notes.h"

#include "io/log.h"

/* What Apple's Notes and others call the folder, in their users' languages. */
static const char *const names[] = {
	"Notes",
	"Notizen",
	"Notas",
	"Note",
	"Notities",
	"Noter",
	"Notater",
	"Anteckningar",
	"Muistiinpanot",
	"Notatki",
	"Poznámky",
	"Jegyzetek",
	"Notițe",
	"Bilješke",
	"Beležke",
	"Заметки",
	"Нотатки",
	"Бележки",
	"Белешке",
	"Σημειώσεις",
	"Notlar",
	"Ghi chú",
	"Catatan",
	"メモ",
	"메모",
	"备忘录",
	"備忘錄",
	"פתקים",
	"ملاحظات",
	"โน้ต",
};

static struct bytes without_prefix(const struct folder_list *l, struct bytes name)
{
	struct bytes head, rest = name;

	return bytes_take(&rest, l->prefix.len, &head) && bytes_eq(head, l->prefix) ? rest : name;
}

static struct folder *find_by_name(const struct folder_list *l, struct bytes name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->v[i].foreign &&
		    (bytes_eq(l->v[i].mailbox, name) || bytes_eq(without_prefix(l, l->v[i].mailbox), name)))
			return &l->v[i];
	return NULL;
}

static struct folder *find_by_any_name(const struct folder_list *l)
{
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		for (size_t i = 0; i < l->n; i++)
			if (!l->v[i].foreign && l->v[i].type == FOLDER_USER_MAIL &&
			    bytes_eq_nocase(without_prefix(l, l->v[i].mailbox), names[k]))
				return &l->v[i];
	return NULL;
}

/* What stands behind the last separator. */
static struct bytes last_name(struct bytes name, char separator)
{
	for (size_t i = name.len; separator && i > 1; i--)
		if ((char)name.p[i - 1] == separator)
			return bytes_of(name.p + i, name.len - i);
	return name;
}

static enum err add_missing(struct request *rq, struct folder_list *l, struct bytes name)
{
	char separator = l->n ? l->v[0].separator : '/';
	char *mailbox = arena_printf(rq->arena, "%.*s%.*s", BYTES_ARG(l->prefix), BYTES_ARG(name));

	if (!mailbox)
		return ERR_LIMIT;
	l->v[l->n++] = (struct folder){ .mailbox = bytes_str(mailbox),
		.type = FOLDER_NOTES,
		.separator = separator,
		.display = last_name(name, separator) };
	return ERR_OK;
}

static bool is_below(const struct folder *f, const struct folder *top)
{
	struct bytes head, rest = f->mailbox;

	return bytes_take(&rest, top->mailbox.len, &head) && bytes_eq(head, top->mailbox) && rest.len > 1 &&
	       (char)rest.p[0] == top->separator && top->separator;
}

static void set_types(struct folder_list *l, struct folder *top)
{
	top->type = FOLDER_NOTES;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].type == FOLDER_USER_MAIL && is_below(&l->v[i], top))
			l->v[i].type = FOLDER_USER_NOTES;
}

static void hide(struct folder_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (folder_class(l->v[i].type) != CLASS_NOTES)
			l->v[kept++] = l->v[i];
	l->n = kept;
}

enum err folders_take_notes(struct request *rq, struct folder_list *l)
{
	struct bytes name = bytes_str(rq->worker->config->imap_notes);
	bool any = bytes_eq_nocase(name, "auto");
	struct folder *top;
	enum err e = ERR_OK;

	if (!name.len)
		return ERR_OK;
	top = any ? find_by_any_name(l) : find_by_name(l, name);
	if (top && top->type == FOLDER_USER_MAIL)
		set_types(l, top);
	else if (top)
		log_info(
		    "notes_folder is the account's inbox, a special folder or can't be selected: no notes");
	else if (!any)
		e = add_missing(rq, l, name);
	if (rq->version < EAS_14_0)
		hide(l);
	return e;
}
