/*
 * totals_private.h - what the totals (totals.c) and batches that become totals at once
 * (totals_stage.c) share.
 */
#ifndef TOTALS_PRIVATE_H
#define TOTALS_PRIVATE_H

#include <pthread.h>

#include "cell_private.h"
#include "keys.h"
#include "totals.h"

#define CELL_DIRTY 1 /* in cell.flags: changed since the last fold */

struct totals {
    struct ledger *ledger;
    struct cells *cells;
    pthread_mutex_t lock;
    struct cell *newest[KEY_PARTITIONS], *oldest[KEY_PARTITIONS];
    uint64_t last;         /* last batch published */
    uint64_t memory_since; /* every cell changed after this batch is here */
    size_t dirty;
};

/* A partition's cells in the order in which they changed. Lock held, as for all that follows. */
void totals_unlist(struct totals *t, struct cell *c);
void totals_list_newest(struct totals *t, struct cell *c);
void totals_list_oldest(struct totals *t, struct cell *c);
/* Everything is on disk: nothing is dirty, and memory may be given back. */
void totals_settle(struct totals *t, size_t keep_bytes);

/* What a cell is, in whichever set it stands. */
struct cell_key {
    enum cell_kind kind;
    int32_t day;
    struct span name;
    uint64_t hash;
};

static inline struct cell_key
cell_key_of(const struct cell *c)
{
    return (struct cell_key){(enum cell_kind)c->kind, c->day, c->name, c->hash};
}

static inline struct cell_key
cell_key_named(enum cell_kind kind, struct span name, int32_t day)
{
    return (struct cell_key){kind, day, name, name_hash_mix(cells_name_hash(name), kind, day)};
}

static inline struct cell *
cells_find_key(const struct cells *set, struct cell_key k)
{
    return cells_find_hashed(set, k.kind, k.name, k.day, k.hash);
}

static inline struct cell *
cells_get_key(struct cells *set, struct cell_key k)
{
    return cells_get_hashed(set, k.kind, k.name, k.day, k.hash);
}

/* Cells of one set are gone through in their order, and each stands anywhere in the other: what
 * will be needed there, and of cell i and those after it, is fetched meanwhile. */
void totals_fetch_ahead(const struct cells *in, const struct cells *from, size_t i);

#endif
