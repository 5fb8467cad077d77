/* How the simulated phone reads HTTP and addresses. */
#include <zlib.h>

#include "phone.h"
#include "testing.h"

/* ---- reading HTTP ---- */

static const struct answer_case {
	const char *name, *in;
	bool ended;
	enum err want;
	int status;
	const char *body;
	size_t left; /* bytes of the input that belong to the next answer */
} answer_cases[] = {
	{ "with a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP", false, ERR_OK, 200, "hi",
	    4 },
	{ "length in capitals", "HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 2\r\n\r\nhi", false, ERR_OK, 200, "hi",
	    0 },
	{ "without a body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, ERR_OK, 200, "", 0 },
	{ "204 has none", "HTTP/1.1 204 No\r\n\r\n", false, ERR_OK, 204, "", 0 },
	{ "in chunks",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
	    "chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nX",
	    false, ERR_OK, 200, "abc0123456789", 1 },
	{ "chunks with a trailer",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n", false, ERR_OK,
	    200, "a", 0 },
	{ "until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", true, ERR_OK, 200, "all of it", 0 },
	{ "head not complete", "HTTP/1.1 200 OK\r\nContent-Le", false, ERR_TRUNCATED, 0, "", 0 },
	{ "body not complete", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", false, ERR_TRUNCATED, 0, "",
	    0 },
	{ "chunk not complete", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", false,
	    ERR_TRUNCATED, 0, "", 0 },
	{ "cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", true, ERR_PROTO, 0, "", 0 },
	{ "chunk without a length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false,
	    ERR_PROTO, 0, "", 0 },
	{ "chunk longer than it says",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", false, ERR_PROTO, 0,
	    "", 0 },
	{ "no HTTP", "+OK ready, and much more of this to fill a line\r\n\r\n", false, ERR_PROTO, 0, "", 0 },
	{ "gzip that is none", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
	    false, ERR_PROTO, 0, "", 0 },
};

static void read_answer(const struct answer_case *c)
{
	struct bytes in = test_copy(bytes_str(c->in));
	struct phone_answer got;
	size_t used = 0;

	assert_int_equal(phone_answer_read(test_arena(), in, c->ended, &got, &used), c->want);
	if (c->want)
		return;
	assert_int_equal(got.status, c->status);
	assert_bytes_str(got.body, c->body);
	assert_int_equal(in.len - used, c->left);
}
TEST_ROW(read_answer)

static void gzip_is_unpacked(void **state)
{
	static const char text[] = "a body that was compressed on its way, a body that was compressed";
	uint8_t packed[256];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text,
		.avail_in = sizeof(text) - 1,
		.next_out = packed,
		.avail_out = sizeof(packed) };
	struct phone_answer got;
	struct bytes in = { 0 };
	size_t used;
	struct buf b;

	(void)state;
	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	buf_init(&b, test_arena(), 0);
	buf_printf(
	    &b, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n", z.total_out);
	buf_put(&b, bytes_of(packed, z.total_out));
	assert_int_equal(buf_done(&b, &in), ERR_OK);
	assert_int_equal(phone_answer_read(test_arena(), in, false, &got, &used), ERR_OK);
	assert_bytes_str(got.body, text);
}

/* ---- addresses ---- */

static const struct url_case {
	const char *name, *url;
	enum err want;
	const char *host;
	uint16_t port;
	bool tls;
	const char *path;
} url_cases[] = {
	{ "https", "https://mail.example.org", ERR_OK, "mail.example.org", 443, true,
	    "/Microsoft-Server-ActiveSync" },
	{ "with a slash", "https://mail.example.org/", ERR_OK, "mail.example.org", 443, true,
	    "/Microsoft-Server-ActiveSync" },
	{ "http with a port", "http://127.0.0.1:8080", ERR_OK, "127.0.0.1", 8080, false,
	    "/Microsoft-Server-ActiveSync" },
	{ "a bare host", "mail.example.org", ERR_OK, "mail.example.org", 443, true,
	    "/Microsoft-Server-ActiveSync" },
	{ "a path", "https://h:1/eas", ERR_OK, "h", 1, true, "/eas" },
	{ "IPv6", "https://[::1]:8443/", ERR_OK, "::1", 8443, true, "/Microsoft-Server-ActiveSync" },
	{ "IPv6 without a port", "https://[::1]", ERR_OK, "::1", 443, true, "/Microsoft-Server-ActiveSync" },
	{ "another scheme", "ftp://h", ERR_PROTO, "", 0, false, "" },
	{ "a port that is none", "https://h:http", ERR_PROTO, "", 0, false, "" },
	{ "no host", "https://", ERR_PROTO, "", 0, false, "" },
};

static void read_url(const struct url_case *c)
{
	struct phone_server s;

	assert_int_equal(phone_server_init(&s, c->url, NULL, false), c->want);
	if (!c->want) {
		assert_string_equal(s.host, c->host);
		assert_int_equal(s.port, c->port);
		assert_int_equal(s.tls, c->tls);
		assert_string_equal(s.path, c->path);
	}
	phone_server_deinit(&s);
}
TEST_ROW(read_url)

int main(void)
{
	TEST_ADD_ROWS(read_answer, answer_cases);
	TEST_ADD(gzip_is_unpacked);
	TEST_ADD_ROWS(read_url, url_cases);
	return test_run("phone http");
}
