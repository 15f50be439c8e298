/*
 * totals.h - what stands, in memory: every cell changed since the last fold, and a cache.
 *
 * The ledger thread is the only one that changes totals; the projection reads them under the
 * lock. Per partition, cells are listed by their last change, newest first.
 */
#ifndef TOTALS_H
#define TOTALS_H

#include <stdint.h>

#include "cell.h"
#include "ledger.h"
#include "projection.h"
#include "status.h"

struct totals;

/* l may be NULL (nothing is ever loaded): counting without keeping. folded is the batch up to
 * which the ledger's rows are complete. */
struct totals *totals_new(struct ledger *l, uint64_t folded);
void totals_free(struct totals *t);

/* Adds one batch's deltas. Loads from the ledger what memory lacks. */
enum status totals_add(struct totals *t, const struct cells *deltas, uint64_t seq,
                       struct error *err);
/* The same from a blob of the log. */
enum status totals_add_blob(struct totals *t, struct span blob, uint64_t seq, struct error *err);
/* As totals_add; but where nothing was added yet and nothing can be loaded the set itself is taken,
 * and *deltas is an empty one. */
enum status totals_take(struct totals *t, struct cells **deltas, uint64_t seq, struct error *err);

/* A batch that is written as totals at once, without a log: staged, committed, adopted. */
struct totals_stage {
    struct cells **set; /* of the parts: what the changed cells will be */
    struct cell **rows; /* to be written: those, and whatever waits for a fold */
    size_t row_count;
};

/* Makes what the totals will be with one batch more, beside those that stand, which nothing of
 * this changes. Uses the deltas up: the parts hold something else afterwards. ST_OK: adopt or drop
 * it. */
enum status totals_stage(struct totals *t, struct cells **parts, size_t count, uint64_t seq,
                         struct totals_stage *out, struct error *err);
/* The rows are committed as batch seq: readers see them from now on. May exchange one of the parts
 * for another set. Gives memory above keep_bytes back. */
void totals_adopt(struct totals *t, struct totals_stage *s, uint64_t seq, size_t keep_bytes);
void totals_drop_stage(struct totals_stage *s);

/* After all of a batch is in: readers may now be told of it. */
void totals_publish(struct totals *t, uint64_t seq);

/* The cells changed since the last fold; the caller frees the array only. */
struct cell **totals_dirty(struct totals *t, size_t *count);
/* They are on disk now: forget that they are dirty, and give memory above keep_bytes back. */
void totals_folded(struct totals *t, size_t keep_bytes);

/* The ledger's row of this cell was rewritten: memory takes it as it stands there, as changed
 * by batch seq. */
enum status totals_reload(struct totals *t, enum cell_kind kind, struct span name, int32_t day,
                          uint64_t seq, struct error *err);

uint64_t totals_last(struct totals *t);
uint64_t totals_memory_since(struct totals *t);
enum status totals_scan(struct totals *t, unsigned partition, uint64_t after, cell_visit *visit,
                        void *arg, uint64_t *upto, struct error *err);
/* For each day in [from, to) the last change of the subject's cell, 0 if memory has none. */
void totals_seqs(struct totals *t, enum cell_kind kind, struct span name, int32_t from, int32_t to,
                 uint64_t *seq);
void totals_size(struct totals *t, size_t *cells, size_t *dirty, size_t *bytes);

#endif
