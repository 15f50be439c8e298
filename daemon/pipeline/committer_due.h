/*
 * committer_due.h - when the ledger thread is to do what; all with the engine's lock held.
 */
#ifndef COMMITTER_DUE_H
#define COMMITTER_DUE_H

#include "engine_internal.h"

#define BULK_OVER_MS 500 /* without a batch for so long, an import's memory goes back */

/* Is the open batch to be closed now, or are pairs that time decides? */
bool committer_is_due(const struct engine *e, int64_t now_us);
/* When input will have been calm for so long that nothing more need be gathered, here or on the way
 * to Redis; INT64_MAX: it is, or there is work. */
int64_t committer_calm_due(const struct engine *e);
/* When the write-ahead log is to be put away, if nothing else is to be done; INT64_MAX: it need
 * not be. */
int64_t committer_tend_wal_due(const struct engine *e);
/* How long to wait at most until one of these may have become true. */
int64_t committer_look_again_us(const struct engine *e, int64_t now_us);

#endif
