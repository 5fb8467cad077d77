#include "integration/truth_wire.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 60 };

void truth_wire_open(struct truth_wire *w, const char *host, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int yes = 1;

	memset(w, 0, sizeof(*w));
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		errx(1, "truth: not an address: %s", host);
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "truth: connect to port %u", port);
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

void truth_wire_close(struct truth_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->reply);
	memset(w, 0, sizeof(*w));
	w->fd = -1;
}

bool truth_wire_gone(struct truth_wire *w)
{
	ssize_t n;

	w->at = w->len = 0;
	while ((n = recv(w->fd, w->buffer, sizeof(w->buffer), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || (errno != EAGAIN && errno != EINTR);
}

void truth_wire_send(struct truth_wire *w, struct bytes out)
{
	while (out.len) {
		ssize_t n = send(w->fd, out.p, out.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err(1, "truth: send");
		out.p += n;
		out.len -= (size_t)n;
	}
}

void truth_wire_forget(struct truth_wire *w)
{
	w->reply_len = 0;
}

static void keep(struct truth_wire *w, size_t n)
{
	if (n > w->reply_cap - w->reply_len) {
		w->reply_cap = (w->reply_len + n) * 2;
		if (!(w->reply = realloc(w->reply, w->reply_cap)))
			err(1, "truth");
	}
	if (n)
		memcpy(w->reply + w->reply_len, w->buffer + w->at, n);
	w->reply_len += n;
	w->at += n;
}

static void fill(struct truth_wire *w)
{
	ssize_t n;

	do
		n = recv(w->fd, w->buffer, sizeof(w->buffer), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		err(1, "truth: no answer");
	if (n == 0)
		errx(1, "truth: the server closed the connection");
	w->at = 0;
	w->len = (size_t)n;
}

struct bytes truth_wire_line(struct truth_wire *w)
{
	const size_t start = w->reply_len;

	for (;;) {
		struct bytes have = bytes_of(w->buffer + w->at, w->len - w->at);
		size_t n = bytes_find(have, '\n');

		keep(w, n < have.len ? n + 1 : n);
		if (n < have.len)
			return bytes_of(w->reply + start, w->reply_len - start);
		fill(w);
	}
}

void truth_wire_bytes(struct truth_wire *w, size_t n)
{
	while (n) {
		size_t part = w->len - w->at < n ? w->len - w->at : n;

		keep(w, part);
		n -= part;
		if (n)
			fill(w);
	}
}
