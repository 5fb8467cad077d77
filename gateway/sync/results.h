#ifndef EASGATE_SYNC_RESULTS_H
#define EASGATE_SYNC_RESULTS_H

#include "base/arena.h"
#include "wbxml/wbxml.h"

/* How a client's commands ended. Kept with the sync state that they led to: when the answer got lost and the phone
 * asks again, it gets the same answer and nothing is done twice (DESIGN 4). */
struct sync_result {
	wbxml_tag kind;         /* AIRSYNC_ADD, AIRSYNC_CHANGE, AIRSYNC_DELETE */
	struct bytes client_id; /* ADD */
	uint64_t said;          /* ADD: a hash of its ApplicationData; 0: not known */
	struct bytes server_id;
	uint32_t status;
	struct bytes told; /* as the collection has it; empty: nothing beside the status */
	bool
	    former; /* of an earlier request: the phone has not seen how that ended, and asked for something else since */
};
struct sync_results {
	uint64_t commands_hash; /* of the commands that these are the results of; 0: there were none */
	struct sync_result *v;
	size_t n, cap;
};

/* A hash of a Commands element and all below it; 0 for NULL. */
uint64_t sync_commands_hash(const struct wbxml_node *commands);
enum err sync_results_add(struct arena *a, struct sync_results *r, const struct sync_result *one) MUST_CHECK;
/* Adds what isn't in r already, as former ones: it is remembered until the phone comes with a key that shows it was told. */
enum err sync_results_carry(
    struct arena *a, struct sync_results *r, const struct sync_results *earlier) MUST_CHECK;
/* The result of the Add with that ClientId, or NULL. */
const struct sync_result *sync_results_find_add(const struct sync_results *r, struct bytes client_id);

/* The stored form holds what a repeated answer needs: every Add, Change and Delete. Empty if there were no commands. */
enum err sync_results_encode(struct arena *a, const struct sync_results *r, struct bytes *out) MUST_CHECK;
enum err sync_results_decode(
    struct arena *a, struct bytes in, struct sync_results *out) MUST_CHECK; /* ERR_PROTO: damaged */

/* Whether the phone is told: of this request's, every Add, else failures, and what there is to be told of. Source: MS-ASCMD 2.2.3.154. */
bool sync_result_is_told(const struct sync_result *r);

#endif
