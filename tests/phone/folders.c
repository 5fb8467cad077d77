/* FolderSync, FolderCreate, FolderDelete, FolderUpdate: one sync key for all four (MS-ASCMD 2.2.1.2 to 2.2.1.6). */
#include "phone.h"

#include <stdlib.h>
#include <string.h>

static void replace(char **field, char *value)
{
	if (!value)
		abort();
	free(*field);
	*field = value;
}

/* The key of an answer; the one that was asked with becomes the former. */
static void keep_key(struct phone *ph, const char *asked)
{
	struct bytes key = wbxml_child_text(ph->root, FOLDERHIERARCHY_SYNC_KEY);
	char *former = strdup(asked);

	if (!key.len)
		phone_replica_anomaly(
		    &ph->replica, "%s: Status 1 without a SyncKey", eas_command_name(ph->waiting));
	replace(&ph->replica.former_key, former);
	if (key.len)
		replace(&ph->replica.key, strndup((const char *)key.p, key.len));
}

enum err phone_folder_sync(struct phone *ph, const char *key)
{
	struct wbxml_writer *w = phone_request(ph);
	char *asked = strdup(key ? key : ph->replica.key); /* key may point into the replica */
	enum err e;

	if (!asked)
		abort();
	wbxml_open(w, FOLDERHIERARCHY_FOLDER_SYNC);
	wbxml_put_str(w, FOLDERHIERARCHY_SYNC_KEY, asked);
	wbxml_close(w);
	e = phone_command(ph, CMD_FOLDER_SYNC, NULL);
	if (!e && !ph->root)
		e = ERR_PROTO; /* an empty answer is no answer here */
	if (!e && ph->status == 1) {
		keep_key(ph, asked);
		phone_replica_apply_folders(
		    &ph->replica, wbxml_child(ph->root, FOLDERHIERARCHY_CHANGES), strcmp(asked, "0") == 0);
	}
	free(asked);
	return e;
}

/* The three that change one folder. Absent texts are NULL. */
static enum err change(struct phone *ph, enum eas_command cmd, const char *id, const char *parent,
    const char *name, unsigned type)
{
	struct wbxml_writer *w = phone_request(ph);
	enum err e;

	wbxml_open(w, eas_command_info(cmd)->root);
	wbxml_put_str(w, FOLDERHIERARCHY_SYNC_KEY, ph->replica.key);
	if (id)
		wbxml_put_str(w, FOLDERHIERARCHY_SERVER_ID, id);
	if (parent)
		wbxml_put_str(w, FOLDERHIERARCHY_PARENT_ID, parent);
	if (name)
		wbxml_put_str(w, FOLDERHIERARCHY_DISPLAY_NAME, name);
	if (type)
		wbxml_put_uint(w, FOLDERHIERARCHY_TYPE, type);
	wbxml_close(w);
	e = phone_command(ph, cmd, NULL);
	if (!e && !ph->root)
		e = ERR_PROTO;
	if (!e && ph->status == 1)
		keep_key(ph, ph->replica.key);
	return e;
}

enum err phone_folder_create(
    struct phone *ph, const char *parent, const char *name, unsigned type, const char **id_out)
{
	char *id = NULL;
	enum err e = change(ph, CMD_FOLDER_CREATE, NULL, parent, name, type);

	if (id_out)
		*id_out = "";
	if (e || ph->status != 1)
		return e;
	if ((e = arena_cstr(ph->arena, wbxml_child_text(ph->root, FOLDERHIERARCHY_SERVER_ID), &id)))
		return e;
	if (!id[0])
		phone_replica_anomaly(&ph->replica, "FolderCreate: Status 1 without a ServerId");
	else if (phone_folder(&ph->replica, id))
		phone_replica_anomaly(&ph->replica, "FolderCreate: the new ServerId %s is in use", id);
	else
		phone_replica_add_folder(&ph->replica, id, parent, name, type);
	if (id_out)
		*id_out = id;
	return ERR_OK;
}

enum err phone_folder_delete(struct phone *ph, const char *id)
{
	char *copy = strdup(id); /* it may be the folder's own */
	enum err e;

	if (!copy)
		abort();
	e = change(ph, CMD_FOLDER_DELETE, id, NULL, NULL, 0);
	if (!e && ph->status == 1)
		phone_replica_drop_folder(&ph->replica, copy);
	free(copy);
	return e;
}

enum err phone_folder_update(struct phone *ph, const char *id, const char *parent, const char *name)
{
	enum err e = change(ph, CMD_FOLDER_UPDATE, id, parent, name, 0);
	struct phone_folder *f = phone_folder(&ph->replica, id);

	if (!e && ph->status == 1 && f) {
		char *new_parent = strdup(parent), *new_name = strdup(name);

		replace(&f->parent, new_parent);
		replace(&f->name, new_name);
	}
	return e;
}
