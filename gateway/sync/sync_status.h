#ifndef EASGATE_SYNC_SYNC_STATUS_H
#define EASGATE_SYNC_SYNC_STATUS_H

/* What a Sync answers for itself, a collection or an item. Source: MS-ASCMD 2.2.3.177.17. */
enum sync_status {
	SYNC_STATUS_OK = 1,
	SYNC_STATUS_BAD_KEY = 3,          /* start anew with 0 */
	SYNC_STATUS_PROTOCOL = 4,         /* no Sync can be asked for so */
	SYNC_STATUS_BAD_ITEM = 6,         /* the phone sent nonsense; it must not try again */
	SYNC_STATUS_CONFLICT = 7,         /* the server's version stays */
	SYNC_STATUS_NOT_FOUND = 8,        /* the item is gone */
	SYNC_STATUS_NO_SPACE = 9,         /* or whatever else the user must see to */
	SYNC_STATUS_FOLDERS_CHANGED = 12, /* FolderSync first */
	SYNC_STATUS_INCOMPLETE = 13,      /* a short form, of which we have lost the rest: send it whole */
	SYNC_STATUS_WAIT_RANGE = 14,
	SYNC_STATUS_TOO_MANY = 15, /* collections */
	SYNC_STATUS_RETRY = 16,
};

#endif
