#include "integration/processes.h"

#include <poll.h>
#include <signal.h>

pid_t process_master(void)
{
	return bed_service_pid(scene_bed(), "easgate");
}

pid_t process_worker(void)
{
	pid_t v[4];

	return bed_children(process_master(), v, 4) == 1 ? v[0] : 0;
}

bool process_is_another(void *before)
{
	pid_t now = process_worker();

	return now && now != *(pid_t *)before;
}

bool process_is_gone(void *pid)
{
	return kill(*(pid_t *)pid, 0) != 0;
}

enum err process_knock(const char *address, uint16_t port, struct phone_wire **out)
{
	struct phone_server server;
	char url[64];
	enum err e;

	snprintf(url, sizeof(url), "http://%s:%u", address, port);
	assert_int_equal(phone_server_init(&server, url, NULL, false), ERR_OK);
	e = phone_wire_open(&server, 2000, out);
	phone_server_deinit(&server);
	return e;
}

bool process_is_refused(void *port)
{
	struct phone_wire *w = NULL;
	enum err e = process_knock("127.0.0.1", *(uint16_t *)port, &w);

	phone_wire_free(&w);
	return e == ERR_UNAVAILABLE;
}

struct phone *process_waiting_phone(const char *user)
{
	struct phone *ph = scene_synced_phone(user, "WAIT1", EAS_14_1);
	const char *id = scene_inbox(ph)->id;

	ph->resends = false;
	SCENE_OK(ph, phone_ping_send(ph, 60, &id, 1));
	poll(NULL, 0, 200);
	return ph;
}
