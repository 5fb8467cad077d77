#include "fake_server.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "testing.h"
#include "wbxml/dump.h"

enum { MAX_SCRIPT = 64, MAX_REQUEST = 1 << 20 };

struct fake_server {
	char url[64];
	pid_t pid;
	int listener, kept; /* kept: a memory file with the requests, a size_t length before each */
	struct bytes answers[MAX_SCRIPT];
	enum fake_end ends[MAX_SCRIPT];
	size_t count;
};

/* ---- the child ---- */

static size_t content_length(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");

	return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* One whole request into `in`; its length, or 0 at the end of the connection. */
static size_t read_request(int fd, char *in)
{
	size_t len = 0;

	for (;;) {
		char *end;
		ssize_t n;

		in[len] = '\0';
		end = strstr(in, "\r\n\r\n");
		if (end && len >= (size_t)(end + 4 - in) + content_length(in))
			return len;
		n = read(fd, in + len, MAX_REQUEST - 1 - len);
		if (n <= 0)
			return 0;
		len += (size_t)n;
	}
}

static void keep_request(const struct fake_server *s, const char *in, size_t len)
{
	if (write(s->kept, &len, sizeof(len)) < 0 || write(s->kept, in, len) < 0)
		_exit(1);
}

static void serve(const struct fake_server *s)
{
	char *in = malloc(MAX_REQUEST);
	size_t next = 0, len;

	while (in && next < s->count) {
		int fd = accept(s->listener, NULL, NULL);

		while (next < s->count && (len = read_request(fd, in))) {
			struct bytes out = s->answers[next];
			enum fake_end end = s->ends[next++];

			keep_request(s, in, len);
			if (end == FAKE_CUT)
				out.len /= 2;
			if (end != FAKE_SILENT && write(fd, out.p, out.len) < 0)
				_exit(1);
			if (end != FAKE_KEEP)
				break;
		}
		close(fd);
	}
	for (;;)
		pause(); /* whoever connects now waits */
}

/* ---- the test's side ---- */

static struct bytes make_answer(const struct fake_answer *a)
{
	struct bytes body = bytes_str(a->text), out;
	size_t line = 0;
	struct buf b;

	if (a->dump && wbxml_undump(test_arena(), bytes_str(a->dump), &body, &line))
		fail_msg("the script's dump is wrong in line %zu", line);
	buf_init(&b, test_arena(), 0);
	buf_printf(&b, "HTTP/1.1 %s\r\n%s", a->status ? a->status : "200 OK", a->headers ? a->headers : "");
	if (a->dump)
		buf_put_str(&b, "Content-Type: application/vnd.ms-sync.wbxml\r\n");
	buf_printf(&b, "Content-Length: %zu\r\n\r\n", body.len);
	buf_put(&b, body);
	assert_int_equal(buf_done(&b, &out), ERR_OK);
	return test_copy(out);
}

struct fake_server *fake_start(const struct fake_answer *script, size_t count)
{
	struct fake_server *s = test_keep(sizeof(*s));
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	memset(s, 0, sizeof(*s));
	assert_true(count <= MAX_SCRIPT);
	for (; s->count < count; s->count++) {
		s->answers[s->count] = make_answer(&script[s->count]);
		s->ends[s->count] = script[s->count].end;
	}
	s->kept = memfd_create("requests", MFD_CLOEXEC);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->listener, 16), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(at.sin_port));
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		serve(s);
	}
	return s;
}

const char *fake_url(const struct fake_server *s)
{
	return s->url;
}

/* The n-th request, or the count of them all if there are not so many. */
static size_t find_request(struct fake_server *s, size_t n, struct bytes *out)
{
	off_t at = 0;
	size_t len, i;

	*out = bytes_of(NULL, 0);
	for (i = 0; pread(s->kept, &len, sizeof(len), at) == sizeof(len); i++) {
		at += (off_t)sizeof(len);
		if (i == n) {
			uint8_t *p = test_keep(len);

			assert_int_equal(pread(s->kept, p, len, at), (ssize_t)len);
			*out = bytes_of(p, len);
			return i;
		}
		at += (off_t)len;
	}
	return i;
}

struct bytes fake_request(struct fake_server *s, size_t n)
{
	struct bytes out;

	find_request(s, n, &out);
	return out;
}

size_t fake_request_count(struct fake_server *s)
{
	struct bytes none;

	return find_request(s, SIZE_MAX, &none);
}

struct bytes fake_request_dump(struct fake_server *s, size_t n)
{
	struct bytes whole = fake_request(s, n), out;
	const uint8_t *end = whole.len ? memmem(whole.p, whole.len, "\r\n\r\n", 4) : NULL;

	assert_non_null(end);
	assert_int_equal(
	    wbxml_dump(test_arena(), bytes_of(end + 4, whole.len - (size_t)(end + 4 - whole.p)), &out),
	    ERR_OK);
	return out;
}

void fake_stop(struct fake_server **s)
{
	kill((*s)->pid, SIGKILL);
	waitpid((*s)->pid, NULL, 0);
	close((*s)->listener);
	close((*s)->kept);
	*s = NULL;
}
