#include "sync/sync_key.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"

enum { EPOCH_DIGITS = 16 };

enum err sync_key_parse(struct bytes text, struct sync_key *out)
{
	struct sync_key key = { 0 };
	struct bytes epoch, dot;

	text = bytes_trim(text);
	if (text.len == 0 || bytes_eq_str(text, "0")) {
		*out = key;
		return ERR_OK;
	}
	if (!bytes_take(&text, EPOCH_DIGITS, &epoch) || !bytes_take(&text, 1, &dot) || dot.p[0] != '.')
		return ERR_STALE_KEY;
	for (size_t i = 0; i < epoch.len; i++) {
		int digit = hex_digit(epoch.p[i]);

		if (digit < 0)
			return ERR_STALE_KEY;
		key.epoch = key.epoch << 4 | (uint64_t)digit;
	}
	if (bytes_to_u32(text, UINT32_MAX, &key.generation) || key.generation == 0)
		return ERR_STALE_KEY;
	*out = key;
	return ERR_OK;
}

void sync_key_format(struct sync_key key, char to[SYNC_KEY_MAX])
{
	if (key.generation == 0)
		snprintf(to, SYNC_KEY_MAX, "0");
	else
		snprintf(to, SYNC_KEY_MAX, "%016" PRIx64 ".%" PRIu32, key.epoch, key.generation);
}

uint64_t sync_key_new_epoch(void)
{
	uint64_t epoch;

	do {
		if (RAND_bytes((unsigned char *)&epoch, sizeof(epoch)) != 1)
			abort(); /* without randomness nothing here is safe */
	} while (epoch == 0);
	return epoch;
}
