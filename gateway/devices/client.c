#include "devices/client.h"

/* Source: quirks.md, per client. */
static const struct {
	const char *type; /* how its DeviceType begins, whatever the letter case */
	unsigned habits;
} clients[] = {
	{ "WindowsOutlook", CLIENT_KEEPS_WHAT_IT_MOVES }, /* Outlook 2013 ("WindowsOutlook15") and newer */
};

bool client_has_habit(struct bytes device_type, enum client_habit habit)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		if (bytes_starts_nocase(device_type, clients[i].type))
			return clients[i].habits & habit;
	return false;
}
