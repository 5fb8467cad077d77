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

static size_t memory_of(pid_t pid, const char *field)
{
	char path[64];
	struct bytes text;
	const uint8_t *at;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = test_file(path);
	at = memmem(text.p, text.len, field, strlen(field));
	assert_non_null(at);
	return (size_t)strtoul((const char *)at + strlen(field), NULL, 10) * 1024;
}

/* From now on VmHWM is the most since now. */
static void forget_peak(pid_t pid)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("5", f) > 0);
	assert_int_equal(fclose(f), 0);
}

/* AddressSanitizer holds back what is freed, to find late uses of it: memory then says nothing. */
#ifdef __SANITIZE_ADDRESS__
enum { KEEPS_FREED = true };
#else
enum { KEEPS_FREED = false };
#endif

size_t process_memory_begin(void)
{
	pid_t worker = process_worker();

	assert_int_not_equal(worker, 0);
	forget_peak(worker);
	return memory_of(worker, "VmRSS:");
}

void process_memory_end(size_t begin, size_t size, size_t most)
{
	size_t peak = memory_of(process_worker(), "VmHWM:"), more = peak > begin ? peak - begin : 0;

	print_message("%zu KB more for %zu MB\n", more / 1024, size >> 20);
	if (!KEEPS_FREED)
		assert_in_range(more, 0, most);
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

int process_health(const char *address, uint16_t port)
{
	struct phone_wire *w = NULL;
	struct phone_answer a = { 0 };

	if (process_knock(address, port, &w) == ERR_OK &&
	    phone_wire_send(w, BYTES("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), 1000) == ERR_OK)
		(void)!phone_wire_receive(w, test_arena(), 2000, &a);
	phone_wire_free(&w);
	return a.status;
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
