#include "base/err.h"

const char *err_name(enum err e)
{
	static const char *const names[ERR_COUNT] = {
		[ERR_OK] = "ok",
		[ERR_TRUNCATED] = "truncated",
		[ERR_PROTO] = "protocol error",
		[ERR_LIMIT] = "over a limit",
		[ERR_AUTH] = "credentials refused",
		[ERR_DENIED] = "denied",
		[ERR_NOT_FOUND] = "not found",
		[ERR_EXISTS] = "exists already",
		[ERR_STALE_KEY] = "unknown sync key",
		[ERR_CONFLICT] = "conflict",
		[ERR_UNSUPPORTED] = "unsupported",
		[ERR_UNAVAILABLE] = "unavailable",
		[ERR_TIMEOUT] = "timed out",
		[ERR_CANCELLED] = "cancelled",
	};

	if ((unsigned)e >= ERR_COUNT || !names[e])
		return "unknown error";
	return names[e];
}
